"""Environments of containers: what the values of a subject become, and whose business a variable is."""

from __future__ import annotations

import base64
from typing import NamedTuple

from flowise_constructs.kubernetes.references import EnvValue

Environment = dict[str, EnvValue]


class Owner(NamedTuple):
    """Why a variable can't be given as a further one."""

    value: str = ""
    """The value that sets it, such as `Redis.host`."""
    follows: str = ""
    """Where no value sets it: what it follows from."""

    def __str__(self) -> str:
        return f"is set by {self.value}" if self.value else f"can't be given: {self.follows}"


def word(flag: bool) -> str:
    """A flag as Flowise reads it."""
    return "true" if flag else "false"


def encoded(certificate: EnvValue) -> EnvValue:
    """Flowise decodes the variable: PEM text is encoded here, a reference holds it encoded."""
    return base64.b64encode(certificate.encode()).decode() if isinstance(certificate, str) else certificate
