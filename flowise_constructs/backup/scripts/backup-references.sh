#!/bin/bash
# Looks at what Secrets and ConfigMaps gave for the database's address, then runs a step's script.
# backup-references.sh NAME SCRIPT [ARGUMENT ...]; REFERENCES is DATABASE_HOST=Secret/flowise-db-app/host,...
set -euo pipefail
NAME=$1
. "${0%/*}/backup-lib.sh"

# No text shows the value: under the wrong key it may be a password.
fault_of() {
    case $2 in
        '') echo 'is empty' && return ;;
        [[:space:]]* | *[[:space:]]) echo 'begins or ends with a space or a line end' && return ;;
    esac
    case $1:$2 in
        DATABASE_HOST:*://*) echo 'holds a URL, and needs the host alone' ;;
        DATABASE_HOST:/*) echo "holds the path of a socket, and needs a host: a proxy in the pod itself is at '127.0.0.1'" ;;
        DATABASE_PORT:*[!0-9]*) echo 'holds no port' ;;
    esac
}

step="reading the database's address"
IFS=, read -ra references <<< "$REFERENCES"
for reference in "${references[@]}"; do
    variable=${reference%%=*}
    IFS=/ read -r kind name key <<< "${reference#*=}"
    fault=$(fault_of "$variable" "${!variable}")
    [ -z "$fault" ] || fail "$variable, key '$key' of $kind '$name', $fault"
done
trap - EXIT TERM
exec bash "${0%/*}/$2" "${@:3}"
