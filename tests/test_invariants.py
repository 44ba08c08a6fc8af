"""What holds for every deployment, whatever was asked for."""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from functools import cache
from typing import Any

import cluster
import deployments
import pytest
from policy_judge import selects

from flowise_constructs import ConfigError, Names
from flowise_constructs.flowise import releases
from flowise_constructs.kubernetes.labels import COMPONENT, NAME, VERSION

TOPOLOGIES = [
    f"reference/{name}" for name in ("standalone-sqlite", "standalone-postgresql", "queue", "external-postgresql")
]
ALL = [*TOPOLOGIES, *deployments.VARIANTS]
ROOT_BY_REQUEST = {"run-as-root"}
SECRETS = re.compile(r"PASSWORD|SECRET|_KEY(_|$)|TOKEN|CREDENTIAL", re.IGNORECASE)
NO_SECRETS = {
    "DATABASE_SSL_KEY_BASE64": "holds the authority's certificate, despite its name",
    "GOOGLE_CLOUD_STORAGE_CREDENTIAL": "names a file",
}
MAIN_ALONE = {"JWT_AUTH_TOKEN_SECRET", "JWT_REFRESH_TOKEN_SECRET", "EXPRESS_SESSION_SECRET", "TOKEN_HASH_SECRET"}

EXTERNAL = {
    "Secret": {
        "flowise-auth-secrets",
        "flowise-db-credentials",
        "flowise-s3-credentials",
        "flowise-tls",
        "google",
        "azure",
    }
    | {"flowise-postgresql-auth", "flowise-redis-auth", "acme-postgresql-auth", "credentials", "s3", "s3-backup"}
    | {"flowise-db-app", "flowise-db-ca", "hippo-pguser-flowise", "hippo-cluster-cert", "redis"}
    | {"flow-ise.acid-flowise.credentials.postgresql.acid.zalan.do", "flowise-connection", "mariadb-ca-bundle"}
    | {f"{'i' * 35}-postgresql-auth", f"{'i' * 35}-redis-auth", f"{'i' * 46}-redis-auth", "r", "s"}
    | {"flowise-owner", "flowise-encryption", "old", "registry", "whole", "m"},
    "ConfigMap": {"prompts", "ca", "a", "corporate-ca", "redis", "kube-root-ca.crt"},
    "PersistentVolumeClaim": {"old-data", "flowise-files"},
    "ServiceAccount": {"flowise-runner"},
    "Service": {
        "postgres.database.svc.cluster.local",
        "db.example.com",
        "redis.example.com",
        "db",
        "redis",
        "2001:db8::1",
        "10.20.0.5",
        "127.0.0.1",
        "acid-flowise",
    },
}
"""What the deployments refer to and must exist already."""


@pytest.fixture(params=ALL)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def text_of(name: str) -> str:
    return deployments.reference()[name.removeprefix("reference/")] if "/" in name else deployments.variant(name)


@pytest.fixture
def documents(name: str) -> list[dict[str, Any]]:
    return read(name)


@cache
def read(name: str) -> list[dict[str, Any]]:
    """The objects; no test changes them."""
    return cluster.documents(text_of(name))


def test_every_topology_of_the_reference_app_is_looked_at() -> None:
    assert {f"reference/{name}" for name in deployments.reference()} == {*TOPOLOGIES, "reference/auth-secret"}


def test_every_kubernetes_version_knows_every_field(documents: list[dict[str, Any]]) -> None:
    assert cluster.versions()[0] == "1.27"
    known = cluster.versions()[2 if has_sidecars(documents) else 0 :]
    assert known[0] == ("1.29" if has_sidecars(documents) else "1.27")
    assert [problem for version in known for document in documents for problem in fresh(document, version)] == []


def has_sidecars(documents: list[dict[str, Any]]) -> bool:
    """Whether a pod has one, as Kubernetes knows them since 1.29."""
    pods = deployments.pods(documents).values()
    return any("restartPolicy" in container for pod in pods for container in pod.get("initContainers", ()))


def test_the_component_of_other_pods_cannot_be_mains(documents: list[dict[str, Any]]) -> None:
    """Main's Service would find them."""
    templates = [template for document in documents if (template := cluster.pod_template(document)) is not None]
    of_main = [it["metadata"]["labels"] for it in templates if it["spec"]["containers"][0]["name"] == "flowise"]
    others = [it["metadata"]["labels"] for it in templates if it["spec"]["containers"][0]["name"] != "flowise"]
    for labels in others:
        if labels[NAME] in {main[NAME] for main in of_main}:
            with pytest.raises(ConfigError, match="is the component of other pods"):
                Names(main_component=labels[COMPONENT])


