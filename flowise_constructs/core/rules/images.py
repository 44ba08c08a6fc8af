"""Parts of an image reference."""

from __future__ import annotations

import re
from typing import Annotated

_REPOSITORY = re.compile(
    r"([A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?(:[0-9]+)?/)?[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*"
)


def repository(value: str) -> str | None:
    if len(value) > 255 or not _REPOSITORY.fullmatch(value):
        return "must be an image name without tag or digest: [host[:port]/]path, in lower case"
    return None


def tag(value: str) -> str | None:
    """An image tag of one particular build."""
    if not re.fullmatch(r"[A-Za-z0-9_][-A-Za-z0-9_.]{0,127}", value):
        return "must be an image tag: at most 128 letters, digits, '_', '.' and '-'"
    if not re.search(r"[0-9]", value):
        return "is a floating tag: give a version or a digest"
    return None


def digest(value: str) -> str | None:
    return None if re.fullmatch(r"sha256:[0-9a-f]{64}", value) else "must be 'sha256:' and 64 hexadecimal digits"


Repository = Annotated[str, repository]
Tag = Annotated[str, tag]
Digest = Annotated[str, digest]
