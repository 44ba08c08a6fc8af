"""The database, from the variables that the release runs with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowise_constructs import (
    DatabaseTls,
    MariadbDatabase,
    MysqlDatabase,
    PostgresDatabase,
    SecretKey,
    SqliteDatabase,
)
from flowise_constructs.core.findings import shown
from flowise_constructs.flowise.directories import DATA_DIRECTORY
from flowise_constructs.importers.cowboysysop.directories import placed
from flowise_constructs.importers.fields import authority
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.variables import Variables

ServerDatabase = PostgresDatabase | MysqlDatabase | MariadbDatabase

_SERVERS: Mapping[str, Callable[..., ServerDatabase]] = {
    "postgres": PostgresDatabase,
    # The chart says mysql to a MariaDB, too, and the two have migrations of different names: another type than the
    # release's would run some of them again.
    "mysql": MysqlDatabase,
    "mariadb": MariadbDatabase,
}
_REFUSED: ServerDatabase = PostgresDatabase(host="refused", password=SecretKey(secret="refused", key="refused"))


def database(release: Release, variables: Variables) -> SqliteDatabase | ServerDatabase:
    """Where the release keeps its data."""
    where, kind = variables.where("DATABASE_TYPE"), variables.take_text("DATABASE_TYPE") or "sqlite"
    at, directory = variables.where("DATABASE_PATH"), variables.take_text("DATABASE_PATH") or ""
    if kind in _SERVERS:
        return _server(release, variables, where, kind)
    if kind != "sqlite":
        release.refuse(
            where,
            f"{shown(kind)} is none of sqlite, postgres, mysql and mariadb, so Flowise uses SQLite: remove it if the "
            "data is in SQLite",
        )
    if not release.flag("persistence.enabled"):
        release.remark(
            "persistence.enabled",
            "false with SQLite: the database goes with each pod, as in the release; give it a claim",
        )
    ours = placed(directory)
    fields = {"directory": None if ours == DATA_DIRECTORY else ours}
    return release.make(SqliteDatabase, {"directory": at}, SqliteDatabase(), **fields)


def _server(release: Release, variables: Variables, where: str, kind: str) -> ServerDatabase:
    names = {"host": "DATABASE_HOST", "name": "DATABASE_NAME", "user": "DATABASE_USER", "port": "DATABASE_PORT"}
    paths = {"": where, "tls": variables.where("DATABASE_SSL")}
    paths |= {field: variables.where(name) for field, name in names.items()}
    fields: dict[str, Any] = {}
    for field, name in names.items():
        value = variables.take_number(name) if field == "port" else variables.take_text(name)
        if value is not None and value != "":
            fields[field] = value
    at, password = variables.where("DATABASE_PASSWORD"), variables.take_secret("DATABASE_PASSWORD")
    if "host" not in fields:
        release.refuse(paths["host"], f"is empty with DATABASE_TYPE={kind}: name the server")
    if password is None:
        release.refuse(at, f"lacks DATABASE_PASSWORD with DATABASE_TYPE={kind}: give valueFrom.secretKeyRef")
    tls = _tls(release, variables)
    if "host" not in fields or password is None:
        return _REFUSED
    return release.make(_SERVERS[kind], paths, _REFUSED, password=password, tls=tls, **fields)


def _tls(release: Release, variables: Variables) -> DatabaseTls | None:
    where, at = variables.where("DATABASE_SSL_KEY_BASE64"), variables.where("DATABASE_REJECT_UNAUTHORIZED")
    on, verify = variables.take_flag("DATABASE_SSL"), variables.take_flag("DATABASE_REJECT_UNAUTHORIZED")
    encoded = variables.take("DATABASE_SSL_KEY_BASE64")
    if encoded is None:
        return DatabaseTls() if on else None
    inline = authority(release, where, encoded) if isinstance(encoded, str) else None
    if verify is None:
        release.remark(
            at,
            "lacks DATABASE_REJECT_UNAUTHORIZED: the server's certificate is checked here, which Flowise by itself "
            "doesn't; if its name doesn't fit the certificate, no pod starts",
        )
    return release.make(
        DatabaseTls,
        {"ca": where, "ca_base64": where, "verify": at},
        DatabaseTls(),
        ca=inline,
        ca_base64=None if isinstance(encoded, str) else encoded,
        verify=verify is not False,
    )
