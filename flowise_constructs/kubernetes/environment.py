"""Environments of containers, and which value owns a variable."""

from __future__ import annotations

import base64
from typing import NamedTuple

from flowise_constructs.kubernetes.references import EnvValue

Environment = dict[str, EnvValue]


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


def encoded(certificate: EnvValue) -> EnvValue:
    """The certificate in base64, which Flowise decodes. PEM text is encoded here; a reference already holds base64."""
    return base64.b64encode(certificate.encode()).decode() if isinstance(certificate, str) else certificate
