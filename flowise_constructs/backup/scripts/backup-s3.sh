# How a step reaches the bucket; POSIX sh; sourced after backup-lib.sh. rclone takes its remotes from RCLONE_CONFIG_*.

reach_the_bucket() {
    if [ -n "${S3_CA_FILE:-}${FURTHER_AUTHORITIES:-}" ]; then
        all_authorities ${FURTHER_AUTHORITIES:+"$FURTHER_AUTHORITIES"} ${S3_CA_FILE:+"$S3_CA_FILE"} > "$TMPDIR/s3-ca.pem"
        # Google's client for the identity of a pod is not rclone's own: it knows the second alone.
        export RCLONE_CA_CERT=$TMPDIR/s3-ca.pem SSL_CERT_FILE=$TMPDIR/s3-ca.pem
    fi
}

# Names of the backups, oldest first; leaves all that it saw in $TMPDIR/listing. A backup exists when its manifest does.
list_backups() {
    run rclone lsf --max-depth 1 "$TARGET" > "$TMPDIR/listing"
    sed -n 's/\.json$//p' "$TMPDIR/listing" | grep -E '^[0-9]{8}T[0-9]{6}Z-[a-z0-9]+$' | sort || true
}
