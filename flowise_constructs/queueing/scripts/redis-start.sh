#!/bin/sh
# The password goes into a file in memory: every process of the node can read a command line.
set -eu
umask 077
escaped=$(printf %s "$REDISCLI_AUTH" | sed 's/[\\"]/\\&/g')
printf 'requirepass "%s"\n' "$escaped" > /run/redis/auth.conf
exec redis-server /opt/flowise-constructs/redis.conf
