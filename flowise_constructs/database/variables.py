"""Flowise's database variables."""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs.database.servers import DatabaseTls, MysqlDatabase, PostgresDatabase
from flowise_constructs.database.values import Database, ServerDatabase, SqliteDatabase
from flowise_constructs.kubernetes.environment import Environment, Owner, certificate_file, word
from flowise_constructs.kubernetes.references import Pem, variable_of

PREFIX = "DATABASE_"
TYPE = "DATABASE_TYPE"
HOST = "DATABASE_HOST"
PASSWORD = "DATABASE_PASSWORD"
CA_FILE = "database-ca.pem"
CA_FILE_VARIABLE = "DATABASE_SSL_KEY_FILE"
"""Ours: certificate-variables.js makes Flowise's variable of it."""

ADDRESS = (HOST, "DATABASE_PORT", "DATABASE_NAME", "DATABASE_USER")
"""Where it is and as whom: no secrets, though a Secret may hold them."""
FIXED_VARIABLES = (TYPE, "DATABASE_PATH", CA_FILE_VARIABLE)
"""Those that other lines of a manifest follow from: volumes, scripts."""

OWNED: Mapping[str, Owner] = {
    TYPE: Owner("Flowise.database"),
    "DATABASE_PATH": Owner("SqliteDatabase.directory"),
    HOST: Owner("Flowise.database"),
    "DATABASE_PORT": Owner("Flowise.database"),
    "DATABASE_NAME": Owner("Flowise.database"),
    "DATABASE_USER": Owner("Flowise.database"),
    PASSWORD: Owner("Flowise.database"),
    "DATABASE_SSL": Owner("DatabaseTls"),
    "DATABASE_SSL_KEY_BASE64": Owner("DatabaseTls.ca_base64"),
    CA_FILE_VARIABLE: Owner("DatabaseTls.ca"),
    "DATABASE_REJECT_UNAUTHORIZED": Owner("DatabaseTls.verify"),
}


def database_environment(database: Database, data_directory: str) -> Environment:
    """The variables that Flowise reads. Every other client of the database uses the same."""
    if isinstance(database, SqliteDatabase):
        return {TYPE: "sqlite", "DATABASE_PATH": database.directory or data_directory}
    return {
        TYPE: _type(database),
        HOST: database.host,
        "DATABASE_PORT": variable_of(database.port),
        "DATABASE_NAME": database.name,
        "DATABASE_USER": database.user,
        PASSWORD: database.password,
        **(_tls(database.tls) if database.tls else {}),
    }


def _type(database: ServerDatabase) -> str:
    if isinstance(database, PostgresDatabase):
        return "postgres"
    return "mysql" if isinstance(database, MysqlDatabase) else "mariadb"


def _tls(tls: DatabaseTls) -> Environment:
    # Flowise reads DATABASE_REJECT_UNAUTHORIZED only together with a CA, and takes anything but 'true' for no.
    if not tls.has_ca:
        return {"DATABASE_SSL": "true"}
    return {
        "DATABASE_SSL": "true",
        **({CA_FILE_VARIABLE: certificate_file(CA_FILE)} if tls.ca is not None else {}),
        **({"DATABASE_SSL_KEY_BASE64": tls.ca_base64} if tls.ca_base64 is not None else {}),
        "DATABASE_REJECT_UNAUTHORIZED": word(tls.verify),
    }


def database_files(database: Database) -> dict[str, Pem]:
    """The certificates that its variables name."""
    tls = None if isinstance(database, SqliteDatabase) else database.tls
    return {CA_FILE: tls.ca} if tls is not None and tls.ca is not None else {}
