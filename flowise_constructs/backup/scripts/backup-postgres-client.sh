# How a step reaches PostgreSQL; bash; sourced after backup-lib.sh. The password is in a file, as libpq wants it.

connect_as_the_application() {
    export PGHOST=$DATABASE_HOST PGPORT=$DATABASE_PORT PGUSER=$DATABASE_USER PGDATABASE=$DATABASE_NAME
    export PGCONNECT_TIMEOUT=15 PGCLIENTENCODING=UTF8 PGPASSFILE=$TMPDIR/pgpass
    printf '*:*:*:*:%s\n' "$(sed 's/[\\:]/\\&/g' "$DATABASE_PASSWORD_FILE")" > "$PGPASSFILE"
    # A connection that goes silent would otherwise be noticed after two hours.
    export PGSERVICEFILE=$TMPDIR/service PGSERVICE=database
    printf '[database]\nkeepalives_idle=30\nkeepalives_interval=10\nkeepalives_count=6\ntcp_user_timeout=120000\n' > "$PGSERVICEFILE"
    encrypt_as_the_application
}

encrypt_as_the_application() {
    if [ "${DATABASE_SSL:-}" != true ]; then
        export PGSSLMODE=disable
    elif [ -z "${DATABASE_SSL_KEY_BASE64:-}${DATABASE_SSL_KEY_FILE:-}" ]; then
        all_authorities ${FURTHER_AUTHORITIES:+"$FURTHER_AUTHORITIES"} > "$TMPDIR/database-ca.pem"
        export PGSSLMODE=verify-full PGSSLROOTCERT=$TMPDIR/database-ca.pem
    elif [ "$DATABASE_REJECT_UNAUTHORIZED" = true ]; then
        database_authority > "$TMPDIR/database-ca.pem"
        export PGSSLMODE=verify-full PGSSLROOTCERT=$TMPDIR/database-ca.pem
    else
        export PGSSLMODE=require PGSSLROOTCERT=$TMPDIR/none.pem
    fi
}

answers() { pg_isready --timeout=5; }

query() { psql --no-psqlrc --no-align --tuples-only --quiet --set=ON_ERROR_STOP=1 --command="$1"; }
