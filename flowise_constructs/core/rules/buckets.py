"""Bucket names and object keys."""

from __future__ import annotations

import re
from typing import Annotated


def bucket(value: str) -> str | None:
    if not re.fullmatch(r"[a-z0-9][-.a-z0-9]{1,61}[a-z0-9]", value) or ".." in value:
        return "must be a bucket name: 3 to 63 lower-case letters, digits, hyphens and dots"
    return None


def region(value: str) -> str | None:
    return None if re.fullmatch(r"[A-Za-z0-9][-A-Za-z0-9]*", value) else "must be a region such as 'us-east-1'"


def prefix(value: str) -> str | None:
    """A key prefix in a bucket."""
    if not re.fullmatch(r"[-A-Za-z0-9_.=]+(/[-A-Za-z0-9_.=]+)*", value) or ".." in value:
        return (
            "must be a key prefix such as 'flowise/prod': letters, digits, '-', '_', '.', '=', no slash at either end"
        )
    return None


Bucket = Annotated[str, bucket]
Region = Annotated[str, region]
Prefix = Annotated[str, prefix]