SEEN: set[tuple[str, str]] = set()
IN_NAMESPACE = (
    "names",
    "queue-pods",
    "queue-owner",
    "queue-scaled",
    "queue-further-containers",
    "key-rotation-postgres-tls",
    "external-secrets",
    "monitoring-queue-tls",
)


def fresh(document: dict[str, Any], version: str) -> list[str]:
    """What the schema says to an object that it has not seen under another name."""
    shape = (version, json.dumps(document, sort_keys=True))
    if shape in SEEN:
        return []
    SEEN.add(shape)
    return cluster.schema_problems(document, version)


def test_the_parts_of_every_object_fit_and_are_spelt_right(documents: list[dict[str, Any]]) -> None:
    assert [problem for document in documents for problem in cluster.misfits(document)] == []
    assert [problem for document in documents for problem in cluster.misspelt(document)] == []


def test_names_are_unique_within_a_kind(documents: list[dict[str, Any]]) -> None:
    names = Counter(
        (document["kind"], document["metadata"].get("namespace"), document["metadata"]["name"])
        for document in documents
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_all_objects_are_in_one_namespace(documents: list[dict[str, Any]], name: str) -> None:
    wanted = "ai" if name in IN_NAMESPACE else None
    assert {document["metadata"].get("namespace") for document in documents} == {wanted}


def test_every_pod_is_restricted(documents: list[dict[str, Any]], name: str) -> None:
    for pod in deployments.pods(documents).values():
        violations = cluster.restricted_violations(pod)
        if name in ROOT_BY_REQUEST:
            assert {violation.split(": ")[-1] for violation in violations} == {"runAsNonRoot != true, runAsUser=0"}
        else:
            assert violations == []


def test_every_container_has_a_read_only_root_and_a_memory_limit(documents: list[dict[str, Any]]) -> None:
    for pod in deployments.pods(documents).values():
        for container in cluster.containers(pod):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]


def test_no_pod_has_a_token_or_service_links_and_each_has_its_own_account(documents: list[dict[str, Any]]) -> None:
    pods = deployments.pods(documents)
    for pod in pods.values():
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
    accounts = Counter(pod["serviceAccountName"] for pod in pods.values())
    assert [account for account, count in accounts.items() if count > 1 or account == "default"] == []
    for document in documents:
        if document["kind"] == "ServiceAccount":
            assert document["automountServiceAccountToken"] is False


def test_every_writable_directory_is_bounded(documents: list[dict[str, Any]]) -> None:
    for pod in deployments.pods(documents).values():
        assert [
            volume
            for volume in pod.get("volumes", ())
            if "emptyDir" in volume and not volume["emptyDir"].get("sizeLimit")
        ] == []


def test_no_image_floats(documents: list[dict[str, Any]]) -> None:
    for pod in deployments.pods(documents).values():
        for container in cluster.containers(pod):
            image = container["image"].rpartition("/")[2]
            assert re.search(r":[^:@]*\d[^:@]*$|@sha256:[0-9a-f]{64}$", image), image


def test_no_literal_stands_where_a_secret_belongs(documents: list[dict[str, Any]]) -> None:
    for pod in deployments.pods(documents).values():
        for container in cluster.containers(pod):
            literals = [item["name"] for item in container.get("env", ()) if "value" in item]
            files = {item for item in literals if item.endswith("_FILE")}
            assert {item for item in literals if SECRETS.search(item)} - set(NO_SECRETS) - files == set()
    assert "Secret" not in {document["kind"] for document in documents}


def test_no_variable_is_empty_or_said_twice(documents: list[dict[str, Any]]) -> None:
    for pod in deployments.pods(documents).values():
        for container in cluster.containers(pod):
            variables = container.get("env", [])
            assert len({item["name"] for item in variables}) == len(variables)
            assert [item["name"] for item in variables if item.get("value") == "" or len(item) != 2] == []


def test_workers_have_one_of_the_five_keys(documents: list[dict[str, Any]]) -> None:
    for name, pod in deployments.pods(documents).items():
        if name.endswith("-worker"):
            for container in cluster.containers(pod):
                names = {item["name"] for item in container.get("env", ())}
                assert not names & MAIN_ALONE
            assert "FLOWISE_SECRETKEY_OVERWRITE" in {item["name"] for item in pod["containers"][0]["env"]}


def test_mains_and_workers_agree_on_what_both_read(documents: list[dict[str, Any]]) -> None:
    environments = {
        name: {item["name"]: item for item in pod["containers"][0]["env"]}
        for name, pod in deployments.pods(documents).items()
        if pod["containers"][0]["name"] in ("flowise", "flowise-worker")
    }
    if len(environments) < 2:
        return
    main, worker = environments.values()
    shared = {name for name, reader in releases.RELEASES["3.1.3"].variables.items() if reader == "both"}
    # What the deployments themselves give one role alone.
    shared -= {"POD_NAME"}
    assert {name: main.get(name) for name in shared} == {name: worker.get(name) for name in shared}


