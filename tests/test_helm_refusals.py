"""What the importer refuses: what the chart refuses, what the chart shouldn't accept, and keys that it doesn't know."""

from __future__ import annotations

from typing import Any

import pytest

from flowise_constructs import ConfigError
from flowise_constructs.importers.helm.importer import import_values

Tree = dict[str, Any]

S3: Tree = {"type": "s3", "s3": {"bucketName": "files", "existingSecret": "bucket"}}
QUEUE: Tree = {
    "architecture": {"mode": "queue"},
    "persistence": {"enabled": False},
    "storage": S3,
    "postgresql": {"enabled": True},
    "redis": {"enabled": True},
}
EXTERNAL: Tree = {"host": "pg", "existingSecret": "pg"}
BACKUP: Tree = {"enabled": True, "s3": {"endpoint": "http://minio:9000", "bucket": "dumps", "existingSecret": "keys"}}
STORE: Tree = {
    "enabled": True,
    "secretStoreRef": {"name": "vault"},
    "data": [{"secretKey": "encryption-key", "remoteRef": {"key": "flowise"}}],
}


def over(base: Tree, **changes: Any) -> Tree:
    return {**base, **changes}


def label(name: str) -> Tree:
    return {f"app.kubernetes.io/{name}": "mine"}


REFUSALS: list[tuple[str, Tree, list[str]]] = [
    ("1", {"architecture": {"mode": "cluster"}}, ["architecture.mode: 'cluster' must be 'standalone' or 'queue'"]),
    ("2", {"database": {"mode": "mongo"}}, ["database.mode: 'mongo' must be 'auto', 'sqlite', 'external' or"]),
    ("3", {"postgresql": {"enabled": True}, "database": {"external": EXTERNAL}}, ["database.mode: 'auto' with both"]),
    ("4", {"database": {"mode": "external"}}, ["database.external.host: is empty with database.mode=external"]),
    (
        "5",
        {"postgresql": {"enabled": True}, "database": {"mode": "external", "external": EXTERNAL}},
        ["postgresql.enabled: true with database.mode=external"],
    ),
    ("6", {"database": {"mode": "postgresql"}}, ["postgresql.enabled: false with database.mode=postgresql"]),
    (
        "7",
        {"postgresql": {"enabled": True}, "database": {"mode": "postgresql", "external": EXTERNAL}},
        ["database.external.host: is given with database.mode=postgresql"],
    ),
    (
        "8",
        over(QUEUE, redis={"enabled": True, "external": {"host": "redis"}}),
        ["redis.enabled: true, and redis.external.* is given"],
    ),
    ("9", {"backup": BACKUP}, ["backup.enabled: true with SQLite"]),
    (
        "10",
        {
            "postgresql": {"enabled": True},
            "backup": {"enabled": True, "s3": {"bucket": "dumps", "existingSecret": "k"}},
        },
        ["backup.s3.endpoint: is empty"],
    ),
    (
        "11",
        {
            "postgresql": {"enabled": True},
            "backup": {"enabled": True, "s3": {"endpoint": "http://m", "existingSecret": "k"}},
        },
        ["backup.s3.bucket: is empty"],
    ),
    (
        "12",
        {
            "postgresql": {"enabled": True},
            "backup": {"enabled": True, "s3": {"endpoint": "http://m", "bucket": "dumps", "accessKey": "half"}},
        },
        ["backup.s3.existingSecret: is empty with backup.enabled: name the Secret, or give both"],
    ),
    ("13", over(QUEUE, postgresql={}), ["database.mode: resolves to SQLite, which queue mode's pods can't share"]),
    ("14", over(QUEUE, redis={}), ["redis.enabled: false, and redis.external.host is empty"]),
    ("15", over(QUEUE, storage={}), ["storage.type: 'local' in queue mode"]),
    ("16", over(QUEUE, persistence={}), ["persistence.enabled: true in queue mode"]),
    (
        "17",
        {"flowise": {"replicaCount": 2}, "storage": S3},
        ["flowise.replicaCount: 2 with SQLite, whose file only one pod may open: set it to 1"],
    ),
    (
        "18",
        {"flowise": {"replicaCount": 2}, "postgresql": {"enabled": True}},
        ["flowise.replicaCount: 2 with local storage"],
    ),
    (
        "19",
        {"storage": {"type": "s3", "s3": {"existingSecret": "keys"}}},
        ["storage.s3.bucketName: is empty with storage.type=s3: name the bucket"],
    ),
    (
        "20",
        {"storage": {"type": "s3", "s3": {"bucketName": "files", "accessKeyId": "half"}}},
        ["storage.s3.existingSecret: is empty with storage.type=s3: name the Secret, or give both"],
    ),
    *(
        (str(21 + number), {"podLabels": label(name)}, [f"podLabels['app.kubernetes.io/{name}']: is a label of the"])
        for number, name in enumerate(("name", "instance", "component"))
    ),
    *(
        (
            str(24 + number),
            over(QUEUE, queue={"worker": {"podLabels": label(name)}}),
            [f"queue.worker.podLabels['app.kubernetes.io/{name}']: is a label of the selector: remove it"],
        )
        for number, name in enumerate(("name", "instance", "component"))
    ),
    ("27", {"externalSecrets": STORE}, ["auth.existingSecret: is empty with externalSecrets.enabled"]),
    (
        "28",
        {"auth": {"existingSecret": "keys"}, "externalSecrets": over(STORE, data=[])},
        ["externalSecrets.data: is empty with externalSecrets.enabled"],
    ),
    (
        "29",
        {"auth": {"existingSecret": "keys"}, "externalSecrets": over(STORE, secretStoreRef={})},
        ["externalSecrets.secretStoreRef.name: is empty with externalSecrets.enabled"],
    ),
    ("30", {"gateway": {"enabled": True}}, ["gateway.parentRefs: is empty with gateway.enabled: name the Gateway"]),
    (
        "31",
        {"gateway": {"enabled": True, "parentRefs": [{"name": "edge"}, {"namespace": "edge"}]}},
        ["gateway.parentRefs[1].name: is empty: name the Gateway"],
    ),
]

