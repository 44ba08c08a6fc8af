"""What a cluster would refuse is refused where it is written, also what no single value shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cluster
import deployments
import pytest
from cdk8s import App, Chart
from deployments import BACKUP, BUCKET, POSTGRES, objects, queue, standalone

from flowise_constructs import (
    Backup,
    BundledPostgres,
    BundledRedis,
    ConfigError,
    Ingress,
    IngressHost,
    IngressPath,
    LocalStorage,
    Main,
    Names,
    PodOptions,
    Queue,
    Resources,
    ServiceAccount,
    SqliteDatabase,
    Volume,
    Worker,
)

Build = Callable[[App], Chart]

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
ZONES = {"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}


def pods(**given: Any) -> Build:
    return standalone(main=Main(pod=PodOptions(**given)))


def tolerated(**toleration: Any) -> Callable[[], Build]:
    return lambda: pods(tolerations=[toleration])


def spread(*constraints: Any) -> Callable[[], Build]:
    return lambda: pods(topology_spread_constraints=list(constraints))


def near(**affinity: Any) -> Callable[[], Build]:
    return lambda: pods(affinity=affinity)


def node_terms(**expression: Any) -> Callable[[], Build]:
    terms = [{"matchExpressions": [{"key": "disk", **expression}]}]
    return near(nodeAffinity={REQUIRED: {"nodeSelectorTerms": terms}})


def volume(source: Any) -> Callable[[], Build]:
    return lambda: pods(volumes=[Volume(name="further", source=source, mount_path="/further")])


def mounted(name: str, path: str, **server: Any) -> PodOptions:
    return PodOptions(volumes=[Volume(name=name, source={"emptyDir": {}}, mount_path=path)])


def ingress(host: str = "a.example.com", path: str = "/") -> Build:
    return standalone(ingress=Ingress(hosts=[IngressHost(host=host, paths=[IngressPath(path=path)])]))


def account(name: str, *, create: bool = True) -> PodOptions:
    return PodOptions(service_account=ServiceAccount(name=name, create=create))


TAKEN: dict[str, Callable[[], Build]] = {
    "toleration of everything": tolerated(operator="Exists"),
    "toleration for a while": tolerated(key="gone", effect="NoExecute", tolerationSeconds=30),
    "spread over what all share": spread({**ZONES, "labelSelector": {}}),
    "spread by revision": spread({**ZONES, "matchLabelKeys": ["pod-template-hash"], "minDomains": 2}),
    "spread twice": spread(ZONES, {**ZONES, "whenUnsatisfiable": "ScheduleAnyway"}),
    "a label called operator": near(
        podAntiAffinity={REQUIRED: [{"topologyKey": "host", "labelSelector": {"matchLabels": {"operator": "acme"}}}]}
    ),
    "newer nodes": node_terms(operator="Gt", values=["3"]),
    "downward API": volume({"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}}),
    "projected token": volume({"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}),
    "azure disk": volume({"azureDisk": {"diskName": "a", "diskURI": "https://a.blob.core.windows.net/b/c.vhd"}}),
    "shared account that exists": lambda: queue(
        main=Main(pod=account("x", create=False)), worker=Worker(pod=account("x", create=False))
    ),
    "SQLite on a volume of its own": lambda: standalone(
        database=SqliteDatabase(directory="/db/flowise"),
        main=Main(
            pod=PodOptions(
                volumes=[
                    Volume(
                        name="db",
                        source={"persistentVolumeClaim": {"claimName": "db"}},
                        mount_path="/db",
                        read_only=False,
                    )
                ]
            )
        ),
    ),
    "longest host": lambda: ingress(host=f"*.{'.'.join(['a' * 62] * 3)}.{'b' * 60}"),
    "longest name with a backup": lambda: standalone(database=POSTGRES, backup=BACKUP, names=Names(name="a" * 45)),
}

REFUSED: dict[str, tuple[Callable[[], Build], str]] = {
    "toleration without key": (tolerated(operator="Equal", value="b"), "has no key"),
    "empty toleration": (tolerated(), "has no key"),
    "value of Exists": (tolerated(key="a", operator="Exists", value="x"), "Exists doesn't take"),
    "seconds without NoExecute": (tolerated(key="a", tolerationSeconds=5), "only effect NoExecute"),
    "unknown effect": (tolerated(key="a", effect="Never"), "has effect 'Never'"),
    "toleration key": (tolerated(key="a b"), "has key 'a b'"),
    "toleration value": (tolerated(key="a", value="b c"), "has value 'b c'"),
    "toleration operator": (tolerated(key="a", operator="exists"), "has operator 'exists'"),
    "no skew": (spread({**ZONES, "maxSkew": 0}), "maxSkew"),
    "no topology": (spread({**ZONES, "topologyKey": ""}), "topologyKey"),
    "topology key": (spread({**ZONES, "topologyKey": "a b"}), "topologyKey 'a b'"),
    "unknown when": (spread({**ZONES, "whenUnsatisfiable": "Whatever"}), "whenUnsatisfiable 'Whatever'"),
    "the same spread twice": (spread(ZONES, ZONES), "twice"),
    "no domains": (spread({**ZONES, "minDomains": 0}), "minDomains below 1"),
    "domains of ScheduleAnyway": (
        spread({**ZONES, "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 2}),
        "only DoNotSchedule takes",
    ),
    "label key of both": (spread({**ZONES, "matchLabelKeys": ["app.kubernetes.io/name"]}), "holds too"),
    "node policy": (spread({**ZONES, "nodeAffinityPolicy": "x"}), "nodeAffinityPolicy 'x'"),
    "spread selector": (spread({**ZONES, "labelSelector": {"matchLabels": {"a b": "c"}}}), "no label"),
    "spread expression": (
        spread({**ZONES, "labelSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}),
        "In without values",
    ),
    "no node terms": (near(nodeAffinity={REQUIRED: {"nodeSelectorTerms": []}}), "empty nodeSelectorTerms"),
    "In nothing": (node_terms(operator="In"), "In without values"),
    "Exists with values": (node_terms(operator="Exists", values=["x"]), "Exists with values"),
    "Gt two": (node_terms(operator="Gt", values=["1", "2"]), "takes one integer"),
    "unknown operator": (node_terms(operator="Like", values=["1"]), "has operator 'Like'"),
    "no weight": (near(nodeAffinity={PREFERRED: [{"weight": 0, "preference": {}}]}), "weight 0"),
    "too much weight": (near(nodeAffinity={PREFERRED: [{"weight": 101, "preference": {}}]}), "weight 101"),
    "no topology of pods": (near(podAffinity={REQUIRED: [{"topologyKey": ""}]}), "topologyKey ''"),
    "no kind of volume": (volume({}), "exactly one kind"),
    "two kinds of volume": (volume({"emptyDir": {}, "configMap": {"name": "a"}}), "exactly one kind"),
    "a kind without content": (volume({"emptyDir": None}), "exactly one kind"),
    "a name for a kind": (volume({"name": {}}), "no field 'name'"),
    "unknown kind": (volume({"floppy": {}}), "no field 'floppy'"),
    "size of nothing": (volume({"emptyDir": {"sizeLimit": "-1"}}), "must be a quantity"),
    "medium": (volume({"emptyDir": {"medium": "Tape"}}), "medium 'Tape'"),
    "nameless map": (volume({"configMap": {}}), "no name of an object"),
    "secret's name": (volume({"secret": {"secretName": "A B"}}), "secretName 'A B'"),
    "claim's name": (volume({"persistentVolumeClaim": {"claimName": ""}}), "claimName ''"),
    "decimal mode": (volume({"configMap": {"name": "a", "defaultMode": 1000}}), "defaultMode 1000"),
    "mode of an item": (
        volume({"configMap": {"name": "a", "items": [{"key": "k", "path": "p", "mode": 777}]}}),
        "mode 777",
    ),
    "path out of the volume": (
        volume({"secret": {"secretName": "a", "items": [{"key": "k", "path": "../p"}]}}),
        "not relative",
    ),
    "item without key": (
        volume({"secret": {"secretName": "a", "items": [{"key": "", "path": "p"}]}}),
        "without key",
    ),
    "path of the node": (volume({"hostPath": {"path": "/a/../b"}}), "'..'"),
    "kind of path": (volume({"hostPath": {"path": "/a", "type": "Pipe"}}), "type 'Pipe'"),
    "network share": (volume({"nfs": {"server": "a", "path": "b"}}), "absolute path"),
    "no driver": (volume({"csi": {"driver": ""}}), "lacks a driver"),
    "ephemeral without template": (volume({"ephemeral": {}}), "lacks a volumeClaimTemplate"),
    "projection of nothing": (volume({"projected": {"sources": [{}]}}), "exactly one kind"),
    "projection without name": (volume({"projected": {"sources": [{"secret": {}}]}}), "without a right name"),
    "token of a second": (
        volume({"projected": {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 1}}]}}),
        "expirationSeconds below 600",
    ),
    "token nowhere": (
        volume({"projected": {"sources": [{"serviceAccountToken": {"path": "/t"}}]}}),
        "without a relative path",
    ),
    "a server's selector": (
        lambda: standalone(
            database=BundledPostgres(pod=PodOptions(labels={"app.kubernetes.io/part-of": "x"})),
        ),
        "'app.kubernetes.io/part-of' belongs to the selector",
    ),
    "a server's claim": (
        lambda: standalone(database=BundledPostgres(pod=mounted("data", "/x"))),
        "'data' is a volume of the construct",
    ),
    "a mount over ours": (lambda: standalone(main=Main(pod=mounted("x", "/tmp/"))), "'/tmp' is where 'tmp'"),
    "a mount spelt otherwise": (lambda: standalone(main=Main(pod=mounted("x", "//tmp"))), "must be an absolute path"),
    "one account for two": (
        lambda: queue(main=Main(pod=account("x")), worker=Worker(pod=account("x"))),
        "'x' would be created twice",
    ),
    "another's account": (
        lambda: queue(main=Main(pod=account("flowise-worker"))),
        "'flowise-worker' would be created twice",
    ),
    "the backup's account": (
        lambda: standalone(database=POSTGRES, backup=Backup(target=BUCKET, pod=account("flowise"))),
        "'flowise' would be created twice",
    ),
    "the server's account": (
        lambda: queue(queue=Queue(redis=BundledRedis()), main=Main(pod=account("flowise-redis"))),
        "'flowise-redis' would be created twice",
    ),
    "the namespace's account": (lambda: standalone(main=Main(pod=account("default"))), "the namespace's own account"),
    "encoded slash": (lambda: ingress(path="/a%2Fb"), "'%2f'"),
    "too long a wildcard": (lambda: ingress(host=f"*.{'.'.join(['a' * 63] * 3)}.{'b' * 61}"), "DNS name"),
    "annotations without end": (lambda: pods(annotations={"a": "é" * 60_000, "b": "x" * 100_000}), "200 KiB"),
    "configuration without end": (
        lambda: standalone(database=BundledPostgres(config={f"a{number}": "x" * 1000 for number in range(1100)})),
        "is larger than 250 KiB",
    ),
    "a server's own setting": (
        lambda: standalone(database=BundledPostgres(config={"PORT": "1"})),
        "set by the construct",
    ),
    "no memory for PostgreSQL": (
        lambda: standalone(database=BundledPostgres(resources=Resources(memory_request="1Mi", memory_limit="1Mi"))),
        "too little to start",
    ),
    "no memory for Redis": (
        # 60 % of it is no mebibyte, and maxmemory 0 means no bound at all.
        lambda: queue(queue=Queue(redis=BundledRedis(resources=Resources(memory_request="1Mi", memory_limit="1Mi")))),
        "too little to start",
    ),
    "uploads on a read-only root": (
        lambda: standalone(storage=LocalStorage(path="/srv/files")),
        "'/srv/files' is not on a volume that keeps files",
    ),
    "SQLite beside its claim": (
        lambda: standalone(database=SqliteDatabase(directory="/home/node/db")),
        "'/home/node/db' is not on a volume that keeps files",
    ),
    "too long a Redis": (
        lambda: queue(queue=Queue(redis=BundledRedis()), names=Names(instance="i" * 47)),
        "longer than 52 characters",
    ),
    "too long a backup": (
        lambda: standalone(database=POSTGRES, backup=BACKUP, names=Names(name="a" * 46)),
        "longer than 52 characters",
    ),
}


@pytest.mark.filterwarnings("ignore:Volume.source:flowise_constructs.ConfigWarning")
@pytest.mark.parametrize("build", TAKEN.values(), ids=TAKEN)
def test_the_api_server_takes(build: Callable[[], Build]) -> None:
    documents = objects(build())
    assert [problem for document in documents for problem in cluster.misfits(document)] == []
    assert [problem for document in documents for problem in cluster.misspelt(document)] == []
    assert [problem for document in documents for problem in cluster.schema_problems(document, "1.27")] == []


@pytest.mark.filterwarnings("ignore:Volume.source:flowise_constructs.ConfigWarning")
@pytest.mark.parametrize(("build", "message"), REFUSED.values(), ids=REFUSED)
def test_what_the_api_server_refuses_is_refused_here(build: Callable[[], Build], message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("(", r"\(")):
        deployments.synthesized(build())