def test_selectors_match_pods_and_hold_no_version(documents: list[dict[str, Any]]) -> None:
    labels = [template["metadata"]["labels"] for document in documents if (template := cluster.pod_template(document))]
    for document in documents:
        selector = selector_of(document)
        if selector is not None:
            assert VERSION not in selector
            assert not any("3.1" in value for value in selector.values())
            assert sum(selector.items() <= pod.items() for pod in labels) == 1, document["metadata"]["name"]


def selector_of(document: dict[str, Any]) -> dict[str, str] | None:
    if document["kind"] in ("Deployment", "StatefulSet"):
        selector: dict[str, str] = document["spec"]["selector"]["matchLabels"]
        return selector
    return document["spec"]["selector"] if document["kind"] == "Service" else None


def test_network_policies_select_pods_and_no_rule_allows_everybody(documents: list[dict[str, Any]]) -> None:
    labels = [template["metadata"]["labels"] for document in documents if (template := cluster.pod_template(document))]
    for document in documents:
        if document["kind"] != "NetworkPolicy":
            continue
        spec = document["spec"]
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        assert any(selects(spec["podSelector"], pod) for pod in labels), document["metadata"]["name"]
        for rules, peers in (("ingress", "from"), ("egress", "to")):
            assert spec.get(rules) != []
            for rule in spec.get(rules, ()):
                assert rule[peers], "an empty list of peers is everybody"
                assert {} not in rule[peers]
                assert rule.get("ports") != [], "an empty list of ports is every port"
                assert all(is_strictly_within(peer["ipBlock"]) for peer in rule[peers] if "ipBlock" in peer)


def is_strictly_within(block: dict[str, Any]) -> bool:
    """Whether the exceptions are parts of the block, as the API server wants them."""
    whole = ipaddress.ip_network(block["cidr"])
    parts = [ipaddress.ip_network(part) for part in block.get("except", ())]
    return all(
        part.version == whole.version and part.prefixlen > whole.prefixlen and part.network_address in whole
        for part in parts
    )


def test_every_name_that_is_referred_to_exists_or_is_declared(documents: list[dict[str, Any]]) -> None:
    made = {(document["kind"], document["metadata"]["name"]) for document in documents}
    missing = {
        (kind, name)
        for document in documents
        for kind, name in references(document)
        if (kind, name) not in made and name not in EXTERNAL[kind]
    }
    assert missing == set()


def references(document: dict[str, Any]) -> set[tuple[str, str]]:
    """The objects that an object names, by kind."""
    found: set[tuple[str, str]] = set()
    template = cluster.pod_template(document)
    if template is not None:
        found |= pod_references(template["spec"])
    if document["kind"] == "StatefulSet":
        found.add(("Service", document["spec"]["serviceName"]))
    if document["kind"] == "Ingress":
        found |= {("Secret", entry["secretName"]) for entry in document["spec"].get("tls", ()) if "secretName" in entry}
        for rule in document["spec"]["rules"]:
            found |= {("Service", path["backend"]["service"]["name"]) for path in rule["http"]["paths"]}
    if document["kind"] == "HTTPRoute":
        found |= {("Service", entry["name"]) for rule in document["spec"]["rules"] for entry in rule["backendRefs"]}
    if document["kind"] == "ScaledObject":
        logins = [trigger.get("authenticationRef") for trigger in document["spec"]["triggers"]]
        found |= {("TriggerAuthentication", login["name"]) for login in logins if login}
    if document["kind"] == "TriggerAuthentication":
        for word, kind in (("secretTargetRef", "Secret"), ("configMapTargetRef", "ConfigMap")):
            found |= {(kind, entry["name"]) for entry in document["spec"].get(word, ())}
    if "scaleTargetRef" in document.get("spec", {}):
        found.add((document["spec"]["scaleTargetRef"]["kind"], document["spec"]["scaleTargetRef"]["name"]))
    if "targetRef" in document.get("spec", {}):
        found.add((document["spec"]["targetRef"]["kind"], document["spec"]["targetRef"]["name"]))
    return found