NONSENSE: list[tuple[str, Tree, list[str]]] = [
    (
        "external host",
        {"database": {"mode": "external", "external": {"existingSecret": "pg"}}},
        ["database.external.host: is empty, although database.external.existingSecret is given"],
    ),
    (
        "redis host",
        over(QUEUE, redis={"external": {"existingSecret": "redis"}}),
        ["redis.external.host: is empty, although redis.external.existingSecret is given"],
    ),
    (
        "vendor",
        {"database": {"external": over(EXTERNAL, vendor="mariadb")}},
        ["database.external.vendor: 'mariadb' must be 'postgres' or 'mysql'"],
    ),
    ("log level", {"flowise": {"logLevel": "loud"}}, ["flowise.logLevel: 'loud' must be one of 'error', 'warn'"]),
    ("latest", {"image": {"tag": "latest"}}, ["image.tag: 'latest' is a floating tag"]),
    (
        "unknown release",
        {"image": {"tag": "2.2.7"}},
        ["image.tag: '2.2.7' is older than the releases that this library writes (3.1.1 to"],
    ),
    ("3.0", {"image": {"tag": "3.0.5"}}, ["image.tag: '3.0.5' is older than the releases that this library writes"]),
    ("newer release", {"image": {"tag": "3.2.0"}}, ["image.tag: '3.2.0' is newer than the releases"]),
    ("untold release", {"image": {"tag": "ours"}}, ["image.tag: 'ours' doesn't tell which Flowise the image holds"]),
    ("digest alone", {"image": {"tag": "@sha256:" + "0" * 64}}, ["image.tag: 'sha256:0000000000"]),
    ("no main", {"flowise": {"replicaCount": 0}}, ["flowise.replicaCount: 0 leaves nobody to do the work"]),
    (
        "no worker",
        over(QUEUE, queue={"worker": {"replicaCount": 0}}),
        ["queue.worker.replicaCount: 0 leaves nobody to do the work"],
    ),
    (
        "several mains",
        {"flowise": {"replicaCount": 3}, "storage": S3, "database": {"external": EXTERNAL}},
        ["flowise.replicaCount: 3 outside queue mode: each main would run every schedule"],
    ),
    (
        "cookies over http",
        {"flowise": {"appUrl": "http://flowise.example.org"}, "auth": {"secureCookies": True}},
        ["auth.secureCookies: True with 'http://flowise.example.org'"],
    ),
    (
        "mysql in clear TLS",
        {"database": {"external": over(EXTERNAL, vendor="mysql", ssl=True)}},
        ["database.external."],
    ),
    (
        "postgres without claim",
        {"postgresql": {"enabled": True, "standalone": {"persistence": {"enabled": False}}}},
        ["postgresql.standalone.persistence.enabled: false: the data is in the pod"],
    ),
    (
        "replicated postgres",
        {"postgresql": {"enabled": True, "architecture": "replication"}},
        ["postgresql.architecture: 'replication' is not carried over"],
    ),
    (
        "renamed postgres",
        {"postgresql": {"enabled": True, "fullnameOverride": "db"}},
        ["postgresql.fullnameOverride: the objects of such a release have different names"],
    ),
    (
        "sqlite elsewhere",
        {"database": {"sqlite": {"path": "/srv/db"}}},
        ["database.sqlite.path: '/srv/db' is not on a volume"],
    ),
    ("ingress for every host", {"ingress": {"enabled": True, "hosts": [{"host": ""}]}}, ["ingress.hosts[0].host: is"]),
    ("ingress for no host", {"ingress": {"enabled": True}}, ["ingress.hosts: is empty with ingress.enabled"]),
]

