"""Addresses that are special, and peers of a policy made of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.network.values import NAMESPACE_NAME, Identity, Peer, PodPeer

NOT_THE_INTERNET = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    # Carrier-grade NAT: pods of some clusters, metadata of Alibaba Cloud.
    "100.64.0.0/10",
    "127.0.0.0/8",
    # Azure's platform: WireServer, metadata of extensions.
    "168.63.129.16/32",
    # Link-local: metadata of AWS, Google, Azure and others, credentials of EKS, NodeLocal DNSCache.
    "169.254.0.0/16",
    "172.16.0.0/12",
    # IETF's own: metadata of Oracle Cloud.
    "192.0.0.0/24",
    "192.168.0.0/16",
    # Benchmarks: pods of some clusters.
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::1/128",
    # NAT64 of a site's own prefix (RFC 8215).
    "64:ff9b:1::/48",
    # Unique local: metadata of AWS and Google over IPv6, credentials of EKS.
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
)
"""What of all addresses isn't the internet: private, link-local, carrier-grade, and the clouds' own."""
NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Where a gateway gives each IPv4 address another one of IPv6 (RFC 6052)."""

IDENTITY: dict[Identity, tuple[tuple[tuple[str, ...], tuple[int, ...]], ...]] = {
    # EKS Pod Identity's agent on the node.
    "eks-pod-identity": ((("169.254.170.23/32", "fd00:ec2::23/128"), (80,)),),
    # GKE's metadata server: with Dataplane V2, and without it.
    "gke": ((("169.254.169.254/32",), (80, 8080)), (("169.254.169.252/32",), (987, 988))),
    # A token of the service account, which is exchanged at a public address.
    "token": (),
}
"""Where the pod's identity comes from, and at which ports."""


def internet(private: Sequence[str]) -> list[Manifest]:
    """Every public address: all but the networks that are not the internet, or are the user's own."""
    apart = [ipaddress.ip_network(item) for item in dict.fromkeys((*NOT_THE_INTERNET, *private))]
    old = [item for item in apart if isinstance(item, ipaddress.IPv4Network)]
    new = [item for item in apart if isinstance(item, ipaddress.IPv6Network)]
    return [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": [str(item) for item in old]}},
        {"ipBlock": {"cidr": "::/0", "except": [*(str(item) for item in new), *map(_behind_nat64, old)]}},
    ]


def _behind_nat64(item: ipaddress.IPv4Network) -> str:
    base = int(NAT64.network_address) + int(item.network_address)
    return str(ipaddress.IPv6Network((base, NAT64.prefixlen + item.prefixlen)))


def peers(given: Iterable[Peer]) -> list[Manifest]:
    """Pods and networks as a policy has them."""
    return [_pods(peer) if isinstance(peer, PodPeer) else {"ipBlock": {"cidr": peer}} for peer in given]


def _pods(peer: PodPeer) -> Manifest:
    named = {NAMESPACE_NAME: peer.namespace} if peer.namespace else {}
    namespaces = {**named, **peer.namespace_labels}
    return {
        "namespaceSelector": {"matchLabels": namespaces} if namespaces else None,
        "podSelector": {"matchLabels": dict(peer.pods)} if peer.pods or not namespaces else None,
    }


def of_address(host: str) -> str | None:
    """The network of a host that is an IP address."""
    try:
        return str(ipaddress.ip_network(host))
    except ValueError:
        return None


def is_the_pod_itself(host: str) -> bool:
    """Whether a host is loopback, that is, a proxy in the same pod."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"
