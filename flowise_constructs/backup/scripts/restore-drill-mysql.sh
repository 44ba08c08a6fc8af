#!/bin/bash
# Starts a MariaDB of its own, on a socket alone, and restores into it as a restore does.
set -euo pipefail
NAME=drill
. "${0%/*}/backup-lib.sh"

data=$DRILL/data
socket=$TMPDIR/socket

stop_server() {
    if [ -n "${server:-}" ]; then kill -KILL "$server" 2> /dev/null && wait "$server" 2> /dev/null || true; fi
    rm -rf "$data"
}

start_server() {
    mariadbd --no-defaults --datadir="$data" --socket="$socket" --pid-file="$TMPDIR/pid" --skip-networking \
        --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=128M --tmpdir="$DRILL" > "$DRILL/log" 2>&1 &
    server=$!
    for _ in $(seq 120); do
        kill -0 "$server" 2> /dev/null || fail "$(tail -n 1 "$DRILL/log")"
        mariadb --no-defaults --socket="$socket" --user=root --execute='CREATE DATABASE flowise' 2> "$errors" && return
        sleep 0.5
    done
    fail "$(last_words)"
}

step='making a database server for the trial'
rm -rf "$data"
run mariadb-install-db --no-defaults --datadir="$data" --auth-root-authentication-method=normal --skip-test-db > /dev/null
step='starting the database server of the trial'
trap 'status=$?; stop_server; ending "$status"' EXIT
start_server

step="restoring $(manifest_field id)"
: > "$TMPDIR/password"
DATABASE_SOCKET=$socket DATABASE_USER=root DATABASE_NAME=flowise DATABASE_PASSWORD_FILE=$TMPDIR/password \
    SERVER_WAIT_SECONDS=60 NAME=drill bash "${0%/*}/restore-mysql.sh"
