# How a step reaches MySQL or MariaDB; bash; sourced after backup-lib.sh. The password is in an option file.

connect_as_the_application() {
    options=$TMPDIR/client.cnf
    {
        printf '[client]\nuser="%s"\npassword="%s"\n' "$(quoted "$DATABASE_USER")" "$(quoted "$(cat "$DATABASE_PASSWORD_FILE")")"
        printf 'default-character-set=utf8mb4\n'
        if [ -n "${DATABASE_SOCKET:-}" ]; then
            printf 'protocol=socket\nsocket=%s\n' "$DATABASE_SOCKET"
        else
            printf 'protocol=tcp\nhost=%s\nport=%s\n' "$DATABASE_HOST" "$DATABASE_PORT"
        fi
        encrypt_as_the_application
    } > "$options"
}

quoted() { printf %s "$1" | sed 's/[\\"]/\\&/g'; }

encrypt_as_the_application() {
    if [ "${DATABASE_SSL:-}" != true ]; then
        printf 'skip-ssl\n'
        return
    fi
    database_authority > "$TMPDIR/database-ca.pem"
    printf 'ssl\nssl-ca=%s\n' "$TMPDIR/database-ca.pem"
    if [ "$DATABASE_REJECT_UNAUTHORIZED" = true ]; then printf 'ssl-verify-server-cert\n'; else printf 'skip-ssl-verify-server-cert\n'; fi
}

# True also where the password is wrong, which a query then says.
answers() { mariadb-admin --defaults-file="$options" --connect-timeout=5 ping; }

# query SQL [DATABASE]
query() { mariadb --defaults-file="$options" --connect-timeout=15 --batch --skip-column-names --raw --execute="$1" "${2:-$DATABASE_NAME}"; }

# A series of MariaDB is its first two numbers: 10.11, 11.8.
series() { printf '%s\n' "$1" | sed -n 's/^\([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | awk '{ print $1 * 1000 + $2 }'; }

client_version() { mariadb-dump --version | sed -n 's/.*[^0-9.]\([0-9]*\.[0-9]*\.[0-9]*\)-MariaDB.*/\1/p'; }

# MySQL's versions count otherwise: there is nothing to compare with.
check_client_version() {
    local client
    client=$(client_version)
    [ -n "$client" ] || fail 'mariadb-dump does not say its version: give Backup.dump_image a MariaDB image'
    case $server in *MariaDB*) ;; *) return ;; esac
    if [ "$(series "$client")" -lt "$(series "$server")" ]; then
        fail "the server is MariaDB ${server%%-*} and mariadb-dump is $client: give Backup.dump_image a MariaDB image of that series or a newer one"
    fi
}

# "table count" for each table of a dump on standard input; fails where the dump isn't whole.
count_dump() { gzip -d -c "$1" | awk -f "${0%/*}/backup-mysql.awk"; }
