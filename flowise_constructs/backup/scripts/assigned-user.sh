#!/bin/bash
# Runs a command as the user that the cluster assigned, with a name: initdb asks for one. PostgreSQL's official image has
# nss_wrapper for that.
set -euo pipefail

if ! getent passwd "$(id -u)" > /dev/null; then
    for wrapper in /usr/lib/libnss_wrapper.so /usr/lib64/libnss_wrapper.so /usr/lib/*/libnss_wrapper.so; do
        if [ -s "$wrapper" ]; then
            printf 'postgres:x:%s:%s::%s:/bin/false\n' "$(id -u)" "$(id -g)" "$HOME" > "$TMPDIR/passwd"
            printf 'postgres:x:%s:\n' "$(id -g)" > "$TMPDIR/group"
            export LD_PRELOAD=$wrapper NSS_WRAPPER_PASSWD=$TMPDIR/passwd NSS_WRAPPER_GROUP=$TMPDIR/group
            break
        fi
    done
    if [ -z "${LD_PRELOAD:-}" ]; then
        echo "drill: user $(id -u) has no name, and initdb needs one: use an image with libnss_wrapper.so" >&2
        exit 1
    fi
fi
exec "$@"
