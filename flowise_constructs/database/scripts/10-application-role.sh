#!/bin/bash
# Runs once, on an empty data directory: the application's role, which owns the application's database. Not being
# executable, it is sourced by the image's entrypoint, whose `set -Eeo pipefail` holds here: options that are set here
# would hold there.

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\set role `printf %s "$APPLICATION_ROLE"`
\set database `printf %s "$POSTGRES_DB"`
\set password `cat "$APPLICATION_PASSWORD_FILE"`
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', :'role', :'password') \gexec
SELECT format('ALTER DATABASE %I OWNER TO %I', :'database', :'role') \gexec
SQL
