"""`ExternalSecrets`: what the pods read is what is fetched, in the operator's own schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import cdk8s
import cluster
import pytest
from cdk8s import ApiObjectMetadata, App, Chart
from deployments import (
    AUTH,
    BACKUP,
    INGRESS,
    NEW_KEY,
    PASSWORD,
    POSTGRES,
    STORE,
    VARIANTS,
    from_store,
    objects,
    queue,
    standalone,
)

from flowise_constructs import (
    Auth,
    BundledPostgres,
    BundledRedis,
    ConfigError,
    ConfigMapKey,
    ExternalSecrets,
    Image,
    KeyRotation,
    KeyRotationJob,
    Main,
    OutboundProxy,
    PodOptions,
    Queue,
    RemoteRef,
    SecretKey,
    Settings,
    StandaloneChart,
    StoreRef,
    SyncPolicy,
    Volume,
)
from imports.flowise.io import external_secrets

pytestmark = pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")

Object = dict[str, Any]
OPTIONAL = Volume(
    name="optional",
    source={"secret": {"secretName": "perhaps", "optional": True, "items": [{"key": "a", "path": "a"}]}},
    mount_path="/optional",
)
WHOLE = Volume(name="whole", source={"secret": {"secretName": "whole"}}, mount_path="/whole")


def made(documents: list[Object]) -> dict[str, Object]:
    """The ExternalSecrets by the names of the Secrets that they make."""
    return {
        document["spec"]["target"]["name"]: document for document in documents if document["kind"] == "ExternalSecret"
    }


def keys_of(document: Object) -> set[str]:
    spec = document["spec"]
    generated = [entry["rewrite"][0]["regexp"]["target"] for entry in spec.get("dataFrom", ()) if "rewrite" in entry]
    return {entry["secretKey"] for entry in spec.get("data", ())} | set(generated)


def read_by_pods(documents: list[Object]) -> dict[str, set[str]]:
    """Each Secret that a pod template names, with its keys: by the text of the YAML, whatever lies around it."""
    found: dict[str, set[str]] = {}

    def look(node: Any, whole: bool = False) -> None:
        if isinstance(node, list):
            for item in node:
                look(item)
            return
        if not isinstance(node, dict):
            return
        if reference := node.get("secretKeyRef"):
            found.setdefault(reference["name"], set()).add(reference["key"])
        if isinstance(source := node.get("secret"), dict):
            name = source.get("secretName") or source["name"]
            found.setdefault(name, set()).update(item["key"] for item in source.get("items", ()))
        for item in node.get("imagePullSecrets", ()):
            found.setdefault(item["name"], set()).add(".dockerconfigjson")
        for item in node.values():
            look(item)

    for document in documents:
        look(cluster.pod_template(document))
    return found


@pytest.mark.parametrize("variant", [name for name in VARIANTS if not name.startswith(("external-", "key-"))])
def test_what_is_fetched_is_what_the_pods_read(variant: str) -> None:
    # Read as a whole by `envFrom`, whose keys the YAML can't tell.
    excluded = ["r"] if "further-containers" in variant else []
    documents = objects(from_store(VARIANTS[variant], exclude=excluded))
    read = {name: keys for name, keys in read_by_pods(documents).items() if name not in excluded}
    assert {name: keys_of(document) for name, document in made(documents).items()} == read


def test_a_job_beside_the_chart_is_included() -> None:
    app = App()
    chart = StandaloneChart(app, "standalone", auth=AUTH)
    job = KeyRotationJob(chart, "KeyRotation", deployment=chart.deployment, rotation=KeyRotation(new_key=NEW_KEY))
    both = chart.deployment.including(job)
    secrets = ExternalSecrets(chart, "Secrets", deployment=both, store=STORE, keys="{secret}-{key}")
    assert set(secrets.external_secrets) == {"flowise-auth-secrets", NEW_KEY.secret}
    assert both.workload("key-rotation") == job.workload


def test_optional_keys_logins_and_authorities_are_fetched_tls_of_the_ingress_is_not() -> None:
    build = standalone(
        ingress=INGRESS,
        settings=Settings(
            proxy=OutboundProxy(http=SecretKey(secret="proxy", key="url")),
            authorities=SecretKey(secret="corporate", key="ca.crt"),
            extra_env={
                "OPENAI_API_KEY": SecretKey(secret="llm", key="openai"),
                "A": ConfigMapKey(config_map="a", key="b"),
            },
        ),
        main=Main(pod=PodOptions(volumes=[OPTIONAL])),
        database=POSTGRES,
        backup=BACKUP,
    )
    documents = objects(from_store(build))
    assert {name: keys_of(document) for name, document in made(documents).items()} == {
        "flowise-auth-secrets": {key.key for key in vars(AUTH).values() if isinstance(key, SecretKey)},
        "credentials": {"password"},
        "proxy": {"url"},
        "corporate": {"ca.crt"},
        "llm": {"openai"},
        "perhaps": {"a"},
        "s3-backup": {"access-key", "secret-key"},
    }


def test_the_body_is_written_out_and_the_registry_login_has_its_type() -> None:
    documents = made(objects(from_store(standalone(image=Image(pull_secrets=["registry"])))))
    assert documents["registry"] == {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {
            "name": "registry",
            "labels": {
                "app.kubernetes.io/name": "flowise",
                "app.kubernetes.io/instance": "flowise",
                "app.kubernetes.io/component": "secrets",
            },
        },
        "spec": {
            "refreshPolicy": "Periodic",
            "refreshInterval": "1h0m0s",
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": "vault"},
            "target": {
                "name": "registry",
                "creationPolicy": "Owner",
                "deletionPolicy": "Retain",
                "template": {
                    "engineVersion": "v2",
                    "mergePolicy": "Replace",
                    "type": "kubernetes.io/dockerconfigjson",
                },
            },
            "data": [
                {
                    "secretKey": ".dockerconfigjson",
                    "remoteRef": {
                        "key": "flowise/prod/registry/.dockerconfigjson",
                        "conversionStrategy": "Default",
                        "decodingStrategy": "None",
                        "metadataPolicy": "None",
                    },
                }
            ],
        },
    }
    assert "template" not in documents["flowise-auth-secrets"]["spec"]["target"]


@pytest.mark.parametrize(("seconds", "text"), [(3600, "1h0m0s"), (90, "1m30s"), (7, "7s"), (90061, "25h1m1s")])
def test_the_interval_is_written_as_go_writes_it(seconds: int, text: str) -> None:
    documents = made(objects(from_store(standalone(), policy=SyncPolicy(refresh_seconds=seconds))))
    assert documents["flowise-auth-secrets"]["spec"]["refreshInterval"] == text


def generated(**given: Any) -> list[Object]:
    return objects(
        from_store(
            queue(**{"database": BundledPostgres(), "queue": Queue(redis=BundledRedis()), **given}),
            generate_server_passwords=True,
        )
    )


def test_passwords_of_servers_are_generated_once_and_stay() -> None:
    documents = generated()
    found = made(documents)
    by_generator = {name for name, item in found.items() if "generatorRef" in json.dumps(item)}
    assert by_generator == {"flowise-postgresql-auth", "flowise-redis-auth"}
    for name in by_generator:
        spec = found[name]["spec"]
        assert (spec["refreshPolicy"], spec["target"]["creationPolicy"]) == ("CreatedOnce", "Orphan")
        assert "data" not in spec
    assert keys_of(found["flowise-postgresql-auth"]) == {"postgres-password", "user-password"}
    [generator] = [document for document in documents if document["kind"] == "Password"]
    assert generator["apiVersion"] == "generators.external-secrets.io/v1alpha1"
    assert {
        entry["sourceRef"]["generatorRef"]["name"] for entry in found["flowise-redis-auth"]["spec"]["dataFrom"]
    } == {generator["metadata"]["name"]}


def test_the_five_keys_are_never_generated() -> None:
    five = Auth.from_secret("flowise-redis-auth")
    shared = Queue(redis=BundledRedis(password=five.encryption_key))
    for given in ({"auth": five}, {"auth": five, "queue": shared}):
        with pytest.raises(ConfigError, match="flowise-redis-auth"):
            generated(**given)
    alone = SecretKey(secret="alone", key="key")
    with pytest.raises(ConfigError, match="one of the five keys, which are never generated"):
        generated(
            auth=Auth.from_secret("flowise-auth-secrets", encryption_key=alone),
            queue=Queue(redis=BundledRedis(password=alone)),
        )


REFUSED: Mapping[str, tuple[Any, dict[str, Any], str]] = {
    "one entry for two keys": (
        standalone(),
        {"keys": "flowise/{secret}"},
        "ExternalSecrets.keys: gives flowise-auth-secrets.jwt-auth-token-secret and "
        "flowise-auth-secrets.encryption-key one entry, 'flowise/flowise-auth-secrets': put both {secret} and {key} "
        "into it",
    ),
    "another name in the pattern": (
        standalone(),
        {"keys": "flowise/{name}"},
        "ExternalSecrets.keys: 'flowise/{name}' must be a text in which {secret} and {key} stand for the names, such as "
        "'flowise/prod/{secret}/{key}'",
    ),
    "half a brace": (standalone(), {"keys": "{secret}/{key"}, "such as 'flowise/prod/{secret}/{key}'"),
    "a format": (standalone(), {"keys": "{secret}/{key!r}"}, "such as 'flowise/prod/{secret}/{key}'"),
    "a Secret as a whole": (
        standalone(main=Main(pod=PodOptions(volumes=[WHOLE]))),
        {},
        "ExternalSecrets.whole: 'whole' is used as a whole (volume of Deployment flowise), so its keys are not known: "
        "give whole={'whole': RemoteRef(key=...)}, or exclude it",
    ),
    "nothing as a whole": (
        standalone(),
        {"whole": {"flowise-auth-secrets": RemoteRef(key="a")}},
        "ExternalSecrets.whole: no pod uses 'flowise-auth-secrets' as a whole: give its keys in overrides",
    ),
    "an unknown Secret": (
        standalone(),
        {"exclude": ["flowise-db"]},
        "ExternalSecrets.exclude: 'flowise-db' is not referred to by the deployment's pods; those are: "
        "flowise-auth-secrets",
    ),
    "an unknown key": (
        standalone(database=POSTGRES),
        {"overrides": {SecretKey(secret="credentials", key="pass"): RemoteRef(key="a")}},
        "ExternalSecrets.overrides: credentials.pass is not referred to by the deployment's pods; those are: "
        "credentials.password, flowise-auth-secrets.encryption-key",
    ),
    "an excluded key": (
        standalone(database=POSTGRES),
        {"exclude": ["credentials"], "overrides": {PASSWORD: RemoteRef(key="a")}},
        "ExternalSecrets.overrides: credentials.password is excluded or generated: leave it out",
    ),
    "no bundled server": (
        standalone(),
        {"generate_server_passwords": True},
        "ExternalSecrets.generate_server_passwords: there is no bundled server with a password: leave it out",
    ),
    "a mixed Secret": (
        standalone(
            database=BundledPostgres(password=PASSWORD),
            settings=Settings(extra_env={"A": SecretKey(secret="credentials", key="a")}),
        ),
        {"generate_server_passwords": True},
        "ExternalSecrets.generate_server_passwords: the Secret 'credentials' holds more than passwords of bundled "
        "servers: give the servers' passwords a Secret of their own",
    ),
    "a store's name": (
        standalone(),
        {"store": "vault"},
        "ExternalSecrets.store: 'vault' must be StoreRef",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case: str) -> None:
    build, given, message = REFUSED[case]
    with pytest.raises(ConfigError) as refused:
        objects(from_store(build, **given))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: SyncPolicy(creation="Orphan", deletion="Delete"),
            "SyncPolicy.deletion: 'Delete' needs creation='Owner': an orphan isn't deleted",
        ),
        (
            lambda: SyncPolicy(refresh="OnChange", refresh_seconds=60),
            "SyncPolicy.refresh_seconds: has no effect with 'OnChange': leave it out",
        ),
        (lambda: StoreRef(name="Vault"), "StoreRef.name: 'Vault'"),
        (lambda: RemoteRef(key=""), "RemoteRef.key: ''"),
    ],
)
def test_values_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make()
    assert message in str(refused.value)


def test_single_keys_are_excluded() -> None:
    kept = made(objects(from_store(standalone(), exclude=[AUTH.encryption_key])))
    assert "encryption-key" not in keys_of(kept["flowise-auth-secrets"])
    assert len(keys_of(kept["flowise-auth-secrets"])) == 4


# --- The operator's own schema, as the binding of its CRD has it


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def as_struct(cls: type[Any], data: Any) -> Any:
    """The binding's struct or enum of plain data; it knows no other field and no other word."""
    if issubclass(cls, Enum):
        return cls[snake(data).upper()]
    given = {}
    for name, item in data.items():
        below = getattr(external_secrets, f"{cls.__name__}{name[0].upper()}{name[1:]}", None)
        if below is None:
            given[snake(name)] = item
        elif isinstance(item, list):
            given[snake(name)] = [as_struct(below, entry) for entry in item]
        else:
            given[snake(name)] = as_struct(below, item)
    return cls(**given)


def by_the_binding(documents: Sequence[Object]) -> list[Object]:
    chart = Chart(App(), "chart")
    for number, document in enumerate(documents):
        spec = as_struct(external_secrets.ExternalSecretSpec, document["spec"])
        metadata = ApiObjectMetadata(**document["metadata"])
        external_secrets.ExternalSecret(chart, f"a{number}", metadata=metadata, spec=spec)
    return list(cdk8s.Testing.synth(chart))


@pytest.mark.parametrize("variant", ["external-secrets", "external-secrets-generated"])
def test_the_binding_of_the_definition_knows_every_field_and_word(variant: str) -> None:
    documents = list(made(objects(VARIANTS[variant])).values())
    assert len(documents) > 3
    assert by_the_binding(documents) == documents


def test_the_store_is_where_the_values_say() -> None:
    found = made(objects(from_store(standalone(), store=STORE)))
    assert {json.dumps(item["spec"]["secretStoreRef"], sort_keys=True) for item in found.values()} == {
        '{"kind": "ClusterSecretStore", "name": "vault"}'
    }
