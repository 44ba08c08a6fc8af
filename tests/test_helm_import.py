"""What the importer makes of a release: the live objects taken over, the environment, the Secrets, the Python module."""

from __future__ import annotations

import base64
import copy
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from helm_values import another, leaves, put

from flowise_constructs import BundledPostgres, ConfigError, OutboundProxy, SecretKey, ServiceAccount
from flowise_constructs.importers.helm.importer import import_values
from flowise_constructs.importers.helm.known import KEYS
from flowise_constructs.importers.helm.values_files import read_values
from flowise_constructs.importers.imported import Imported
from flowise_constructs.importers.python_module import python_module
from flowise_constructs.importers.synthesis import synthesize
from flowise_constructs.importers.tables import ANY_SCALAR
from flowise_constructs.manifests.yaml_files import load_documents

Tree = dict[str, Any]

DATA = Path(__file__).parent / "data" / "helm"
DOCUMENTED = ("standalone-sqlite", "standalone-postgresql", "queue", "external-postgresql")
LEGACY_LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component")

DIFFERENCES = {
    "NUMBER_OF_PROXIES": "read nowhere; TRUST_PROXY is",
    "DISABLE_FLOWISE_TELEMETRY": "read nowhere; nothing is sent",
    "DISABLED_NODES": "empty is left out",
    "CORS_ORIGINS": "the chart's default '*' is not taken",
    "SECURE_COOKIES": "follows the public URL unless given",
    "DATABASE_PATH": "the claim is mounted at /home/node/.flowise",
    "BLOB_STORAGE_PATH": "the claim is mounted at /home/node/.flowise",
    "DATABASE_SSL": "'false' is left out",
    "DATABASE_REJECT_UNAUTHORIZED": "left out without a CA, where Flowise doesn't read it",
}
"""Variables of the chart that have another value here, or none; docs/migrate-from-helm.md tells why."""

OF_MAIN_ALONE = {("flowise-worker", "REMOVE_ON_AGE"), ("flowise-worker", "REMOVE_ON_COUNT")}
"""Variables that the chart gives to workers, and Flowise reads where jobs are added, in main."""


@cache
def documented(name: str) -> Imported:
    return import_values(read_values([str(DATA / f"{name}.yaml")]))


@cache
def manifests(name: str) -> list[Tree]:
    return load_documents(synthesize(documented(name))[0], name)


def objects(values: Tree, **options: Any) -> dict[tuple[str, str], Tree]:
    found = load_documents(synthesize(import_values(values, **options))[0], "made")
    return {(item["kind"], item["metadata"]["name"]): item for item in found}


def remarks(imported: Imported) -> list[str]:
    return [str(remark) for remark in imported.remarks]


def container(item: Tree) -> Tree:
    return item["spec"]["template"]["spec"]["containers"][0]  # type: ignore[no-any-return]


def environment(item: Tree) -> dict[str, str]:
    def told(entry: Tree) -> str:
        source = entry.get("valueFrom", {}).get("secretKeyRef")
        return f"Secret/{source['name']}/{source['key']}" if source else str(entry["value"])

    return {entry["name"]: told(entry) for entry in container(item)["env"]}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_environment_is_the_charts_but_for_the_documented_differences(name: str) -> None:
    charts = yaml.safe_load((DATA / f"{name}.environment.yaml").read_text(encoding="utf-8"))
    ours = {container(item)["name"]: environment(item) for item in manifests(name) if item["kind"] == "Deployment"}
    assert set(ours) == set(charts)
    for process, variables in charts.items():
        for variable, value in variables.items():
            if variable not in DIFFERENCES and (process, variable) not in OF_MAIN_ALONE:
                assert ours[process].get(variable) == value, variable


