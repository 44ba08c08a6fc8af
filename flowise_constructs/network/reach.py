"""Where a server is, for a policy: the peers and the port of one rule, or what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.core.rules import network
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.network import addresses
from flowise_constructs.network.servers import USERS, Name, Server, servers_of
from flowise_constructs.network.values import Identity, OutsideServers, Where

SUBJECTS: Mapping[Name, str] = {
    "database": "the database",
    "redis": "Redis",
    "store": "the object store",
    "tokens": "the service that exchanges tokens",
    "mail": "the mail server",
    "proxy": "the outbound proxy",
    "telemetry": "the collector",
}
"""The servers as messages call them."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is known of the network around a deployment."""

    outside: OutsideServers
    internet: list[Manifest]
    """Every public address, as peers."""
    is_open: bool
    """Whether mains and workers reach the internet."""
    knows_names: bool
    """Whether the network can allow host names."""
    has_proxy: bool
    """Whether there is an outbound proxy."""

    def peers_of(self, server: Server) -> list[Manifest]:
        """Who the server is. None where no rule is needed: it is in the pod, behind the proxy, or allowed by its name.
        ConfigError if it isn't known where it is."""
        given: Where | None = getattr(self.outside, server.name)
        if server.bundled is not None:
            return [{"podSelector": {"matchLabels": dict(server.bundled.selector)}}]
        if given is not None:
            return self.internet if given == "internet" else addresses.peers(given)
        if server.host is not None and (address := addresses.of_address(server.host)) is not None:
            return [] if addresses.is_the_pod_itself(server.host) else [{"ipBlock": {"cidr": address}}]
        if self._needs_no_rule(server):
            return []
        if server.is_public and self.is_open:
            return self.internet
        raise ConfigError([_unplaced(server)])

    def is_allowed_by_name(self, server: Server) -> bool:
        """Whether the network allows the server's name, since nobody says where it is."""
        host = server.host
        placed = server.bundled is not None or getattr(self.outside, server.name) is not None
        if host is None or placed or not self.knows_names or addresses.of_address(host) is not None:
            return False
        return not network.is_private(host)

    def _needs_no_rule(self, server: Server) -> bool:
        is_the_pod = server.host is not None and addresses.is_the_pod_itself(server.host)
        return is_the_pod or (server.by_proxy and self.has_proxy) or self.is_allowed_by_name(server)


def without_effect(deployment: Deployment, outside: OutsideServers, identity: Identity | None) -> Iterator[Finding]:
    """Places of servers that the deployment doesn't use, or contains."""
    components = [component for component in USERS if deployment.workload(component) is not None]
    used = {server.name: server for name in components for server in servers_of(deployment, name, identity)}
    for item in fields(outside):
        if getattr(outside, item.name) is None:
            continue
        if (server := {str(name): one for name, one in used.items()}.get(item.name)) is None:
            yield outside.finding(item.name, "has no effect: the deployment connects to no such server; leave it out")
        elif server.bundled is not None:
            problem = f"has no effect: the server is {server.bundled.name!r}, a part of the deployment; leave it out"
            yield outside.finding(item.name, problem)


def ports(numbers: Sequence[int], protocols: Sequence[str] = ("TCP",)) -> list[Manifest]:
    """Ports of a rule."""
    return [{"port": number, "protocol": protocol} for number in numbers for protocol in protocols]


def rule_ports(port: int | None) -> list[Manifest]:
    """The port of a server; all of TCP, where only the cluster knows it."""
    return ports([port]) if port is not None else [{"protocol": "TCP"}]


def _unplaced(server: Server) -> Finding:
    subject = f"None, but {SUBJECTS[server.name]}"
    if server.is_public:
        mend = f'the networks of its private endpoint, or {server.name}="internet" for public addresses at its port'
        problem = f"{subject} is on the internet, which is closed: give {mend}"
    else:
        problem = f"{subject} is {server.called}, and a network policy knows addresses and pods alone: "
        problem += f"give {_suggestion(server)}"
    return Finding(f"OutsideServers.{server.name}", problem)


def _suggestion(server: Server) -> str:
    labels = (server.host or "").rstrip(".").split(".")
    if labels[2:3] == ["svc"]:
        return f"its pods, such as {server.name}=[PodPeer(namespace={labels[1]!r})]"
    if server.host and len(labels) == 1:
        return f"its pods, such as {server.name}=[PodPeer(pods={{...: ...}})]"
    return (
        f'its networks, such as {server.name}=["10.20.0.0/24"], its pods, such as '
        f'{server.name}=[PodPeer(namespace="...")], or {server.name}="internet"'
    )
