"""The judge of connections, on the cases that the Kubernetes documentation explains."""

from __future__ import annotations

from typing import Any

from policy_judge import End, Judge, Outside, Pod

DB = Pod("10.1.0.1", {"role": "db"}, ports={"sql": ("TCP", 6379)})
FRONTEND = Pod("10.1.0.2", {"role": "frontend"})
OTHER = Pod("10.1.0.3", {"role": "batch"})
MYPROJECT = Pod("10.1.0.4", {"role": "anything"}, "shop")
SHOP_FRONTEND = Pod("10.1.0.5", {"role": "frontend"}, "shop")
ALONE = Pod("10.1.0.6", {"role": "db"}, "elsewhere")
NAMESPACES = {"shop": {"project": "myproject"}}


def policy(**spec: Any) -> dict[str, Any]:
    """A policy in the namespace `default`."""
    return {"metadata": {"name": "p"}, "spec": {"podSelector": {}, **spec}}


def judge(*policies: dict[str, Any], **options: Any) -> Judge:
    return Judge(policies, NAMESPACES, **options)


def test_without_a_policy_everything_is_allowed() -> None:
    assert judge().allows(OTHER, DB, 1)
    assert judge().allows(Outside("203.0.113.1"), DB, 1)


def test_default_deny_is_about_one_way_and_one_namespace() -> None:
    in_alone = judge(policy(policyTypes=["Ingress"]))
    assert not in_alone.allows(MYPROJECT, DB, 1)
    assert in_alone.allows(DB, MYPROJECT, 1), "nothing is said of what goes out"
    assert in_alone.allows(DB, ALONE, 1), "nothing is said of another namespace"
    out_alone = judge(policy(policyTypes=["Egress"]))
    assert not out_alone.allows(DB, MYPROJECT, 1)
    assert out_alone.allows(MYPROJECT, DB, 1)
    both = judge(policy(policyTypes=["Ingress", "Egress"]))
    assert not both.allows(FRONTEND, DB, 1)


def test_an_empty_rule_allows_everything() -> None:
    assert judge(policy(policyTypes=["Ingress"], ingress=[{}])).allows(Outside("203.0.113.1"), DB, 9)
    assert judge(policy(policyTypes=["Egress"], egress=[{}])).allows(DB, Outside("203.0.113.1"), 9)
    assert judge(policy(policyTypes=["Ingress"], ingress=[{"from": []}])).allows(MYPROJECT, DB, 9), "so does `from: []`"


def test_without_policy_types_egress_counts_where_it_has_rules() -> None:
    assert judge(policy()).allows(DB, MYPROJECT, 1)
    assert not judge(policy()).allows(MYPROJECT, DB, 1)
    assert not judge(policy(egress=[{"to": [{"podSelector": {"matchLabels": {"role": "none"}}}]}])).allows(DB, OTHER, 1)


def test_the_documentations_first_example() -> None:
    """A database that a network with a hole, a namespace and the frontend reach, and that reaches one network."""
    ingress = [
        {"ipBlock": {"cidr": "172.17.0.0/16", "except": ["172.17.1.0/24"]}},
        {"namespaceSelector": {"matchLabels": {"project": "myproject"}}},
        {"podSelector": {"matchLabels": {"role": "frontend"}}},
    ]
    here = judge(
        policy(
            podSelector={"matchLabels": {"role": "db"}},
            policyTypes=["Ingress", "Egress"],
            ingress=[{"from": ingress, "ports": [{"protocol": "TCP", "port": 6379}]}],
            egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/24"}}], "ports": [{"protocol": "TCP", "port": 5978}]}],
        )
    )
    allowed: list[End] = [FRONTEND, MYPROJECT, SHOP_FRONTEND, Outside("172.17.0.255"), Outside("172.17.2.0")]
    assert all(here.allows(source, DB, 6379) for source in allowed)
    assert not any(here.allows(source, DB, 6380) for source in allowed)
    assert not any(here.allows(source, DB, 6379, "UDP") for source in allowed)
    assert not here.allows(Outside("172.17.1.1"), DB, 6379)
    assert not here.allows(OTHER, DB, 6379)
    assert not here.allows(Pod("10.1.0.9", {"role": "frontend"}, "elsewhere"), DB, 6379)
    assert here.allows(DB, Outside("10.0.0.9"), 5978)
    assert not here.allows(DB, Outside("10.0.1.9"), 5978)
    assert not here.allows(DB, Outside("10.0.0.9"), 5979)
    assert here.allows(FRONTEND, OTHER, 1), "pods that it doesn't select"