def test_every_difference_occurs_and_is_documented(root: Path) -> None:
    told = (root / "docs" / "migrate-from-helm.md").read_text(encoding="utf-8")
    seen: set[str] = set()
    for name in DOCUMENTED:
        charts = yaml.safe_load((DATA / f"{name}.environment.yaml").read_text(encoding="utf-8"))
        ours = next(
            item for item in manifests(name) if item["kind"] == "Deployment" and item["metadata"]["name"] == "flowise"
        )
        seen |= {key for key, value in charts["flowise"].items() if environment(ours).get(key) != value}
    assert seen == set(DIFFERENCES)
    for variable in DIFFERENCES:
        assert f"`{variable}`" in told


def test_sqlite_stays_in_its_nested_place_and_that_is_said() -> None:
    main = next(item for item in manifests("standalone-sqlite") if item["kind"] == "Deployment")
    variables = environment(main)
    assert variables["DATABASE_PATH"] == "/home/node/.flowise/database.sqlite"
    assert variables["BLOB_STORAGE_PATH"] == "/home/node/.flowise/storage"
    mount = next(mount for mount in container(main)["volumeMounts"] if mount["name"] == "data")
    assert mount["mountPath"] == "/home/node/.flowise"
    assert any(
        "/root/.flowise/database.sqlite/database.sqlite" in line for line in remarks(documented("standalone-sqlite"))
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "/home/node/.flowise/database.sqlite"),
        ({"database": {"sqlite": {"path": "/root/.flowise"}}}, "/home/node/.flowise"),
        ({"database": {"sqlite": {"path": "/root/.flowise/db/my.sqlite/"}}}, "/home/node/.flowise/db/my.sqlite"),
        (
            {
                "database": {"sqlite": {"path": "/srv/db"}},
                "extraVolumes": [{"name": "srv", "persistentVolumeClaim": {"claimName": "srv"}}],
                "extraVolumeMounts": [{"name": "srv", "mountPath": "/srv"}],
            },
            "/srv/db",
        ),
    ],
)
def test_where_the_sqlite_directory_is(values: Tree, expected: str) -> None:
    assert environment(objects(values)["Deployment", "flowise"])["DATABASE_PATH"] == expected


@pytest.mark.parametrize(
    ("release", "values", "name", "app"),
    [
        ("flowise", {}, "flowise", "flowise"),
        ("my-flowise", {}, "my-flowise", "flowise"),
        ("prod", {}, "prod-flowise", "flowise"),
        ("prod", {"nameOverride": "chat"}, "prod-chat", "chat"),
        ("prod", {"fullnameOverride": "chat"}, "chat", "flowise"),
        ("prod", {"fullnameOverride": "chat", "nameOverride": "bot"}, "chat", "bot"),
        ("x" * 53, {"nameOverride": "abcdefghi-jkl"}, f"{'x' * 53}-abcdefghi", "abcdefghi-jkl"),
    ],
)
def test_names_and_selectors_are_those_of_the_live_objects(release: str, values: Tree, name: str, app: str) -> None:
    # The longest name leaves no room for the names of new objects; its own is right all the same.
    if len(name) > 50:
        assert import_values(values, release=release).arguments["names"].name == name
        return
    made = objects(values, release=release)
    selector = dict(zip(LEGACY_LABELS, (app, release, "main"), strict=True))
    assert made["Deployment", name]["spec"]["selector"] == {"matchLabels": selector}
    assert made["Service", name]["spec"]["selector"] == selector
    assert made["Service", name]["spec"]["ports"] == [{"name": "http", "port": 3000, "targetPort": "http"}]
    assert ("PersistentVolumeClaim", f"{name}-data") in made
    assert container(made["Deployment", name])["name"] == "flowise"
    assert environment(made["Deployment", name])["TOKEN_HASH_SECRET"] == f"Secret/{name}-auth/token-hash-secret"


SERVERS = {
    "postgresql": ("-primary-headless", "30Gi", "", 5432, "postgres"),
    "redis": ("-headless", "2Gi", "-client", 6379, "redis"),
}


