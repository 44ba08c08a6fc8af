#!/bin/sh
# The exporter's role: it reads statistics, and no table. Run at each start of the exporter, so that a new password is
# taken, and a server that is older than its monitoring gets the role too.
set -eu

case $MONITORING_PASSWORD in
*[[:space:]]*)
    echo "monitoring-role: the role's password has white space, which the exporter takes for its end: choose another" >&2
    exit 1
    ;;
esac

tries=30
until pg_isready --quiet; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
        echo "monitoring-role: no PostgreSQL answers at $PGHOST:$PGPORT" >&2
        exit 1
    fi
    sleep 2
done

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 <<'SQL'
\set role `printf %s "$MONITORING_ROLE"`
\set password `printf %s "$MONITORING_PASSWORD"`
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 5 PASSWORD %L', :'role', :'password') \gexec
SELECT format('GRANT pg_monitor TO %I', :'role') \gexec
SQL
echo "monitoring-role: $MONITORING_ROLE may read statistics"
