#!/bin/sh
# Archives the storage directory, after the dump: what the dump refers to is there.
set -eu
NAME=backup
. "${0%/*}/backup-lib.sh"

archive=$SCRATCH/storage.tar.gz

# Every file with its size and its time, to the second.
inventory() {
    run find . -type f -exec stat -c '%n %s %Y' {} + > "$TMPDIR/inventory"
    sort "$TMPDIR/inventory"
}

# Writing past the limit gives an error instead of an evicted pod.
pack() {
    limit=$(room)
    (
        trap '' XFSZ
        ulimit -f "$((limit * BLOCKS_PER_KIBIBYTE))"
        run tar -c -z -f "$archive" .
    )
}

# dash and POSIX count blocks of 512 bytes, busybox and bash of 1024.
BLOCKS_PER_KIBIBYTE=1
(ulimit -f 3 && trap '' XFSZ && head -c 2048 /dev/zero > "$TMPDIR/block") 2>/dev/null || BLOCKS_PER_KIBIBYTE=2

step="reading $STORAGE"
if [ -d "$STORAGE" ]; then cd "$STORAGE"; else mkdir "$TMPDIR/nothing" && cd "$TMPDIR/nothing"; fi

for left in .flowise-restore-*; do
    [ ! -e "$left" ] || fail "$left is there: a restore was cut before its end; finish it, or remove what it left"
done

step="archiving $STORAGE"
attempt=1
while :; do
    inventory > "$TMPDIR/before"
    pack
    inventory > "$TMPDIR/after"
    if cmp -s "$TMPDIR/before" "$TMPDIR/after"; then break; fi
    [ "$attempt" -lt 3 ] || fail 'files changed while they were read, three times over'
    say 'files changed while they were read: once more'
    attempt=$((attempt + 1))
    sleep "${RETRY_SECONDS:-10}"
done

step='checking the archive'
run gzip -t "$archive"
run tar -t -z -f "$archive" > "$TMPDIR/contents"
files=$(grep -vc '/$' "$TMPDIR/contents" || true)
[ "$files" -ge "$(wc -l < "$TMPDIR/after")" ] || fail "it holds $files files of $(wc -l < "$TMPDIR/after")"
printf 'storage.tar.gz\n' >> "$SCRATCH/files"
{
    printf '  "storage_file": "storage.tar.gz",\n  "storage_entries": %s,\n' "$(wc -l < "$TMPDIR/contents" | tr -d ' ')"
    printf '  "storage_bytes": %s,\n  "storage_sha256": "%s",\n' "$(size_of "$archive")" "$(sha256_of "$archive")"
} > "$SCRATCH/storage.part"
say "archived $files files of $STORAGE, $(size_of "$archive") bytes"