@pytest.mark.parametrize("server", SERVERS)
def test_what_can_not_change_of_a_stateful_set_is_as_the_chart_has_it(server: str) -> None:
    headless, size, client, port, port_name = SERVERS[server]
    values = read_values([str(DATA / "queue.yaml")])
    values[server]["standalone"] = {"persistence": {"size": size, "storageClass": "fast"}}
    made = objects(values, release="prod")
    spec = made["StatefulSet", f"prod-{server}"]["spec"]
    names = {"app.kubernetes.io/name": server, "app.kubernetes.io/instance": "prod"}
    more = {"component": server, "part-of": server, "role": "standalone"}
    labels = names | {f"app.kubernetes.io/{key}": value for key, value in more.items()}
    assert spec["selector"] == {"matchLabels": labels}
    assert spec["serviceName"] == f"prod-{server}{headless}"
    assert spec["volumeClaimTemplates"] == [
        {
            "metadata": {"name": "data", "labels": names},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "fast",
                "resources": {"requests": {"storage": size}},
            },
        }
    ]
    service = made["Service", f"prod-{server}{client}"]["spec"]
    assert service["ports"] == [{"name": port_name, "port": port, "targetPort": port_name}]


def test_what_can_not_change_in_place_comes_with_its_step() -> None:
    values = read_values([str(DATA / "queue.yaml")])
    values["postgresql"]["standalone"] = {"persistence": {"accessModes": ["ReadWriteOncePod"]}}
    values["redis"]["standalone"] = {"persistence": {"enabled": False}}
    told = "\n".join(remarks(import_values(values)))
    assert "kubectl delete statefulset flowise-postgresql --cascade=orphan" in told
    assert "kubectl delete statefulset flowise-redis before the first apply" in told
    assert "kubectl apply set-last-applied --create-annotation=true" in told


def decoded(secret: Tree) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def test_inline_passwords_become_the_releases_secrets() -> None:
    made = {(item["kind"], item["metadata"]["name"]): item for item in manifests("queue")}
    assert decoded(made["Secret", "flowise-redis-auth"]) == {"redis-password": "battery-staple"}
    told = remarks(documented("queue"))
    assert any(line.startswith("redis.auth.password: becomes Secret 'flowise-redis-auth'") for line in told)


def test_a_secret_in_part_is_left_to_the_cluster_and_what_makes_it_is_said() -> None:
    # The apply of one key deletes the other from a Secret that an earlier apply made.
    assert ("Secret", "flowise-postgresql-auth") not in {
        (item["kind"], item["metadata"]["name"]) for item in manifests("queue")
    }
    told = remarks(documented("queue"))
    [left] = [line for line in told if line.startswith("postgresql.auth.password: ")]
    assert "is not written: the chart generated key 'postgres-password' of Secret 'flowise-postgresql-auth'" in left
    [made_up] = [line for line in told if line.startswith("postgresql.auth.existingSecret: is empty")]
    command = "flowise-constructs secrets FILE --set flowise-postgresql-auth.user-password='<postgresql.auth.password>'"
    assert f"{command} | kubectl create -f -" in made_up
    assert not any("correct-horse" in line for line in told)


KEYS_OF_AUTH = [
    "encryptionKey",
    "jwtAuthTokenSecret",
    "jwtRefreshTokenSecret",
    "expressSessionSecret",
    "tokenHashSecret",
]


@pytest.mark.parametrize("given", [KEYS_OF_AUTH[:count] for count in range(6)], ids=len)
@pytest.mark.parametrize("passwords", [(), ("password",), ("postgresPassword",), ("password", "postgresPassword")])
def test_every_secret_is_written_whole_or_not_at_all(given: list[str], passwords: tuple[str, ...]) -> None:
    values: Tree = {
        "auth": dict.fromkeys(given, "x"),
        "postgresql": {"enabled": True, "auth": dict.fromkeys(passwords, "y")},
    }
    found = {name: set(item["data"]) for (kind, name), item in objects(values).items() if kind == "Secret"}
    expected = {"flowise-auth": 5} if len(given) == 5 else {}
    expected |= {"flowise-postgresql-auth": 2} if len(passwords) == 2 else {}
    assert {name: len(keys) for name, keys in found.items()} == expected


