"""The edges of each workload: who reaches it, and what it reaches, as rules of a policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from flowise_constructs.core.findings import Findings
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.kubernetes.labels import COMPONENT
from flowise_constructs.kubernetes.names import EXPORTERS
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.workload import Workload
from flowise_constructs.network import addresses
from flowise_constructs.network.reach import Surroundings, ports, rule_ports
from flowise_constructs.network.servers import SAME_EDGES, identities_of, role_of, servers_of
from flowise_constructs.network.values import Destination, Identity, Peer

ON_THE_INTERNET = ("main", "worker")
"""Whose flows reach what their authors want."""
CALL_MAIN = ("owner",)
MAIN_PORT = "http"
EXPORTER_PORT = "metrics"


@dataclass(frozen=True, kw_only=True)
class Edges:
    """The edges of a deployment."""

    deployment: Deployment
    around: Surroundings
    callers: Sequence[Peer]
    """Who reaches main from outside the deployment."""
    scrapers: Sequence[Peer]
    """Who reaches the exporters."""
    scalers: Sequence[Peer]
    """Who asks the bundled Redis for the length of its queues."""
    identity: Identity | None
    allow: Sequence[Destination]

    @cached_property
    def groups(self) -> Mapping[str, Workload]:
        """The workloads that have a policy of their own, by its name; a restore shares the backup's."""
        shared = next((item for item in self.deployment.workloads if item.identity.component in SAME_EDGES), None)
        return {
            item.name: item
            for item in self.deployment.workloads
            if item.identity.component not in SAME_EDGES or item is shared
        }

    def ingress(self, workload: Workload) -> list[Manifest]:
        """Who reaches it."""
        if role_of(self.deployment, workload) == "main":
            jobs = [item for item in self.deployment.workloads if item.identity.component in CALL_MAIN]
            callers = [*addresses.peers(self.callers), *map(_pods_of, jobs)]
            return [{"from": callers, "ports": ports([workload.ports[MAIN_PORT]])}] if callers else []
        if workload.identity.component in EXPORTERS:
            scrapers = addresses.peers(self.scrapers)
            return [{"from": scrapers, "ports": ports([workload.ports[EXPORTER_PORT]])}] if scrapers else []
        used = {item.name: self._port_of(workload, item) for item in self.groups.values()}
        clients = [_pods_of(self.groups[name]) for name, port in used.items() if port is not None]
        numbers = sorted({port for port in used.values() if port is not None})
        if clients and role_of(self.deployment, workload) == "redis":
            clients += addresses.peers(self.scalers)
        return [{"from": clients, "ports": ports(numbers)}] if clients else []

    def egress(self, workload: Workload) -> list[Manifest]:
        """What it reaches. ConfigError with each server that isn't known to be somewhere."""
        component, findings = role_of(self.deployment, workload), Findings()
        is_open = component in ON_THE_INTERNET and self.around.is_open
        rules: list[Manifest] = [{"to": self.around.internet}] if is_open else []
        for server in servers_of(self.deployment, component, self.identity):
            peers = findings.attempt(partial(self.around.peers_of, server))
            if peers and not (is_open and peers is self.around.internet):
                rules.append({"to": peers, "ports": rule_ports(server.port)})
        findings.settle()
        rules += [*self._to_identities(component), *self._to_destinations(component), *self._to_main(component)]
        return [rule for number, rule in enumerate(rules) if rule not in rules[:number]]

    @property
    def users(self) -> list[str]:
        """The labels of the components whose flows reach what their authors want."""
        items = self.groups.values()
        return [item.identity.component for item in items if role_of(self.deployment, item) in ON_THE_INTERNET]

    def by_name(self) -> Mapping[str, Sequence[tuple[str, int]]]:
        """Hosts and ports that a component, by its label, reaches by name."""
        named = {
            item.identity.component: [
                (server.host, server.port)
                for server in servers_of(self.deployment, role_of(self.deployment, item), self.identity)
                if server.host and server.port and self.around.is_allowed_by_name(server)
            ]
            for item in self.groups.values()
        }
        return {component: hosts for component, hosts in named.items() if hosts}

    def _port_of(self, server: Workload, client: Workload) -> int | None:
        """At which port a client uses the bundled server; None if it doesn't."""
        used = servers_of(self.deployment, role_of(self.deployment, client))
        return next((item.port for item in used if item.bundled is server), None)

    def _to_identities(self, component: str) -> list[Manifest]:
        return [
            {"to": addresses.peers(networks), "ports": ports(numbers)}
            for identity in identities_of(self.deployment, component, self.identity)
            for networks, numbers in addresses.IDENTITY[identity]
        ]

    def _to_destinations(self, component: str) -> list[Manifest]:
        named = {component, "backup"} if component in SAME_EDGES else {component}
        return [
            {"to": addresses.peers(item.to), "ports": ports(item.ports, (item.protocol,)) or None}
            for item in self.allow
            if named & set(item.components)
        ]

    def _to_main(self, component: str) -> list[Manifest]:
        main = self.deployment.workloads[0]
        to_main: Manifest = {"to": [_pods_of(main)], "ports": ports([main.ports[MAIN_PORT]])}
        return [to_main] if component in CALL_MAIN else []


def selector(workload: Workload) -> Manifest:
    """The pods that share a policy. A restore is run when it is needed: the policy of backups is there before."""
    if workload.identity.component not in SAME_EDGES:
        return {"matchLabels": dict(workload.selector)}
    common = {name: value for name, value in workload.selector.items() if name != COMPONENT}
    either = {"key": COMPONENT, "operator": "In", "values": list(SAME_EDGES)}
    return {"matchLabels": common, "matchExpressions": [either]}


def _pods_of(workload: Workload) -> Manifest:
    return {"podSelector": selector(workload)}
