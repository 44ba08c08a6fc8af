"""What becomes of an environment file: values, Secrets, what is passed on, what is dropped and what is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cdk8s import App

from flowise_constructs import (
    AzureContainer,
    BundledPostgres,
    BundledRedis,
    ConfigError,
    DataClaim,
    GcsBucket,
    LocalStorage,
    MariadbDatabase,
    OutboundProxy,
    Redis,
    RedisTls,
    SecretKey,
    SharedVolume,
    SqliteDatabase,
)
from flowise_constructs.flowise.environment import OWNED
from flowise_constructs.flowise.releases import DEAD, RELEASES
from flowise_constructs.importers.env.files import Files, read_source
from flowise_constructs.importers.env.importer import Environment, Source, import_environment
from flowise_constructs.importers.env.reading import Entry
from flowise_constructs.importers.env.secrets import secrets_of
from flowise_constructs.importers.env.servers import Server
from flowise_constructs.importers.env.tables import DROPPED, SECRETS
from flowise_constructs.importers.notes import Notes
from flowise_constructs.importers.python_module import python_module
from flowise_constructs.importers.synthesis import synthesize

DATA = Path(__file__).resolve().parent / "data" / "env"
CASES = {
    "standalone": {"main": "standalone.env"},
    "queue": {"main": "queue.env", "worker": "worker.env"},
    "compose": {"main": "compose.env", "compose": "compose.yml"},
}
KEYS = {
    "FLOWISE_SECRETKEY_OVERWRITE": "key",
    "JWT_AUTH_TOKEN_SECRET": "one",
    "JWT_REFRESH_TOKEN_SECRET": "two",
    "EXPRESS_SESSION_SECRET": "three",
    "TOKEN_HASH_SECRET": "four",
}
S3 = {"STORAGE_TYPE": "s3", "S3_STORAGE_BUCKET_NAME": "files"}
POSTGRES = {
    "DATABASE_TYPE": "postgres",
    "DATABASE_HOST": "db.example.com",
    "DATABASE_NAME": "chat",
    "DATABASE_USER": "chat",
    "DATABASE_PASSWORD": "v3ry-s3cret",
}
QUEUE = {**KEYS, **POSTGRES, **S3, "MODE": "queue", "REDIS_HOST": "redis.example.com", "WORKER_CONCURRENCY": "5"}
AUTHORITY = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJzekNDQVZtZ0F3SUJBZ0lVCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K"


def entries(values: Mapping[str, str], file: str = ".env") -> dict[str, Entry]:
    return {name: Entry(value, f"{file} {name}") for name, value in values.items()}


def imported(values: Mapping[str, str], worker: Mapping[str, str] | None = None, **more: Any) -> Environment:
    workers = None if worker is None else entries(worker, "worker.env")
    return import_environment(
        Source(file=".env", main=entries(values), worker=workers, **more), Notes(), name="flowise", namespace=None
    )


def refusals(values: Mapping[str, str], worker: Mapping[str, str] | None = None, **more: Any) -> list[str]:
    with pytest.raises(ConfigError) as error:
        imported(values, worker, **more)
    return [str(finding) for finding in error.value.findings]


def remarks(environment: Environment) -> list[str]:
    return [str(remark) for remark in environment.imported.remarks]


def arguments(values: Mapping[str, str], worker: Mapping[str, str] | None = None, **more: Any) -> Mapping[str, Any]:
    return imported(values, worker, **more).imported.arguments


@cache
def of_files(name: str) -> tuple[Environment, str, list[str]]:
    """The environment, its YAML and the constructs' warnings. Called in the project's folder."""
    notes = Notes()
    files = Files(**{field: str((DATA / file).relative_to(Path.cwd())) for field, file in CASES[name].items()})
    environment = import_environment(read_source(notes, files), notes, name="flowise", namespace=None)
    yaml, warnings = synthesize(environment.imported)
    return environment, yaml, [str(warning) for warning in warnings]


@pytest.mark.parametrize("name", CASES)
def test_the_python_the_words_and_the_secrets_are_the_golden_ones(
    name: str, root: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(root)
    environment, yaml, warnings = of_files(name)
    kept = {f"{secret}.{key}": value for (secret, key), value in environment.secrets.items()}
    lines = [
        *(f"{weight}: {item}" for item, weight in environment.remarks.items()),
        *(f"warning: {item}" for item in warnings),
        *(f"secret: {path}={value}" for path, value in sorted(kept.items())),
    ]
    golden = {f"{name}.python": python_module(environment.imported), f"{name}.told": "\n".join(lines) + "\n"}
    for file, text in golden.items():
        if request.config.getoption("--update-golden"):
            (DATA / file).write_text(text, encoding="utf-8")
        assert (DATA / file).read_text(encoding="utf-8") == text
    assert [value for value in kept.values() if len(value) > 4 and value in yaml] == []


@pytest.mark.parametrize("name", CASES)
def test_the_python_gives_the_same_yaml(name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    environment, yaml, _ = of_files(name)
    scope: dict[str, Any] = {"__name__": "imported"}
    exec(compile(python_module(environment.imported), "imported.py", "exec"), scope)
    app = App()
    scope["build"](app)
    assert app.synth_yaml() == yaml


# Every variable

NAMES = sorted({*DEAD, *OWNED, *DROPPED, *(name for release in RELEASES.values() for name in release.variables)})
FITTING = {
    "MODEL_LIST_CONFIG_JSON": "https://example.com/models.json",
    "MODE": "other",
    "DATABASE_TYPE": "mariadb",
    "DATABASE_SSL_KEY_BASE64": AUTHORITY,
    "STORAGE_TYPE": "azure",
    "REDIS_URL": "redis://other:1",
    "REDIS_CA": AUTHORITY,
    "SENDER_EMAIL": "a@example.com",
    "LOG_LEVEL": "warn",
    "FLOWISE_FILE_SIZE_LIMIT": "7mb",
    "CUSTOM_MCP_PROTOCOL": "stdio",
    "APP_URL": "https://chat.example.com",
    "POSTHOG_PUBLIC_API_KEY": "phc_x",
    "METRICS_PROVIDER": "prometheus",
    "METRICS_OPEN_TELEMETRY_PROTOCOL": "grpc",
    **dict.fromkeys(("S3_ENDPOINT_URL", "METRICS_OPEN_TELEMETRY_METRIC_ENDPOINT"), "https://a.example.com"),
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://proxy.example.com"),
    **dict.fromkeys(("GLOBAL_AGENT_HTTP_PROXY", "GLOBAL_AGENT_HTTPS_PROXY"), "http://proxy.example.com"),
    **dict.fromkeys(("CORS_ORIGINS", "IFRAME_ORIGINS"), "https://a.example.com"),
    **dict.fromkeys(("SMTP_SECURE", "SECURE_COOKIES", "HTTP_SECURITY_CHECK", "DATABASE_REJECT_UNAUTHORIZED"), "false"),
    **dict.fromkeys(
        ("SHOW_COMMUNITY_NODES", "METRICS_INCLUDE_NODE_METRICS", "DATABASE_SSL", "REDIS_TLS", "S3_FORCE_PATH_STYLE"),
        "true",
    ),
    **dict.fromkeys(("SMTP_PORT", "DATABASE_PORT", "REDIS_PORT", "TRUST_PROXY", "REMOVE_ON_AGE"), "7"),
    **dict.fromkeys(
        ("REMOVE_ON_COUNT", "QUEUE_REDIS_EVENT_STREAM_MAX_LEN", "WORKER_CONCURRENCY", "REDIS_KEEP_ALIVE"), "7000"
    ),
}


def is_told(name: str, before: Environment, values: Mapping[str, str], worker: Mapping[str, str] | None) -> bool:
    """Whether a variable changes the deployment or its Secrets, or a word is said about it."""
    try:
        after = imported(values, worker)
    except ConfigError as error:
        return any(name in str(finding) for finding in error.findings)
    said = set(remarks(after)) - set(remarks(before))
    changed = after.imported.arguments != before.imported.arguments or after.secrets != before.secrets
    return changed or any(name in line for line in said)


def told_or_passed_on(values: Mapping[str, str], worker: Mapping[str, str] | None) -> set[str]:
    """The variables that a remark names, and those that are passed on as they are."""
    found = imported(values, worker)
    made = [value for key, value in found.imported.arguments.items() if key in ("settings", "main", "worker")]
    words = set(re.findall(r"\w+", " ".join(remarks(found))))
    return words.union(*(value.extra_env for value in made))


GIVEN = {name: FITTING.get(name, "seven") for name in NAMES}
AT_ONCE = {
    name: value
    for name, value in GIVEN.items()
    if name not in {"MODE", "DATABASE_TYPE", "STORAGE_TYPE", "ENABLE_METRICS"}
}


@pytest.mark.parametrize("base", [KEYS, QUEUE], ids=["standalone", "queue"])
def test_no_variable_of_any_release_is_lost_in_silence(base: Mapping[str, str]) -> None:
    before, known = imported(base), told_or_passed_on({**AT_ONCE, **base}, None)
    others = {name: value for name, value in GIVEN.items() if name in base or name not in known}
    assert [name for name, value in others.items() if not is_told(name, before, {**base, name: value}, None)] == []
    assert len(known & set(NAMES)) > 80


def test_no_variable_of_a_worker_is_lost_in_silence() -> None:
    known = told_or_passed_on(QUEUE, {**AT_ONCE, **QUEUE})
    others = {name: value for name, value in GIVEN.items() if name != "MODE" and (name in QUEUE or name not in known)}
    before = imported(QUEUE, QUEUE)
    assert [name for name, value in others.items() if not is_told(name, before, QUEUE, {**QUEUE, name: value})] == []


def test_variables_go_to_those_who_read_them() -> None:
    extra = {"MAX_LOOP_COUNT": "3", "ENABLE_BULLMQ_DASHBOARD": "true", "MINE": "x", "NPM_TOKEN": "t0ken"}
    found = imported(QUEUE | extra)
    made = found.imported.arguments
    token = SecretKey(secret="flowise-env", key="NPM_TOKEN")
    assert made["settings"].extra_env == {"MAX_LOOP_COUNT": "3", "MINE": "x", "NPM_TOKEN": token}
    assert made["main"].extra_env == {"ENABLE_BULLMQ_DASHBOARD": "true"}
    assert made["worker"].extra_env == {}
    assert found.secrets["flowise-env", "NPM_TOKEN"] == "t0ken"
    own = arguments(QUEUE | extra, QUEUE | {"MINE": "y", "NPM_TOKEN": "other", "ENABLE_BULLMQ_DASHBOARD": "false"})
    assert own["settings"].extra_env == {}
    assert own["main"].extra_env == extra | {"NPM_TOKEN": token}
    assert own["worker"].extra_env == {
        "MINE": "y",
        "NPM_TOKEN": SecretKey(secret="flowise-worker-env", key="NPM_TOKEN"),
    }


@pytest.mark.parametrize(
    ("name", "value", "is_secret"),
    [
        ("OPENAI_API_KEY", "sk-x", True),
        ("FLOWISE_EE_LICENSE_KEY", "x", True),
        ("POSTGRES_RECORDMANAGER_PASSWORD", "1", True),
        ("WEBHOOK", "https://user:pass@example.com", True),
        ("OAUTH2_ALLOWED_TOKEN_DOMAINS", "example.com", False),
        ("PASSWORD_SALT_HASH_ROUNDS", "12", False),
        ("JWT_TOKEN_EXPIRY_IN_MINUTES", "60", False),
        ("DEBUG", "true", False),
    ],
)
def test_what_looks_like_a_secret_goes_to_one(name: str, value: str, is_secret: bool) -> None:
    found = imported({**KEYS, name: value})
    kept = SecretKey(secret="flowise-env", key=name)
    assert found.imported.arguments["main"].extra_env == {name: kept if is_secret else value}


def test_every_secret_of_the_table_is_kept() -> None:
    values = {
        **QUEUE,
        **dict.fromkeys(SECRETS, "a value"),
        "REDIS_TLS": "true",
        **{"SMTP_HOST": "h.example.com", "SMTP_USER": "u", "SENDER_EMAIL": "a@example.com", "APP_URL": "https://a.b"},
    }
    found = imported(values)
    of_azure = {place for name, place in SECRETS.items() if name.startswith("AZURE_")}
    assert {(f"flowise-{suffix}", key) for suffix, key in {*SECRETS.values()} - of_azure} == set(found.secrets)
    yaml, _ = synthesize(found.imported)
    assert "a value" not in yaml
    assert {(item.name.name, key) for item in secrets_of(yaml, found.secrets) for key in item.keys} >= set(
        found.secrets
    )


# Keys


def test_without_the_encryption_key_its_place_is_told_and_none_is_made() -> None:
    found = imported({"SECRETKEY_PATH": "/data/keys/"}, service="web")
    told = next(line for line in remarks(found) if line.startswith("FLOWISE_SECRETKEY_OVERWRITE"))
    assert "docker compose cp web:/data/keys/encryption.key encryption.key" in told
    assert "--encryption-key encryption.key" in told
    secret = secrets_of(synthesize(found.imported)[0], found.secrets)[0]
    assert {key: bool(item.value) for key, item in secret.keys.items()} == {
        "encryption-key": False,
        "jwt-auth-token-secret": True,
        "jwt-refresh-token-secret": True,
        "express-session-secret": True,
        "token-hash-secret": True,
    }


def test_a_key_in_aws_is_taken_from_there() -> None:
    told = remarks(imported({"SECRETKEY_STORAGE_TYPE": "aws", "SECRETKEY_AWS_NAME": "mine"}))
    assert any("aws secretsmanager get-secret-value --secret-id mine --query SecretString" in line for line in told)


def test_the_key_of_the_volume_is_kept_as_it_is() -> None:
    found = imported({}, encryption_key="abc+/=")
    assert found.secrets["flowise-auth", "encryption-key"] == "abc+/="
    assert not any(line.startswith("FLOWISE_SECRETKEY_OVERWRITE") for line in remarks(found))
    assert imported(KEYS, encryption_key="key").secrets["flowise-auth", "encryption-key"] == "key"
    assert refusals(KEYS, encryption_key="other") == [
        ".env FLOWISE_SECRETKEY_OVERWRITE: and --encryption-key differ, and Flowise takes this one: leave out "
        "--encryption-key"
    ]


def test_samples_are_told_and_ignored_ones_are_not_kept() -> None:
    found = imported({**KEYS, "TOKEN_HASH_SECRET": " popcorn ", "FLOWISE_SECRETKEY_OVERWRITE": "myencryptionkey"})
    told = remarks(found)
    assert any(line.startswith(".env TOKEN_HASH_SECRET: is not known, because Flowise made it itself") for line in told)
    assert any("has the sample's value, which everybody knows: it stays" in line for line in told)
    assert ("flowise-auth", "token-hash-secret") not in found.secrets
    assert found.secrets["flowise-auth", "encryption-key"] == "myencryptionkey"


# Database, storage, queue


def test_directories_on_the_volume_move_with_it() -> None:
    made = arguments({**KEYS, "DATABASE_PATH": "/root/.flowise/db/", "BLOB_STORAGE_PATH": "/root/.flowise/files"})
    assert made["database"] == SqliteDatabase(directory="/home/node/.flowise/db")
    assert made["storage"] == LocalStorage(path="/home/node/.flowise/files")
    elsewhere = imported({**KEYS, "DATABASE_PATH": "/data", "BLOB_STORAGE_PATH": "/data/files"})
    assert elsewhere.imported.arguments["database"] == SqliteDatabase()
    assert any("copy its database.sqlite to /home/node/.flowise on the claim" in line for line in remarks(elsewhere))
    assert any("copy its files to /home/node/.flowise/storage on the claim" in line for line in remarks(elsewhere))


def test_nothing_on_the_volume_needs_no_claim() -> None:
    assert arguments({**KEYS, **POSTGRES, **S3})["data"] is None
    assert arguments({**KEYS, **POSTGRES})["data"] is not None


def test_a_server_with_its_own_authority() -> None:
    values = {**KEYS, **POSTGRES, "DATABASE_TYPE": "mariadb", "DATABASE_SSL_KEY_BASE64": AUTHORITY}
    found = imported(values)
    database = found.imported.arguments["database"]
    assert isinstance(database, MariadbDatabase)
    assert (database.port, database.tls and database.tls.verify) == (3306, True)
    assert any("the server's certificate is checked here" in line for line in remarks(found))
    assert arguments({**values, "DATABASE_REJECT_UNAUTHORIZED": "false"})["database"].tls.verify is False


def test_servers_of_compose_are_bundled() -> None:
    servers = {"db": Server("postgres", "compose db"), "redis": Server("redis", "compose redis")}
    values = {**QUEUE, "DATABASE_HOST": "db", "DATABASE_USER": "postgres", "REDIS_HOST": "redis", "REDIS_PASSWORD": "r"}
    found = imported(values, servers=servers)
    assert found.imported.arguments["database"] == BundledPostgres(database="chat")
    assert found.imported.arguments["queue"].redis == BundledRedis()
    assert found.secrets["flowise-postgresql-auth", "user-password"] == "v3ry-s3cret"
    assert found.secrets["flowise-redis-auth", "redis-password"] == "r"
    url = imported({**QUEUE, "REDIS_URL": "redis://:p%25@redis:6379"}, servers=servers)
    assert url.imported.arguments["queue"].redis == BundledRedis()
    assert url.secrets["flowise-redis-auth", "redis-password"] == "p%"


@pytest.mark.parametrize(
    ("url", "redis"),
    [
        ("redis://r.example.com", Redis(host="r.example.com")),
        ("redis://r.example.com:7/0", Redis(host="r.example.com", port=7)),
        ("rediss://r.example.com", Redis(host="r.example.com", tls=RedisTls())),
        (
            "redis://u:p@r.example.com",
            Redis(host="r.example.com", username="u", password=SecretKey(secret="flowise-redis", key="redis-password")),
        ),
    ],
)
def test_the_url_of_redis(url: str, redis: Redis) -> None:
    found = imported({**QUEUE, "REDIS_URL": url, "REDIS_PORT": "1"})
    assert found.imported.arguments["queue"].redis == redis
    assert ".env REDIS_HOST, REDIS_PORT: is not carried over: Flowise takes REDIS_URL" in remarks(found)


def test_proxies_of_any_name_and_with_a_login() -> None:
    found = imported({**KEYS, "HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "a, b", "HTTPS_PROXY": "http://u:p@proxy"})
    key = SecretKey(secret="flowise-env", key="GLOBAL_AGENT_HTTPS_PROXY")
    assert found.imported.arguments["settings"].proxy == OutboundProxy(
        http="http://proxy:3128", https=key, no_proxy=["a", "b"]
    )
    assert found.secrets[key.secret, key.key] == "http://u:p@proxy"


# Image


@pytest.mark.parametrize(
    ("named", "repository", "tag"),
    [
        ("flowiseai/flowise:3.1.4", "docker.io/flowiseai/flowise", "3.1.4"),
        ("flowiseai/flowise", "docker.io/flowiseai/flowise", "3.1.3"),
        ("flowiseai/flowise:latest", "docker.io/flowiseai/flowise", "3.1.3"),
        ("registry.example.com:5000/flowise:3.1.2-acme", "registry.example.com:5000/flowise", "3.1.2-acme"),
        ("flowise:3.1.3", "docker.io/library/flowise", "3.1.3"),
    ],
)
def test_the_image_is_composes(named: str, repository: str, tag: str) -> None:
    image = arguments(KEYS, image=named)["image"]
    assert (image.repository, image.tag) == (repository, tag)


def test_an_older_image_is_upgraded_first() -> None:
    (told,) = refusals(KEYS, image="flowiseai/flowise:2.2.7")
    assert "is older than the releases that this library writes" in told
    assert "set the image's tag to 3.1.1, run docker compose up -d, and make the first account there" in told


GOOGLE = {
    "STORAGE_TYPE": "gcs",
    "GOOGLE_CLOUD_STORAGE_BUCKET_NAME": "files",
    "GOOGLE_CLOUD_STORAGE_PROJ_ID": "acme-prod",
    "GOOGLE_CLOUD_STORAGE_CREDENTIAL": "/root/key.json",
}
AZURE = {
    "STORAGE_TYPE": "azure",
    "AZURE_BLOB_STORAGE_CONTAINER_NAME": "files",
    "AZURE_BLOB_STORAGE_ACCOUNT_NAME": "acme",
    "AZURE_BLOB_STORAGE_ACCOUNT_KEY": "k3y",
}


def test_local_files_in_queue_mode_are_on_a_shared_claim() -> None:
    values = {
        **{name: value for name, value in QUEUE.items() if name not in S3},
        "BLOB_STORAGE_PATH": "/root/.flowise/a",
    }
    given = imported(values)
    assert given.imported.arguments["storage"] == SharedVolume(claim=DataClaim(access_mode="ReadWriteMany"))
    [told] = [remark for remark in remarks(given) if "ReadWriteMany" in remark]
    assert told.startswith("STORAGE_TYPE: 'local' in queue mode: ")
    assert "copy the files of /home/node/.flowise/a to its directory storage" in told
    yaml, _ = synthesize(given.imported)
    assert "accessModes:\n    - ReadWriteMany" in yaml


def test_a_google_bucket_and_the_file_of_its_key() -> None:
    found = imported({**QUEUE, **GOOGLE})
    key = SecretKey(secret="flowise-storage", key="key.json")
    bucket = GcsBucket(bucket="files", project="acme-prod", credentials=key, uniform_access=False)
    assert found.imported.arguments["storage"] == bucket
    assert (key.secret, key.key) not in found.secrets
    assert any("put its content into key 'key.json'" in str(remark) for remark in found.imported.remarks)


def test_an_azure_container_by_key_or_by_connection_string() -> None:
    found = imported({**QUEUE, **AZURE})
    key = SecretKey(secret="flowise-storage", key="account-key")
    assert found.imported.arguments["storage"] == AzureContainer(container="files", account="acme", account_key=key)
    assert found.secrets[key.secret, key.key] == "k3y"
    string = SecretKey(secret="flowise-storage", key="connection-string")
    found = imported({**QUEUE, **AZURE, "AZURE_BLOB_STORAGE_CONNECTION_STRING": "AccountName=acme"})
    assert found.imported.arguments["storage"] == AzureContainer(container="files", connection_string=string)


# Refusals

REFUSED: list[tuple[str, dict[str, str], dict[str, str] | None, str]] = [
    ("kind", {"DATABASE_TYPE": "postgresql"}, None, ".env DATABASE_TYPE: 'postgresql' is none of sqlite, postgres"),
    ("host", {**POSTGRES, "DATABASE_HOST": "localhost"}, None, "which in a pod is the pod itself"),
    ("no host", {"DATABASE_TYPE": "mysql"}, None, "DATABASE_HOST: must be given with DATABASE_TYPE=mysql"),
    ("port", {**POSTGRES, "DATABASE_PORT": "x"}, None, "DATABASE_PORT is 'x' and must be a whole number"),
    ("mysql tls", {**POSTGRES, "DATABASE_TYPE": "mysql", "DATABASE_SSL": "true"}, None, ".env DATABASE_SSL: has no CA"),
    ("store", {"STORAGE_TYPE": "minio"}, None, "STORAGE_TYPE: 'minio' must be one of local, s3, gcs, azure"),
    ("google", {"STORAGE_TYPE": "gcs"}, None, "GOOGLE_CLOUD_STORAGE_BUCKET_NAME: must be given with STORAGE_TYPE=gcs"),
    ("azure", {"STORAGE_TYPE": "azure"}, None, "AZURE_BLOB_STORAGE_CONTAINER_NAME: must be given with STORAGE_TYPE=az"),
    ("bucket", {"STORAGE_TYPE": "s3"}, None, "S3_STORAGE_BUCKET_NAME: must be given with STORAGE_TYPE=s3"),
    ("half", {**S3, "S3_STORAGE_ACCESS_KEY_ID": "x"}, None, "belong together: give both or neither"),
    ("flag", {"SMTP_SECURE": "1", "SMTP_HOST": "x"}, None, "SMTP_SECURE is '1' and must be 'true' or 'false'"),
    ("sqlite in queue mode", {"MODE": "queue", **S3, "REDIS_HOST": "r.x"}, None, "is SQLite, which the pods of queue"),
    ("no redis", {**QUEUE, "REDIS_HOST": ""}, None, "REDIS_HOST: must be given with MODE=queue, or REDIS_URL"),
    ("url", {**QUEUE, "REDIS_URL": "redis://:secret@r/5"}, None, "REDIS_URL: the value (not shown) must be redis://"),
    ("bad url", {**QUEUE, "REDIS_URL": "redis://[x"}, None, "REDIS_URL: the value (not shown) must be redis://"),
    ("no workers", {}, {}, "MODE: must be queue in main's variables, since there are workers"),
    ("key of workers", {**QUEUE, "FLOWISE_SECRETKEY_OVERWRITE": ""}, QUEUE, "is given to workers and not to main"),
    ("other key", QUEUE, {**QUEUE, "FLOWISE_SECRETKEY_OVERWRITE": "s3cret"}, "differs from main's"),
    ("other queue", QUEUE, {**QUEUE, "QUEUE_NAME": "x"} | {"REDIS_HOST": "o.x"}, "REDIS_HOST differs from main's"),
    ("name", {"A-B": "c"}, None, ".env A-B: 'A-B' must be the name of an environment variable"),
    ("characters", {"A": "b\x07"}, None, ".env A: the value (not shown) must not contain"),
    (
        "mail",
        {"SMTP_HOST": "h", "SMTP_USER": "u", "SMTP_PASSWORD": "p", "SENDER_EMAIL": "a@b.c"},
        None,
        "needs APP_URL",
    ),
    ("level", {"LOG_LEVEL": "loud"}, None, ".env LOG_LEVEL: 'loud' must be one of"),
    ("authority", {**POSTGRES, "DATABASE_SSL_KEY_BASE64": "<Self signed>"}, None, "the value (not shown), decoded"),
]


@pytest.mark.parametrize(("values", "worker", "told"), [pytest.param(*row, id=id) for id, *row in REFUSED])
def test_refusals(values: dict[str, str], worker: dict[str, str] | None, told: str) -> None:
    found = refusals({**KEYS, **values}, worker)
    assert any(told in line for line in found), found
    assert not any("s3cret" in line for line in found)


def test_the_name_is_refused_with_everything_else() -> None:
    source = Source(file=".env", main=entries({**KEYS, "LOG_LEVEL": "loud"}))
    with pytest.raises(ConfigError) as error:
        import_environment(source, Notes(), name="Not a name", namespace="Nor this")
    assert [finding.where for finding in error.value.findings] == ["--name", "--namespace", ".env LOG_LEVEL"]


def test_all_refusals_come_at_once() -> None:
    found = refusals({"DATABASE_TYPE": "x", "STORAGE_TYPE": "y", "LOG_LEVEL": "z", "1A": "b", "SMTP_HOST": "h"})
    assert len(found) == 5, found


def test_a_server_of_compose_that_is_not_deployed_here() -> None:
    servers = {"db": Server("mysql", "compose services.db")}
    (told,) = refusals({**KEYS, **POSTGRES, "DATABASE_TYPE": "mysql", "DATABASE_HOST": "db"}, servers=servers)
    assert told.startswith("compose services.db: is the database server 'db', and this library deploys only PostgreSQL")
