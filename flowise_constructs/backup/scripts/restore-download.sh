#!/bin/sh
# Fetches a backup into the scratch volume and refuses one that doesn't belong here, before anything is changed.
set -eu
NAME=restore
. "${0%/*}/backup-lib.sh"
. "${0%/*}/backup-s3.sh"

choose() {
    step="looking for backup '$RESTORE' in $TARGET"
    list_backups > "$TMPDIR/backups"
    [ -s "$TMPDIR/backups" ] || fail 'there is no backup there'
    if [ "$RESTORE" = newest ]; then
        id=$(tail -n 1 "$TMPDIR/backups")
    else
        id=$RESTORE
        grep -qxF "$id" "$TMPDIR/backups" || fail "there is none of that name; the newest are $(tail -n 3 "$TMPDIR/backups" | tr '\n' ' ')"
    fi
}

check_manifest() {
    step="checking the manifest of $id"
    run rclone copyto "$TARGET/$id.json" "$SCRATCH/manifest.json"
    [ "$(manifest_field format)" = 1 ] || fail 'it is of a format that this version does not know'
    [ "$(manifest_field id)" = "$id" ] || fail "it names the backup '$(manifest_field id)'"
    [ "$(manifest_field database)" = "$DATABASE_TYPE" ] || fail "the backup is of $(manifest_field database), Flowise.database is $DATABASE_TYPE"
    check_age
    check_release
    check_key
    check_files
}

check_age() {
    if [ -z "${MAX_AGE_SECONDS:-}" ]; then return; fi
    oldest=$(date -u -d "@$(($(date +%s) - MAX_AGE_SECONDS))" +%Y%m%dT%H%M%SZ)
    if [ "${id%%-*}" \< "$oldest" ]; then fail "it is the newest and older than $MAX_AGE_SECONDS seconds: backups don't succeed any more"; fi
}

check_release() {
    release=$(manifest_field flowise)
    printf '%s %s\n' "$release" "$FLOWISE_RELEASE" | tr . ' ' | awk '{ exit ($1 * 1e6 + $2 * 1e3 + $3 > $4 * 1e6 + $5 * 1e3 + $6) }' ||
        fail "it is of Flowise $release, whose schema Flowise $FLOWISE_RELEASE doesn't know: take an image of $release or newer"
}

check_key() {
    if [ "$(manifest_field encryption_key)" = "$(fingerprint)" ]; then return; fi
    [ -n "${ACCEPT_LOST_CREDENTIALS:-}" ] ||
        fail "it was made with another encryption key ($(manifest_field encryption_key), here $(fingerprint)): restore that key's Secret first, or every stored credential is lost; Restore(accept_lost_credentials=True) does it all the same"
    say 'the encryption key is another one: stored credentials will be unreadable'
}

check_files() {
    kept=none
    if [ -n "$(manifest_field storage_file)" ]; then kept=archive; fi
    if [ -n "$(manifest_field files)" ]; then kept=mirror; fi
    [ "$STORAGE_KIND" = none ] || [ "$STORAGE_KIND" = "$kept" ] ||
        fail "uploads and documents are in it as: $kept, and here wanted as: $STORAGE_KIND; restore the database alone with Restore(files=False)"
}

# download KIND, one of the manifest's: database, storage
download() {
    file=$(manifest_field "$1_file")
    step="downloading $file of $id"
    [ "$(room)" -ge $(($(manifest_field "$1_bytes") / 1024)) ] || fail "it has $(manifest_field "$1_bytes") bytes, too many for the scratch volume: raise Backup.scratch_size"
    run rclone copyto "$TARGET/$id/$file" "$SCRATCH/$file"
    [ "$(sha256_of "$SCRATCH/$file")" = "$(manifest_field "$1_sha256")" ] || fail "its SHA-256 is not the manifest's: the object was changed or damaged"
}

check_archive() {
    step="reading storage.tar.gz of $id"
    run tar -t -z -f "$SCRATCH/storage.tar.gz" > "$TMPDIR/contents"
    [ "$(wc -l < "$TMPDIR/contents" | tr -d ' ')" = "$(manifest_field storage_entries)" ] || fail 'it holds more or less than the manifest says'
}

rm -rf "${SCRATCH:?}"/*
reach_the_bucket
choose
check_manifest
download database
if [ "$STORAGE_KIND" = archive ]; then
    download storage
    check_archive
fi
step='ending'
say "fetched $id: $(manifest_field database) $(manifest_field server_version), Flowise $(manifest_field flowise)"