def secret_manifest(kind: str, part: str, *keys: str) -> Tree:
    body = (
        {"spec": {part: dict.fromkeys(keys, "eA==")}} if kind == "SealedSecret" else {part: dict.fromkeys(keys, "eA==")}
    )
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "keys"}, **body}


@pytest.mark.parametrize(
    ("kind", "part"), [("Secret", "data"), ("Secret", "stringData"), ("SealedSecret", "encryptedData")]
)
def test_an_extra_manifest_that_is_a_secret_in_part_is_refused(kind: str, part: str) -> None:
    five = ["encryption-key", "jwt-auth-token-secret", "jwt-refresh-token-secret", "express-session-secret"]
    values: Tree = {"auth": {"existingSecret": "keys"}, "extraManifests": [secret_manifest(kind, part, *five)]}
    with pytest.raises(
        ConfigError, match="extraManifests: Secret 'keys' lacks key 'token-hash-secret', used by Deployment"
    ):
        objects(values)
    values["extraManifests"] = [secret_manifest(kind, part, *five, "token-hash-secret")]
    assert (kind, "keys") in objects(values)


def test_an_external_secret_that_lacks_keys_is_told() -> None:
    values: Tree = {
        "auth": {"existingSecret": "keys"},
        "externalSecrets": {
            "enabled": True,
            "data": [{"secretKey": "encryption-key"}],
            "secretStoreRef": {"name": "v"},
        },
    }
    told = [str(finding) for finding in synthesize(import_values(values))[1]]
    assert any(
        line.startswith("externalSecrets.data: Secret 'keys' lacks keys 'express-session-secret'") for line in told
    )


INLINE: Tree = {
    "auth": {key: f"{key} value" for key in ("encryptionKey", "jwtAuthTokenSecret", "jwtRefreshTokenSecret")}
    | {"expressSessionSecret": "e", "tokenHashSecret": "t"},
    "architecture": {"mode": "queue"},
    "persistence": {"enabled": False},
    "database": {"external": {"host": "pg", "password": "db"}},
    "redis": {"external": {"host": "redis", "password": "rd"}},
    "storage": {"type": "s3", "s3": {"bucketName": "files", "accessKeyId": "id", "secretAccessKey": "key"}},
    "backup": {
        "enabled": True,
        "s3": {"endpoint": "http://m", "bucket": "dumps", "accessKey": "bi", "secretKey": "bk"},
    },
}


def test_every_inline_key_becomes_the_secret_that_the_chart_makes() -> None:
    made = objects(INLINE)
    found = {name: decoded(item) for (kind, name), item in made.items() if kind == "Secret"}
    assert found == {
        "flowise-auth": {
            "encryption-key": "encryptionKey value",
            "jwt-auth-token-secret": "jwtAuthTokenSecret value",
            "jwt-refresh-token-secret": "jwtRefreshTokenSecret value",
            "express-session-secret": "e",
            "token-hash-secret": "t",
        },
        "flowise-database": {"database-password": "db"},
        "flowise-redis": {"redis-password": "rd"},
        "flowise-storage": {"access-key": "id", "secret-key": "key"},
        "flowise-backup": {"access-key": "bi", "secret-key": "bk"},
    }


def test_a_secret_that_is_named_is_not_written() -> None:
    values = copy.deepcopy(INLINE)
    for way in (("auth",), ("database", "external"), ("redis", "external"), ("storage", "s3"), ("backup", "s3")):
        section = values
        for word in way:
            section = section[word]
        section["existingSecret"] = "theirs"
    assert not [name for kind, name in objects(values) if kind == "Secret"]


def test_keys_that_the_chart_made_up_are_referred_to_and_how_to_keep_them_is_said() -> None:
    imported = import_values({})
    assert imported.arguments["auth"].encryption_key == SecretKey(secret="flowise-auth", key="encryption-key")
    line = next(line for line in remarks(imported) if line.startswith("auth.existingSecret"))
    assert "kubectl get secret flowise-auth -o yaml" in line
    assert "don't run helm uninstall" in line
    assert "kubectl delete secret -l owner=helm,name=flowise" in line


