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

pytestmark = pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")

Build = Callable[[App], Chart]

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
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


def node_field(**field: Any) -> Callable[[], Build]:
    terms = [{"matchFields": [{"key": "metadata.name", **field}]}]
    return near(nodeAffinity={REQUIRED: {"nodeSelectorTerms": terms}})


def near_pods(**term: Any) -> Callable[[], Build]:
    pods_of = {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "a"}}}
    return near(podAntiAffinity={PREFERRED: [{"weight": 1, "podAffinityTerm": {**pods_of, **term}}]})


def read_only(**item: Any) -> Callable[[], Build]:
    return volume({"downwardAPI": {"items": [{"path": "p", **item}]}})


def claimed(**template: Any) -> Callable[[], Build]:
    return volume({"ephemeral": {"volumeClaimTemplate": {"spec": CLAIM, **template}}})


def projected(*sources: Any) -> Callable[[], Build]:
    return volume({"projected": {"sources": list(sources)}})


def a_file(kind: str, path: str) -> dict[str, Any]:
    return {kind: {"name": "a", "items": [{"key": "k", "path": path}]}}


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
    "spread by a key that is another label's value": spread(
        {**ZONES, "matchLabelKeys": ["a"], "labelSelector": {"matchLabels": {"b": "a"}}}
    ),
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
    "spread selector": (
        spread({**ZONES, "labelSelector": {"matchLabels": {"a b": "c"}}}),
        "the key in matchLabels 'a b'",
    ),
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
    "node label": (node_terms(key="a b", operator="Exists"), "the key in matchExpressions 'a b', which must be"),
    "node label's value": (
        node_terms(operator="NotIn", values=["a b"]),
        "the value of operator NotIn 'a b', which must",
    ),
    "newer than no node": (node_terms(operator="Gt", values=["-3"]), "Gt with values .'-3'.: it takes one integer"),
    "node field": (node_field(key="metadata.uid", operator="In", values=["a"]), "'metadata.uid' in matchFields"),
    "node field's operator": (node_field(operator="Exists"), "operator 'Exists' in matchFields: In or NotIn"),
    "two nodes": (node_field(operator="In", values=["a", "b"]), "2 values in matchFields, which take one"),
    "node's name": (node_field(operator="In", values=["a b"]), "the node in matchFields 'a b'"),
    "newer pods": (
        near_pods(labelSelector={"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["3"]}]}),
        "'Gt'",
    ),
    "near no pod": (
        near(podAffinity={REQUIRED: [{"topologyKey": "zone"}]}),
        "without labelSelector, which matches no pod",
    ),
    "pods of a namespace": (near_pods(namespaces=["a.b"]), "namespaces 'a.b', which must be"),
    "shared key": (near_pods(matchLabelKeys=["a b"]), "matchLabelKeys 'a b', which must be"),
    "other key": (near_pods(mismatchLabelKeys=[""]), "mismatchLabelKeys '', which must be"),
    "shared and other key": (
        near_pods(matchLabelKeys=["a"], mismatchLabelKeys=["a"]),
        "in mismatchLabelKeys: leave it out",
    ),
    "shared key of both": (
        near_pods(matchLabelKeys=["app"]),
        "matchLabelKeys 'app', which its labelSelector holds too",
    ),
    "no kind of volume": (volume({}), "exactly one kind"),
    "two kinds of volume": (volume({"emptyDir": {}, "configMap": {"name": "a"}}), "exactly one kind"),
    "a kind without content": (volume({"emptyDir": None}), "exactly one kind"),
    "a name for a kind": (volume({"name": {}}), "no field 'name'"),
    "unknown kind": (volume({"floppy": {}}), "no field 'floppy'"),
    "size of nothing": (volume({"emptyDir": {"sizeLimit": "-1"}}), "must be a quantity"),
    "medium": (volume({"emptyDir": {"medium": "Tape"}}), "medium 'Tape'"),
    "nameless map": (volume({"configMap": {}}), "name '', which must be a Kubernetes object name"),
    "secret's name": (volume({"secret": {"secretName": "A B"}}), "secretName 'A B'"),
    "claim's name": (volume({"persistentVolumeClaim": {"claimName": ""}}), "claimName ''"),
    "decimal mode": (volume({"configMap": {"name": "a", "defaultMode": 1000}}), "defaultMode 1000"),
    "mode of an item": (
        volume({"configMap": {"name": "a", "items": [{"key": "k", "path": "p", "mode": 777}]}}),
        "mode 777",
    ),
    "path out of the volume": (
        volume({"secret": {"secretName": "a", "items": [{"key": "k", "path": "../p"}]}}),
        "an item with path '../p'",
    ),
    "item without key": (
        volume({"secret": {"secretName": "a", "items": [{"key": "", "path": "p"}]}}),
        "without key",
    ),
    "path of the node": (volume({"hostPath": {"path": "/a/../b"}}), "'..'"),
    "kind of path": (volume({"hostPath": {"path": "/a", "type": "Pipe"}}), "type 'Pipe'"),
    "network share": (volume({"nfs": {"server": "a", "path": "b"}}), "path 'b': give an absolute path"),
    "no driver": (volume({"csi": {"driver": ""}}), "driver '', which must be the name of a CSI driver"),
    "ephemeral without template": (volume({"ephemeral": {}}), "lacks a volumeClaimTemplate"),
    "projection of nothing": (volume({"projected": {"sources": [{}]}}), "exactly one kind"),
    "projection without name": (volume({"projected": {"sources": [{"secret": {}}]}}), "a secret with name ''"),
    "token of a second": (
        volume({"projected": {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 1}}]}}),
        "expirationSeconds 1: 600 to 4294967296",
    ),
    "token nowhere": (
        volume({"projected": {"sources": [{"serviceAccountToken": {"path": "/t"}}]}}),
        "a serviceAccountToken with path '/t'",
    ),
    "token for ages": (
        projected({"serviceAccountToken": {"path": "t", "expirationSeconds": 2**32 + 1}}),
        "expirationSeconds 4294967297: 600 to 4294967296",
    ),
    "hidden path": (projected({"serviceAccountToken": {"path": "..t"}}), "a serviceAccountToken with path '..t'"),
    "file twice": (projected(a_file("secret", "p"), a_file("configMap", "p")), "two files at 'p' and 'p'"),
    "file and directory": (projected(a_file("secret", "p/q"), a_file("secret", "./p")), "two files at 'p/q' and './p'"),
    "a bundle of nobody": (projected({"clusterTrustBundle": {"path": "p"}}), "needs either name or signerName"),
    "field of no file": (read_only(fieldRef={"fieldPath": "status.podIP"}), "'status.podIP', which a file can't hold"),
    "label of no file": (read_only(fieldRef={"fieldPath": "metadata.labels['a b']"}), "which a file can't hold"),
    "item of nothing": (read_only(), "path 'p', which needs either fieldRef or resourceFieldRef"),
    "whose limit": (read_only(resourceFieldRef={"resource": "limits.cpu"}), "'limits.cpu' without containerName"),
    "unknown limit": (read_only(resourceFieldRef={"containerName": "main", "resource": "x"}), "has resource 'x'"),
    "no access": (claimed(spec={}), "accessModes .. in its volumeClaimTemplate"),
    "no size": (claimed(spec={"accessModes": ["ReadWriteOnce"]}), "without resources.requests.storage"),
    "one pod and others": (claimed(spec={"accessModes": ["ReadWriteOncePod", "ReadWriteOnce"]}), "give it alone"),
    "a claim's class": (claimed(spec={**CLAIM, "storageClassName": "A B"}), "storageClassName 'A B'"),
    "a claim of blocks": (claimed(spec={**CLAIM, "volumeMode": "Block"}), "only 'Filesystem' can be mounted"),
    "a claim's size": (
        claimed(spec={**CLAIM, "resources": {"requests": {"storage": "1"}}}),
        "storage '1', which is not",
    ),
    "a claim's selector": (
        claimed(spec={**CLAIM, "selector": {"matchLabels": {"a": "b c"}}}),
        "matchLabels.'a'. 'b c'",
    ),
    "a claim's name": (claimed(metadata={"name": "x"}), "metadata.name in its volumeClaimTemplate"),
    "a claim's label": (claimed(metadata={"labels": {"a b": "c"}}), "the key in metadata.labels 'a b'"),
    "a claim's annotation": (claimed(metadata={"annotations": {"a b": "c"}}), "the key in metadata.annotations 'a b'"),
    "Fibre Channel of nothing": (volume({"fc": {}}), "either targetWWNs, with a lun, or wwids"),
    "Fibre Channel without unit": (volume({"fc": {"targetWWNs": ["a"]}}), "lun None: 0 to 255"),
    "disk without URL": (
        volume({"azureDisk": {"diskName": "a", "diskURI": "b"}}),
        "'b', which must start with 'https://'",
    ),
    "image of nothing": (volume({"image": {}}), "no reference, which image needs"),
    "pulled always": (volume({"image": {"reference": "a:1", "pullPolicy": "always"}}), "pullPolicy 'always': one of"),
    "storage of the past": (
        volume({"rbd": {"monitors": ["a"], "image": "b"}}),
        "'rbd', which Kubernetes doesn't mount since 1.31",
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