def pod_references(pod: dict[str, Any]) -> set[tuple[str, str]]:
    found = {("ServiceAccount", pod["serviceAccountName"])}
    found |= {("Secret", secret["name"]) for secret in pod.get("imagePullSecrets", ())}
    for volume in pod.get("volumes", ()):
        found |= {("ConfigMap", volume["configMap"]["name"])} if "configMap" in volume else set()
        found |= {("Secret", volume["secret"]["secretName"])} if "secret" in volume else set()
        found |= (
            {("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])}
            if "persistentVolumeClaim" in volume
            else set()
        )
        for source in volume.get("projected", {}).get("sources", ()):
            found |= {("Secret", source["secret"]["name"])} if "secret" in source else set()
            found |= {("ConfigMap", source["configMap"]["name"])} if "configMap" in source else set()
    for container in cluster.containers(pod):
        for item in container.get("env", ()):
            source = item.get("valueFrom", {})
            found |= {("Secret", source["secretKeyRef"]["name"])} if "secretKeyRef" in source else set()
            found |= {("ConfigMap", source["configMapKeyRef"]["name"])} if "configMapKeyRef" in source else set()
            named = item["name"] in ("DATABASE_HOST", "REDIS_HOST") and "value" in item
            found |= {("Service", item["value"])} if named else set()
    return found


def test_config_maps_that_pods_mount_hold_the_files_that_commands_name(documents: list[dict[str, Any]]) -> None:
    """A script that a command or probe names must be in the ConfigMap behind its directory."""
    data = {document["metadata"]["name"]: document["data"] for document in documents if document["kind"] == "ConfigMap"}
    for pod in deployments.pods(documents).values():
        maps = {
            volume["name"]: data.get(volume["configMap"]["name"])
            for volume in pod.get("volumes", ())
            if "configMap" in volume
        }
        for container in cluster.containers(pod):
            mounted = {
                f"{mount['mountPath']}/{file}"
                for mount in container.get("volumeMounts", ())
                for file in maps.get(mount["name"]) or ()
            }
            for word in re.findall(r"/opt/flowise-constructs/[\w.-]+", json.dumps(container)):
                if not word.endswith("flowise-constructs"):
                    assert word in mounted, f"{container['name']}: {word}"


def test_no_file_needs_a_mode(documents: list[dict[str, Any]]) -> None:
    """The default, 0644, does: a program of the image reads each script. A mode would be a decimal in the YAML."""
    for pod in deployments.pods(documents).values():
        assert not re.findall(r'"(?:defaultMode|mode)":', json.dumps(pod.get("volumes")))
        mounted = tuple(
            mount["mountPath"] for item in cluster.containers(pod) for mount in item.get("volumeMounts", ())
        )
        started = [command for item in cluster.containers(pod) for command in commands(item) if command]
        assert [command for command in started if command[0].startswith(mounted)] == []


def commands(container: dict[str, Any]) -> list[list[str]]:
    """What a container runs: its process, probes and hooks."""
    handlers = [container.get(name, {}) for name in ("livenessProbe", "readinessProbe", "startupProbe")]
    handlers += container.get("lifecycle", {}).values()
    return [
        [*container.get("command", ()), *container.get("args", ())],
        *(handler["exec"]["command"] for handler in handlers if "exec" in handler),
    ]


def test_pods_are_replaced_when_a_file_they_mount_changes(documents: list[dict[str, Any]]) -> None:
    made = {document["metadata"]["name"] for document in documents if document["kind"] == "ConfigMap"}
    for document in documents:
        template = cluster.pod_template(document)
        if template is None or document["kind"] in ("Job", "CronJob"):
            continue
        volumes = template["spec"].get("volumes", ())
        projected = [source for volume in volumes for source in volume.get("projected", {}).get("sources", ())]
        mounted = {source["configMap"]["name"] for source in [*volumes, *projected] if "configMap" in source} & made
        once = {name for name in mounted if name.endswith("-initdb")}
        checksums = {key for key in template["metadata"].get("annotations", ()) if key.startswith("checksum/")}
        assert len(checksums) == len(mounted - once)


def test_every_volume_is_mounted_and_every_mount_is_a_volume(documents: list[dict[str, Any]]) -> None:
    for pod in deployments.pods(documents).values():
        mounted = {
            mount["name"] for container in cluster.containers(pod) for mount in container.get("volumeMounts", ())
        }
        assert {volume["name"] for volume in pod.get("volumes", ())} <= mounted


def test_no_field_is_empty(documents: list[dict[str, Any]]) -> None:
    """Empty lists and mappings are nobody's decision."""
    assert [way for document in documents for way in empty_fields(document, document["metadata"]["name"])] == []


def empty_fields(value: Any, way: str) -> list[str]:
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in empty_fields(item, f"{way}.{key}")] or (
            [] if value else [way]
        )
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in empty_fields(item, f"{way}[{index}]")] or (
            [] if value else [way]
        )
    return [way] if value is None else []
