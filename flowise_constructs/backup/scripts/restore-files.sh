#!/bin/sh
# Copies the mirror back into Flowise's bucket, as it was at the time of the backup. Nothing is deleted there.
set -eu
NAME=restore
. "${0%/*}/backup-lib.sh"
. "${0%/*}/backup-s3.sh"

# What later runs replaced they moved aside: the oldest of it is of the backup's time, then comes the mirror.
versions() {
    run rclone lsf --dirs-only --max-depth 1 "$TARGET" > "$TMPDIR/listing"
    if grep -qx files-replaced/ "$TMPDIR/listing"; then
        run rclone lsf --dirs-only --max-depth 1 "$TARGET/files-replaced" > "$TMPDIR/listing"
        sed 's,/$,,' "$TMPDIR/listing" | sort | awk -v id="$id" '$0 > id { print "files-replaced/" $0 }'
    fi
    echo files
}

step='copying files back to the storage bucket'
id=$(manifest_field id)
reach_the_bucket
versions > "$TMPDIR/versions"
if [ -n "${OVERWRITE:-}" ]; then
    # The last copy wins.
    sed '1!G;h;$!d' "$TMPDIR/versions" > "$TMPDIR/order"
    present=--ignore-times
else
    cp "$TMPDIR/versions" "$TMPDIR/order"
    present=--ignore-existing
fi
while IFS= read -r version; do
    run rclone copy "$present" "$TARGET/$version" "$FILES_SOURCE"
done < "$TMPDIR/order"
step='ending'
say "done: $id"