def test_selectors_in_one_entry_both_count_and_in_two_either() -> None:
    namespace, pods = {"matchLabels": {"project": "myproject"}}, {"matchLabels": {"role": "frontend"}}
    one = judge(policy(ingress=[{"from": [{"namespaceSelector": namespace, "podSelector": pods}]}]))
    assert one.allows(SHOP_FRONTEND, DB, 1)
    assert not one.allows(FRONTEND, DB, 1)
    assert not one.allows(MYPROJECT, DB, 1)
    two = judge(policy(ingress=[{"from": [{"namespaceSelector": namespace}, {"podSelector": pods}]}]))
    assert two.allows(SHOP_FRONTEND, DB, 1)
    assert two.allows(FRONTEND, DB, 1)
    assert two.allows(MYPROJECT, DB, 1)
    assert not two.allows(OTHER, DB, 1)


def test_namespaces_by_their_name() -> None:
    wanted = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["shop", "x"]}]}
    here = judge(policy(policyTypes=["Egress"], egress=[{"to": [{"namespaceSelector": wanted}]}]))
    assert here.allows(DB, MYPROJECT, 1)
    assert not here.allows(DB, ALONE, 1)
    every = judge(policy(policyTypes=["Egress"], egress=[{"to": [{"namespaceSelector": {}}]}]))
    assert every.allows(DB, ALONE, 1)
    assert not every.allows(DB, Outside("203.0.113.1"), 1), "an address is no pod"


def test_a_range_of_ports() -> None:
    ports = [{"protocol": "TCP", "port": 32000, "endPort": 32768}]
    here = judge(
        policy(policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "10.0.0.0/24"}}], "ports": ports}])
    )
    assert here.allows(DB, Outside("10.0.0.1"), 32000)
    assert here.allows(DB, Outside("10.0.0.1"), 32768)
    assert not here.allows(DB, Outside("10.0.0.1"), 31999)
    assert not here.allows(DB, Outside("10.0.0.1"), 32769)


def test_named_ports_are_the_targets() -> None:
    here = judge(policy(ingress=[{"ports": [{"port": "sql"}]}]))
    assert here.allows(OTHER, DB, 6379)
    assert not here.allows(OTHER, DB, 6380)
    assert not here.allows(DB, OTHER, 6379), "which has no such port"
    out = judge(policy(policyTypes=["Egress"], egress=[{"ports": [{"port": "sql"}]}]))
    assert out.allows(OTHER, DB, 6379)
    assert not out.allows(OTHER, Outside("203.0.113.1"), 6379)


def test_policies_add_up_and_both_ends_must_agree() -> None:
    deny = policy(policyTypes=["Ingress", "Egress"])
    frontend_out = policy(
        podSelector={"matchLabels": {"role": "frontend"}},
        policyTypes=["Egress"],
        egress=[{"to": [{"podSelector": {}}]}],
    )
    assert not judge(deny, frontend_out).allows(FRONTEND, DB, 1)
    db_in = policy(podSelector={"matchLabels": {"role": "db"}}, ingress=[{"from": [{"podSelector": {}}]}])
    assert judge(deny, frontend_out, db_in).allows(FRONTEND, DB, 1)
    assert not judge(deny, frontend_out, db_in).allows(OTHER, DB, 1)


def test_addresses_of_pods_are_what_networks_disagree_on() -> None:
    block = policy(ingress=[{"from": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]}])
    assert not judge(block).allows(OTHER, DB, 1)
    assert judge(block, blocks_match_pods=True).allows(OTHER, DB, 1)


def test_both_families() -> None:
    peers = [{"ipBlock": {"cidr": "::/0", "except": ["fd00::/8"]}}, {"ipBlock": {"cidr": "0.0.0.0/0"}}]
    here = judge(policy(policyTypes=["Egress"], egress=[{"to": peers}]))
    assert here.allows(DB, Outside("2001:db8::1"), 1)
    assert not here.allows(DB, Outside("fd00::1"), 1)
    assert here.allows(DB, Outside("10.0.0.1"), 1)
