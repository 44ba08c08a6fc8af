"""The network policies against the connections that the real pods make, and those that they must not.

`data/flows.json` is what netfilter saw in the network namespaces of the pods: `boot/record_flows.py` records it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cluster
import pytest
from deployments import (
    API_KEYS,
    BACKUP,
    DRILLED,
    HOST,
    OWNER,
    PASSWORD,
    SCRAPED,
    SERVERS_SCRAPED,
    objects,
    queue,
    standalone,
    with_monitoring,
    with_policies,
)
from policy_judge import End, Judge, Outside, Pod

from flowise_constructs import (
    BundledPostgres,
    BundledRedis,
    Destination,
    Ingress,
    IngressHost,
    MariadbDatabase,
    Names,
    OutsideServers,
    PodPeer,
    Queue,
    S3Bucket,
    S3Credentials,
)

RECORDED: Mapping[str, list[list[Any]]] = json.loads((Path(__file__).parent / "data" / "flows.json").read_text())
BUCKET = S3Bucket(
    bucket="flowise-storage",
    endpoint="http://s3.example:9000",
    path_style=True,
    credentials=S3Credentials.from_secret("s3"),
)
IN_BUCKET = {"backup": type(DRILLED)(target=replace(BUCKET, bucket="flowise-backups"), drill=DRILLED.drill)}
MARIADB = MariadbDatabase(host="mariadb.example", password=PASSWORD)
POSTGRES = {"database": BundledPostgres()}
QUEUE: dict[str, Any] = {
    **POSTGRES,
    "queue": Queue(redis=BundledRedis()),
    "storage": BUCKET,
    "ingress": Ingress(hosts=[IngressHost(host=HOST)], tls_in_front=True),
}
STORE = {"store": ["10.88.0.9/32"]}
NAMESPACE = "default"
AWAITING: dict[str, Any] = {"owner": replace(OWNER, api_keys=API_KEYS), "names": Names(namespace=NAMESPACE)}
BUILDS: Mapping[str, tuple[Any, OutsideServers]] = {
    "exporters": (with_monitoring(queue(**QUEUE, settings=SCRAPED), **SERVERS_SCRAPED), OutsideServers(**STORE)),
    "queue": (queue(**QUEUE, **IN_BUCKET), OutsideServers(**STORE)),
    "queue-owner": (queue(**{**QUEUE, **AWAITING}), OutsideServers(**STORE)),
    "standalone-owner": (standalone(**AWAITING), OutsideServers()),
    "standalone-sqlite": (standalone(), OutsideServers()),
    "standalone-postgresql": (standalone(**POSTGRES), OutsideServers()),
    "standalone-mariadb": (standalone(database=MARIADB), OutsideServers(database=["10.88.0.8/32"])),
    "jobs-postgresql": (standalone(**POSTGRES, **IN_BUCKET), OutsideServers(**STORE)),
    "jobs-mariadb": (
        standalone(database=MARIADB, **IN_BUCKET),
        OutsideServers(database=["10.88.0.8/32"], **STORE),
    ),
}
"""What was started, with what the node stands for placed outside."""
OUTSIDE = {"mariadb": Outside("10.88.0.8"), "s3": Outside("10.88.0.9"), "api-server": Outside("10.88.0.7")}
TO_API_SERVER = Destination(to=["10.88.0.7/32"], ports=[6443], components=["owner"])
CONTROLLER = Pod("10.1.9.1", {"app.kubernetes.io/name": "traefik"}, "traefik")


class World:
    """The policies and pods of one deployment."""

    def __init__(self, build: Any, **given: Any) -> None:
        documents = objects(with_policies(build, edge=[PodPeer(namespace="traefik")], **given))
        self.policies = [document for document in documents if document["kind"] == "NetworkPolicy"]
        self.pods = dict(_pods(documents))
        backup = self.pods.get("backup")
        if backup is not None:
            labels = {**backup.labels, "app.kubernetes.io/component": "restore"}
            self.pods["restore"] = Pod("10.1.0.99", labels)

    def end(self, name: str) -> End:
        """A pod, a server or the edge."""
        if name == "outside":
            return CONTROLLER
        return self.pods.get(name) or OUTSIDE[name]

    def verdicts(self, source: End, target: End, port: int, protocol: str = "TCP") -> set[bool]:
        """Of both kinds of networks."""
        return {
            Judge(self.policies, blocks_match_pods=both).allows(source, target, port, protocol)
            for both in (False, True)
        }


def _pods(documents: list[dict[str, Any]]) -> Iterator[tuple[str, Pod]]:
    for number, document in enumerate(documents):
        template = cluster.pod_template(document)
        if template is not None:
            labels = template["metadata"]["labels"]
            yield labels["app.kubernetes.io/component"], Pod(f"10.1.0.{number}", labels)


@cache
def world(topology: str) -> World:
    """With that topology's policies."""
    build, servers = BUILDS[topology]
    # Prometheus is in the edge's namespace here: "outside" is one pod.
    monitoring = [PodPeer(namespace="traefik")]
    allow = [TO_API_SERVER] if topology.endswith("-owner") else []
    return World(build, servers=servers, monitoring=monitoring, allow=allow)


