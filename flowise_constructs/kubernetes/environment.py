"""Environments of containers, and which value owns a variable."""

from __future__ import annotations

from typing import NamedTuple

from flowise_constructs.kubernetes.references import EnvValue

Environment = dict[str, EnvValue]
CERTIFICATES_DIRECTORY = "/etc/flowise-constructs/certificates"
"""Where a pod has certificates as files."""


class Owner(NamedTuple):
    """Why a variable can't be given as an extra variable."""

    value: str = ""
    """The value that sets it, such as `Redis.host`."""
    follows: str = ""
    """If no value sets it: what it follows from."""

    def __str__(self) -> str:
        return f"is set by {self.value}" if self.value else f"can't be given: {self.follows}"


def word(flag: bool) -> str:
    """A boolean as Flowise reads it."""
    return "true" if flag else "false"


def certificate_file(name: str) -> str:
    """The path of a certificate's file."""
    return f"{CERTIFICATES_DIRECTORY}/{name}"
