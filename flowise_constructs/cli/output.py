"""Writing a file: all of it, or nothing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from flowise_constructs.manifests.yaml_files import UnreadableError

STANDARD_OUTPUT = "-"


def refuse_existing(name: str, *, force: bool) -> None:
    """UnreadableError where the file may not be written: asked before the work, so that none is lost."""
    path = Path(name)
    if name == STANDARD_OUTPUT or not (path.exists() or path.is_symlink()):
        return
    if not path.is_file():
        raise UnreadableError(f"--output {name}: is no regular file: name another, or '-' for standard output")
    if not force:
        raise UnreadableError(f"--output {name}: exists: name another file, or overwrite it with --force")


def write(name: str, text: str, *, force: bool) -> None:
    """The text to the file, which appears with all of it or not at all; `-` is standard output."""
    if name == STANDARD_OUTPUT:
        print(text, end="")
        return
    refuse_existing(name, force=force)
    try:
        _replace(Path(name).resolve(), text)
    except OSError as error:
        raise UnreadableError(f"--output {name}: {error.strerror or error}: nothing was written") from None


def _replace(path: Path, text: str) -> None:
    # A rename within one directory is atomic. Newlines stay as they are on every system.
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