def test_every_topology_and_every_job_was_recorded() -> None:
    assert RECORDED.keys() == BUILDS.keys()
    seen = {source for flows in RECORDED.values() for source, *_ in flows}
    of_exporters = {"queue-exporter", "redis-exporter", "postgresql-exporter"}
    assert seen == {"outside", "main", "worker", "backup", "drill", "restore", "owner"} | of_exporters
    for topology in ("standalone-owner", "queue-owner"):
        job = [(target, port) for source, target, _, port in RECORDED[topology] if source == "owner"]
        assert sorted(job) == [("api-server", 6443), ("main", 3000)]


@pytest.mark.parametrize("topology", RECORDED)
def test_each_recorded_flow_is_allowed(topology: str) -> None:
    here = world(topology)
    assert RECORDED[topology]
    for source, target, protocol, port in RECORDED[topology]:
        verdicts = here.verdicts(here.end(source), here.end(target), port, protocol.upper())
        assert verdicts == {True}, (source, target, protocol, port)


def test_each_recorded_flow_is_denied_without_its_policy() -> None:
    """That it is allowed proves something: with the default policy alone, it isn't."""
    for topology in RECORDED:
        here = world(topology)
        alone = [policy for policy in here.policies if policy["metadata"]["name"].endswith("-default")]
        for source, target, protocol, port in RECORDED[topology]:
            allowed = Judge(alone).allows(here.end(source), here.end(target), port, protocol.upper())
            assert not allowed, (source, target)


METADATA: tuple[str, ...] = (
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
)
METADATA += ("100.100.100.200", "168.63.129.16", "192.0.0.192", "64:ff9b::a9fe:a9fe")
PRIVATE: tuple[str, ...] = (
    "10.0.0.1",
    "10.96.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "127.0.0.1",
)
PRIVATE += ("fe80::1", "fd12::1", "64:ff9b::a00:1", "64:ff9b::c0a8:101", "169.254.20.10")
API_SERVER = (Outside("10.96.0.1"), Outside("10.0.0.10"))
NEIGHBOUR = Pod("10.1.5.1", {"app": "something"}, "default")
STRANGER = Pod("10.1.5.2", {"app": "something"}, "elsewhere")
TWIN_LABELS = {"app.kubernetes.io/name": "flowise", "app.kubernetes.io/instance": "flowise"}
TWIN = Pod("10.1.5.3", {**TWIN_LABELS, "app.kubernetes.io/component": "main"}, "elsewhere")
EVERY_PORT = (22, 53, 80, 443, 3000, 5432, 6379, 6443, 8080, 9000, 10250)


def denied(here: World, source: End, target: End, ports: tuple[int, ...] = EVERY_PORT) -> None:
    for port in ports:
        for protocol in ("TCP", "UDP"):
            assert here.verdicts(source, target, port, protocol) == {False}, (source, target, port, protocol)


