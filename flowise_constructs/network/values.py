"""Who is on the other side of a connection: pods, networks, DNS, servers outside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Literal, TypeAlias

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import naming, network
from flowise_constructs.core.value import Value


@dataclass(frozen=True, kw_only=True)
class PodPeer(Value):
    """Pods on the other side of a connection, as a network policy selects them. It never sees a Service: a port is the
    one that the pod listens on."""

    namespace: naming.DnsLabel | None = None
    """Namespace that they are in: `namespaceSelector` with `kubernetes.io/metadata.name`, a label that Kubernetes puts
    on each. None, and no `namespace_labels`: the deployment's own namespace. Example: `"ingress-nginx"`."""
    namespace_labels: Mapping[naming.LabelKey, naming.LabelValue] = field(default_factory=dict[str, str])
    """`namespaceSelector`: labels of the namespaces that they are in. Example: `{"team": "platform"}`."""
    pods: Mapping[naming.LabelKey, naming.LabelValue] = field(default_factory=dict[str, str])
    """`podSelector`: labels of the pods. Empty: all pods of the namespaces. Example:
    `{"app.kubernetes.io/name": "traefik"}`."""

    def contradictions(self) -> Iterable[Finding]:
        if not (self.namespace or self.namespace_labels or self.pods):
            yield self.finding("pods", "is empty, and no namespace is named: give at least one of them")
        if self.namespace and NAMESPACE_NAME in self.namespace_labels:
            yield self.finding("namespace_labels", f"has {NAMESPACE_NAME!r} beside 'namespace': give one of them")


NAMESPACE_NAME = "kubernetes.io/metadata.name"

Peer: TypeAlias = PodPeer | network.Network
"""Pods, or a network in CIDR notation such as `"10.20.0.0/16"`; one address is a network with `/32` or `/128`. A
network matches what is outside the pods' own network: for pods use `PodPeer`."""
Peers: TypeAlias = Sequence[Peer]
"""Who is on the other side."""
Where: TypeAlias = Peers | Literal["internet"]
"""Where a server is: its pods or networks; `"internet"`: any public address."""
Component = Literal["main", "worker", "backup", "drill", "owner", "key-rotation", "postgresql", "redis"]


@dataclass(frozen=True, kw_only=True)
class Destination(Value):
    """Something that pods of the deployment may reach besides the servers that its values name."""

    to: Peers
    """Its pods or networks. Example: `["10.20.0.0/16"]`, `[PodPeer(namespace="qdrant")]`."""
    ports: Sequence[network.Port] = ()
    """Ports that it listens on; of pods their own, not the Service's. Empty: every port, and every protocol."""
    protocol: Literal["TCP", "UDP"] = "TCP"
    """Protocol of the ports."""
    components: Sequence[Component] = ("main", "worker")
    """Whose pods may reach it. Those of backups are those of restores too."""

    def contradictions(self) -> Iterable[Finding]:
        for name in ("to", "components"):
            if not getattr(self, name):
                yield self.finding(name, "is empty, which allows nothing: name at least one, or leave it out")
        if self.protocol == "UDP" and not self.ports:
            yield self.finding(
                "protocol", "'UDP' without ports: name the ports; without them every protocol is allowed"
            )


@dataclass(frozen=True, kw_only=True)
class ClusterDns(Value):
    """The DNS servers of the cluster. The defaults fit clusters with CoreDNS or kube-dns in `kube-system`, with or
    without NodeLocal DNSCache, and OpenShift, whose DNS pods listen on 5353."""

    servers: Sequence[PodPeer] = (
        PodPeer(namespace="kube-system", pods={"k8s-app": "kube-dns"}),
        PodPeer(namespace="openshift-dns"),
    )
    """The pods."""
    networks: Sequence[network.Network] = ("169.254.20.10/32",)
    """Addresses of servers that run on nodes: NodeLocal DNSCache has the default. Cloud DNS of GKE:
    `"169.254.169.254/32"`, which stays closed at the metadata server's ports. Where the network judges a connection
    before a Service's address is replaced, also the address of the Service `kube-dns`. Example:
    `["169.254.20.10/32", "172.20.0.10/32"]`."""
    ports: Sequence[network.Port] = (53, 5353)
    """Ports of pods and addresses, for UDP and TCP."""

    def contradictions(self) -> Iterable[Finding]:
        if not self.servers and not self.networks:
            yield self.finding("servers", "is empty, and networks too: without DNS no pod finds its servers")
        if not self.ports:
            yield self.finding("ports", "is empty, which would allow every port: name them, such as [53]")


@dataclass(frozen=True, kw_only=True)
class OutsideServers(Value):
    """Where the servers are that the deployment uses and doesn't contain. A network policy knows no host names, so each
    server that is given by name must be placed here; one that is given as an IP address needs nothing. Their ports are
    those of the deployment's values. Who a server is, clients check by TLS; this says which addresses it may have.
    Example: `OutsideServers(database=["10.20.0.0/24"], redis=[PodPeer(namespace="redis")])`."""

    database: Where | None = None
    """The database server, for mains, workers, backups and restores."""
    redis: Where | None = None
    """Redis, for mains and workers."""
    store: Where | None = None
    """The object stores of files and of backups. Default for those of AWS, Google and Azure: `"internet"`."""
    tokens: Where | None = None
    """Where a pod's token is exchanged for keys of the object store: AWS's STS, Microsoft Entra. Default:
    `"internet"`. Not for EKS Pod Identity and GKE, whose servers are on the node."""
    mail: Where | None = None
    """`Settings.smtp`, for mains."""
    proxy: Where | None = None
    """`Settings.proxy`, for mains, workers and the pods of backups."""
    telemetry: Where | None = None
    """The collector of `Metrics.endpoint`, for mains."""

    def contradictions(self) -> Iterable[Finding]:
        for item in fields(self):
            if getattr(self, item.name) == ():
                yield self.finding(item.name, "is empty: name its pods or networks, or leave it out")


Identity: TypeAlias = Literal["eks-pod-identity", "gke", "token"]
"""How pods show an object store who they are, where they have no keys."""


def _dns_name(value: str) -> str | None:
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+", value) or len(value) > 253:
        return "must be a whole DNS name in lower case, such as 'api.openai.com'"
    return None


def _dns_pattern(value: str) -> str | None:
    if "*" not in value or not re.fullmatch(r"[-a-z0-9_*.]{1,253}", value):
        return "must be a DNS name in lower case with '*' for any letters within a label, such as '*.openai.azure.com'"
    return "allows every name: name a domain, or use internet='public'" if value.strip("*.") == "" else None


DnsName = Annotated[str, _dns_name]
DnsPattern = Annotated[str, _dns_pattern]


@dataclass(frozen=True, kw_only=True)
class Cilium(Value):
    """Host names instead of addresses, with a CiliumNetworkPolicy: for clusters whose network is Cilium, with its DNS
    proxy enabled. Servers of the deployment that are given by a public name need no place in `OutsideServers` then. The
    object has the types of Cilium's API; it wasn't run on a cluster with Cilium."""

    names: Sequence[DnsName] = ()
    """`toFQDNs[].matchName`: hosts that mains and workers may reach. Example: `["api.openai.com"]`."""
    patterns: Sequence[DnsPattern] = ()
    """`toFQDNs[].matchPattern`: the same, with `*` for any part of a label. Example: `["*.openai.azure.com"]`."""
    ports: Sequence[network.Port] = (443,)
    """Ports of `names` and `patterns`."""

    def contradictions(self) -> Iterable[Finding]:
        if not self.ports:
            yield self.finding("ports", "is empty, which would allow every port: name them, such as [443]")
