#!/bin/bash
# Restores the dump into a database beside Flowise's, counts it against the manifest, and swaps all tables in one
# statement: MySQL and MariaDB can't undo the making of a table, but they rename many at once.
set -euo pipefail
NAME=${NAME:-restore}
. "${0%/*}/backup-lib.sh"
. "${0%/*}/backup-mysql-client.sh"

dump=$SCRATCH/$(manifest_field database_file)
new=${DATABASE_NAME}_restore
old=${DATABASE_NAME}_replaced

check_archive() {
    step='checking the dump'
    run count_dump "$dump" > /dev/null
}

check_sessions() {
    step="looking who is connected to $DATABASE_NAME"
    local others
    others=$(run query "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE() AND user = substring_index(CURRENT_USER(), '@', 1) AND id <> CONNECTION_ID()")
    [ "$others" = 0 ] || fail "$others other sessions are connected: stop Flowise first, Main(replicas=0) and Worker(replicas=0)"
}

check_emptiness() {
    step="looking whether $DATABASE_NAME is empty"
    local there
    there=$(run query "SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE()")
    [ "$there" = 0 ] || [ -n "${OVERWRITE:-}" ] ||
        fail "it holds $there tables; nothing was changed; Restore(overwrite=True) replaces them"
}

make_databases() {
    step="making the databases $new and $old"
    for name in "$new" "$old"; do
        query "DROP DATABASE IF EXISTS \`$name\`; CREATE DATABASE \`$name\` CHARACTER SET utf8mb4" 2> "$errors" ||
            fail "$(last_words); nothing was changed; GRANT ALL ON \`$name\`.* TO '$DATABASE_USER' lets the restore prepare there"
    done
}

load() {
    step="restoring into $new"
    if ! gzip -d -c "$dump" | mariadb --defaults-file="$options" "$new" 2> "$errors"; then
        cat "$errors" >&2
        fail "nothing was changed: $(last_words)"
    fi
}

count() {
    step="counting what was restored into $new"
    local table number found
    while read -r table number; do
        found=$(run query "SELECT count(*) FROM \`$table\`" "$new")
        [ "$found" = "$number" ] || fail "nothing was changed: table $table has $found rows, the manifest says $number"
    done < <(manifest_rows)
}

# renames FROM TO, for each table.
renames() {
    query "SELECT concat('\`$1\`.\`', table_name, '\` TO \`$2\`.\`', table_name, '\`')
        FROM information_schema.tables WHERE table_schema = '$1' AND table_type = 'BASE TABLE'"
}

swap() {
    step="putting the restored tables in place"
    local others
    others=$(run query "SELECT count(*) FROM information_schema.tables WHERE table_schema IN ('$new', DATABASE()) AND table_type <> 'BASE TABLE'")
    [ "$others" = 0 ] || fail "nothing was changed: there are $others views, which can't move between databases; restore by hand from $new"
    { renames "$DATABASE_NAME" "$old"; renames "$new" "$DATABASE_NAME"; } > "$TMPDIR/renames"
    run query "RENAME TABLE $(paste -s -d , "$TMPDIR/renames")"
    step="dropping $new and $old"
    run query "DROP DATABASE \`$new\`; DROP DATABASE \`$old\`"
}

connect_as_the_application
check_archive
await_server
check_sessions
check_emptiness
make_databases
load
count
swap
say "done: $(manifest_field id), $(manifest_rows | wc -l) tables counted"