def test_tags_are_kept_and_advisories_reported() -> None:
    imported = import_values({"image": {"tag": "3.1.1"}})
    assert imported.arguments["image"].tag == "3.1.1"
    assert any(line.startswith("image.tag: Flowise 3.1.1 has CVE-") for line in remarks(imported))
    assert any("image.tag: is not given: 3.1.3 is used" in line for line in remarks(import_values({})))
    pinned = import_values({"image": {"tag": f"3.1.3@sha256:{'0' * 64}"}}).arguments["image"]
    assert pinned.reference == f"docker.io/flowiseai/flowise:3.1.3@sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("values", "secure", "url"),
    [
        ({"flowise": {"appUrl": "https://a.example"}}, "true", "https://a.example"),
        ({"flowise": {"appUrl": "http://a.example"}}, "false", "http://a.example"),
        ({"flowise": {"appUrl": "https://a.example"}, "auth": {"secureCookies": False}}, "false", "https://a.example"),
        ({"ingress": {"enabled": True, "hosts": [{"host": "a.example"}]}}, "false", "http://a.example"),
        (
            {"ingress": {"enabled": True, "hosts": [{"host": "a.example"}], "tls": [{"hosts": ["a.example"]}]}},
            "true",
            "https://a.example",
        ),
        (
            {"ingress": {"enabled": True, "hosts": [{"host": "a.example"}], "tls": [{"secretName": "tls"}]}},
            "true",
            "https://a.example",
        ),
    ],
)
@pytest.mark.filterwarnings("default::flowise_constructs.ConfigWarning")
def test_cookies_and_scheme_follow_tls_unless_said(values: Tree, secure: str, url: str) -> None:
    variables = environment(objects(values)["Deployment", "flowise"])
    assert (variables["SECURE_COOKIES"], variables["APP_URL"]) == (secure, url)


