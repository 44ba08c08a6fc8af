#!/bin/bash
# Starts a PostgreSQL of its own, on a socket alone, and restores into it as a restore does.
set -euo pipefail
NAME=drill
. "${0%/*}/backup-lib.sh"

data=$DRILL/data
socket=$TMPDIR

stop_server() {
    pg_ctl --pgdata="$data" --mode=immediate --silent stop > /dev/null 2>&1 || true
    rm -rf "$data"
}

step='making a database server for the trial'
rm -rf "$data"
run initdb --pgdata="$data" --username=flowise --auth=trust --encoding=UTF8 --no-sync > /dev/null
step='starting the database server of the trial'
trap 'status=$?; stop_server; ending "$status"' EXIT
run pg_ctl --pgdata="$data" --log="$DRILL/log" --wait --silent start \
    --options="-c listen_addresses='' -c unix_socket_directories='$socket' -c fsync=off -c full_page_writes=off -c max_wal_size=512MB" > /dev/null
export PGHOST=$socket PGUSER=flowise
run createdb --template=template0 flowise

step="restoring $(manifest_field id)"
printf 'none\n' > "$TMPDIR/password"
DATABASE_HOST=$socket DATABASE_PORT=5432 DATABASE_USER=flowise DATABASE_NAME=flowise DATABASE_PASSWORD_FILE=$TMPDIR/password \
    SERVER_WAIT_SECONDS=60 NAME=drill bash "${0%/*}/restore-postgres.sh"
