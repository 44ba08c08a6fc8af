"""Servers whose addresses are in Secrets and ConfigMaps: in every pod by `valueFrom`, and nowhere as text."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from cdk8s import App, Chart
from deployments import (
    AUTH,
    BACKUP,
    BUCKET,
    CNPG,
    PASSWORD,
    POSTGRES,
    REDIS_BY_REFERENCE,
    VARIANTS,
    objects,
    pods,
    queue,
)

from flowise_constructs import (
    ConfigMapKey,
    ConfigWarning,
    DatabaseTls,
    Flowise,
    FlowiseMain,
    MariadbDatabase,
    MysqlDatabase,
    OutboundProxy,
    PostgresDatabase,
    Queue,
    Redis,
    RestoreJob,
    SecretKey,
    Settings,
)
from flowise_constructs.importers.helm.importer import import_values
from flowise_constructs.manifests.missing_secrets import missing_secrets
from flowise_constructs.manifests.references import Manifests

ADDRESS = ("HOST", "PORT", "NAME", "USER")
REDIS = ("REDIS_HOST", "REDIS_PORT", "REDIS_USERNAME")
IN_CNPG = {"HOST": "host", "PORT": "port", "NAME": "dbname", "USER": "username"}


def key(secret: str, name: str) -> SecretKey:
    return SecretKey(secret=secret, key=name)


def containers(documents: list[dict[str, Any]]) -> Iterator[tuple[str, list[str], dict[str, Any]]]:
    """Each container: its name behind its object's, its command, its variables."""
    for called, pod in pods(documents).items():
        for container in [*pod.get("initContainers", ()), *pod["containers"]]:
            variables = {item["name"]: item.get("value", item.get("valueFrom")) for item in container.get("env", ())}
            yield f"{called}/{container['name']}", container["command"], variables


def with_restore(**given: Any) -> list[dict[str, Any]]:
    def build(app: App) -> Chart:
        chart = queue(backup=BACKUP, **given)(app)
        flowise = chart.deployment.flowise  # type: ignore[attr-defined]
        RestoreJob(chart, "Restore", backup=BACKUP, flowise=flowise)
        return chart

    return objects(build)


BY_REFERENCE = with_restore(database=CNPG, queue=Queue(redis=REDIS_BY_REFERENCE))


def test_every_client_of_the_database_takes_each_part_from_the_secret() -> None:
    clients = {called for called, _, variables in containers(BY_REFERENCE) if "DATABASE_HOST" in variables}
    assert clients == {
        *(f"Deployment {name}" for name in ("flowise/gate", "flowise/flowise")),
        *(f"Deployment {name}" for name in ("flowise-worker/gate", "flowise-worker/flowise-worker")),
        "CronJob flowise-backup/dump",
        "Job flowise-restore/database",
    }
    for called, _, variables in containers(BY_REFERENCE):
        for part in ADDRESS if called in clients else ():
            expected = {"secretKeyRef": {"name": "flowise-db-app", "key": IN_CNPG[part]}}
            assert variables[f"DATABASE_{part}"] == expected, called


def test_every_client_of_redis_takes_each_part_from_where_it_is() -> None:
    clients = [variables for _, _, variables in containers(BY_REFERENCE) if "REDIS_HOST" in variables]
    assert len(clients) == 4
    for variables in clients:
        assert [variables[name] for name in REDIS] == [
            {"configMapKeyRef": {"name": "redis", "key": "host"}},
            {"secretKeyRef": {"name": "redis", "key": "port"}},
            {"secretKeyRef": {"name": "redis", "key": "username"}},
        ]


def test_gate_dump_and_restore_look_at_the_values_first_and_are_told_where_they_are() -> None:
    found = {called: (command, variables) for called, command, variables in containers(BY_REFERENCE)}
    places = ",".join(f"DATABASE_{part}=Secret/flowise-db-app/{name}" for part, name in IN_CNPG.items())
    redis = "REDIS_HOST=ConfigMap/redis/host,REDIS_PORT=Secret/redis/port,REDIS_USERNAME=Secret/redis/username"
    command, variables = found["Deployment flowise-worker/gate"]
    assert command == ["node", "/opt/flowise-constructs/gate-references.js", "worker"]
    assert variables["GATE_REFERENCES"] == f"{places},{redis}"
    for called, words in (
        ("CronJob flowise-backup/dump", ["backup", "backup-postgres.sh"]),
        ("Job flowise-restore/database", ["restore", "restore-postgres.sh"]),
    ):
        command, variables = found[called]
        assert command == ["bash", "/opt/flowise-constructs/backup-references.sh", *words]
        assert variables["REFERENCES"] == places


def test_where_the_yaml_knows_all_the_scripts_are_what_they_were() -> None:
    known = with_restore()
    assert "references" not in repr([command for _, command, _ in containers(known)])
    assert "references" not in repr([list(item["data"]) for item in known if item["kind"] == "ConfigMap"])


