-- At COMMIT each expected count is compared with the table; one that differs undoes the restore.
CREATE TEMPORARY TABLE expected (schema_name text, table_name text, number bigint) ON COMMIT DROP;

CREATE FUNCTION pg_temp.compare() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE pg_catalog.format('SELECT count(*) FROM %I.%I', NEW.schema_name, NEW.table_name) INTO found;
    IF found <> NEW.number THEN
        RAISE EXCEPTION 'table % has % rows, the manifest says %', NEW.table_name, found, NEW.number;
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER compare AFTER INSERT ON pg_temp.expected
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp.compare();