MALFORMED: list[tuple[str, Tree, list[str]]] = [
    ("misspelt section", {"persistance": {"enabled": True}}, ["persistance: is not a key of the chart: did you mean 'persistence'?"]),
    ("misspelt key", {"storage": {"s3": {"bucket": "x"}}}, ["storage.s3.bucket: is not a key of the chart: did you mean 'bucketName'?"]),
    ("unlike any key", {"zzzz": 1}, ["zzzz: is not a key of the chart"]),
    ("key of a section", {"replicaCount": 2}, ["replicaCount: is not a key of the chart: did you mean 'flowise.replicaCount' or 'queue.worker.replicaCount'?"]),
    ("quoted flag", {"ingress": {"enabled": "false"}}, ["ingress.enabled: 'false' must be true or false, without quotes"]),
    ("number for text", {"image": {"tag": 3.1}}, ["image.tag: 3.1 must be text: put it in quotes"]),
    ("text for a number", {"service": {"port": "http"}}, ["service.port: 'http' must be a whole number"]),
    ("null for a number", {"service": {"port": None}}, ["service.port: None must be a whole number"]),
    ("text for a list", {"tolerations": "none"}, ["tolerations: 'none' must be a list"]),
    ("list for a section", {"flowise": []}, ["flowise: [] must be a mapping: leave it out for its defaults"]),
    ("null for a section", {"ingress": None}, ["ingress: null removes the whole section"]),
    ("number for an annotation", {"podAnnotations": {"a": 1}}, ["podAnnotations['a']: 1 must be text: put it in quotes"]),
    ("number for a variable", {"flowise": {"extraEnv": [{"name": "A", "value": 1}]}}, ["flowise.extraEnv[0].value: of A must be text"]),
    ("owned variable", {"flowise": {"extraEnv": [{"name": "MODE", "value": "main"}]}}, ["flowise.extraEnv[0]: MODE is set by another key"]),
    ("volume that is not there", {"extraVolumeMounts": [{"name": "x", "mountPath": "/x"}]}, ["extraVolumeMounts[0].name: 'x' is not in extraVolumes"]),
    ("too much memory asked", {"resources": {"requests": {"memory": "3Gi"}, "limits": {"memory": "2Gi"}}}, ["resources.requests.memory: '3Gi' is above"]),
    ("manifest without a name", {"extraManifests": [{"apiVersion": "v1", "kind": "Secret"}]}, ["extraManifests[0]: must be a manifest"]),
    ("host twice", {"ingress": {"enabled": True, "hosts": [{"host": "a.example"}, {"host": "a.example"}]}}, ["ingress.hosts: 'a.example' is listed twice"]),
]  # fmt: skip


