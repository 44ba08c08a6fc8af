"""Database, Redis and bucket: those that exist and the bundled ones."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from flowise_constructs import (
    BundledPostgres,
    BundledRedis,
    DatabaseTls,
    LocalStorage,
    MysqlDatabase,
    PodOptions,
    PostgresDatabase,
    Queue,
    Redis,
    RedisTls,
    Resources,
    S3Bucket,
    S3Credentials,
    SecretKey,
    ServerImage,
    SqliteDatabase,
    checks,
)
from flowise_constructs.env import DATA_DIRECTORY
from flowise_constructs.helm.inline_secrets import InlineSecrets
from flowise_constructs.helm.names import full_name
from flowise_constructs.helm.pods import moved, pod_options, resources, scheduling_paths, secret_key, service_account
from flowise_constructs.helm.refusals import database_mode
from flowise_constructs.helm.release import Release
from flowise_constructs.helm.variables import Variables

Database = SqliteDatabase | PostgresDatabase | MysqlDatabase | BundledPostgres
Storage = LocalStorage | S3Bucket

_PRESET_KEYS = ("max_connections", "shared_buffers", "effective_cache_size", "work_mem", "maintenance_work_mem")
_PRESETS: Mapping[str, Mapping[str, str]] = {
    name: dict(zip(_PRESET_KEYS, amounts.split(), strict=True))
    for name, amounts in {
        "small": "100 256MB 768MB 4MB 64MB",
        "medium": "200 512MB 1536MB 8MB 128MB",
        "large": "400 1GB 3GB 16MB 256MB",
    }.items()
}
_RESOURCE_PRESETS: Mapping[str, Resources] = {
    "small": Resources(cpu_request="250m", memory_request="512Mi", memory_limit="1Gi", cpu_limit="500m"),
    "medium": Resources(cpu_request="500m", memory_request="1Gi", memory_limit="2Gi", cpu_limit="1"),
    "large": Resources(cpu_request="1", memory_request="2Gi", memory_limit="4Gi", cpu_limit="2"),
}


def database(release: Release, variables: Variables, secrets: InlineSecrets) -> Database:
    """Where the release has its data."""
    mode = database_mode(release)
    if mode == "external":
        return _external_database(release, variables, secrets)
    return _bundled_postgres(release, secrets) if mode == "postgresql" else _sqlite(release)


def _sqlite(release: Release) -> SqliteDatabase:
    path = "database.sqlite.path"
    given = release.text(path)
    directory = moved(given)
    if given and not _is_mounted(release, directory):
        release.refuse(
            path,
            f"{given[:80]!r} is on no volume: give a path below /root/.flowise, or mount a volume there with "
            "extraVolumeMounts",
        )
    release.remark(
        path,
        f"Flowise takes it for a directory: the release's file is {given.rstrip('/')}/database.sqlite, "
        f"and stays in that place on the claim, which is mounted at {DATA_DIRECTORY} now",
    )
    if not release.flag("persistence.enabled"):
        release.remark(
            "persistence.enabled",
            "false with SQLite: the database goes with each pod, as in the release; give it a claim",
        )
    directory_or_default = None if directory == DATA_DIRECTORY else directory
    return release.make(SqliteDatabase, {"directory": path}, SqliteDatabase(), directory=directory_or_default)


def _is_mounted(release: Release, directory: str) -> bool:
    mounts = [moved(str(entry.get("mountPath", ""))) for _, entry in release.entries("extraVolumeMounts")]
    return any(directory == mount or directory.startswith(f"{mount}/") for mount in [DATA_DIRECTORY, *mounts] if mount)


def _external_database(release: Release, variables: Variables, secrets: InlineSecrets) -> Database:
    at = "database.external"
    cls: type[Database] = MysqlDatabase if release.text(f"{at}.vendor") == "mysql" else PostgresDatabase
    port = release.text(f"{at}.port")
    fields: dict[str, Any] = {"port": _port(release, f"{at}.port")} if port else {}
    paths = {
        "host": f"{at}.host",
        "port": f"{at}.port",
        "name": f"{at}.name",
        "user": f"{at}.username",
        "tls": f"{at}.ssl",
        "ca": f"{at}.sslKeyBase64",
    }
    otherwise: Database = PostgresDatabase(host="refused", password=SecretKey(secret="refused", key="refused"))
    if not release.text(f"{at}.host"):
        return otherwise
    return release.make(
        cls,
        paths,
        otherwise,
        host=release.text(f"{at}.host"),
        name=release.text(f"{at}.name"),
        user=release.text(f"{at}.username"),
        password=_external_password(release, secrets, at, "database", "database-password"),
        tls=_database_tls(release),
        **fields,
    )


def _port(release: Release, path: str) -> int:
    text = release.text(path)
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    release.refuse(path, f"{text[:80]!r} must be a port from 1 to 65535")
    return 1


def _external_password(release: Release, secrets: InlineSecrets, at: str, suffix: str, key: str) -> SecretKey:
    existing = release.text(f"{at}.existingSecret")
    if existing:
        key_path = f"{at}.existingSecretPasswordKey"
        return secret_key(release, existing, f"{at}.existingSecret", release.text(key_path) or key, key_path)
    name = f"{full_name(release)}-{suffix}"
    if release.text(f"{at}.password"):
        secrets.add(name, {key: f"{at}.password"}, instead=f"{at}.existingSecret")
    else:
        release.remark(
            f"{at}.existingSecret", f"is empty, and so is {at}.password: key {key!r} of Secret {name!r} must exist"
        )
    return secret_key(release, name, "fullnameOverride", key, at)


def _database_tls(release: Release) -> DatabaseTls | None:
    at = "database.external"
    encoded = release.text(f"{at}.sslKeyBase64")
    if not encoded and not release.flag(f"{at}.ssl"):
        return None
    verify = release.flag(f"{at}.rejectUnauthorized")
    if not encoded:
        if not verify:
            release.remark(
                f"{at}.rejectUnauthorized",
                "false has no effect without sslKeyBase64: Flowise then always checks the certificate",
            )
        return DatabaseTls()
    paths = {"ca": f"{at}.sslKeyBase64", "verify": f"{at}.rejectUnauthorized"}
    ca = _authority(release, f"{at}.sslKeyBase64", encoded)
    return DatabaseTls() if ca is None else release.make(DatabaseTls, paths, DatabaseTls(), ca=ca, verify=verify)


def _authority(release: Release, path: str, encoded: str) -> str | None:
    """The certificate, which no message shows: what stands there may be a private key."""
    try:
        text = base64.b64decode(encoded, validate=False).decode()
    except (binascii.Error, ValueError):
        text = ""
    problem = checks.certificate(text)
    if problem is None:
        return text
    release.refuse(path, f"the value (not shown), decoded from base64, {problem}")
    return None


def _bundled_postgres(release: Release, secrets: InlineSecrets) -> BundledPostgres:
    at, persistence = "postgresql", "postgresql.standalone.persistence"
    if not release.flag(f"{persistence}.enabled"):
        release.refuse(
            f"{persistence}.enabled",
            "false: the data are in the pod and go with its first restart, and volumeClaimTemplates can't be added "
            "in place; dump the database, set it to true in the release, load the dump, and migrate then",
        )
    paths = {
        "database": f"{at}.auth.database",
        "user": f"{at}.auth.username",
        "size": f"{persistence}.size",
        "storage_class": f"{persistence}.storageClass",
        "config": f"{at}.config.postgresql",
    }
    password, admin = _postgres_passwords(release, secrets)
    return release.make(
        BundledPostgres,
        paths,
        BundledPostgres(),
        database=release.text(f"{at}.auth.database"),
        user=release.text(f"{at}.auth.username"),
        password=password,
        admin_password=admin,
        size=release.text(f"{persistence}.size"),
        storage_class=release.text(f"{persistence}.storageClass") or None,
        config=_postgres_config(release),
        image=server_image(release, at, BundledPostgres().image),
        resources=_postgres_resources(release),
        pod=_server_pod(release, at),
    )


def _postgres_resources(release: Release) -> Resources:
    preset_path, default = "postgresql.standalone.resourcesPreset", BundledPostgres().resources
    preset = release.text(preset_path)
    if preset not in (*_RESOURCE_PRESETS, "none", ""):
        release.refuse(preset_path, f"{preset[:80]!r} must be one of {', '.join(_RESOURCE_PRESETS)} or none")
    if release.given(preset_path):
        default = _RESOURCE_PRESETS.get(preset, default)
    return resources(release, "postgresql.standalone.resources", default)


def _postgres_passwords(release: Release, secrets: InlineSecrets) -> tuple[SecretKey | None, SecretKey | None]:
    at = "postgresql.auth"
    keys = {kind: f"{at}.existingSecret{kind}PasswordKey" for kind in ("User", "Postgres")}
    existing, own = release.text(f"{at}.existingSecret"), f"{release.name}-postgresql-auth"
    name, path = (existing, f"{at}.existingSecret") if existing else (own, "--release")
    password, admin = (secret_key(release, name, path, release.text(key), key) for key in keys.values())
    if existing:
        release.remark(
            path,
            f"Flowise in the release reads its password from {own!r} all the same; here from {existing[:80]!r}: "
            "both must hold the same",
        )
    else:
        inline = {password.key: f"{at}.password", admin.key: f"{at}.postgresPassword"}
        secrets.own(own, inline, instead=f"{at}.existingSecret")
    standard = (own, "user-password", "postgres-password")
    is_standard = (name, password.key, admin.key) == standard
    return (None, None) if is_standard else (password, admin)


def _postgres_config(release: Release) -> dict[str, str]:
    preset = release.text("postgresql.config.preset")
    if preset not in (*_PRESETS, "none", ""):
        release.refuse("postgresql.config.preset", f"{preset[:80]!r} must be one of {', '.join(_PRESETS)} or none")
    path = "postgresql.config.postgresql"
    return {**_PRESETS.get(preset, {}), **_directives(release, path, r"([A-Za-z_]+)\s*(?:=\s*|\s)(.+)", "name = value")}


def _directives(release: Release, path: str, pattern: str, form: str) -> dict[str, str]:
    """The lines of a configuration file."""
    found: dict[str, str] = {}
    for line in release.text(path).splitlines():
        text = line.partition("#")[0].strip()
        match = re.fullmatch(pattern, text)
        if match:
            found[match[1]] = match[2].strip().removeprefix("'").removesuffix("'")
        elif text:
            release.refuse(path, f"the line {text[:80]!r} must read '{form}'")
    return found


def server_image(release: Release, at: str, default: ServerImage) -> ServerImage:
    """A bundled server's image, the chart's default of today where none is given."""
    path, where = (
        f"{at}.image",
        {
            "repository": f"{at}.image.repository",
            "tag": f"{at}.image.tag",
            "digest": f"{at}.image.tag",
            "pull_secrets": f"{at}.imagePullSecrets",
            "pull_policy": f"{at}.image.pullPolicy",
        },
    )
    tag, _, digest = release.text(f"{path}.tag").partition("@")
    if not tag and not digest:
        tag = default.tag or ""
        release.remark(
            f"{path}.tag", f"is not given: {tag} is taken; see that the live server's major version is no other"
        )
    return release.make(
        ServerImage,
        where,
        default,
        repository=release.text(f"{path}.repository"),
        tag=tag or None,
        digest=digest or None,
        pull_policy=release.text(f"{path}.pullPolicy") if release.given(f"{path}.pullPolicy") else None,
        pull_secrets=pull_secrets(release, f"{at}.imagePullSecrets"),
    )


def pull_secrets(release: Release, path: str) -> list[str]:
    """The names of a list of `name:` entries."""
    names: list[str] = []
    for where, entry in release.entries(path):
        release.only(entry, where, "name")
        name = entry.get("name")
        if isinstance(name, str) and name:
            names.append(name)
        else:
            release.refuse(f"{where}.name", "must be the name of a Secret")
    return names


def _server_pod(release: Release, at: str) -> PodOptions:
    paths = {
        "labels": f"{at}.podLabels",
        "annotations": f"{at}.podAnnotations",
        **scheduling_paths(f"{at}."),
        "topology_spread_constraints": f"{at}.topologySpreadConstraints",
        "priority_class_name": f"{at}.priorityClassName",
    }
    account = service_account(release, f"{at}.serviceAccount", f"{release.name}-{at}")
    return pod_options(release, paths, service_account=account)


def storage(release: Release, secrets: InlineSecrets) -> Storage:
    """Where uploads and documents are."""
    if release.text("storage.type") != "s3":
        path = moved(release.text("storage.local.path"))
        default = f"{DATA_DIRECTORY}/storage"
        if path and not _is_mounted(release, path):
            release.refuse(
                "storage.local.path",
                f"{path[:80]!r} is on no volume: give a path below /root/.flowise, or mount a volume there with "
                "extraVolumeMounts",
            )
        return release.make(
            LocalStorage, {"path": "storage.local.path"}, LocalStorage(), path=None if path == default else path
        )
    at = "storage.s3"
    if not release.text(f"{at}.bucketName"):
        return S3Bucket(bucket="refused")
    return release.make(
        S3Bucket,
        {"bucket": f"{at}.bucketName", "region": f"{at}.region", "endpoint": f"{at}.endpointUrl"},
        S3Bucket(bucket="refused"),
        bucket=release.text(f"{at}.bucketName"),
        region=release.text(f"{at}.region"),
        endpoint=release.text(f"{at}.endpointUrl") or None,
        path_style=release.flag(f"{at}.forcePathStyle"),
        credentials=bucket_keys(
            release, secrets, at, f"{full_name(release)}-storage", ("accessKeyId", "secretAccessKey")
        ),
    )


def bucket_keys(release: Release, secrets: InlineSecrets, at: str, own: str, inline: tuple[str, str]) -> S3Credentials:
    """A bucket's static keys: in the Secret that is named, or in the chart's own, whose content is in the values."""
    names = {"access_key_id": "existingSecretAccessKeyKey", "secret_access_key": "existingSecretSecretKeyKey"}
    existing = release.text(f"{at}.existingSecret")
    if not existing:
        first, second = (f"{at}.{key}" for key in inline)
        secrets.add(own, {"access-key": first, "secret-key": second}, instead=f"{at}.existingSecret")
        return S3Credentials.from_secret(own) if len(own) <= 253 else S3Credentials.from_secret("refused")
    keys = {
        field: secret_key(release, existing, f"{at}.existingSecret", release.text(f"{at}.{key}"), f"{at}.{key}")
        for field, key in names.items()
    }
    return S3Credentials(**keys)


def queue(release: Release, main: Variables, secrets: InlineSecrets) -> Queue:
    """The queue and its Redis."""
    at = "queue.worker"
    age, number = main.take_number("REMOVE_ON_AGE"), main.take_number("REMOVE_ON_COUNT")
    paths = {
        "name": "queue.name",
        "remove_on_age_seconds": f"{at}.removeOnAge",
        "remove_on_count": f"{at}.removeOnCount",
        "event_stream_length": main.where("QUEUE_REDIS_EVENT_STREAM_MAX_LEN"),
    }
    otherwise = Queue(redis=Redis(host="refused"))
    return release.make(
        Queue,
        paths,
        otherwise,
        redis=_redis(release, main, secrets),
        name=release.text("queue.name"),
        remove_on_age_seconds=(age if age is not None else release.number(f"{at}.removeOnAge")) or None,
        remove_on_count=(number if number is not None else release.number(f"{at}.removeOnCount")) or None,
        event_stream_length=main.take_number("QUEUE_REDIS_EVENT_STREAM_MAX_LEN"),
    )


def _redis(release: Release, main: Variables, secrets: InlineSecrets) -> Redis | BundledRedis:
    if release.flag("redis.enabled"):
        return _bundled_redis(release, secrets)
    at = "redis.external"
    host = release.text(f"{at}.host")
    if not host:
        return Redis(host="refused")
    has_password = release.text(f"{at}.existingSecret") or release.text(f"{at}.password")
    keep_alive = main.take_number("REDIS_KEEP_ALIVE")
    fields: dict[str, Any] = {} if keep_alive is None else {"keep_alive_seconds": max(1, keep_alive // 1000)}
    return release.make(
        Redis,
        {"host": f"{at}.host", "port": f"{at}.port", "username": f"{at}.username", "password": f"{at}.password"},
        Redis(host="refused"),
        host=host,
        port=_port(release, f"{at}.port") if release.text(f"{at}.port") else 6379,
        username=release.text(f"{at}.username") or None,
        password=_external_password(release, secrets, at, "redis", "redis-password") if has_password else None,
        tls=_redis_tls(release, main),
        **fields,
    )


def _redis_tls(release: Release, main: Variables) -> RedisTls | None:
    on = main.take_flag("REDIS_TLS")
    where = {
        "ca": main.where("REDIS_CA"),
        "certificate": main.where("REDIS_CERT"),
        "private_key": main.where("REDIS_KEY"),
    }
    if not on:
        return None
    ca = main.take("REDIS_CA")
    ca = _authority(release, where["ca"], ca) if isinstance(ca, str) else ca
    return release.make(
        RedisTls,
        where,
        RedisTls(),
        ca=ca,
        certificate=main.take_secret("REDIS_CERT"),
        private_key=main.take_secret("REDIS_KEY"),
    )


def _bundled_redis(release: Release, secrets: InlineSecrets) -> BundledRedis:
    at, persistence = "redis", "redis.standalone.persistence"
    if not release.flag(f"{persistence}.enabled"):
        release.remark(
            f"{persistence}.enabled",
            "false: here the server has a claim, which can't be added in place; let the queue run empty, then run "
            f"kubectl delete statefulset {release.name}-redis before the first apply",
        )
    auth = release.flag(f"{at}.auth.enabled")
    return release.make(
        BundledRedis,
        {"size": f"{persistence}.size", "storage_class": f"{persistence}.storageClass", "config": f"{at}.config.redis"},
        BundledRedis(),
        password=_bundled_redis_password(release, secrets) if auth else None,
        auth=auth,
        size=release.text(f"{persistence}.size"),
        storage_class=release.text(f"{persistence}.storageClass") or None,
        config=_directives(release, f"{at}.config.redis", r"([A-Za-z0-9-]+)\s+(.+)", "name value"),
        image=server_image(release, at, BundledRedis().image),
        resources=resources(release, f"{at}.standalone.resources", BundledRedis().resources),
        pod=_server_pod(release, at),
    )


def _bundled_redis_password(release: Release, secrets: InlineSecrets) -> SecretKey | None:
    at, own = "redis.auth", f"{release.name}-redis-auth"
    existing, key_path = release.text(f"{at}.existingSecret"), f"{at}.existingSecretPasswordKey"
    password = secret_key(
        release, existing or own, f"{at}.existingSecret" if existing else "--release", release.text(key_path), key_path
    )
    if not existing:
        secrets.own(own, {password.key: f"{at}.password"}, instead=f"{at}.existingSecret")
    return None if (password.secret, password.key) == (own, "redis-password") else password
