"""Whether network policies let a connection through, by the rules of the Kubernetes documentation.

It knows nothing of the construct that writes policies. Where networks differ, `blocks_match_pods` says which one is meant:
whether an `ipBlock` that holds a pod's address lets that pod through.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Pod:
    """A pod with an address."""

    address: str
    labels: Mapping[str, str]
    namespace: str = "default"
    ports: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Protocol and number of the container ports that have a name."""


@dataclass(frozen=True)
class Outside:
    """An address that is no pod's."""

    address: str


End = Pod | Outside


@dataclass(frozen=True)
class Judge:
    """A cluster's network with its policies."""

    policies: Sequence[Object]
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Labels of the namespaces, besides the one with the name that each has."""
    own_namespace: str = "default"
    """Of policies that don't say theirs."""
    blocks_match_pods: bool = False

    def allows(self, source: End, target: End, port: int, protocol: str = "TCP") -> bool:
        """Whether a connection is let out of its source and into its target."""
        out = self._passes("Egress", source, target, target, port, protocol)
        return out and self._passes("Ingress", target, source, target, port, protocol)

    def _passes(self, way: str, subject: End, other: End, target: End, port: int, protocol: str) -> bool:
        if not isinstance(subject, Pod):
            return True
        about = [policy for policy in self.policies if way in _ways(policy) and self._is_about(policy, subject)]
        if not about:
            return True
        rules, peers = ("egress", "to") if way == "Egress" else ("ingress", "from")
        return any(
            self._is_peer(rule.get(peers), other, self._namespace(policy)) and _is_port(rule, target, port, protocol)
            for policy in about
            for rule in policy["spec"].get(rules) or ()
        )

    def _namespace(self, policy: Object) -> str:
        return str(policy["metadata"].get("namespace", self.own_namespace))

    def _is_about(self, policy: Object, pod: Pod) -> bool:
        return pod.namespace == self._namespace(policy) and selects(policy["spec"].get("podSelector", {}), pod.labels)

    def _is_peer(self, peers: Sequence[Object] | None, other: End, own: str) -> bool:
        return not peers or any(self._is(peer, other, own) for peer in peers)

    def _is(self, peer: Object, other: End, own: str) -> bool:
        if "ipBlock" in peer:
            return (self.blocks_match_pods or not isinstance(other, Pod)) and _in_block(peer["ipBlock"], other.address)
        if not isinstance(other, Pod):
            return False
        if "namespaceSelector" in peer:
            labels = {**self.namespaces.get(other.namespace, {}), "kubernetes.io/metadata.name": other.namespace}
            here = selects(peer["namespaceSelector"], labels)
        else:
            here = other.namespace == own
        return here and selects(peer.get("podSelector", {}), other.labels)


def _ways(policy: Object) -> Sequence[str]:
    spec = policy["spec"]
    return spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]


def selects(selector: Object, labels: Mapping[str, str]) -> bool:
    """A label selector; an empty one selects everything."""
    named = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return named and all(_holds(item, labels) for item in selector.get("matchExpressions") or ())


def _holds(item: Object, labels: Mapping[str, str]) -> bool:
    key, values = item["key"], item.get("values", ())
    if item["operator"] == "In":
        return bool(labels.get(key) in values)
    if item["operator"] == "NotIn":
        return bool(labels.get(key) not in values)
    return bool((key in labels) == (item["operator"] == "Exists"))


def _in_block(block: Object, address: str) -> bool:
    return _contains([block["cidr"]], address) and not _contains(block.get("except") or (), address)


def _contains(networks: Iterable[str], address: str) -> bool:
    return any(_is_in(network, address) for network in networks)


@cache
def _is_in(network: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network)


def _is_port(rule: Object, target: End, port: int, protocol: str) -> bool:
    return not rule.get("ports") or any(_matches(item, target, port, protocol) for item in rule["ports"])


def _matches(item: Object, target: End, port: int, protocol: str) -> bool:
    if item.get("protocol", "TCP") != protocol:
        return False
    wanted = item.get("port")
    if isinstance(wanted, str):
        return isinstance(target, Pod) and target.ports.get(wanted) == (protocol, port)
    return wanted is None or int(wanted) <= port <= int(item.get("endPort", wanted))
