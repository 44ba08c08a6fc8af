"""Existing database servers, those that operators make among them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from flowise_constructs.core.checking import checked
from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import naming, network, texts
from flowise_constructs.core.value import Value
from flowise_constructs.kubernetes.references import AnyHost, AnyPort, AnyText, ConfigMapKey, Pem, SecretKey


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


# RDS Proxy, in whose names the label starts with `proxy-`, has certificates of a public authority.
_RDS = re.compile(r"^(?!.*\.proxy-).*\.(rds\.amazonaws\.com|rds\.cn-[a-z0-9-]+\.amazonaws\.com\.cn)$")
"""Hosts of RDS and Aurora, whose certificates are signed by authorities of Amazon's that are in no system's list."""

_TOKEN_LOGINS = (
    (re.compile(r"@[^@]+\.iam(\.gserviceaccount\.com)?$"), "Google's IAM"),
    (re.compile(r"@[^@]+\.onmicrosoft\.com$"), "Microsoft Entra"),
)
"""Users who log in with a token and have no password."""


@dataclass(frozen=True, kw_only=True)
class _Server(Value):
    host: AnyHost
    """DNS name or IP address, without port, or the key that holds it: `DATABASE_HOST`. `"127.0.0.1"` is a proxy in
    the pod itself. Example: `"postgres.database.svc.cluster.local"`, `SecretKey(secret="flowise-db-app", key="host")`.
    """
    password: SecretKey
    """`DATABASE_PASSWORD`. Flowise reads it once, when it starts: not a token of RDS, Cloud SQL or Entra, which ends
    after minutes."""
    name: AnyText = "flowise"
    """Name of the database, which must exist, or the key that holds it: `DATABASE_NAME`."""
    user: AnyText = "flowise"
    """Role, which should own the database, or the key that holds it: `DATABASE_USER`."""

    def contradictions(self) -> Iterable[Finding]:
        if not isinstance(self.user, str) or self._may_be_a_proxy:
            return
        for pattern, kind in _TOKEN_LOGINS:
            if pattern.search(self.user):
                yield self.finding(
                    "user",
                    f"{self.user!r} logs in with a token of {kind}, which ends after an hour or so, and Flowise reads "
                    "its password once, when it starts: give a user with a password; or a proxy that fetches the "
                    "tokens (Cloud SQL Auth Proxy with --auto-iam-authn) in each pod that connects, and "
                    "host='127.0.0.1'",
                )

    @property
    def _may_be_a_proxy(self) -> bool:
        """Whether the host may be a proxy in the pod or in the cluster, which logs in by itself."""
        if not isinstance(self.host, str) or network.is_loopback(self.host):
            return True
        return network.is_private(self.host) and not network.is_address(self.host)


@dataclass(frozen=True, kw_only=True)
class PostgresDatabase(_Server):
    """An existing PostgreSQL server, 13 or newer. `DATABASE_TYPE=postgres`. A connection pooler works in session or
    transaction mode, not in statement mode. Backups need a direct connection.

    `cnpg()`, `crunchy()` and `zalando()` make it of the Secrets of these operators. Like every Secret of a pod they
    must be in Flowise's own namespace.
    """

    port: AnyPort = 5432
    """`DATABASE_PORT`, or the key that holds it."""
    tls: DatabaseTls | None = None
    """Encryption: `DATABASE_SSL`, `DATABASE_SSL_KEY_BASE64`. None: no encryption. Certificates of RDS and Aurora are
    signed by Amazon's own authorities and need `DatabaseTls(ca=...)` with the bundle that AWS publishes: see
    `flowise-constructs docs own-ca`."""

    @property
    def lacks_authority(self) -> bool:
        """Whether nobody trusts the server's certificate who isn't given its authority."""
        of_rds = isinstance(self.host, str) and _RDS.search(self.host.rstrip("."))
        return self.tls is not None and not self.tls.has_ca and bool(of_rds)

    @staticmethod
    @checked
    def cnpg(
        cluster: naming.ObjectName,
        *,
        secret: naming.ObjectName | None = None,
        host: AnyHost | None = None,
        port: AnyPort | None = None,
        name: AnyText | None = None,
        ca: Pem | None = None,
    ) -> PostgresDatabase:
        """The application's database of a CloudNativePG `Cluster`: keys `host`, `port`, `dbname`, `username` and
        `password` of Secret `{cluster}-app`; TLS, with the authority in key `ca.crt` of Secret `{cluster}-ca`.

        `secret` is another Secret with these keys. One that you made yourself for `bootstrap.initdb.secret` or for a
        managed role has only `username` and `password`: give `host="{cluster}-rw"`, `port=5432` and `name` beside it.
        `ca` is for a cluster with `certificates.serverCASecret`. The server's certificate is for `{cluster}-rw`, also
        with namespace and domain behind it.

        The operator renews its authority every 83 days, and the old one ends a week later. Flowise reads it when it
        starts, so its pods must be restarted in between: see `PodOptions.reloader`.
        """
        own = secret or f"{cluster}-app"
        return PostgresDatabase(
            host=host or SecretKey(secret=own, key="host"),
            port=port or SecretKey(secret=own, key="port"),
            name=name or SecretKey(secret=own, key="dbname"),
            user=SecretKey(secret=own, key="username"),
            password=SecretKey(secret=own, key="password"),
            tls=DatabaseTls(ca=ca or SecretKey(secret=f"{cluster}-ca", key="ca.crt")),
        )

    @staticmethod
    @checked
    def crunchy(
        cluster: naming.ObjectName,
        *,
        user: naming.ObjectName | None = None,
        name: AnyText | None = None,
        ca: Pem | None = None,
    ) -> PostgresDatabase:
        """A user's database of a `PostgresCluster` of Crunchy's operator: keys `host`, `port`, `dbname`, `user` and
        `password` of Secret `{cluster}-pguser-{user}`; TLS, with the authority in key `ca.crt` of Secret
        `{cluster}-cluster-cert`.

        `user` is one of `spec.users`, by default the one called like the cluster. Its first entry of `databases` is
        `dbname`; a user without entries has no such key, and needs `name`. `ca` is for a cluster with
        `customTLSSecret`. The user isn't the owner of its database: since PostgreSQL 15 it must be granted CREATE on
        the schema `public`, and the gate says so with the statement.
        """
        own = f"{cluster}-pguser-{user or cluster}"
        return PostgresDatabase(
            host=SecretKey(secret=own, key="host"),
            port=SecretKey(secret=own, key="port"),
            name=name or SecretKey(secret=own, key="dbname"),
            user=SecretKey(secret=own, key="user"),
            password=SecretKey(secret=own, key="password"),
            tls=DatabaseTls(ca=ca or SecretKey(secret=f"{cluster}-cluster-cert", key="ca.crt")),
        )

    @staticmethod
    @checked
    def zalando(
        cluster: naming.ServiceName,
        *,
        tls: DatabaseTls,
        user: naming.Identifier = "flowise",
        name: texts.Text = "flowise",
        host: network.ServerHost | None = None,
    ) -> PostgresDatabase:
        """A database of a `postgresql` of Zalando's operator: Service `{cluster}`, and key `password` of Secret
        `{user}.{cluster}.credentials.postgresql.acid.zalan.do`, with `-` for each `_` of the user.

        The server takes nobody without TLS, and by itself makes a certificate that no authority signed: set `spec.tls`
        of the `postgresql`, with a certificate for the Service's name, and give its authority in `tls`. `host` is
        another name that this certificate has.
        """
        own = f"{user.replace('_', '-')}.{cluster}.credentials.postgresql.acid.zalan.do"
        password = SecretKey(secret=own, key="password")
        return PostgresDatabase(host=host or cluster, name=name, user=user, password=password, tls=tls)


@dataclass(frozen=True, kw_only=True)
class _MysqlFamily(_Server):
    port: AnyPort = 3306
    """`DATABASE_PORT`, or the key that holds it."""
    tls: DatabaseTls | None = None
    """Encryption; needs a CA, because mysql2 refuses `ssl: true`. None: no encryption."""

    def contradictions(self) -> Iterable[Finding]:
        yield from super().contradictions()
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

    @staticmethod
    @checked
    def mariadb_operator(
        connection: naming.ObjectName, *, server: naming.ObjectName, ca: Pem | None = None
    ) -> MariadbDatabase:
        """The database of a `Connection` of mariadb-operator: keys `host`, `port`, `database`, `username` and
        `password` of the Secret that its `secretName` names; TLS, with the authority in key `ca.crt` of Secret
        `{server}-ca-bundle`, where `server` is the `MariaDB`.

        The operator writes these keys only where the `Connection` asks for them: in `secretTemplate` set
        `hostKey: host`, `portKey: port`, `databaseKey: database`, `usernameKey: username`, `passwordKey: password`.
        """
        return MariadbDatabase(
            host=SecretKey(secret=connection, key="host"),
            port=SecretKey(secret=connection, key="port"),
            name=SecretKey(secret=connection, key="database"),
            user=SecretKey(secret=connection, key="username"),
            password=SecretKey(secret=connection, key="password"),
            tls=DatabaseTls(ca=ca or SecretKey(secret=f"{server}-ca-bundle", key="ca.crt")),
        )
