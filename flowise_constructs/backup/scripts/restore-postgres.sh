#!/bin/bash
# Restores the dump in one transaction, which also counts every table against the manifest before it commits.
set -euo pipefail
NAME=${NAME:-restore}
. "${0%/*}/backup-lib.sh"
. "${0%/*}/backup-postgres-client.sh"

dump=$SCRATCH/$(manifest_field database_file)

check_archive() {
    step='checking the dump'
    run pg_restore --list "$dump" > /dev/null
}

check_sessions() {
    step="looking who is connected to $DATABASE_NAME"
    local others
    others=$(run query "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()")
    [ "$others" = 0 ] || fail "$others other sessions are connected: stop Flowise first, Main(replicas=0) and Worker(replicas=0)"
}

check_emptiness() {
    step="looking whether $DATABASE_NAME is empty"
    local there
    there=$(run query "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname <> 'information_schema' AND nspname !~ '^pg_'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND deptype = 'e')")
    [ "$there" = 0 ] || [ -n "${OVERWRITE:-}" ] ||
        fail "it holds $there tables; nothing was changed; Restore(overwrite=True) replaces them"
}

# Without pg_restore's COMMIT, which it writes after all else went well, psql rolls back.
script() {
    printf 'BEGIN;\n'
    if [ -n "${OVERWRITE:-}" ]; then cat "${0%/*}/restore-postgres-empty.sql"; fi
    cat "${0%/*}/restore-postgres-count.sql"
    manifest_rows | awk '{
        schema = "public"; table = $1
        if ((dot = index($1, ".")) > 0) { schema = substr($1, 1, dot - 1); table = substr($1, dot + 1) }
        printf "INSERT INTO pg_temp.expected VALUES (\047%s\047, \047%s\047, %s);\n", schema, table, $2
    }'
    # Servers before 17 don't know this setting, which later clients write into the head.
    pg_restore --single-transaction --no-owner --no-privileges --no-comments --file=- "$dump" |
        sed '1,60{/^SET transaction_timeout = 0;$/d;}'
}

restore() {
    step='restoring the database'
    if ! script 2> "$TMPDIR/restore" | psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --output=/dev/null > /dev/null 2> "$errors"; then
        cat "$TMPDIR/restore" "$errors" >&2
        fail "nothing was changed: $(grep -hE 'ERROR|FATAL|error:|rror' "$errors" "$TMPDIR/restore" | head -n 1)"
    fi
}

connect_as_the_application
check_archive
await_server
check_sessions
check_emptiness
restore
step='looking at the restored database'
run query 'ANALYZE'
say "done: $(manifest_field id), $(manifest_rows | wc -l) tables counted"
