"""The importer of cowboysysop/flowise: live objects taken over, the environment, the Secrets, the Python module."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from helm_values import Tree, another, leaves, put

from flowise_constructs import ConfigError, MysqlDatabase, SecretKey
from flowise_constructs.importers.cowboysysop.importer import import_values
from flowise_constructs.importers.cowboysysop.known import KEYS
from flowise_constructs.importers.helm.values_files import read_values
from flowise_constructs.importers.imported import Imported
from flowise_constructs.importers.python_module import python_module
from flowise_constructs.importers.synthesis import synthesize
from flowise_constructs.importers.tables import ANY_SCALAR, ANYTHING
from flowise_constructs.importers.told_apart import chart_of
from flowise_constructs.manifests.yaml_files import load_documents

DATA = Path(__file__).parent / "data" / "cowboysysop"
FILES = ("sqlite", "postgresql", "mariadb", "queue", "secrets")

DIFFERENCES = {
    "APIKEY_PATH": "Flowise keeps API keys in the database",
    "BLOB_STORAGE_PATH": "the claim is mounted at /home/node/.flowise; unused with a bucket",
    "DATABASE_PATH": "the claim is mounted at /home/node/.flowise; unused with a server",
    "MODE": "main is Flowise's default",
    "SECRETKEY_PATH": "the keys come from Secrets",
    "WORKER_PORT": "workers listen on no port",
}
"""Variables of the chart that have another value here, or none; docs/migrate-from-cowboysysop.md tells why."""


def values_of(name: str) -> Tree:
    return read_values([str(DATA / f"{name}.yaml")])


@cache
def imported(name: str) -> Imported:
    return import_values(values_of(name), release="ai")


@cache
def made(name: str) -> dict[tuple[str, str], Tree]:
    return by_name(synthesize(imported(name))[0])


def live(name: str) -> Tree:
    return yaml.safe_load((DATA / f"{name}.live.yaml").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def by_name(text: str) -> dict[tuple[str, str], Tree]:
    return {(item["kind"], item["metadata"]["name"]): item for item in load_documents(text, "made")}


def objects(values: Tree, **options: Any) -> dict[tuple[str, str], Tree]:
    return by_name(synthesize(import_values(values, **options))[0])


def told(values: Tree, **options: Any) -> str:
    return "\n".join(map(str, import_values(values, **options).remarks))


def environment(deployment: Tree) -> dict[str, str]:
    def word(entry: Tree) -> str:
        source = entry.get("valueFrom", {}).get("secretKeyRef")
        return f"Secret/{source['name']}/{source['key']}" if source else str(entry["value"])

    return {entry["name"]: word(entry) for entry in pod(deployment)["containers"][0]["env"]}


def pod(deployment: Tree) -> Tree:
    return deployment["spec"]["template"]["spec"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", FILES)
def test_live_objects_are_taken_over(name: str) -> None:
    ours, theirs = made(name), live(name)
    for called, workload in theirs["workloads"].items():
        deployment = ours["Deployment", called]
        assert deployment["spec"]["selector"] == {"matchLabels": workload["selector"]}
        assert pod(deployment)["serviceAccountName"] == workload["account"]
        claims = [volume.get("persistentVolumeClaim", {}).get("claimName") for volume in pod(deployment)["volumes"]]
        assert [claim for claim in claims if claim] == workload["claims"]
    for called, selector in theirs["selectors"].items():
        assert ours["Service", called]["spec"]["selector"] == selector
    for called, spec in theirs.get("claims", {}).items():
        assert ours["PersistentVolumeClaim", called]["spec"] == spec


@pytest.mark.parametrize("name", FILES)
def test_the_environment_is_the_charts_but_for_the_documented_differences(name: str) -> None:
    for called, workload in live(name)["workloads"].items():
        ours = environment(made(name)["Deployment", called])
        given = workload["environment"]
        assert {key: ours.get(key) for key in given if key not in DIFFERENCES} == {
            key: value for key, value in given.items() if key not in DIFFERENCES
        }


def test_every_difference_occurs_and_is_documented(root: Path) -> None:
    seen = {
        variable
        for name in FILES
        for called, workload in live(name)["workloads"].items()
        for variable, value in workload["environment"].items()
        if environment(made(name)["Deployment", called]).get(variable) != value
    }
    guide = (root / "docs" / "migrate-from-cowboysysop.md").read_text(encoding="utf-8")
    assert seen == set(DIFFERENCES)
    assert all(f"`{variable}`" in guide for variable in DIFFERENCES)


@pytest.mark.parametrize("name", FILES)
def test_secrets_are_the_charts_whole_or_not_written(name: str) -> None:
    ours = {called: item["data"] for (kind, called), item in made(name).items() if kind == "Secret"}
    theirs = live(name).get("secrets", {})
    # An empty key is no Secret to take over: Flowise's own is on the volume.
    assert ours == {called: data for called, data in theirs.items() if all(data.values())}


@pytest.mark.parametrize("name", FILES)
def test_the_charts_servers_are_left_alone_and_reached_by_their_services(name: str) -> None:
    ours, servers = made(name), live(name).get("servers", {})
    assert not {kind for kind, _ in ours if kind == "StatefulSet"}
    assert not {f"{kind}/{called}" for kind, called in ours} & set(servers)
    variables = environment(ours["Deployment", next(iter(live(name)["workloads"]))])
    for kind in {word.split("/")[1].split("-")[1] for word in servers}:
        prefix = "REDIS" if kind == "redis" else "DATABASE"
        assert int(variables[f"{prefix}_PORT"]) in servers[f"Service/{variables[f'{prefix}_HOST']}"]
        _, secret, key = variables[f"{prefix}_PASSWORD"].split("/")
        assert key in servers.get(f"Secret/{secret}", [key])
        assert any(item.where == f"{kind}.enabled" for item in imported(name).remarks)


@pytest.mark.parametrize("name", FILES)
def test_golden(name: str, request: pytest.FixtureRequest) -> None:
    """The objects but for the scripts, which every other snapshot holds."""
    documents = synthesize(imported(name))[0].split("---\n")
    text = "---\n".join(part for part in documents if not re.search(r"^kind: ConfigMap$", part, re.M))
    text = re.sub(r"(checksum/scripts:) \S+", r"\1 of-the-scripts", text)
    golden = DATA / f"{name}.golden.yaml"
    if request.config.getoption("--update-golden"):
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("release", "values", "name", "app"),
    [
        ("flowise", {}, "flowise", "flowise"),
        ("my-flowise", {}, "my-flowise", "flowise"),
        ("prod", {}, "prod-flowise", "flowise"),
        ("prod", {"nameOverride": "chat"}, "prod-chat", "chat"),
        ("prod", {"fullnameOverride": "chat", "nameOverride": "bot"}, "chat", "bot"),
    ],
)
def test_names_are_the_charts(release: str, values: Tree, name: str, app: str) -> None:
    ours = objects({**values, "persistence": {"enabled": True}}, release=release)
    labels = {"name": app, "instance": release, "component": "flowise"}
    selector = {f"app.kubernetes.io/{key}": value for key, value in labels.items()}
    assert ours["Deployment", name]["spec"]["selector"] == {"matchLabels": selector}
    assert ("PersistentVolumeClaim", name) in ours
    assert ("ServiceAccount", name) in ours


@pytest.mark.parametrize(
    ("server", "values", "host", "secret"),
    [
        ("postgresql", {}, "ai-postgresql", "ai-postgresql"),
        ("postgresql", {"architecture": "replication"}, "ai-postgresql-primary", "ai-postgresql"),
        ("postgresql", {"fullnameOverride": "pg"}, "pg", "pg"),
        ("postgresql", {"nameOverride": "db", "architecture": "replication"}, "ai-db-primary", "ai-db"),
        ("postgresql", {"auth": {"existingSecret": "held"}}, "ai-postgresql", "held"),
        ("mariadb", {}, "ai-mariadb", "ai-mariadb"),
        ("mariadb", {"fullnameOverride": "db", "architecture": "replication"}, "db-primary", "db"),
    ],
)
def test_servers_are_called_as_the_chart_calls_them(server: str, values: Tree, host: str, secret: str) -> None:
    database = import_values({server: {"enabled": True, **values}}, release="ai").arguments["database"]
    assert (database.host, database.password.secret) == (host, secret)


def test_a_mariadb_keeps_the_type_that_its_migrations_have() -> None:
    assert isinstance(imported("mariadb").arguments["database"], MysqlDatabase)
    assert isinstance(import_values({"mariadb": {"enabled": True}}).arguments["database"], MysqlDatabase)


KEYED: list[tuple[Tree, str, str]] = [
    ({"existingSecret": "held"}, "Secret/held/encryption-key", "with which everybody logs in once more"),
    ({"config": {"encryptionKey": "x"}}, "Secret/flowise/encryption-key", "becomes Secret 'flowise' in the YAML"),
    (
        {},
        "Secret/flowise-auth/encryption-key",
        'flowise-auth.encryption-key="$(kubectl exec deployment/flowise -c flowise',
    ),
]


@pytest.mark.parametrize(("values", "reference", "word"), KEYED)
def test_where_the_encryption_key_is(values: Tree, reference: str, word: str) -> None:
    ours = environment(objects(values)["Deployment", "flowise"])
    assert ours["FLOWISE_SECRETKEY_OVERWRITE"] == reference
    assert ours["TOKEN_HASH_SECRET"] == "Secret/flowise-auth/token-hash-secret"
    assert word in told(values)


def test_a_key_of_a_variable_wins_over_the_charts() -> None:
    values = {**values_of("secrets"), "config": {"encryptionKey": "unused"}}
    assert import_values(values).arguments["auth"].encryption_key == SecretKey(
        secret="flowise-env", key="FLOWISE_SECRETKEY_OVERWRITE"
    )


def test_inline_passwords_become_the_charts_secrets() -> None:
    values: Tree = {"externalPostgresql": {"enabled": True, "host": "pg", "password": "p"}}
    [secret] = [item for (kind, _), item in objects(values, release="ai").items() if kind == "Secret"]
    assert secret["metadata"]["name"] == "ai-postgresql"
    assert {key: base64.b64decode(value).decode() for key, value in secret["data"].items()} == {"password": "p"}


def test_what_kubernetes_has_and_no_value_of_ours_is_carried_as_patches() -> None:
    service: Tree = {
        "type": "NodePort",
        "nodePorts": {"http": 30080},
        "sessionAffinity": "ClientIP",
        "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}},
        "externalTrafficPolicy": "Local",
    }
    values: Tree = {
        "service": service,
        "runtimeClassName": "gvisor",
        "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["a"]}],
        "revisionHistoryLimit": 2,
        "deploymentAnnotations": {"a/b": "c"},
        "commonAnnotations": {"d": "e"},
    }
    ours = objects(values)
    spec, deployment = ours["Service", "flowise"]["spec"], ours["Deployment", "flowise"]
    assert spec["ports"] == [{"name": "http", "port": 3000, "targetPort": "http", "nodePort": 30080}]
    assert spec["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 60}}
    assert (spec["sessionAffinity"], spec["externalTrafficPolicy"]) == ("ClientIP", "Local")
    assert pod(deployment)["hostAliases"] == values["hostAliases"]
    assert pod(deployment)["runtimeClassName"] == "gvisor"
    assert deployment["spec"]["revisionHistoryLimit"] == 2
    assert deployment["metadata"]["annotations"] == {"a/b": "c", "d": "e"}
    assert deployment["spec"]["template"]["metadata"]["annotations"]["d"] == "e"


def test_objects_given_as_text_are_read() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: more\ndata: {a: b}\n"
    assert objects({"extraDeploy": [text]})["ConfigMap", "more"]["data"] == {"a": "b"}


def test_annotations_of_a_controller_that_ends_tls_make_the_url_https() -> None:
    ingress = {"enabled": True, "annotations": {"traefik.ingress.kubernetes.io/router.tls": "true"}}
    variables = environment(objects({"ingress": ingress})["Deployment", "flowise"])
    assert (variables["APP_URL"], variables["SECURE_COOKIES"]) == ("https://flowise.local", "true")


def test_probes_keep_what_is_given_and_get_our_numbers_else() -> None:
    main = import_values({"livenessProbe": {"timeoutSeconds": 7}, "readinessProbe": {"periodSeconds": 3}}).arguments[
        "main"
    ]
    assert (main.liveness.period_seconds, main.liveness.timeout_seconds) == (20, 7)
    assert (main.readiness.period_seconds, main.readiness.timeout_seconds) == (3, 5)
    assert import_values({}).arguments["main"].liveness is None


# The Python module


def test_the_python_module_synthesizes_to_the_very_same_bytes(tmp_path: Path) -> None:
    script = [
        "import runpy",
        "from flowise_constructs import jsii_node",
        "jsii_node.use_bundled_node()",
        "import cdk8s",
    ]
    for name in FILES:
        # Not called like a module of Python's own, such as secrets.
        file = tmp_path / f"of_{name}.py"
        file.write_text(python_module(imported(name)), encoding="utf-8")
        script.append(f"app = cdk8s.App(outdir={str(tmp_path / name)!r})")
        script.append(f"runpy.run_path({str(file)!r})['build'](app)")
        script.append("app.synth()")
    subprocess.run([sys.executable, "-W", "ignore", "-c", "\n".join(script)], check=True, cwd=tmp_path)
    for name in FILES:
        [file] = (tmp_path / name).iterdir()
        assert file.read_text(encoding="utf-8") == synthesize(imported(name))[0], name
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--check", "."]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


# Every key

S3 = [{"name": "STORAGE_TYPE", "value": "s3"}, {"name": "S3_STORAGE_BUCKET_NAME", "value": "files"}]
QUEUED: Tree = {
    "config": {"mode": "queue"},
    "existingSecret": "keys",
    "extraEnvVars": S3,
    "worker": {"enabled": True, "startupProbe": {"enabled": True, "failureThreshold": 30}, "pdb": {"create": True}},
}
BASES: list[Tree] = [
    {"persistence": {"enabled": True}},
    {
        "ingress": {"enabled": True},
        "pdb": {"create": True},
        "persistence": {"enabled": True, "existingClaim": "held"},
        "externalPostgresql": {"enabled": True, "existingSecret": "pg"},
        "startupProbe": {"enabled": True, "failureThreshold": 30},
        "service": {"type": "LoadBalancer"},
    },
    {
        "mariadb": {"enabled": True},
        "persistence": {"enabled": True, "storageClass": "slow"},
        "startupProbe": {"failureThreshold": 30},
    },
    {"externalMariadb": {"enabled": True}},
    {**QUEUED, "postgresql": {"enabled": True}, "redis": {"enabled": True}},
    {**QUEUED, "externalPostgresql": {"enabled": True}, "externalRedis": {"enabled": True, "existingSecret": "r"}},
    {
        **QUEUED,
        "externalPostgresql": {"enabled": True},
        "externalRedis": {"enabled": True},
        "worker": {"enabled": True, "startupProbe": {"failureThreshold": 30}},
    },
]


def outcome(values: Tree) -> object:
    try:
        found = import_values(values)
    except ConfigError as error:
        return error.findings
    return found.arguments, found.objects, found.patches, found.remarks


@cache
def base_outcomes() -> list[object]:
    return [outcome(base) for base in BASES]


@pytest.mark.parametrize("section", sorted(KEYS))
def test_every_key_of_the_chart_is_carried_refused_or_reported(section: str) -> None:
    tried = sorted(zip(BASES, base_outcomes(), strict=True), key=lambda pair: section not in pair[0])
    for way, default in leaves({section: KEYS[section]}):
        changed = any(outcome(put(base, way, another(default))) != before for base, before in tried)
        assert changed, ".".join(way)


def test_the_charts_own_defaults_said_aloud_change_no_object_but_by_what_is_not_taken() -> None:
    said = _given(
        {key: value for key, value in KEYS.items() if key not in ("image", "livenessProbe", "readinessProbe")}
    )
    before, after = import_values({}), import_values(said)
    assert after.arguments == before.arguments
    assert (after.objects, after.patches) == (before.objects, before.patches)


def _given(tree: Tree) -> Tree:
    return {
        key: _given(value) if isinstance(value, dict) else value
        for key, value in tree.items()
        if value is not ANY_SCALAR and value is not ANYTHING
    }


def test_every_remark_names_a_path_of_the_chart() -> None:
    for name in FILES:
        for remark in imported(name).remarks:
            for where in remark.where.split(", "):
                assert re.split(r"[.\[]", where)[0] in {*KEYS, "kubectl apply", "--release"}, remark


@pytest.mark.parametrize("name", FILES)
def test_the_keys_tell_the_chart(name: str) -> None:
    assert chart_of(values_of(name)) == "cowboysysop"