@pytest.mark.parametrize("component", ["main", "worker", "backup", "restore", "drill", "postgresql", "redis"])
def test_no_pod_reaches_metadata_the_api_server_private_addresses_or_pods_of_others(component: str) -> None:
    here = world("queue")
    pod = here.pods[component]
    for address in (*METADATA, *PRIVATE):
        # NodeLocal DNSCache is for names alone.
        ports = tuple(port for port in EVERY_PORT if (address, port) != ("169.254.20.10", 53))
        denied(here, pod, Outside(address), ports)
    for target in (*API_SERVER, NEIGHBOUR, STRANGER, TWIN):
        denied(here, pod, target)


def test_pods_of_the_deployment_reach_each_other_only_as_they_must() -> None:
    here = world("queue")
    expected = {
        *(("main", server, port) for server, port in (("postgresql", 5432), ("redis", 6379))),
        *(("worker", server, port) for server, port in (("postgresql", 5432), ("redis", 6379))),
        ("backup", "postgresql", 5432),
        ("restore", "postgresql", 5432),
    }
    found = {
        (source, target, port)
        for source, first in here.pods.items()
        for target, second in here.pods.items()
        for port in EVERY_PORT
        # Another pod of the same kind, at another address.
        if True in here.verdicts(first, Pod("10.1.7.7", second.labels), port)
    }
    assert found == expected, "no worker to worker, no Redis from backups, no main from workers"


@pytest.mark.parametrize("topology", ["standalone-owner", "queue-owner"])
def test_the_owners_job_reaches_main_and_the_api_server_alone(topology: str) -> None:
    here = world(topology)
    job = here.pods["owner"]
    assert here.verdicts(job, here.pods["main"], 3000) == {True}
    assert here.verdicts(job, OUTSIDE["api-server"], 6443) == {True}
    denied(here, job, OUTSIDE["api-server"], (22, 80, 443, 10250))
    denied(here, job, here.pods["main"], (22, 80, 443, 5432, 9229))
    for address in (*METADATA, *PRIVATE[:-1], "1.1.1.1", "2606:4700::1111"):
        denied(here, job, Outside(address))
    for name, target in here.pods.items():
        if name != "main":
            denied(here, job, replace(target, address="10.1.7.7"))
        denied(here, target, job)
        if name != "owner":
            denied(here, target, OUTSIDE["api-server"])


def test_nobody_but_the_job_and_the_edge_reaches_a_main_that_awaits_its_owner() -> None:
    """The headless Service leads to main's pods, for whoever may reach them."""
    here = world("queue-owner")
    for name, source in here.pods.items():
        allowed = here.verdicts(source, replace(here.pods["main"], address="10.1.7.7"), 3000)
        assert allowed == {name == "owner"}, name
    for source in (NEIGHBOUR, STRANGER, TWIN):
        denied(here, source, here.pods["main"])


def test_nobody_else_reaches_the_pods() -> None:
    here = world("queue")
    others = (NEIGHBOUR, STRANGER, TWIN, Outside("203.0.113.9"), Outside("10.0.0.5"), Outside("2001:db8::9"))
    for target in here.pods.values():
        for source in others:
            denied(here, source, target)
    assert here.verdicts(CONTROLLER, here.pods["main"], 3000) == {True}
    denied(here, CONTROLLER, here.pods["main"], (80, 443, 9229))
    for name in ("worker", "postgresql", "redis", "backup"):
        denied(here, CONTROLLER, here.pods[name])


def test_exporters_reach_their_server_and_are_reached_by_prometheus_alone() -> None:
    here = world("exporters")
    ports = {"queue-exporter": (9464, "redis", 6379), "redis-exporter": (9121, "redis", 6379)}
    ports["postgresql-exporter"] = (9187, "postgresql", 5432)
    for name, (port, server, at) in ports.items():
        pod = here.pods[name]
        assert here.verdicts(CONTROLLER, pod, port) == {True}
        assert here.verdicts(pod, here.pods[server], at) == {True}
        for other in {"main", "worker", *ports} - {name}:
            denied(here, pod, here.pods[other], (*EVERY_PORT, 9121, 9187, 9464))
            denied(here, here.pods[other], pod, (9121, 9187, 9464))
        for address in ("1.1.1.1", *METADATA, *PRIVATE[:-1]):
            denied(here, pod, Outside(address), (80, 443, 6443))


