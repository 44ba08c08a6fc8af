#!/bin/bash
# Dumps PostgreSQL into the scratch volume and checks what it has dumped. Arguments: further options of pg_dump.
set -euo pipefail
NAME=backup
. "${0%/*}/backup-lib.sh"
. "${0%/*}/backup-postgres-client.sh"

dump=$SCRATCH/database.dump

# Leaves the server's version in $server.
open_session() {
    coproc SESSION {
        psql --no-psqlrc --no-align --tuples-only --quiet --set=ON_ERROR_STOP=1 --command='SHOW server_version' --file=- \
            2> "$TMPDIR/session"
    }
    session=$SESSION_PID
    exec {to_session}>&"${SESSION[1]}" {from_session}<&"${SESSION[0]}"
    IFS= read -r server <&"$from_session" || session_failed
}

session_failed() { fail "psql: $(errors=$TMPDIR/session last_words)"; }

# Leaves pg_dump's in $client. Reading a newer server's catalog is more than an older pg_dump can.
check_client_version() {
    client=$(pg_dump --version)
    client=${client#"${client%%[0-9]*}"}
    if [[ ${client%%[^0-9]*} -lt ${server%%[^0-9]*} ]]; then
        fail "the server is PostgreSQL ${server%%[^0-9]*} and pg_dump is ${client%%[^0-9]*}: give Backup.dump_image a PostgreSQL image of version ${server%%[^0-9]*} or newer"
    fi
}

# The session's snapshot is pg_dump's, so that the counts are those of the dump.
take_snapshot() {
    printf '%s\n' 'SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;' \
        'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_export_snapshot();' >&"$to_session"
    IFS= read -r snapshot <&"$from_session" || session_failed
}

# Names that a manifest's line can't carry plainly are dumped and not counted.
count_rows() {
    cat >&"$to_session" <<SQL
\o $SCRATCH/rows
SELECT format('SELECT %L, count(*) FROM %I.%I',
              CASE nspname WHEN 'public' THEN '' ELSE nspname || '.' END || relname, nspname, relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'r' AND relpersistence <> 't' AND nspname <> 'information_schema' AND nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND deptype = 'e')
  AND nspname || relname ~ '^[A-Za-z0-9_\$-]+\$' AND relname <> ALL (string_to_array('$WITHOUT_ROWS_OF', ' '))
ORDER BY 1 \gexec
\o
SQL
}

close_session() {
    printf '\\q\n' >&"$to_session"
    wait "$session" || session_failed
}

dump_database() {
    # Writing past the limit gives an error instead of an evicted pod.
    trap '' XFSZ
    ulimit -f "$(room)"
    local table left_out=()
    for table in $WITHOUT_ROWS_OF; do left_out+=("--exclude-table-data=public.\"$table\""); done
    # The default, 6, takes twice as long for a tenth less; a later --compress wins.
    run pg_dump --format=custom --compress=1 --no-password --lock-wait-timeout=60s --snapshot="$snapshot" --file="$dump" "${left_out[@]}" "$@"
}

check_dump() {
    [ -s "$dump" ] || fail 'the dump is empty'
    run pg_restore --list "$dump" > "$TMPDIR/contents"
    local table contents rows
    contents=$(< "$TMPDIR/contents")
    rows=$'\n'$(< "$SCRATCH/rows")
    for table in $EXPECTED_TABLES; do
        [[ $contents == *[0-9]" TABLE public $table "* ]] || fail "table '$table' is not in the dump: is '$DATABASE_NAME' Flowise's database?"
        [[ " $WITHOUT_ROWS_OF " == *" $table "* ]] && continue
        [[ $contents == *[0-9]" TABLE DATA public $table "* ]] || fail "the rows of table '$table' are not in the dump"
        [[ $rows == *$'\n'"$table|"* ]] || fail "table '$table' was not counted"
    done
}

step="connecting to $DATABASE_NAME at $DATABASE_HOST:$DATABASE_PORT"
rm -rf "${SCRATCH:?}"/*
connect_as_the_application
open_session
check_client_version
began=$(date -u +%Y%m%dT%H%M%SZ)
take_snapshot

step='dumping the database'
count_rows
dump_database "$@"
close_session

step='checking the dump'
check_dump
describe_database "$began" "$dump" "$server" "$client" < <(tr '|' ' ' < "$SCRATCH/rows")
say "dumped $(size_of "$dump") bytes, $(wc -l < "$SCRATCH/rows") tables"