def test_a_proxy_in_any_spelling_goes_to_its_value() -> None:
    login = {"name": "https_proxy", "valueFrom": {"secretKeyRef": {"name": "proxy", "key": "url"}}}
    given = {"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "a,b", "NODE_USE_ENV_PROXY": "1"}
    env = [login, *({"name": name, "value": value} for name, value in given.items())]
    imported = import_values({"flowise": {"extraEnv": env}})
    key = SecretKey(secret="proxy", key="url")
    assert imported.arguments["settings"].proxy == OutboundProxy(
        http=given["HTTP_PROXY"], https=key, no_proxy=["a", "b"]
    )
    assert imported.arguments["main"].extra_env == {}


def test_a_variable_that_only_a_value_sets_is_refused_with_that_value() -> None:
    with pytest.raises(ConfigError, match=r"NODE_EXTRA_CA_CERTS is set by .* or by Settings.authorities in the Python"):
        import_values({"flowise": {"extraEnv": [{"name": "NODE_EXTRA_CA_CERTS", "value": "/etc/ca.pem"}]}})


def test_variables_that_values_set_go_to_the_values() -> None:
    pairs = {"TRUST_PROXY": "2", "HTTP_DENY_LIST": "10.0.0.1, 10.0.0.2", "POD_NAME": "x", "NODE_OPTIONS": "-x"}
    env: list[dict[str, object]] = [{"name": name, "value": value} for name, value in pairs.items()]
    env += [{"name": "SMTP_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "mail", "key": "password"}}}]
    mail = {"SMTP_HOST": "mail.example", "SMTP_USER": "u", "SENDER_EMAIL": "f@example.org", "SMTP_PORT": "587"}
    env += [{"name": name, "value": value} for name, value in (mail | {"SMTP_SECURE": "false"}).items()]
    imported = import_values({"flowise": {"extraEnv": env}})
    settings = imported.arguments["settings"]
    assert (settings.trusted_proxies, settings.http_deny_list) == (2, ("10.0.0.1", "10.0.0.2"))
    assert (settings.smtp.port, settings.smtp.secure) == (587, False)
    assert settings.smtp.password == SecretKey(secret="mail", key="password")
    assert imported.arguments["main"].extra_env == {"POD_NAME": "x"}
    assert any("NODE_OPTIONS is not carried over: the heap is 70 %" in line for line in remarks(imported))


def test_a_workers_variable_that_both_share_is_set_for_both() -> None:
    values = read_values([str(DATA / "queue.yaml")])
    values["queue"]["worker"]["extraEnv"] = [{"name": "HTTP_SECURITY_CHECK", "value": "false"}]
    assert import_values(values).arguments["settings"].http_security_check is False


def test_numbers_stay_whole() -> None:
    values = read_values([str(DATA / "queue.yaml")])
    values["queue"]["worker"] |= {"removeOnAge": 2_592_000, "removeOnCount": 1_000_000}
    variables = environment(objects(values)["Deployment", "flowise"])
    assert (variables["REMOVE_ON_AGE"], variables["REMOVE_ON_COUNT"]) == ("2592000", "1000000")


def test_one_service_account_for_both_roles_where_the_chart_makes_one() -> None:
    values = read_values([str(DATA / "queue.yaml")])
    values["serviceAccount"] = {"create": True, "annotations": {"eks.amazonaws.com/role-arn": "arn"}}
    made = objects(values)
    assert made["ServiceAccount", "flowise"]["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": "arn"}
    for name in ("flowise", "flowise-worker"):
        assert made["Deployment", name]["spec"]["template"]["spec"]["serviceAccountName"] == "flowise"
    named = import_values({"serviceAccount": {"name": "theirs"}}).arguments["main"].pod.service_account
    assert named == ServiceAccount(name="theirs", create=False)


def test_objects_beside_the_chart() -> None:
    values: Tree = {
        "commonLabels": {"team": "chat"},
        "auth": {"existingSecret": "keys"},
        "externalSecrets": {
            "enabled": True,
            "secretStoreRef": {"name": "vault"},
            "data": [{"secretKey": "encryption-key", "remoteRef": {"key": "flowise"}}],
        },
        "gateway": {"enabled": True, "parentRefs": [{"name": "edge"}], "hostnames": ["a.example"]},
        "extraManifests": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}, "data": {"a": "b"}}],
    }
    made = objects(values, namespace="chat")
    assert made["HTTPRoute", "flowise"]["spec"] == {
        "parentRefs": [{"name": "edge"}],
        "hostnames": ["a.example"],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "backendRefs": [{"name": "flowise", "port": 3000}],
            }
        ],
    }
    assert made["ExternalSecret", "flowise-auth"]["spec"]["target"] == {"name": "keys", "creationPolicy": "Owner"}
    assert made["ConfigMap", "mine"]["data"] == {"a": "b"}
    assert {item["metadata"]["namespace"] for item in made.values()} == {"chat"}
    labelled = [item for key, item in made.items() if key != ("ConfigMap", "mine")]
    assert all(item["metadata"]["labels"]["team"] == "chat" for item in labelled)


def test_an_extra_manifest_of_an_objects_own_name_is_refused() -> None:
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "flowise"}}
    with pytest.raises(ConfigError, match="extraManifests: Service 'flowise' is an object of the deployment itself"):
        objects({"extraManifests": [manifest]})


def test_faults_that_the_constructs_find_have_the_charts_paths() -> None:
    with pytest.raises(ConfigError, match=r"^affinity: "):
        objects({"affinity": {"nodeAffinityy": {}}})
    values = {
        "extraVolumes": [{"name": "x", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "x", "mountPath": "/tmp"}],
    }
    with pytest.raises(ConfigError, match=r"^extraVolumeMounts: "):
        objects(values)


def test_a_null_takes_the_charts_default_away() -> None:
    assert import_values({"flowise": {"iframeOrigins": None}}).arguments["settings"].iframe_origins == ()
    nothing = {"podAnnotations": None, "tolerations": None}
    assert import_values(nothing).arguments == import_values({}).arguments
    assert import_values({"persistence": {"enabled": None}}).arguments["data"] is None


