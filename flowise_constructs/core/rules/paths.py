"""Paths inside a container."""

from __future__ import annotations

from posixpath import normpath
from typing import Annotated


def path(value: str) -> str | None:
    """An absolute path inside a container."""
    if (
        not value.startswith("/")
        or ":" in value
        or not value.isprintable()
        or {"..", "."} & {*value.split("/")}
        or "//" in value
    ):
        return "must be an absolute path without ':', '//', '.' or '..'"
    return None


def directory(value: str) -> str | None:
    """An absolute path inside a container, other than its root."""
    if (problem := path(value)) is not None:
        return problem
    return "must not be the root directory" if value.strip("/") == "" else None


def is_below(inner: str, outer: str) -> bool:
    """Whether the path `inner` is `outer` itself or lies below it."""
    return f"{normpath(inner)}/".startswith(f"{normpath(outer).rstrip('/')}/")


Path = Annotated[str, path]
Directory = Annotated[str, directory]
