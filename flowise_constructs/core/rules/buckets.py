"""Names of buckets and containers, of the accounts and projects that they belong to, and object keys."""

from __future__ import annotations

import re
from typing import Annotated


def bucket(value: str) -> str | None:
    if not re.fullmatch(r"[a-z0-9][-.a-z0-9]{1,61}[a-z0-9]", value) or ".." in value:
        return "must be a bucket name: 3 to 63 lower-case letters, digits, hyphens and dots"
    return None


def google_bucket(value: str) -> str | None:
    """Google's also has underscores, and may be longer where it is a domain name."""
    parts = value.split(".")
    fits = len(value) <= (222 if len(parts) > 1 else 63) and all(0 < len(part) <= 63 for part in parts)
    if not fits or not re.fullmatch(r"[a-z0-9][-._a-z0-9]+[a-z0-9]", value):
        return "must be a bucket name: 3 to 63 lower-case letters, digits, hyphens, underscores and dots"
    return None


def google_project(value: str) -> str | None:
    if not re.fullmatch(r"([a-z0-9][-.a-z0-9]*:)?[a-z][-a-z0-9]{4,28}[a-z0-9]", value):
        return "must be the id of a project, such as 'acme-prod-123456': 6 to 30 lower-case letters, digits and hyphens"
    return None


def azure_container(value: str) -> str | None:
    if not 3 <= len(value) <= 63 or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        return "must be a container name: 3 to 63 lower-case letters, digits and single hyphens"
    return None


def azure_account(value: str) -> str | None:
    if not re.fullmatch(r"[a-z0-9]{3,24}", value):
        return "must be the name of a storage account, without a domain: 3 to 24 lower-case letters and digits"
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
GoogleBucket = Annotated[str, google_bucket]
GoogleProject = Annotated[str, google_project]
AzureContainerName = Annotated[str, azure_container]
AzureAccount = Annotated[str, azure_account]
Region = Annotated[str, region]
Prefix = Annotated[str, prefix]
