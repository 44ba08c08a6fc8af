# What the steps of a backup and of a restore have in common. POSIX sh; sourced. NAME is what the step is called.
umask 077
step='starting'
reason=$TMPDIR/reason
errors=$TMPDIR/errors
: "${WITHOUT_ROWS_OF:=}"
tool=
other=

say() { printf '%s: %s\n' "$NAME" "$*" >&2; }

# The last line must say it all, also when the failure is in a subshell.
fail() {
    printf '%s\n' "$*" > "$reason" 2>/dev/null || say "$*"
    exit 1
}

ending() {
    status=${1:-$?}
    trap - EXIT
    if [ "$status" -ne 0 ]; then
        told=$(tail -n 1 "$reason" 2>/dev/null) || told=
        say "FAILED while $step: ${told:-exit code $status}"
    fi
    exit "$status"
}
trap ending EXIT
trap 'kill ${tool:-} ${other:-} 2> /dev/null || true; fail "asked to stop (SIGTERM): deadline_seconds is over, or the pod is evicted"' TERM

# Runs a tool; its own last words become the reason. A shell acts on a signal only while it waits for a job.
run() {
    "$@" 2> "$errors" &
    tool=$!
    status=0
    wait "$tool" || status=$?
    tool=
    cat "$errors" >&2
    [ "$status" -eq 0 ] || fail "$(basename "$1"), exit code $status: $(last_words)"
}

# Runs a tool beside what follows, until `joined`; its words are its own until then.
beside() {
    (errors=$TMPDIR/errors-beside; reason=$TMPDIR/reason-beside; run "$@") &
    other=$!
}

joined() {
    wait "$other" || fail "$(tail -n 1 "$TMPDIR/reason-beside" 2>/dev/null)"
    other=
}

# The line that names the error: tools put hints behind it, a store its answer's XML, and whoever wrote to one that
# failed complains too.
last_words() {
    words=$(grep -vE '^[[:space:]]*$|errno 32|Broken pipe|^[^ ]+ (detail|hint): |^ *<|</Message>|^-+$' "$errors" | tail -n 20)
    printf '%s\n' "$words" | grep -iE 'error|fail|fatal|denied|refused|cannot|too large|no space' | tail -n 1 > "$errors.words"
    if [ -s "$errors.words" ]; then cat "$errors.words"; else printf '%s\n' "$words" | tail -n 1; fi
}

# A server that the same manifests make may start later than what needs it. `answers` is the client's; what is wrong
# with a server that doesn't, a query knows best.
await_server() {
    step="waiting for the database server at ${DATABASE_SOCKET:-$DATABASE_HOST:$DATABASE_PORT}"
    until_when=$(($(date +%s) + SERVER_WAIT_SECONDS))
    until answers > /dev/null 2>&1; do
        if [ "$(date +%s)" -ge "$until_when" ]; then
            run query 'SELECT 1' > /dev/null
            return
        fi
        sleep 1
    done
}

size_of() { wc -c < "$1" | tr -d ' '; }

sha256_of() { sha256sum "$1" | cut -d ' ' -f 1; }

# What is left of the scratch volume's limit; the kubelet would evict the pod only after the volume has overrun it.
room() {
    used=$(du -sk "$SCRATCH" | cut -f 1)
    printf '%s\n' $((SCRATCH_BYTES / 1024 - used))
}

# One field of the manifest, which has a line for each.
manifest_field() { sed -n "s/^  \"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$SCRATCH/manifest.json"; }

# "table count" for each table that the manifest counts.
manifest_rows() { sed -n 's/^    "\([A-Za-z0-9_.$-]*\)": \([0-9][0-9]*\),\{0,1\}$/\1 \2/p' "$SCRATCH/manifest.json"; }

# Tells two keys apart and says nothing about either; the data that a key encrypts are beside it anyway.
fingerprint() {
    { printf 'flowise-constructs: encryption key\n'; cat "$ENCRYPTION_KEY_FILE"; } | sha256sum | cut -c 1-16
}

# The database's authority as PEM: from a file that holds PEM, or base64 of it, or from Flowise's variable.
database_authority() {
    if [ -z "${DATABASE_SSL_KEY_FILE:-}" ]; then
        printf %s "$DATABASE_SSL_KEY_BASE64" | base64 -d
    elif grep -q -e '-----BEGIN CERTIFICATE-----' "$DATABASE_SSL_KEY_FILE"; then
        cat "$DATABASE_SSL_KEY_FILE"
    else
        base64 -d "$DATABASE_SSL_KEY_FILE"
    fi
}

# The public authorities, with others that are given as files.
all_authorities() {
    for authority in "$AUTHORITIES" "$@"; do
        cat "$authority"
        echo
    done
}

# The database's part of the manifest, from "table count" lines.
# describe_database BEGAN FILE SERVER_VERSION CLIENT_VERSION
describe_database() {
    # A pod of a Job has five random characters at the end of its name.
    id="$1-$(printf %s "$POD_NAME" | sed 's/.*-//')"
    printf '%s\n' "$id" > "$SCRATCH/id"
    printf '%s\n' "${2##*/}" >> "$SCRATCH/files"
    {
        printf '  "database": "%s",\n' "$DATABASE_TYPE"
        printf '  "server_version": "%s",\n  "client_version": "%s",\n' "$(plain "$3")" "$(plain "$4")"
        printf '  "encryption_key": "%s",\n' "$(fingerprint)"
        printf '  "database_file": "%s",\n' "${2##*/}"
        printf '  "database_bytes": %s,\n  "database_sha256": "%s",\n' "$(size_of "$2")" "$(sha256_of "$2")"
        printf '  "without_rows_of": "%s",\n' "$WITHOUT_ROWS_OF"
    } > "$SCRATCH/database.part"
    sed 's/^\([^ ]*\) \([0-9][0-9]*\)$/    "\1": \2,/' | sed '$s/,$//' > "$SCRATCH/rows.part"
}

plain() { printf %s "$1" | tr -cd 'A-Za-z0-9 ._:()+~-'; }
