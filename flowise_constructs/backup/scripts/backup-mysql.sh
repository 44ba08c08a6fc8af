#!/bin/bash
# Dumps MySQL or MariaDB into the scratch volume and checks what it has dumped. Arguments: options of mariadb-dump.
set -euo pipefail
NAME=backup
. "${0%/*}/backup-lib.sh"
. "${0%/*}/backup-mysql-client.sh"

dump=$SCRATCH/database.sql.gz

# Writing past the limit gives an error instead of an evicted pod.
pack() {
    trap '' XFSZ
    ulimit -f "$(room)"
    gzip -4 > "$dump"
}

stream() { mariadb-dump --defaults-file="$options" --single-transaction --quick --hex-blob --no-tablespaces --skip-lock-tables "$@" | (pack); }

dump_database() {
    local table left_out=()
    for table in $WITHOUT_ROWS_OF; do left_out+=("--ignore-table-data=$DATABASE_NAME.$table"); done
    run stream "${left_out[@]}" "$@" "$DATABASE_NAME"
}

check_dump() {
    [ -s "$dump" ] || fail 'the dump is empty'
    run count_dump "$dump" > "$TMPDIR/counted"
    for table in $EXPECTED_TABLES; do
        grep -q "^$table " "$TMPDIR/counted" || fail "table '$table' is not in the dump: is '$DATABASE_NAME' Flowise's database?"
    done
    sort "$TMPDIR/counted" | awk -v without=" $WITHOUT_ROWS_OF " 'index(without, " " $1 " ") == 0' > "$SCRATCH/rows"
}

step="connecting to $DATABASE_NAME at $DATABASE_HOST:$DATABASE_PORT"
rm -rf "${SCRATCH:?}"/*
connect_as_the_application
server=$(run query 'SELECT VERSION()')
check_client_version

step='dumping the database'
began=$(date -u +%Y%m%dT%H%M%SZ)
dump_database "$@"

step='checking the dump'
check_dump
describe_database "$began" "$dump" "$server" "$(client_version)" < "$SCRATCH/rows"
say "dumped $(size_of "$dump") bytes, $(wc -l < "$SCRATCH/rows") tables"
