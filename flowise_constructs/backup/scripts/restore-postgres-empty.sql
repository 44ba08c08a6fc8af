-- Drops what users have made in this database; extensions stay, and what belongs to them.
DO $$
DECLARE
    kinds CONSTANT jsonb := '{"r": "TABLE", "p": "TABLE", "f": "FOREIGN TABLE", "v": "VIEW", "m": "MATERIALIZED VIEW", "S": "SEQUENCE"}';
    item record;
BEGIN
    FOR item IN
        SELECT nspname, relname, kinds ->> relkind::text AS kind
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE kinds ? relkind::text AND nspname <> 'information_schema' AND nspname !~ '^pg_'
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND deptype = 'e')
        ORDER BY relkind = 'S'
    LOOP
        -- A table takes its sequences along, and a view may have gone with a table.
        EXECUTE format('DROP %s IF EXISTS %I.%I CASCADE', item.kind, item.nspname, item.relname);
    END LOOP;
    FOR item IN
        SELECT p.oid::regprocedure::text AS name
        FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
        WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND deptype = 'e')
    LOOP
        EXECUTE format('DROP ROUTINE IF EXISTS %s CASCADE', item.name);
    END LOOP;
    FOR item IN
        SELECT nspname, typname, CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END AS kind
        FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace
        WHERE typtype IN ('e', 'd', 'c', 'r') AND typrelid = 0 AND nspname <> 'information_schema' AND nspname !~ '^pg_'
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND deptype = 'e')
    LOOP
        EXECUTE format('DROP %s IF EXISTS %I.%I CASCADE', item.kind, item.nspname, item.typname);
    END LOOP;
    FOR item IN
        SELECT nspname FROM pg_namespace n
        WHERE nspname NOT IN ('public', 'information_schema') AND nspname !~ '^pg_'
          AND NOT EXISTS (SELECT FROM pg_extension WHERE extnamespace = n.oid)
    LOOP
        EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', item.nspname);
    END LOOP;
    PERFORM lo_unlink(oid) FROM pg_largeobject_metadata;
END
$$;
