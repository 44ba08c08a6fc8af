"""Writing a file: all of it, or nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from flowise_constructs.manifests.yaml_files import UnreadableError

STANDARD_OUTPUT = "-"


def refuse_existing(name: str, *, force: bool, option: str = "--output") -> None:
    """UnreadableError where the file may not be written: asked before the work, so that none is lost."""
    path = Path(name)
    if name == STANDARD_OUTPUT or not (path.exists() or path.is_symlink()):
        return
    if not path.is_file():
        raise UnreadableError(f"{option} {name}: is no regular file: name another, or '-' for standard output")
    if not force:
        raise UnreadableError(f"{option} {name}: exists: name another file, or overwrite it with --force")


def write(name: str, text: str, *, force: bool) -> None:
    """The text to the file, which appears with all of it or not at all; `-` is standard output."""
    if name == STANDARD_OUTPUT:
        print(text, end="")
        return
    refuse_existing(name, force=force)
    write_all([Output(name, text)], force=force)


class Output(NamedTuple):
    """A file that a command writes."""

    name: str
    text: str
    option: str = "--output"
    is_private: bool = False
    """Whether only its owner may read it."""


def write_all(outputs: Sequence[Output], *, force: bool) -> None:
    """The texts to their files: either every file has all of its text, or none is written."""
    ready: list[tuple[Output, Path]] = []
    try:
        for output in outputs:
            if output.name != STANDARD_OUTPUT:
                refuse_existing(output.name, force=force, option=output.option)
                ready.append((output, _prepared(output)))
        for output, temporary in ready:
            with _telling(output):
                # A rename within one directory is atomic.
                temporary.replace(Path(output.name).resolve())
    finally:
        for _, temporary in ready:
            temporary.unlink(missing_ok=True)
    for output in outputs:
        if output.name == STANDARD_OUTPUT:
            print(output.text, end="")


@contextmanager
def _telling(output: Output) -> Generator[None, None, None]:
    try:
        yield
    except OSError as error:
        told = f"{output.option} {output.name}: {error.strerror or error}: nothing was written"
        raise UnreadableError(told) from None


def _prepared(output: Output) -> Path:
    """The text in a file beside the one that it will take the place of."""
    path = Path(output.name).resolve()
    with _telling(output):
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    temporary = Path(name)
    try:
        # Newlines stay as they are on every system.
        with _telling(output), os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(output.text)
        # The file that mkstemp makes is its owner's alone.
        if not output.is_private:
            temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
