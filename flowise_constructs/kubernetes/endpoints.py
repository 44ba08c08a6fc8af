"""Where the servers are that a deployment connects to, as far as its values tell."""

from __future__ import annotations

from typing import Literal, NamedTuple

from flowise_constructs.kubernetes.references import AnyHost, AnyPort, ConfigMapKey, SecretKey, place_of


class Endpoint(NamedTuple):
    """A server that mains, workers and jobs connect to. A host or port that a Secret or ConfigMap holds is unknown when
    the YAML is written: whoever writes a network policy or a list of hosts must be told it otherwise."""

    server: Literal["database", "redis"]
    """Which one."""
    host: AnyHost
    """Its host, or where that is."""
    port: AnyPort
    """Its port, or where that is."""

    @property
    def known_host(self) -> str | None:
        """The host; None if only the cluster knows it."""
        return self.host if isinstance(self.host, str) else None

    @property
    def known_port(self) -> int | None:
        """The port; None if only the cluster knows it."""
        return self.port if isinstance(self.port, int) else None

    @property
    def place(self) -> str:
        """The host as a message says it: itself, or the key that holds it."""
        return place_of(self.host) if isinstance(self.host, (SecretKey, ConfigMapKey)) else self.host