def test_the_bundled_servers_take_what_their_subcharts_document() -> None:
    values = read_values([str(DATA / "queue.yaml")])
    values["postgresql"] |= {
        "image": {"tag": "17.4"},
        "config": {"preset": "medium", "postgresql": "work_mem = '16MB'  # more\n"},
        "standalone": {"resourcesPreset": "large", "persistence": {"size": "9Gi"}},
        "nodeSelector": {"disk": "ssd"},
    }
    values["redis"]["config"] = {"redis": "maxclients 500\n"}
    imported = import_values(values)
    postgres = imported.arguments["database"]
    assert isinstance(postgres, BundledPostgres)
    assert (postgres.image.tag, postgres.size, postgres.resources.memory_limit) == ("17.4", "9Gi", "4Gi")
    assert (postgres.config["work_mem"], postgres.config["shared_buffers"]) == ("16MB", "512MB")
    assert postgres.pod.node_selector == {"disk": "ssd"}
    assert imported.arguments["queue"].redis.config == {"maxclients": "500"}


# The Python module


RICH = {
    "commonLabels": {"team": "chat", "note": "it's"},
    "podAnnotations": {"quote": 'say "hi"', "long": "x" * 120, "unicode": "é→"},
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "persistence": {"enabled": False},
    "resources": {"limits": {"cpu": 2, "memory": "3Gi"}},
    "extraManifests": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}, "data": {"text": "a\nb\n"}},
        {
            "apiVersion": "example.org/v1",
            "kind": "Thing",
            "metadata": {"name": "t"},
            "spec": {"n": 1.5, "e": {}, "l": []},
        },
    ],
}


def every_module() -> Iterator[tuple[str, Tree]]:
    yield from ((name, read_values([str(DATA / f"{name}.yaml")])) for name in DOCUMENTED)
    yield "inline", INLINE
    yield "rich", RICH


@pytest.mark.filterwarnings("default::flowise_constructs.ConfigWarning")
def test_the_python_module_synthesizes_to_the_very_same_bytes(tmp_path: Path) -> None:
    script = [
        "import runpy, sys",
        "from flowise_constructs import jsii_node",
        "jsii_node.use_bundled_node()",
        "import cdk8s",
    ]
    expected: dict[str, str] = {}
    for name, values in every_module():
        imported = import_values(values, release=f"{name}-flowise"[:40])
        expected[name], _ = synthesize(imported)
        (tmp_path / f"{name}.py").write_text(python_module(imported), encoding="utf-8")
        script.append(f"app = cdk8s.App(outdir={str(tmp_path / name)!r})")
        script.append(f"runpy.run_path({str(tmp_path / f'{name}.py')!r})['build'](app)")
        script.append("app.synth()")
    subprocess.run([sys.executable, "-W", "ignore", "-c", "\n".join(script)], check=True, cwd=tmp_path)
    for name, text in expected.items():
        [file] = (tmp_path / name).iterdir()
        assert file.read_text(encoding="utf-8") == text, name


def test_the_python_module_runs_by_itself(tmp_path: Path) -> None:
    (tmp_path / "release.py").write_text(python_module(documented("standalone-sqlite")), encoding="utf-8")
    subprocess.run([sys.executable, "release.py"], check=True, cwd=tmp_path)
    made = (tmp_path / "dist" / "flowise.k8s.yaml").read_text(encoding="utf-8")
    assert made == synthesize(documented("standalone-sqlite"))[0]