def test_a_single_part_may_be_in_a_secret() -> None:
    database = PostgresDatabase(host=key("db", "host"), password=PASSWORD)
    gates = [variables for called, _, variables in containers(objects(queue(database=database))) if "/gate" in called]
    for variables in gates:
        assert variables["GATE_REFERENCES"] == "DATABASE_HOST=Secret/db/host"
        assert variables["DATABASE_PORT"] == "5432"


def operated(secret: str, ca: str, **names: str) -> dict[str, Any]:
    return {field: key(secret, name) for field, name in names.items()} | {"tls": DatabaseTls(ca=key(ca, "ca.crt"))}


OPERATORS = {
    "cnpg": (
        CNPG,
        PostgresDatabase(
            **operated(
                "flowise-db-app",
                "flowise-db-ca",
                host="host",
                port="port",
                name="dbname",
                user="username",
                password="password",
            )
        ),
    ),
    "cnpg with a Secret of one's own": (
        PostgresDatabase.cnpg("pg", secret="mine", host="pg-rw.data.svc", port=5433, name="chat", ca=PASSWORD),
        PostgresDatabase(
            host="pg-rw.data.svc",
            port=5433,
            name="chat",
            user=key("mine", "username"),
            password=key("mine", "password"),
            tls=DatabaseTls(ca=PASSWORD),
        ),
    ),
    "crunchy": (
        PostgresDatabase.crunchy("hippo"),
        PostgresDatabase(
            **operated(
                "hippo-pguser-hippo",
                "hippo-cluster-cert",
                host="host",
                port="port",
                name="dbname",
                user="user",
                password="password",
            )
        ),
    ),
    "crunchy's other user": (
        PostgresDatabase.crunchy("hippo", user="rhino", name="chat", ca=PASSWORD),
        PostgresDatabase(
            host=key("hippo-pguser-rhino", "host"),
            port=key("hippo-pguser-rhino", "port"),
            name="chat",
            user=key("hippo-pguser-rhino", "user"),
            password=key("hippo-pguser-rhino", "password"),
            tls=DatabaseTls(ca=PASSWORD),
        ),
    ),
    "zalando": (
        PostgresDatabase.zalando("acid-db", tls=DatabaseTls(ca=PASSWORD), user="flow_ise", name="chat"),
        PostgresDatabase(
            host="acid-db",
            name="chat",
            user="flow_ise",
            password=key("flow-ise.acid-db.credentials.postgresql.acid.zalan.do", "password"),
            tls=DatabaseTls(ca=PASSWORD),
        ),
    ),
    "zalando under another name": (
        PostgresDatabase.zalando("acid-db", tls=DatabaseTls(), host="db.example.com"),
        PostgresDatabase(
            host="db.example.com",
            password=key("flowise.acid-db.credentials.postgresql.acid.zalan.do", "password"),
            tls=DatabaseTls(),
        ),
    ),
    "mariadb-operator": (
        MariadbDatabase.mariadb_operator("connection", server="mariadb"),
        MariadbDatabase(
            **operated(
                "connection",
                "mariadb-ca-bundle",
                host="host",
                port="port",
                name="database",
                user="username",
                password="password",
            )
        ),
    ),
}


@pytest.mark.parametrize(("made", "by_hand"), OPERATORS.values(), ids=OPERATORS)
def test_an_operator_s_database_is_what_one_writes_by_hand(made: object, by_hand: object) -> None:
    assert made == by_hand


OF_OPERATORS: list[dict[str, Any]] = [
    {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "flowise-db"}},
    {
        "apiVersion": "postgres-operator.crunchydata.com/v1",
        "kind": "PostgresCluster",
        "metadata": {"name": "hippo"},
        "spec": {"users": [{"name": "flowise", "databases": ["flowise"]}]},
    },
    {
        "apiVersion": "acid.zalan.do/v1",
        "kind": "postgresql",
        "metadata": {"name": "acid-flowise"},
        "spec": {"users": {"flow_ise": []}},
    },
    {"apiVersion": "k8s.mariadb.com/v1alpha1", "kind": "MariaDB", "metadata": {"name": "mariadb"}},
    {
        "apiVersion": "k8s.mariadb.com/v1alpha1",
        "kind": "Connection",
        "metadata": {"name": "c"},
        "spec": {"secretName": "flowise-connection"},
    },
]


def missing(*documents: dict[str, Any]) -> set[str]:
    return {secret.name.name for secret in missing_secrets(Manifests(documents), None, ())}


