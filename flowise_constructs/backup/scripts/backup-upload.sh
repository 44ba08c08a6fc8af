#!/bin/sh
# Uploads what the steps before have left in the scratch volume, reads it back, makes it a backup, and prunes.
set -eu
NAME=backup
. "${0%/*}/backup-lib.sh"
. "${0%/*}/backup-s3.sh"

upload() {
    step="uploading $1"
    # All of it is read back below.
    run rclone copyto --no-check-dest --s3-no-head "$SCRATCH/$1" "$TARGET/$id/$1"
    step="reading $1 back from the bucket"
    beside rclone lsf --files-only --format s "$TARGET/$id/$1" > "$TMPDIR/size"
    run rclone hashsum sha256 --download "$TARGET/$id/$1" > "$TMPDIR/hash"
    joined
    size=$(cat "$TMPDIR/size")
    [ "$size" = "$(size_of "$SCRATCH/$1")" ] || fail "it has ${size:-no} bytes there and $(size_of "$SCRATCH/$1") here"
    hash=$(cut -d ' ' -f 1 "$TMPDIR/hash")
    [ "$hash" = "$(recorded_hash "$1")" ] || fail "its SHA-256 is ${hash:-nothing} there and $(recorded_hash "$1") here"
}

recorded_hash() { sed -n "/_file\": \"$1\"/,/_sha256\"/s/^.*_sha256\": \"\(.*\)\",\$/\1/p" "$SCRATCH"/*.part; }

# Adds what is new in Flowise's bucket. What is replaced in the mirror moves aside, for the backups before this one.
mirror_files() {
    step='copying files from the storage bucket'
    set -- --exclude '/logs/**'
    if [ -n "${FILES_EXCLUDED:-}" ]; then set -- "$@" --exclude "$FILES_EXCLUDED"; fi
    run rclone copy "$@" --backup-dir "$TARGET/files-replaced/$id" "$FILES_SOURCE" "$TARGET/files"
}

write_manifest() {
    {
        printf '{\n  "format": 1,\n  "id": "%s",\n' "$id"
        printf '%s\n' "$id" | sed 's/^\(....\)\(..\)\(..\)T\(..\)\(..\)\(..\)Z.*/  "time": "\1-\2-\3T\4:\5:\6Z",/'
        printf '  "installation": "%s",\n  "flowise": "%s",\n' "$INSTALLATION" "$FLOWISE_RELEASE"
        cat "$SCRATCH/database.part"
        if [ -f "$SCRATCH/storage.part" ]; then cat "$SCRATCH/storage.part"; fi
        if [ -n "${FILES_SOURCE:-}" ]; then printf '  "files": "mirror",\n'; fi
        printf '  "rows": {\n'
        cat "$SCRATCH/rows.part"
        printf '  }\n}\n'
    } > "$SCRATCH/manifest.json"
}

publish() {
    step='uploading the manifest'
    run rclone copyto --no-check-dest --s3-no-head "$SCRATCH/manifest.json" "$TARGET/$id.json"
    step='reading the manifest back from the bucket'
    beside rclone cat "$TARGET/$id.json" > "$TMPDIR/manifest"
    list_backups > "$TMPDIR/backups"
    joined
    cmp -s "$SCRATCH/manifest.json" "$TMPDIR/manifest" || fail 'it is not what was written'
    grep -qxF "$id" "$TMPDIR/backups" || fail "the bucket doesn't list it"
}

# Of a backup the manifest goes first: what is half deleted is no backup.
prune() {
    step='deleting backups past their time'
    sort -r "$TMPDIR/backups" | awk -v last="$KEEP_LAST" -v daily="$KEEP_DAILY" -v weekly="$KEEP_WEEKLY" -v monthly="$KEEP_MONTHLY" \
        -f "${0%/*}/backup-retention.awk" > "$TMPDIR/past"
    grep -qxF "$id" "$TMPDIR/past" && fail 'the rules would delete the backup that was just made'
    while IFS= read -r old; do
        discard deletefile "$TARGET/$old.json"
        discard purge "$TARGET/$old"
        say "deleted $old"
    done < "$TMPDIR/past"
}

# Another run may have deleted it meanwhile: 3 and 4 are rclone's codes for what isn't there.
discard() {
    rclone "$@" 2> "$errors" && return
    status=$?
    case $status in 3 | 4) return ;; esac
    cat "$errors" >&2
    fail "rclone $1, exit code $status: $(last_words)"
}

# Leavings of failed runs: without a manifest, and from a time at which no run can be alive any more.
sweep() {
    step='deleting leavings of failed runs'
    dead=$(date -u -d "@$(($(date +%s) - LEAVINGS_SECONDS))" +%Y%m%dT%H%M%SZ)
    { sed -n 's,/$,,p' "$TMPDIR/listing" | grep -E '^[0-9]{8}T[0-9]{6}Z-[a-z0-9]+$' || true; } | while IFS= read -r left; do
        if [ "${left%%-*}" \< "$dead" ] && ! grep -qxF "$left" "$TMPDIR/backups"; then
            discard purge "$TARGET/$left"
            say "deleted $left, which has no manifest"
        fi
    done
    forget_replaced
}

# A replaced file is for the backups before the run that replaced it.
forget_replaced() {
    if [ -z "${FILES_SOURCE:-}" ]; then return; fi
    oldest=$(grep -vxFf "$TMPDIR/past" "$TMPDIR/backups" | head -n 1)
    rclone lsf --dirs-only --max-depth 1 "$TARGET/files-replaced" 2>/dev/null | sed 's,/$,,' | while IFS= read -r run; do
        if [ "$run" \< "$oldest" ] || [ "$run" = "$oldest" ]; then discard purge "$TARGET/files-replaced/$run"; fi
    done
}

id=$(cat "$SCRATCH/id")
reach_the_bucket
for file in $(cat "$SCRATCH/files"); do upload "$file"; done
if [ -n "${FILES_SOURCE:-}" ]; then mirror_files; fi
write_manifest
publish
if [ -n "${KEEP_LAST:-}" ]; then
    prune
    sweep
fi
step='ending'
say "done: $id, $(wc -l < "$TMPDIR/backups" | tr -d ' ') backups before pruning, $TARGET"
