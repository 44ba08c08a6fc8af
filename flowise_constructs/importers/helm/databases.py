"""The database: a file, an existing server, or the bundled PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowise_constructs import (
    BundledPostgres,
    DatabaseTls,
    MysqlDatabase,
    PostgresDatabase,
    Resources,
    SecretKey,
    SqliteDatabase,
)
from flowise_constructs.flowise.directories import DATA_DIRECTORY
from flowise_constructs.importers.directories import moved
from flowise_constructs.importers.fields import authority, directives, port_of
from flowise_constructs.importers.helm.refusals import database_mode
from flowise_constructs.importers.helm.servers import external_password, server_image, server_pod
from flowise_constructs.importers.helm.storages import is_mounted
from flowise_constructs.importers.inline_secrets import InlineSecrets
from flowise_constructs.importers.pods import resources, secret_key
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.variables import Variables

Database = SqliteDatabase | PostgresDatabase | MysqlDatabase | BundledPostgres

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
    """Where the release keeps its data."""
    mode = database_mode(release)
    if mode == "external":
        return _external_database(release, variables, secrets)
    return _bundled_postgres(release, secrets) if mode == "postgresql" else _sqlite(release)


def _sqlite(release: Release) -> SqliteDatabase:
    path = "database.sqlite.path"
    given = release.text(path)
    directory = moved(given)
    if given and not is_mounted(release, directory):
        release.refuse(
            path,
            f"{given[:80]!r} is not on a volume: give a path below /root/.flowise, or mount a volume there with "
            "extraVolumeMounts",
        )
    release.remark(
        path,
        f"Flowise treats it as a directory: the release's file is {given.rstrip('/')}/database.sqlite, "
        f"and stays in that place on the claim, which is now mounted at {DATA_DIRECTORY}",
    )
    if not release.flag("persistence.enabled"):
        release.remark(
            "persistence.enabled",
            "false with SQLite: the database is deleted with each pod, as in the release; give it a claim",
        )
    directory_or_default = None if directory == DATA_DIRECTORY else directory
    return release.make(SqliteDatabase, {"directory": path}, SqliteDatabase(), directory=directory_or_default)


def _external_database(release: Release, variables: Variables, secrets: InlineSecrets) -> Database:
    at = "database.external"
    cls: type[Database] = MysqlDatabase if release.text(f"{at}.vendor") == "mysql" else PostgresDatabase
    given = {field: variables.take_reference(f"DATABASE_{field.upper()}") for field in ("host", "port", "name", "user")}
    fields: dict[str, Any] = {field: reference for field, reference in given.items() if reference is not None}
    if "port" not in fields and release.text(f"{at}.port"):
        fields["port"] = port_of(release, f"{at}.port")
    paths = {
        "host": f"{at}.host",
        "port": f"{at}.port",
        "name": f"{at}.name",
        "user": f"{at}.username",
        "tls": f"{at}.ssl",
        "ca": f"{at}.sslKeyBase64",
    }
    otherwise: Database = PostgresDatabase(host="refused", password=SecretKey(secret="refused", key="refused"))
    if not release.text(f"{at}.host") and "host" not in fields:
        return otherwise
    return release.make(
        cls,
        paths,
        otherwise,
        password=external_password(release, secrets, at, "database", "database-password"),
        tls=_database_tls(release),
        **{
            "host": release.text(f"{at}.host"),
            "name": release.text(f"{at}.name"),
            "user": release.text(f"{at}.username"),
            **fields,
        },
    )


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
    ca = authority(release, f"{at}.sslKeyBase64", encoded)
    return DatabaseTls() if ca is None else release.make(DatabaseTls, paths, DatabaseTls(), ca=ca, verify=verify)


def _bundled_postgres(release: Release, secrets: InlineSecrets) -> BundledPostgres:
    at, persistence = "postgresql", "postgresql.standalone.persistence"
    if not release.flag(f"{persistence}.enabled"):
        release.refuse(
            f"{persistence}.enabled",
            "false: the data is in the pod and is lost at its first restart, and volumeClaimTemplates can't be added "
            "in place; dump the database, set it to true in the release, load the dump, and then migrate",
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
        pod=server_pod(release, at),
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
            f"Flowise in the release still reads its password from {own!r}, here from {existing[:80]!r}: "
            "both must hold the same password",
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
    return {**_PRESETS.get(preset, {}), **directives(release, path, r"([A-Za-z_]+)\s*(?:=\s*|\s)(.+)", "name = value")}