def test_what_an_operator_makes_of_an_object_that_is_there_is_not_missing() -> None:
    for item, name in zip(OF_OPERATORS, ("queue-by-reference", "crunchy", "zalando", "mariadb-operator"), strict=False):
        documents = objects(VARIANTS[name])
        there = [item, OF_OPERATORS[4]] if item["kind"] == "MariaDB" else [item]
        gone = missing(*documents) - missing(*documents, *there)
        assert gone >= {"zalando": {"flow-ise.acid-flowise.credentials.postgresql.acid.zalan.do"}}.get(name, set())
        assert len(gone) == (1 if name == "zalando" else 2), name
    own = {**OF_OPERATORS[0], "spec": {"bootstrap": {"recovery": {"secret": {"name": "flowise-db-app"}}}}}
    documents = objects(VARIANTS["queue-by-reference"])
    assert missing(*documents) - missing(*documents, own) == {"flowise-db-ca"}


def flowise(**given: Any) -> Flowise:
    return Flowise(auth=AUTH, storage=BUCKET, **{"database": POSTGRES, **given})


def test_what_is_unknown_is_told_as_unknown() -> None:
    known, unknown = flowise().endpoints, flowise(database=CNPG, queue=Queue(redis=REDIS_BY_REFERENCE)).endpoints
    assert [(one.server, one.known_host, one.known_port, one.place) for one in known] == [
        ("database", "db.example.com", 5432, "db.example.com")
    ]
    assert [(one.server, one.known_host, one.known_port, one.place) for one in unknown] == [
        ("database", None, None, "key 'host' of Secret 'flowise-db-app'"),
        ("redis", None, None, "key 'host' of ConfigMap 'redis'"),
    ]
    assert Flowise(auth=AUTH).endpoints == ()
    assert flowise(database=CNPG, queue=Queue(redis=Redis(host="redis"))).server_hosts == ("redis",)


def test_a_list_of_hosts_without_the_proxy_silences_the_warning() -> None:
    proxy = OutboundProxy(http="http://proxy:3128", no_proxy=["flowise-db-rw"])
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConfigWarning)
        flowise(database=CNPG, settings=Settings(proxy=proxy))
        flowise(database=CNPG)


class Elsewhere(FlowiseMain):
    def env(self) -> Any:
        return {**super().env(), "DATABASE_HOST": "127.0.0.1", "DATABASE_USER": "proxied"}


def test_a_hook_may_say_as_text_what_is_no_secret() -> None:
    documents = objects(lambda app: Elsewhere(Chart(app, "chart"), "Main", flowise=Flowise(auth=AUTH, database=CNPG)))
    [gate] = [variables for called, _, variables in containers(documents) if called.endswith("/gate")]
    assert gate["DATABASE_HOST"] == "127.0.0.1"
    assert "DATABASE_HOST" not in gate["GATE_REFERENCES"]
    assert "DATABASE_NAME=Secret/flowise-db-app/dbname" in gate["GATE_REFERENCES"]


PROXIES = ("127.0.0.1", "localhost", "::1", "cloudsql-proxy", "cloudsql-proxy.data.svc", key("proxy", "host"))


@pytest.mark.parametrize("host", PROXIES, ids=str)
def test_a_proxy_may_log_in_with_tokens_of_its_own(host: Any) -> None:
    for cls in (PostgresDatabase, MysqlDatabase):
        assert cls(host=host, user="flowise@acme.iam", password=PASSWORD).host == host


def reference(kind: str, name: str, of: str) -> dict[str, Any]:
    return {"valueFrom": {f"{kind}KeyRef": {"name": of, "key": name}}}


def test_a_release_whose_own_variables_name_the_secret_is_carried_over() -> None:
    values = {
        "architecture": {"mode": "queue"},
        "database": {"mode": "external", "external": {"existingSecret": "pg-app", "username": "ignored"}},
        "redis": {"external": {"existingSecret": "redis"}},
        "storage": {"type": "s3", "s3": {"bucketName": "flowise-files", "existingSecret": "s3"}},
        "persistence": {"enabled": False},
        "auth": {"existingSecret": "keys"},
        "flowise": {
            "extraEnv": [
                *({"name": f"DATABASE_{part}", **reference("secret", IN_CNPG[part], "pg-app")} for part in ADDRESS),
                {"name": "REDIS_HOST", **reference("configMap", "host", "redis")},
                {"name": "REDIS_PORT", **reference("secret", "port", "redis")},
                {"name": "REDIS_USERNAME", **reference("secret", "user", "redis")},
            ]
        },
    }
    arguments = import_values(values).arguments
    assert arguments["database"] == PostgresDatabase(
        host=key("pg-app", "host"),
        port=key("pg-app", "port"),
        name=key("pg-app", "dbname"),
        user=key("pg-app", "username"),
        password=key("pg-app", "database-password"),
    )
    redis = arguments["queue"].redis
    assert redis.host == ConfigMapKey(config_map="redis", key="host")
    assert (redis.port, redis.username) == (key("redis", "port"), key("redis", "user"))
    assert "DATABASE_HOST" not in arguments["main"].extra_env
