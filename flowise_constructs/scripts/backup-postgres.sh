#!/bin/bash
# Dumps PostgreSQL into the scratch volume and checks what it has dumped. Arguments: further options of pg_dump.
set -euo pipefail
NAME=backup
. "${0%/*}/backup-lib.sh"
. "${0%/*}/backup-postgres-client.sh"

dump=$SCRATCH/database.dump

# A session whose snapshot pg_dump shares, so that the counts are those of the dump.
open_session() {
    coproc SESSION { psql --no-psqlrc --no-align --tuples-only --quiet --set=ON_ERROR_STOP=1 2> "$TMPDIR/session"; }
    session=$SESSION_PID
    exec {to_session}>&"${SESSION[1]}" {from_session}<&"${SESSION[0]}"
    printf '%s\n' 'SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;' \
        'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_export_snapshot();' >&"$to_session"
    IFS= read -r snapshot <&"$from_session" || fail "psql: $(tail -n 1 "$TMPDIR/session")"
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
    wait "$session" || fail "psql: $(tail -n 1 "$TMPDIR/session")"
}

dump_database() {
    # Writing past the limit gives an error instead of an evicted pod.
    trap '' XFSZ
    ulimit -f "$(room)"
    local table left_out=()
    for table in $WITHOUT_ROWS_OF; do left_out+=("--exclude-table-data=public.\"$table\""); done
    # The default, 6, takes half as long again for a hundredth less; a later --compress wins.
    run pg_dump --format=custom --compress=4 --no-password --lock-wait-timeout=60s --snapshot="$snapshot" --file="$dump" "${left_out[@]}" "$@"
}

check_dump() {
    [ -s "$dump" ] || fail 'the dump is empty'
    run pg_restore --list "$dump" > "$TMPDIR/contents"
    for table in $EXPECTED_TABLES; do
        grep -q "[0-9] TABLE public $table " "$TMPDIR/contents" || fail "table '$table' is not in the dump: is '$DATABASE_NAME' Flowise's database?"
        case " $WITHOUT_ROWS_OF " in *" $table "*) continue ;; esac
        grep -q "[0-9] TABLE DATA public $table " "$TMPDIR/contents" || fail "the rows of table '$table' are not in the dump"
        grep -q "^$table|" "$SCRATCH/rows" || fail "table '$table' was not counted"
    done
}

step="connecting to $DATABASE_NAME at $DATABASE_HOST:$DATABASE_PORT"
rm -rf "${SCRATCH:?}"/*
connect_as_the_application
check_client_version
began=$(date -u +%Y%m%dT%H%M%SZ)
open_session

step='dumping the database'
count_rows
dump_database "$@"
close_session

step='checking the dump'
check_dump
describe_database "$began" "$dump" "$server" "$(pg_dump --version | sed 's/^[^0-9]*//')" < <(tr '|' ' ' < "$SCRATCH/rows")
say "dumped $(size_of "$dump") bytes, $(wc -l < "$SCRATCH/rows") tables"
