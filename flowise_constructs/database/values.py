"""Where Flowise keeps its data: SQLite, an existing server, or the bundled PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import naming, paths, quantities, texts
from flowise_constructs.core.value import Value
from flowise_constructs.database.servers import MariadbDatabase, MysqlDatabase, PostgresDatabase
from flowise_constructs.kubernetes.images import ServerImage
from flowise_constructs.kubernetes.pod_options import PodOptions, Resources
from flowise_constructs.kubernetes.references import SecretKey
from flowise_constructs.kubernetes.security import Security

POSTGRES_IMAGE = ServerImage(repository="docker.io/library/postgres", tag="18.6-trixie")
"""Image of the bundled server, and of the client for backups."""


@dataclass(frozen=True, kw_only=True)
class SqliteDatabase(Value):
    """SQLite on the data volume of the single main. `DATABASE_TYPE=sqlite`."""

    directory: paths.Directory | None = None
    """Directory of the file `database.sqlite`: `DATABASE_PATH`. Default: the data directory. The Helm chart puts the
    file in a directory called `database.sqlite`: `/home/node/.flowise/database.sqlite`."""


@dataclass(frozen=True, kw_only=True)
class BundledPostgres(Value):
    """A PostgreSQL server that is part of the deployment: one pod with a claim. For a database that must survive the
    loss of a node or be upgraded without downtime, use an operator or a managed server."""

    password: SecretKey | None = None
    """Password of the application's role. Default: key `user-password` of Secret `{instance}-postgresql-auth`."""
    admin_password: SecretKey | None = None
    """Password of the superuser `postgres`. Default: key `postgres-password` of Secret `{instance}-postgresql-auth`."""
    database: naming.Identifier = "flowise"
    """Database that the first start creates, owned by `user`."""
    user: naming.Identifier = "flowise"
    """Role that the first start creates."""
    size: quantities.Size = "8Gi"
    """Claim `data-{instance}-postgresql-0`. Can't be changed in the StatefulSet later: see
    `flowise-constructs docs move-a-claim`."""
    storage_class: naming.ObjectName | None = None
    """`storageClassName`. Default: left out, the cluster's default class."""
    config: Mapping[naming.EnvName, texts.Text] = field(default_factory=dict[str, str])
    """Settings added to postgresql.conf. Example: `{"max_connections": "300"}`."""
    image: ServerImage = POSTGRES_IMAGE
    """A PostgreSQL image with the official entrypoint, uid 999. A new major version can't read the old one's data."""
    resources: Resources = Resources(cpu_request="250m", memory_request="512Mi", memory_limit="1Gi")
    """Requests and limits; `shared_buffers` is a quarter of the memory limit."""
    security: Security = Security()
    """Which user its pod runs as. A chart's `security` takes the place of the default."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations, further containers."""

    def contradictions(self) -> Iterable[Finding]:
        if self.user == "postgres":
            yield self.finding("user", "'postgres' is the superuser: name a role for the application")
        if self.database in ("postgres", "template0", "template1"):
            yield self.finding("database", f"{self.database!r} is PostgreSQL's own: name another")
        for name in sorted(self.config):
            if name.lower() in _OWNED:
                yield self.finding("config", f"{name!r} is set by the construct: leave it out")
        if quantities.mebibytes(self.resources.memory_limit) < _LEAST_MEBIBYTES:
            limit = self.resources.memory_limit
            yield self.finding(
                "resources", f"memory_limit {limit!r} is too little to start: {_LEAST_MEBIBYTES}Mi or more"
            )


_OWNED = frozenset({"listen_addresses", "port", "config_file", "hba_file", "data_directory"})
_LEAST_MEBIBYTES = 128


ServerDatabase: TypeAlias = PostgresDatabase | MysqlDatabase | MariadbDatabase
"""A database that several pods can share."""
Database: TypeAlias = SqliteDatabase | ServerDatabase
"""The supported databases."""