def test_the_python_module_is_formatted_and_typed(tmp_path: Path) -> None:
    for name, values in every_module():
        (tmp_path / f"module_{name.replace('-', '_')}.py").write_text(
            python_module(import_values(values)), encoding="utf-8"
        )
    for command in (
        ["ruff", "format", "--isolated", "--check", "."],
        [
            "ruff",
            "check",
            "--isolated",
            "--select=E4,E7,E9,F,I,UP",
            "--config=lint.isort.known-third-party=['flowise_constructs']",
            ".",
        ],
        ["mypy", "--strict", "."],
    ):
        ran = subprocess.run(
            [sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


# Every key


BASES: list[Tree] = [
    {},
    {
        "ingress": {"enabled": True, "hosts": [{"host": "a.example.org"}]},
        "gateway": {"enabled": True, "parentRefs": [{"name": "g"}]},
        "serviceAccount": {"create": True},
        "postgresql": {"enabled": True, "serviceAccount": {"create": True}},
        "auth": {"existingSecret": "k"},
        "externalSecrets": {"enabled": True, "data": [{"secretKey": "a"}], "secretStoreRef": {"name": "v"}},
        "backup": {"enabled": True, "s3": {"endpoint": "http://m", "bucket": "bbb", "existingSecret": "x"}},
    },
    {
        "architecture": {"mode": "queue"},
        "persistence": {"enabled": False},
        "storage": {"type": "s3", "s3": {"bucketName": "abc", "existingSecret": "s"}},
        "postgresql": {"enabled": True, "auth": {"existingSecret": "pp"}},
        "redis": {"enabled": True, "auth": {"existingSecret": "rr"}, "serviceAccount": {"create": True}},
    },
    {
        "architecture": {"mode": "queue"},
        "persistence": {"enabled": False},
        "storage": {"type": "s3", "s3": {"bucketName": "abc", "accessKeyId": "a", "secretAccessKey": "b"}},
        "database": {"external": {"host": "h", "existingSecret": "p", "ssl": True}},
        "redis": {"external": {"host": "r", "existingSecret": "q"}},
    },
    INLINE,
    {
        "architecture": {"mode": "queue"},
        "persistence": {"enabled": False},
        "storage": {"type": "s3", "s3": {"bucketName": "abc", "existingSecret": "s"}},
        "postgresql": {"enabled": True},
        "redis": {"enabled": True},
    },
]
WITHOUT_EFFECT = {
    # Without tls.enabled, which is refused, the chart doesn't read them either.
    *(f"{server}.tls.{key}" for server in ("postgresql", "redis") for key in ("existingSecret", "certFilename")),
    *(f"{server}.tls.{key}" for server in ("postgresql", "redis") for key in ("keyFilename", "caFilename")),
    *(f"postgresql.tls.{key}" for key in ("sslMode", "minProtocolVersion", "volumePermissions")),
    # The server has an account of its own in any case.
    "postgresql.serviceAccount.create",
    "redis.serviceAccount.create",
}


def outcome(values: Tree) -> object:
    try:
        made = import_values(values)
    except ConfigError as error:
        return error.findings
    return made.arguments, made.objects, made.labels, made.remarks


@cache
def base_outcomes() -> list[object]:
    return [outcome(base) for base in BASES]


@pytest.mark.parametrize("section", sorted(KEYS))
def test_every_key_of_the_chart_is_carried_refused_or_reported(section: str) -> None:
    for way, default in leaves({section: KEYS[section]}):
        changed = any(
            outcome(put(base, way, another(default))) != before
            for base, before in zip(BASES, base_outcomes(), strict=True)
        )
        path = ".".join(way)
        assert changed != (path in WITHOUT_EFFECT), path


def test_the_charts_own_defaults_said_aloud_change_nothing_but_what_is_not_taken() -> None:
    ours = ("postgresql", "redis", "flowise", "queue", "auth", "image", "service", "backup")
    said = {key: value for key, value in KEYS.items() if key not in ours}
    before, after = import_values({}), import_values(_without_scalars(said))
    assert after.arguments == before.arguments


def _without_scalars(tree: Tree) -> Tree:
    return {
        key: _without_scalars(value) if isinstance(value, dict) else value
        for key, value in tree.items()
        if value is not ANY_SCALAR
    }


def test_every_remark_names_a_path_of_the_chart() -> None:
    for name in DOCUMENTED:
        for remark in documented(name).remarks:
            first = re.split(r"[.,\[]", remark.where)[0]
            assert first in {*KEYS, "kubectl apply", "--release"}, remark
