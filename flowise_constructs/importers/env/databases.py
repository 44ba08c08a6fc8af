"""The database, from DATABASE_*."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowise_constructs import (
    BundledPostgres,
    DatabaseTls,
    MariadbDatabase,
    MysqlDatabase,
    PostgresDatabase,
    SecretKey,
    SqliteDatabase,
)
from flowise_constructs.core.findings import shown
from flowise_constructs.flowise.directories import DATA_DIRECTORY
from flowise_constructs.importers.directories import ROOT_DATA_DIRECTORY, moved
from flowise_constructs.importers.env.servers import Servers, is_in_reach
from flowise_constructs.importers.env.variables import EnvironmentVariables, Known
from flowise_constructs.importers.fields import authority
from flowise_constructs.importers.guide import GUIDE
from flowise_constructs.importers.notes import Notes

ServerDatabase = PostgresDatabase | MysqlDatabase | MariadbDatabase
Database = SqliteDatabase | ServerDatabase | BundledPostgres

_SERVERS: Mapping[str, Callable[..., ServerDatabase]] = {
    "postgres": PostgresDatabase,
    "mysql": MysqlDatabase,
    "mariadb": MariadbDatabase,
}
_REFUSED: ServerDatabase = PostgresDatabase(host="refused", password=SecretKey(secret="refused", key="refused"))
_OF_THE_SERVER = ("postgres", "template0", "template1")


def database(notes: Notes, variables: EnvironmentVariables, servers: Servers, secrets: Known) -> Database:
    """Where Flowise keeps its data."""
    where, kind = variables.where("DATABASE_TYPE"), variables.take_text("DATABASE_TYPE") or "sqlite"
    if kind == "sqlite":
        return SqliteDatabase(directory=directory(notes, variables, "DATABASE_PATH", "", "database.sqlite"))
    if kind not in _SERVERS:
        notes.refuse(
            where,
            f"{shown(kind)} is none of sqlite, postgres, mysql and mariadb, so Flowise uses SQLite: remove it if the "
            "data are in SQLite, else name the server's kind",
        )
        return _REFUSED
    return _server(notes, variables, servers, secrets, kind)


def directory(notes: Notes, variables: EnvironmentVariables, name: str, default: str, holds: str) -> str | None:
    """A directory on the volume; None for our default. What is elsewhere is expected in our default."""
    where, path = variables.where(name), variables.take_text(name)
    ours = DATA_DIRECTORY + default
    if path is None or moved(path) == ours:
        return None
    if moved(path).startswith(f"{DATA_DIRECTORY}/") and ".." not in path:
        return moved(path)
    notes.remark(
        where,
        f"{shown(path)} is not below {ROOT_DATA_DIRECTORY}, which the claim takes the place of: copy its {holds} "
        f"to {ours} on the claim; {GUIDE}",
        "do",
    )
    return None


def _server(
    notes: Notes, variables: EnvironmentVariables, servers: Servers, secrets: Known, kind: str
) -> ServerDatabase | BundledPostgres:
    where, host = variables.where("DATABASE_HOST"), variables.take_text("DATABASE_HOST")
    if host is None:
        notes.refuse(where, f"must be given with DATABASE_TYPE={kind}: name the server")
        return _REFUSED
    if host in servers and servers[host].kind == "postgres" and kind == "postgres":
        return _bundled(notes, variables, servers[host].where, secrets)
    if host in servers:
        notes.refuse(
            servers[host].where,
            f"is the database server {shown(host)}, and this library deploys only PostgreSQL: move the data to a "
            f"server that the cluster reaches, and name it in DATABASE_HOST; {GUIDE}",
        )
        return _REFUSED
    is_in_reach(notes, where, host, "DATABASE_HOST")
    return _existing(notes, variables, kind, where, host)


def _existing(notes: Notes, variables: EnvironmentVariables, kind: str, where: str, host: str) -> ServerDatabase:
    paths = {
        "": variables.where("DATABASE_TYPE"),
        "host": where,
        "port": variables.where("DATABASE_PORT"),
        "name": variables.where("DATABASE_NAME"),
        "user": variables.where("DATABASE_USER"),
        "tls": variables.where("DATABASE_SSL"),
    }
    fields: dict[str, Any] = {} if (port := variables.take_number("DATABASE_PORT")) is None else {"port": port}
    for field, name in (("name", "DATABASE_NAME"), ("user", "DATABASE_USER")):
        at, value = variables.where(name), variables.take_text(name)
        if value is None:
            notes.refuse(at, f"must be given with DATABASE_TYPE={kind}")
        else:
            fields[field] = value
    at, password = variables.where("DATABASE_PASSWORD"), variables.take_secret("DATABASE_PASSWORD")
    if password is None:
        notes.refuse(at, f"must be given with DATABASE_TYPE={kind}")
        return _REFUSED
    tls = _tls(notes, variables)
    return notes.make(_SERVERS[kind], paths, _REFUSED, host=host, password=password, tls=tls, **fields)


def _tls(notes: Notes, variables: EnvironmentVariables) -> DatabaseTls | None:
    where, at = variables.where("DATABASE_SSL_KEY_BASE64"), variables.where("DATABASE_REJECT_UNAUTHORIZED")
    encoded, on = variables.take_text("DATABASE_SSL_KEY_BASE64"), variables.take_flag("DATABASE_SSL")
    if encoded is None:
        return DatabaseTls() if on else None
    verify = variables.take_flag("DATABASE_REJECT_UNAUTHORIZED")
    if verify is None:
        notes.remark(
            at,
            "is not given: the server's certificate is checked here, which Flowise by itself doesn't; if its name "
            "doesn't fit the certificate, no pod starts",
        )
    ca = authority(notes, where, encoded)
    fields = {"ca": where, "verify": at}
    return None if ca is None else notes.make(DatabaseTls, fields, None, ca=ca, verify=verify is not False)


def _bundled(notes: Notes, variables: EnvironmentVariables, where: str, secrets: Known) -> BundledPostgres:
    paths = {"database": variables.where("DATABASE_NAME"), "user": variables.where("DATABASE_USER"), "": where}
    fields: dict[str, Any] = {}
    for field, name in (("database", "DATABASE_NAME"), ("user", "DATABASE_USER")):
        at, value = variables.where(name), variables.take_text(name)
        if value in _OF_THE_SERVER:
            notes.remark(at, f"is 'flowise' here: {shown(value)} is the server's own; the dump is loaded into it")
        elif value is not None:
            fields[field] = value
    at, password = variables.where("DATABASE_PASSWORD"), variables.take_text("DATABASE_PASSWORD")
    if password is not None:
        variables.judge("DATABASE_PASSWORD", at, password)
        secrets.keep("postgresql-auth", "user-password", password)
    variables.drop(
        ["DATABASE_PORT", "DATABASE_SSL", "DATABASE_SSL_KEY_BASE64", "DATABASE_REJECT_UNAUTHORIZED"],
        "the bundled server listens on 5432, without TLS",
    )
    notes.remark(
        where, f"becomes the bundled PostgreSQL, which starts empty: dump the old one and load it; {GUIDE}", "do"
    )
    return notes.make(BundledPostgres, paths, BundledPostgres(), **fields)
