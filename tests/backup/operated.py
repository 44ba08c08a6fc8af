"""Databases whose addresses are in a Secret, as operators make it."""

from __future__ import annotations

from typing import Any, TypeVar

from flowise_constructs import MariadbDatabase, PostgresDatabase, SecretKey

from .servers import Mariadb, Postgres

SECRET = "flowise-db-app"
T = TypeVar("T", bound="PostgresDatabase | MariadbDatabase")


def by_reference(family: type[T]) -> T:
    """A database of which the YAML knows nothing but where it is written."""
    keys = {"host": "host", "port": "port", "name": "dbname", "user": "username", "password": "password"}
    fields: dict[str, Any] = {field: SecretKey(secret=SECRET, key=key) for field, key in keys.items()}
    return family(**fields)


def operated(server: Postgres | Mariadb, name: str) -> dict[str, str]:
    """What is in that Secret."""
    address = {"host": "127.0.0.1", "port": str(server.port), "dbname": name, "username": "flowise"}
    return {**address, "password": server.password}
