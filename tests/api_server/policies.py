"""Network policies."""

from __future__ import annotations

from typing import Any

from api_server.subject import Subject, distinct


def _policy(cidr: Any) -> dict[str, Any]:
    """A NetworkPolicy that allows one network."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "a"},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": cidr}}]}]},
    }


NETWORKS = [
    *("10.0.0.0/8", "10.0.0.0/32", "0.0.0.0/0", "192.168.1.0/24", "169.254.20.10/32", "::/0", "2001:db8::/32"),
    *("2001:db8::1/128", "fd00::/8", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "/8", "10.0.0.0", "::1"),
    *("", " ", "10.0.0.0/8 ", " 10.0.0.0/8", "010.0.0.0/8", "10.0.0.0/08", "10.0.0/8", "10/8", "10.0.0.0/255.0.0.0"),
    *("::ffff:10.0.0.0/104", "::ffff:a00:0/104", "2001:DB8::/32", "2001:0db8::/32", "2001:db8:0::/48", "::/129"),
    *("fe80::1%eth0/128", "256.0.0.0/8", "a.example.com", "a.example.com/32", "10.0.0.0-10.0.0.9", "*", "64:ff9b::/96"),
]
SUBJECTS = (Subject("network of a policy", _policy, distinct(NETWORKS)),)
