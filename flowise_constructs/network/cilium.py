"""Host names in the place of addresses: a CiliumNetworkPolicy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.kubernetes.identity import derived
from flowise_constructs.kubernetes.labels import COMPONENT, INSTANCE, NAME
from flowise_constructs.kubernetes.objects import Manifest, api_object
from flowise_constructs.network.edges import Edges
from flowise_constructs.network.values import Cilium, ClusterDns, PodPeer

NAMESPACE = "k8s:io.kubernetes.pod.namespace"
NAMESPACE_LABELS = "k8s:io.cilium.k8s.namespace.labels."
"""In front of a label of the namespace."""


def cilium_policy(
    scope: Construct,
    edges: Edges,
    cilium: Cilium,
    dns: ClusterDns,
) -> ApiObject:
    """CiliumNetworkPolicy `{name}-names`. It has the rule for DNS too: from what its proxy sees there, Cilium knows the
    addresses of the names."""
    names = edges.deployment.names
    labels = {NAME: names.app, INSTANCE: names.release}
    return api_object(
        scope,
        "Cilium",
        api_version="cilium.io/v2",
        kind="CiliumNetworkPolicy",
        metadata={"name": derived(names.name, "-names"), "namespace": names.namespace, "labels": labels},
        specs=[
            {"endpointSelector": {"matchLabels": labels}, "egress": _dns_rules(dns)},
            *([_of_users(labels, edges.users, cilium)] if cilium.names or cilium.patterns else []),
            *(_of_servers({**labels, COMPONENT: component}, hosts) for component, hosts in edges.by_name().items()),
        ],
    )


def _dns_rules(dns: ClusterDns) -> list[Manifest]:
    numbers = [{"port": str(port), "protocol": protocol} for port in dns.ports for protocol in ("UDP", "TCP")]
    to_ports = [{"ports": numbers, "rules": {"dns": [{"matchPattern": "*"}]}}]
    pods = [{"matchLabels": _labels(peer)} for peer in dns.servers]
    return [
        *([{"toEndpoints": pods, "toPorts": to_ports}] if pods else []),
        *([{"toCIDR": list(dns.networks), "toPorts": to_ports}] if dns.networks else []),
    ]


def _labels(peer: PodPeer) -> Mapping[str, str]:
    """Cilium puts the namespace among the labels of a pod."""
    namespace = {NAMESPACE: peer.namespace} if peer.namespace else {}
    others = {f"{NAMESPACE_LABELS}{name}": value for name, value in peer.namespace_labels.items()}
    return {**namespace, **others, **peer.pods}


def _of_users(labels: Mapping[str, str], users: list[str], cilium: Cilium) -> Manifest:
    wanted = {"key": COMPONENT, "operator": "In", "values": users}
    names = [{"matchName": name} for name in cilium.names]
    patterns = [{"matchPattern": pattern} for pattern in cilium.patterns]
    return {
        "endpointSelector": {"matchLabels": dict(labels), "matchExpressions": [wanted]},
        "egress": [{"toFQDNs": [*names, *patterns], "toPorts": _ports(cilium.ports)}],
    }


def _of_servers(labels: Mapping[str, str], hosts: Sequence[tuple[str, int]]) -> Manifest:
    rules = [
        {"toFQDNs": [{"matchName": host.rstrip(".").lower()}], "toPorts": _ports([port])}
        for host, port in dict.fromkeys(hosts)
    ]
    return {"endpointSelector": {"matchLabels": dict(labels)}, "egress": rules}


def _ports(numbers: Sequence[int]) -> list[Manifest]:
    return [{"ports": [{"port": str(number), "protocol": "TCP"} for number in numbers]}]
