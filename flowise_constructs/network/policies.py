"""`NetworkPolicies`: default deny for the pods of a deployment, and what they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.core.findings import ConfigError, Finding, Findings, warn
from flowise_constructs.core.rules import network
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.kubernetes.identity import derived
from flowise_constructs.kubernetes.labels import COMPONENT, INSTANCE, NAME
from flowise_constructs.kubernetes.objects import Manifest, api_object
from flowise_constructs.kubernetes.workload import Workload
from flowise_constructs.network import addresses
from flowise_constructs.network.cilium import cilium_policy
from flowise_constructs.network.reach import Surroundings, ports, rule_ports, without_effect
from flowise_constructs.network.servers import BUNDLED, USERS, identities_of, servers_of
from flowise_constructs.network.values import Cilium, ClusterDns, Destination, Identity, OutsideServers, Peers

ON_THE_INTERNET = ("main", "worker")
"""Whose flows reach what their authors want."""
CALL_MAIN = ("owner",)
SAME_EDGES = ("backup", "restore")
"""A restore is run when it is needed, with the edges of the backup that is there before."""


class NetworkPolicies(Construct):
    """Network policies: the pods of a deployment accept and open no connection but those that are listed here. One
    NetworkPolicy `{name}-default` for all Flowise pods, which denies everything but DNS, and one a workload.

    - Main accepts `edge`, `monitoring`, `nodes` and the owner's Job, at its own port; no other pod accepts anything, but
      for the bundled PostgreSQL and Redis, which accept the pods of this deployment that use them.
    - Mains and workers, with their gates, reach the database, Redis, the object store, the mail server, the proxy, and
      with `internet="public"` every public address: no private, link-local or carrier-grade one, and so no metadata.
    - Backups and restores reach the database and the object stores, drills the object store of the backups.
    - The bundled servers open no connection at all.
    - Whatever uses an object store without keys reaches the address on the node that gives the pod its identity.

    Must exist already: a cluster whose network enforces policies; many do nothing and say nothing. Policies add up:
    another policy of the namespace that selects the same pods allows more. Attributes: `.policies` by the name of the
    object; with `cilium` also `.cilium_policy`.

    Raises ConfigError for a server that a policy can't find (see `OutsideServers`), for places without effect, and for
    an Ingress whose controller isn't let in.
    """

    cilium_policy: ApiObject | None = None
    """The CiliumNetworkPolicy, if there is one."""

    @checked
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        edge: Peers = (),
        monitoring: Peers = (),
        nodes: Sequence[network.Network] = (),
        servers: OutsideServers = OutsideServers(),
        identity: Identity | None = None,
        internet: Literal["public", "none"] = "public",
        private: Sequence[network.Network] = (),
        allow: Sequence[Destination] = (),
        dns: ClusterDns = ClusterDns(),
        cilium: Cilium | None = None,
    ) -> None:
        """`edge`: who passes requests on to main: the pods of the Ingress controller or gateway, or the networks of load
        balancers. `monitoring`: who else reaches main's port, as Prometheus does. `nodes`: networks of the nodes, where
        the cluster's network doesn't exempt the kubelet's probes.

        `servers`: where the servers outside are. `identity`: how pods show an object store without keys who they are:
        `"eks-pod-identity"`; `"gke"`, its metadata server; `"token"`, one of the service account, exchanged at a public
        address (IRSA, Azure). Default: from the bucket and its annotations; an S3Bucket without any is EKS Pod Identity.

        `internet`: `"none"` leaves mains and workers what is listed. `private`: further networks that are not the
        internet, such as public addresses of nodes or of the API server. `allow`: further destinations. `dns`: the
        cluster's DNS servers. `cilium`: host names instead of addresses; it goes with `internet="none"`.
        """
        super().__init__(scope, id)
        self._deployment, self._edge, self._monitoring, self._nodes = deployment, edge, monitoring, nodes
        self._identity, self._allow, self._dns, self._cilium = identity, allow, dns, cilium
        self._around = Surroundings(
            outside=servers,
            internet=addresses.internet(private),
            is_open=internet == "public",
            knows_names=cilium is not None,
            has_proxy=deployment.flowise.settings.proxy is not None,
        )
        findings = Findings()
        findings.attempt(self._refuse_contradictions)
        groups = self._groups()
        rules = {name: findings.attempt(lambda group=group: self._egress(group)) for name, group in groups.items()}
        findings.settle()
        self._warn()
        self.policies = {name: self._policy(name, groups[name], egress or []) for name, egress in rules.items()}
        self.policies[self._default_name] = self._default()
        if cilium is not None:
            self.cilium_policy = cilium_policy(self, deployment, cilium, dns, self._by_name())

    @property
    def _default_name(self) -> str:
        return derived(self._deployment.names.name, "-default")

    def _groups(self) -> dict[str, Workload]:
        """The workloads that have a policy of their own, by its name; a restore shares the backup's."""
        shared = next((item for item in self._deployment.workloads if item.identity.component in SAME_EDGES), None)
        return {
            item.name: item
            for item in self._deployment.workloads
            if item.identity.component not in SAME_EDGES or item is shared
        }

    def _policy(self, name: str, workload: Workload, egress: list[Manifest]) -> ApiObject:
        return api_object(
            self,
            _id(workload),
            api_version="networking.k8s.io/v1",
            kind="NetworkPolicy",
            metadata={"name": name, "namespace": workload.identity.namespace, "labels": workload.identity.labels},
            spec={
                "podSelector": _selector(workload),
                "policyTypes": ["Ingress", "Egress"],
                "ingress": self._ingress(workload) or None,
                "egress": egress or None,
            },
        )

    def _default(self) -> ApiObject:
        """For every Flowise pod, those of jobs that nobody has listed too. The bundled servers need no DNS."""
        names = self._deployment.names
        labels = {NAME: names.app, INSTANCE: names.release}
        return api_object(
            self,
            "Resource",
            api_version="networking.k8s.io/v1",
            kind="NetworkPolicy",
            metadata={"name": self._default_name, "namespace": names.namespace, "labels": labels},
            spec={
                "podSelector": {"matchLabels": labels},
                "policyTypes": ["Ingress", "Egress"],
                # Cilium's own policy has it: beside a rule without names its DNS proxy would learn none.
                "egress": None if self._cilium is not None else [self._dns_rule()],
            },
        )

    def _dns_rule(self) -> Manifest:
        dns = self._dns
        return {"to": addresses.peers((*dns.servers, *dns.networks)), "ports": ports(dns.ports, ("UDP", "TCP"))}

    # --- who reaches it

    def _ingress(self, workload: Workload) -> list[Manifest]:
        if workload.identity.component == "main":
            callers = addresses.peers((*self._edge, *self._monitoring, *self._nodes))
            callers += [_pods_of(item) for item in self._deployment.workloads if item.identity.component in CALL_MAIN]
            return [{"from": callers, "ports": ports([_main_port(workload)])}] if callers else []
        clients = {item.name: self._port_of(workload, item) for item in self._groups().values()}
        callers = [_pods_of(item) for item in self._groups().values() if clients[item.name] is not None]
        return [{"from": callers, "ports": ports(sorted({port for port in clients.values() if port}))}] if callers else []

    def _port_of(self, server: Workload, client: Workload) -> int | None:
        """At which port a client uses the bundled server; None if it doesn't."""
        used = servers_of(self._deployment, client.identity.component)
        return next((item.port for item in used if item.bundled is server), None)

    # --- what it reaches

    def _egress(self, workload: Workload) -> list[Manifest]:
        component, findings = workload.identity.component, Findings()
        is_open = component in ON_THE_INTERNET and self._around.is_open
        rules: list[Manifest] = [{"to": self._around.internet}] if is_open else []
        for server in servers_of(self._deployment, component, self._identity):
            peers = findings.attempt(lambda server=server: self._around.peers_of(server))
            if peers and not (is_open and peers is self._around.internet):
                rules.append({"to": peers, "ports": rule_ports(server.port)})
        findings.settle()
        rules += self._identity_rules(component)
        rules += [_to(item) for item in self._allow if component in _with_restores(item.components)]
        if component in CALL_MAIN:
            main = self._deployment.workloads[0]
            rules.append({"to": [_pods_of(main)], "ports": ports([_main_port(main)])})
        return [rule for number, rule in enumerate(rules) if rule not in rules[:number]]

    def _identity_rules(self, component: str) -> list[Manifest]:
        return [
            {"to": addresses.peers(networks), "ports": ports(numbers)}
            for identity in identities_of(self._deployment, component, self._identity)
            for networks, numbers in addresses.IDENTITY[identity]
        ]

    def _by_name(self) -> Mapping[str, Sequence[tuple[str, int]]]:
        """Hosts and ports that a component reaches by name."""
        named = {
            item.identity.component: [
                (server.host, server.port)
                for server in servers_of(self._deployment, item.identity.component, self._identity)
                if server.host and server.port and self._around.is_allowed_by_name(server)
            ]
            for item in self._groups().values()
        }
        return {component: hosts for component, hosts in named.items() if hosts}

    # --- what can't be

    def _refuse_contradictions(self) -> None:
        found = list(without_effect(self._deployment, self._around.outside))
        if self._deployment.flowise.ingress is not None and not self._edge:
            problem = "is empty, and nobody would reach main through its Ingress: give the controller's pods"
            found.append(_finding("edge", f"{problem}, such as [PodPeer(namespace='ingress-nginx')]"))
        if self._cilium is not None and self._around.is_open:
            problem = "'public' allows every public address, and names beside it nothing more: use internet='none'"
            found.append(_finding("internet", problem))
        components = {item.identity.component for item in self._deployment.workloads}
        for item in self._allow:
            absent = [name for name in item.components if name not in components and name not in ON_THE_INTERNET]
            found += [_finding("allow", f"names {name!r}, which this deployment doesn't have") for name in absent]
        if self._identity is not None and not any(identities_of(self._deployment, name) for name in USERS):
            found.append(_finding("identity", "has no effect: no object store is used without keys; leave it out"))
        if found:
            raise ConfigError(found)

    def _warn(self) -> None:
        settings = self._deployment.flowise.settings
        if not (self._edge or self._monitoring or self._nodes):
            warn("NetworkPolicies.edge: nobody reaches main but `kubectl port-forward`: give who passes requests on")
        if settings.metrics is not None and settings.metrics.provider == "prometheus" and not self._monitoring:
            warn("NetworkPolicies.monitoring: Prometheus doesn't reach main's metrics: give its pods")
        for item in self._deployment.workloads:
            if item.identity.component not in (*USERS, *BUNDLED.values()):
                problem = f"{item.name!r} is none of the workloads whose servers are known: it gets DNS alone"
                warn(f"NetworkPolicies.deployment: {problem}; a policy of your own may allow more")


def _id(workload: Workload) -> str:
    return workload.identity.component.title().replace("-", "")


def _selector(workload: Workload) -> Manifest:
    if workload.identity.component not in SAME_EDGES:
        return {"matchLabels": dict(workload.selector)}
    common = {name: value for name, value in workload.selector.items() if name != COMPONENT}
    return {
        "matchLabels": common,
        "matchExpressions": [{"key": COMPONENT, "operator": "In", "values": list(SAME_EDGES)}],
    }


def _pods_of(workload: Workload) -> Manifest:
    return {"podSelector": _selector(workload)}


def _main_port(main: Workload) -> int:
    return main.ports["http"]


def _to(item: Destination) -> Manifest:
    return {"to": addresses.peers(item.to), "ports": ports(item.ports, (item.protocol,)) or None}


def _with_restores(components: Sequence[str]) -> set[str]:
    return {*components, *(SAME_EDGES if "backup" in components else ())}


def _finding(argument: str, problem: str) -> Finding:
    return Finding(f"NetworkPolicies.{argument}", problem)
