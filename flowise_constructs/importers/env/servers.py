"""The servers: Compose's own become bundled ones, others must be in reach of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from flowise_constructs.core.findings import shown
from flowise_constructs.importers.notes import Notes

Kind = Literal["postgres", "redis", "mysql"]

_OF_DOCKERS_HOST = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "host.docker.internal", "gateway.docker.internal")


class Server(NamedTuple):
    """A service of a Compose file that is a database server or a Redis."""

    kind: Kind
    where: str


Servers = Mapping[str, Server]
"""By the names that Compose's network has for them."""


def is_in_reach(notes: Notes, where: str, host: str, variable: str) -> bool:
    """Whether pods can reach the host; refuses it otherwise."""
    if host in _OF_DOCKERS_HOST:
        notes.refuse(
            where,
            f"{shown(host)} is the machine that Docker runs on, which in a pod is the pod itself: give the name or "
            "address under which the cluster reaches the server",
        )
        return False
    if "." not in host and ":" not in host:
        notes.remark(
            where,
            f"{shown(host)} must be a Service of the same namespace: a name that only Compose's network knows needs "
            f"--compose FILE, or the server's address in {variable}",
            "do",
        )
    return True
