#!/bin/sh
# restore-storage.sh unpack: extracts the archive beside what is there. restore-storage.sh swap: puts it in its place.
set -eu
NAME=restore
. "${0%/*}/backup-lib.sh"

new=$STORAGE/.flowise-restore-new
old=$STORAGE/.flowise-restore-old

entries() { find "$1" -mindepth 1 -maxdepth 1 ! -name '.flowise-restore-*'; }

unpack() {
    step="extracting the files into $STORAGE"
    run mkdir -p "$STORAGE"
    [ ! -e "$old" ] || fail "$old is there: a restore was cut while it swapped files; look what is missing, then remove it"
    if [ -z "${OVERWRITE:-}" ] && [ -n "$(entries "$STORAGE" | head -n 1)" ]; then
        fail 'the directory is not empty; Restore(overwrite=True) replaces its content'
    fi
    run rm -rf "$new"
    run mkdir "$new"
    run tar -x -z -f "$SCRATCH/storage.tar.gz" -C "$new"
}

swap() {
    step="replacing the content of $STORAGE"
    run mkdir "$old"
    entries "$STORAGE" > "$TMPDIR/there"
    move_all "$old" < "$TMPDIR/there"
    entries "$new" > "$TMPDIR/restored"
    move_all "$STORAGE" < "$TMPDIR/restored"
    run rm -rf "$old" "$new"
    say "done: $(sed -n 's/^  "id": "\(.*\)",$/\1/p' "$SCRATCH/manifest.json")"
}

move_all() { while IFS= read -r entry; do run mv "$entry" "$1/"; done; }

case $1 in
    unpack) unpack ;;
    swap) swap ;;
esac