def refused(values: Tree, **options: Any) -> list[str]:
    with pytest.raises(ConfigError) as error:
        import_values(values, **options)
    return [str(finding) for finding in error.value.findings]


@pytest.mark.parametrize(
    ("values", "expected"),
    [pytest.param(values, expected, id=id) for id, values, expected in [*REFUSALS, *NONSENSE, *MALFORMED]],
)
def test_refused_with_path_and_mend(values: Tree, expected: list[str]) -> None:
    lines = refused(values)
    assert len(lines) == len(expected), lines
    for line, start in zip(lines, expected, strict=True):
        assert line.startswith(start), lines


def test_all_thirty_one_are_there() -> None:
    assert [id for id, _, _ in REFUSALS] == [str(number) for number in range(1, 32)]


def test_all_that_apply_are_told_at_once() -> None:
    lines = refused(
        {
            "architecture": {"mode": "queue"},
            "flowise": {"replicaCount": 2, "logLevel": "loud"},
            "image": {"tag": "latest"},
            "persistance": {"size": "1Gi"},
            "podLabels": label("name"),
            "gateway": {"enabled": True},
        }
    )
    paths = [line.partition(":")[0] for line in lines]
    assert sorted(paths) == sorted(
        [
            "persistance",
            "database.mode",
            "redis.enabled",
            "storage.type",
            "persistence.enabled",
            "flowise.replicaCount",
            "flowise.replicaCount",
            "podLabels['app.kubernetes.io/name']",
            "gateway.parentRefs",
            "flowise.logLevel",
            "image.tag",
        ]
    )


def test_a_worker_may_not_contradict_main() -> None:
    values = over(
        QUEUE,
        flowise={"extraEnv": [{"name": "HTTP_SECURITY_CHECK", "value": "true"}]},
        queue={"worker": {"extraEnv": [{"name": "HTTP_SECURITY_CHECK", "value": "false"}]}},
    )
    assert refused(values) == [
        "queue.worker.extraEnv[0]: HTTP_SECURITY_CHECK differs from main's in flowise.extraEnv[0]: "
        "both share one value; set both to the same"
    ]


@pytest.mark.parametrize(
    ("release", "message"),
    [
        ("my-redis", "contains 'redis': the chart then calls"),
        ("a" * 45, "is so long that the chart shortens"),
        ("Flowise", "is not a Helm release name"),
        ("", "is not a Helm release name"),
    ],
)
def test_releases_that_the_chart_names_otherwise(release: str, message: str) -> None:
    assert any(line.startswith("--release") and message in line for line in refused(QUEUE, release=release))


@pytest.mark.parametrize("path", ["auth.encryptionKey", "postgresql.auth.password", "database.external.sslKeyBase64"])
def test_no_message_shows_a_secret(path: str) -> None:
    values: Tree = {"database": {"external": dict(EXTERNAL)}} if path.startswith("database") else {}
    section = values
    *way, last = path.split(".")
    for word in way:
        section = section.setdefault(word, {})
    section[last] = 424242 if last != "sslKeyBase64" else "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUVzZWNyZXQK"
    lines = refused(values)
    assert any(line.startswith(f"{path}: the value (not shown)") for line in lines)
    assert not any("424242" in line or "MIIEsecret" in line for line in lines)


def steps(values: Tree, **options: Any) -> list[str]:
    [line] = refused(values, **options)
    return [step.partition(". ")[2] for step in line.partition("in this order: ")[2].split("; ")]


def test_an_old_release_is_told_the_way_up_in_its_order() -> None:
    assert steps({"image": {"tag": "3.0.5"}}, release="prod") == [
        "back up the database and the Secret of the five keys",
        "kubectl annotate secret prod-flowise-auth helm.sh/resource-policy=keep",
        "set auth.existingSecret to prod-flowise-auth",
        "helm upgrade prod with image.tag 3.1.3",
        "log in and open a stored credential",
        "run this command again",
    ]
    old = steps({"image": {"tag": "2.2.7-acme"}, "auth": {"existingSecret": "keys"}})
    assert old[1:3] == [
        "helm upgrade flowise with image.tag 3.1.1, and make the first account there",
        "helm upgrade flowise with image.tag 3.1.3",
    ]
