"""Secrets that operators of databases make of their own objects.

Read in the sources of CloudNativePG 1.30, Crunchy's operator 6.0, Zalando's operator 2.0 and mariadb-operator 26.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowise_constructs.manifests.objects import group_of, map_at, maps_at

Item = Mapping[str, Any]


def secrets_made_of(item: Item, name: str) -> Iterator[str]:
    """The names of the Secrets, in the object's own namespace, that an operator makes of an object."""
    makes = _MAKERS.get((group_of(item), str(item.get("kind"))))
    return makes(item, name) if makes is not None else iter(())


def _cnpg(item: Item, name: str) -> Iterator[str]:
    yield f"{name}-ca"
    ways = (map_at(item, "spec", "bootstrap", way, "secret") for way in ("initdb", "recovery", "pg_basebackup"))
    # Whoever names a Secret makes it.
    if not any(secret.get("name") for secret in ways):
        yield f"{name}-app"


def _crunchy(item: Item, name: str) -> Iterator[str]:
    users = [str(user.get("name")) for user in maps_at(item, "spec", "users")] or [name]
    yield from [f"{name}-cluster-cert", *(f"{name}-pguser-{user}" for user in users)]


def _zalando(item: Item, name: str) -> Iterator[str]:
    users = map_at(item, "spec", "users")
    yield from (f"{user.replace('_', '-')}.{name}.credentials.postgresql.acid.zalan.do" for user in users)


def _mariadb(item: Item, name: str) -> Iterator[str]:
    yield f"{name}-ca-bundle"
    password = map_at(item, "spec", "passwordSecretKeyRef")
    if password.get("generate") and password.get("name"):
        yield str(password["name"])


def _connection(item: Item, name: str) -> Iterator[str]:
    yield str(map_at(item, "spec").get("secretName") or name)


_MAKERS: Mapping[tuple[str, str], Callable[[Item, str], Iterator[str]]] = {
    ("postgresql.cnpg.io", "Cluster"): _cnpg,
    ("postgres-operator.crunchydata.com", "PostgresCluster"): _crunchy,
    ("acid.zalan.do", "postgresql"): _zalando,
    ("k8s.mariadb.com", "MariaDB"): _mariadb,
    ("k8s.mariadb.com", "Connection"): _connection,
}
