"""Docker Compose's `${VARIABLE:-default}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Lookup = Callable[[str], str | None]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")
_DEEPEST = 20


class InterpolationError(Exception):
    """What Compose doesn't accept."""


def expand(text: str, lookup: Lookup, depth: int = 0) -> str:
    """The text with the values of its variables. What is not set is empty."""
    return "".join(_parts(text, lookup, depth))


def _parts(text: str, lookup: Lookup, depth: int) -> Iterator[str]:
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        yield text[at:dollar]
        if text.startswith("$$", dollar):
            yield "$"
            at = dollar + 2
        elif text.startswith("${", dollar):
            end = _closing(text, dollar)
            yield _braced(text[dollar + 2 : end], lookup, depth)
            at = end + 1
        elif (name := _NAME.match(text, dollar + 1)) is not None:
            yield lookup(name[0]) or ""
            at = name.end()
        else:
            yield "$"
            at = dollar + 1
    yield text[at:]


def _closing(text: str, start: int) -> int:
    opened, at = 0, start
    while at < len(text):
        if text.startswith("${", at):
            opened, at = opened + 1, at + 1
        elif text[at] == "}":
            opened -= 1
            if not opened:
                return at
        at += 1
    raise InterpolationError("has a '${' without its '}': write '$$' for a dollar sign")


def _braced(inner: str, lookup: Lookup, depth: int) -> str:
    name = _NAME.match(inner)
    operator = _OPERATOR.match(inner, name.end()) if name is not None else None
    if name is None or depth > _DEEPEST or (operator is None and name.end() != len(inner)):
        raise InterpolationError("has a '${...}' that Compose doesn't know: write '$$' for a dollar sign")
    value = lookup(name[0])
    if operator is None:
        return value or ""
    missing = value is None or (operator[0].startswith(":") and not value)
    word = inner[operator.end() :]
    if operator[0].endswith("+"):
        return "" if missing else expand(word, lookup, depth + 1)
    if not missing:
        return value or ""
    if operator[0].endswith("?"):
        raise InterpolationError(f"needs {name[0]}, which is not set in the environment file: set it")
    return expand(word, lookup, depth + 1)
