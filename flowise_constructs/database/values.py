"""Where Flowise keeps its data: SQLite, an existing server, or the bundled PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import naming, network, paths, quantities, texts
from flowise_constructs.core.value import Value
from flowise_constructs.kubernetes.images import ServerImage
from flowise_constructs.kubernetes.pod_options import PodOptions, Resources
from flowise_constructs.kubernetes.references import ConfigMapKey, Pem, SecretKey
from flowise_constructs.kubernetes.security import Security

POSTGRES_IMAGE = ServerImage(repository="docker.io/library/postgres", tag="18.6-trixie")
"""Image of the bundled server, and of the client for backups."""


@dataclass(frozen=True, kw_only=True)
class DatabaseTls(Value):
    """Encrypted connections to a database server."""

    ca: Pem | None = None
    """The authority that signed the server's certificate: PEM text, or a key that holds PEM, as cert-manager and
    CloudNativePG make it; mounted as a file, and from there in `DATABASE_SSL_KEY_BASE64`. None: public authorities and
    `Settings.authorities`, PostgreSQL only. Example: `SecretKey(secret="flowise-db-ca", key="ca.crt")`."""
    ca_base64: SecretKey | ConfigMapKey | None = None
    """In the place of `ca`, a key that holds base64 of the PEM: `DATABASE_SSL_KEY_BASE64` as it is."""
    verify: bool = True
    """Whether the server's certificate is checked: `DATABASE_REJECT_UNAUTHORIZED`. With a CA, Flowise's own
    default is no; ours is yes. False needs a CA, because without one Flowise always checks."""

    def contradictions(self) -> Iterable[Finding]:
        if self.ca is not None and self.ca_base64 is not None:
            yield self.finding("ca_base64", "is given beside 'ca', and is the same thing otherwise spelt: give one")
        if not self.verify and not self.has_ca:
            yield self.finding(
                "verify",
                "False has no effect without 'ca': Flowise then always checks; give the CA, then False isn't needed",
            )

    @property
    def has_ca(self) -> bool:
        """Whether an authority of its own is given."""
        return self.ca is not None or self.ca_base64 is not None


@dataclass(frozen=True, kw_only=True)
class SqliteDatabase(Value):
    """SQLite on the data volume of the single main. `DATABASE_TYPE=sqlite`."""

    directory: paths.Directory | None = None
    """Directory of the file `database.sqlite`: `DATABASE_PATH`. Default: the data directory. The Helm chart puts the
    file in a directory called `database.sqlite`: `/home/node/.flowise/database.sqlite`."""


@dataclass(frozen=True, kw_only=True)
class _Server(Value):
    host: network.Host
    """DNS name or IP address, without port: `DATABASE_HOST`. Example: `"postgres.database.svc.cluster.local"`."""
    password: SecretKey
    """`DATABASE_PASSWORD`."""
    name: texts.Text = "flowise"
    """Name of the database, which must exist: `DATABASE_NAME`."""
    user: texts.Text = "flowise"
    """Role, which should own the database: `DATABASE_USER`."""


@dataclass(frozen=True, kw_only=True)
class PostgresDatabase(_Server):
    """An existing PostgreSQL server, 13 or newer. `DATABASE_TYPE=postgres`. A connection pooler works in session or
    transaction mode, not in statement mode. Backups need a direct connection."""

    port: network.Port = 5432
    """`DATABASE_PORT`."""
    tls: DatabaseTls | None = None
    """Encryption: `DATABASE_SSL`, `DATABASE_SSL_KEY_BASE64`. None: no encryption."""


@dataclass(frozen=True, kw_only=True)
class _MysqlFamily(_Server):
    port: network.Port = 3306
    """`DATABASE_PORT`."""
    tls: DatabaseTls | None = None
    """Encryption; needs a CA, because mysql2 refuses `ssl: true`. None: no encryption."""

    def contradictions(self) -> Iterable[Finding]:
        if self.tls is not None and not self.tls.has_ca:
            yield self.finding(
                "tls",
                "has no CA: Flowise can't connect without one (mysql2 refuses ssl=true); give DatabaseTls(ca=...)",
            )


@dataclass(frozen=True, kw_only=True)
class MysqlDatabase(_MysqlFamily):
    """An existing MySQL server, 8 or newer. `DATABASE_TYPE=mysql`. Flowise's standalone session store ignores TLS.
    Not for MariaDB, whose 10.11 doesn't know the collation `utf8mb4_0900_ai_ci` of Flowise's MySQL migrations."""


@dataclass(frozen=True, kw_only=True)
class MariadbDatabase(_MysqlFamily):
    """An existing MariaDB server. `DATABASE_TYPE=mariadb`."""


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
    docs/how-to/move-a-claim.md."""
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