def test_flows_reach_the_internet_and_jobs_and_servers_do_not() -> None:
    here = world("queue")
    for address in (
        "1.1.1.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.169.0.1",
        "100.128.0.1",
        "2606:4700::1111",
        "64:ff9b::101:101",
    ):
        for name in ("main", "worker"):
            assert here.verdicts(here.pods[name], Outside(address), 443) == {True}, address
            assert here.verdicts(here.pods[name], Outside(address), 8443, "UDP") == {True}, address
        for name in ("backup", "drill", "restore", "postgresql", "redis"):
            denied(here, here.pods[name], Outside(address))


@pytest.mark.parametrize("protocol", ["UDP", "TCP"])
def test_names_are_resolved_everywhere_but_in_the_servers(protocol: str) -> None:
    here = world("queue")
    kube = Pod("10.1.8.1", {"k8s-app": "kube-dns"}, "kube-system")
    openshift = Pod("10.1.8.2", {"dns.operator.openshift.io/daemonset-dns": "default"}, "openshift-dns")
    for target, port in ((kube, 53), (openshift, 5353), (Outside("169.254.20.10"), 53)):
        for name in ("main", "worker", "backup", "drill", "restore"):
            assert here.verdicts(here.pods[name], target, port, protocol) == {True}
        for name in ("postgresql", "redis"):
            denied(here, here.pods[name], target)
    denied(here, here.pods["main"], Pod("10.1.8.3", {"k8s-app": "metrics-server"}, "kube-system"))


def test_a_job_that_nobody_listed_gets_names_alone() -> None:
    here = world("standalone-postgresql")
    job = Pod("10.1.0.77", {**TWIN_LABELS, "app.kubernetes.io/component": "other"})
    denied(here, job, here.pods["postgresql"])
    denied(here, job, Outside("1.1.1.1"))
    assert here.verdicts(job, Outside("169.254.20.10"), 53, "UDP") == {True}


def test_without_the_internet_what_is_listed_is_left() -> None:
    here = World(queue(**QUEUE), servers=OutsideServers(**STORE), internet="none")
    for address in ("1.1.1.1", "2606:4700::1111", *METADATA, *PRIVATE[:-1]):
        denied(here, here.pods["worker"], Outside(address))
    assert here.verdicts(here.pods["worker"], OUTSIDE["s3"], 9000) == {True}


@pytest.mark.parametrize(
    ("annotations", "opened"),
    [
        ({}, {("169.254.170.23", 80), ("fd00:ec2::23", 80)}),
        ({"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/a"}, set[tuple[str, int]]()),
        (
            {"iam.gke.io/gcp-service-account": "a@b"},
            {("169.254.169.254", 80), ("169.254.169.254", 8080), ("169.254.169.252", 987), ("169.254.169.252", 988)},
        ),
    ],
    ids=["eks-pod-identity", "irsa", "gke"],
)
def test_the_address_of_the_identity_alone_is_opened(annotations: dict[str, str], opened: set[tuple[str, int]]) -> None:
    store = S3Bucket(bucket="files", service_account_annotations=annotations)
    here = World(queue(**{**QUEUE, "storage": store, "backup": BACKUP}))
    found = {
        (address, port)
        for address in (*METADATA, "169.254.169.252")
        for port in (*EVERY_PORT, 987, 988)
        if True in here.verdicts(here.pods["worker"], Outside(address), port)
    }
    assert found == opened
    denied(here, here.pods["redis"], Outside("169.254.170.23"))
    denied(here, here.pods["drill"] if "drill" in here.pods else here.pods["postgresql"], Outside("169.254.170.23"))
