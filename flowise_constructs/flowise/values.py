"""What mains and workers share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flowise_constructs.core.findings import Finding, warn
from flowise_constructs.core.value import Value
from flowise_constructs.database.servers import PostgresDatabase
from flowise_constructs.database.values import Database, SqliteDatabase
from flowise_constructs.edge.doors import Doors
from flowise_constructs.edge.entrances import Entrances, Routes
from flowise_constructs.edge.routes import HttpRoute
from flowise_constructs.edge.values import Ingress
from flowise_constructs.flowise.auth import Auth
from flowise_constructs.flowise.image import Image
from flowise_constructs.flowise.settings import Settings
from flowise_constructs.kubernetes.endpoints import Endpoint
from flowise_constructs.kubernetes.security import Security
from flowise_constructs.queueing.values import BundledRedis, Queue, Redis
from flowise_constructs.storage.values import AzureContainer, LocalStorage, ObjectStore, SharedVolume, Storage


@dataclass(frozen=True, kw_only=True)
class Flowise(Value):
    """One installation: what its mains and workers must agree on. Pass the same value to both constructs."""

    auth: Auth
    """The five keys."""
    database: Database = SqliteDatabase()
    """Where the data is stored."""
    storage: Storage = LocalStorage()
    """Where uploads and documents are stored."""
    queue: Queue | None = None
    """Queue mode. None: standalone, one main does everything."""
    image: Image = Image()
    """The Flowise image."""
    settings: Settings = Settings()
    """Flowise's settings."""
    ingress: Ingress | None = None
    """The Ingress, which also determines the public URL. None: no Ingress is created."""
    route: Routes | None = None
    """In its place an HTTPRoute of the Gateway API, or several; the first determines the public URL. None: none."""
    doors: Doors | None = None
    """In its place two doors, one for chats and one for administrators. None: none."""
    security: Security = Security()
    """Which user the pods run as: mains, workers, backups, restores and drills."""

    def contradictions(self) -> Iterable[Finding]:
        if self.queue is not None:
            yield from self._queue_contradictions()
        yield from self._storage_contradictions()
        yield from self.entrances.findings("Flowise")
        if self.doors is not None and self.public_url is None:
            yield self.finding("doors", "Doors.admin gives no public URL for links and cookies: give Settings.app_url")
        if (
            self.settings.secure_cookies
            and self.public_url
            and urlsplit(self.public_url).scheme == "http"
            and self.settings.app_url is None
        ):
            yield self.finding(
                "settings",
                f"secure_cookies=True, but the {self.entrances.name} makes {self.public_url!r}: "
                f"give it {self._tls_fields}",
            )
        if self.settings.trusted_proxies == 0 and self.settings.app_url is None and self.secure_cookies:
            yield self.finding(
                "settings",
                f"trusted_proxies=0 behind an {self.entrances.name} with TLS: nobody can log in; give the number of "
                "proxies",
            )
        if self.settings.smtp is not None and self.public_url is None:
            yield self.finding(
                "settings", "smtp without a public URL: the links in mails lead nowhere; give app_url, or an Ingress"
            )
        if (
            self.image.is_upstreams
            and (self.image.tag or "").startswith("3.1.4")
            and isinstance(self.database, SqliteDatabase)
        ):
            yield self.finding(
                "image",
                f"{self.image.reference!r} doesn't start with SQLite: connect-sqlite3 0.9.17 in it is broken; take "
                "3.1.3, a database server, an image of your own (image/), or the digest of a build that you tried",
            )
        self._warn_of_plain_entrance()
        self._warn_of_refused_commands()
        self._warn_of_unknown_hosts()
        self._warn_of_unknown_authority()

    @property
    def public_url(self) -> str | None:
        """`APP_URL`: as set, or from the Ingress."""
        if self.settings.app_url is not None:
            return self.settings.app_url.rstrip("/")
        return self.entrances.first.public_url if self.entrances.first is not None else None

    @property
    def entrances(self) -> Entrances:
        """The ways in."""
        return Entrances(ingress=self.ingress, route=self.route, doors=self.doors)

    @property
    def _tls_fields(self) -> str:
        return "'tls'" if isinstance(self.entrances.first, HttpRoute) else "'tls' or 'tls_in_front'"

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The servers that its pods connect to: the database's, and Redis. Host and port of each are None where only
        a Secret or ConfigMap in the cluster has them."""
        database, redis = self.database, self.queue.redis if self.queue else None
        servers = [] if isinstance(database, SqliteDatabase) else [Endpoint("database", database.host, database.port)]
        return (*servers, *([Endpoint("redis", redis.host, redis.port)] if isinstance(redis, Redis) else []))

    @property
    def server_hosts(self) -> tuple[str, ...]:
        """Hosts of the servers that belong to the installation, as far as they are known; an object store, where it is
        not on the internet."""
        known = (endpoint.known_host for endpoint in self.endpoints)
        return (
            *(host for host in known if host is not None),
            *(self.storage.private_hosts if isinstance(self.storage, ObjectStore) else []),
        )

    @property
    def server_ports(self) -> tuple[int, ...]:
        """Ports of the servers that the gate connects to, as far as they are known."""
        return tuple(port for endpoint in self.endpoints if (port := endpoint.known_port) is not None)

    @property
    def secure_cookies(self) -> bool | None:
        """`SECURE_COOKIES`: as set, or from the public URL; None if neither is known."""
        if self.settings.secure_cookies is not None:
            return self.settings.secure_cookies
        return None if self.public_url is None else self.public_url.startswith("https:")

    def _queue_contradictions(self) -> Iterable[Finding]:
        if isinstance(self.database, SqliteDatabase):
            yield self.finding(
                "database", "SqliteDatabase can't be shared between pods: queue mode needs a database server"
            )
        if isinstance(self.storage, LocalStorage):
            yield self.finding(
                "storage",
                "LocalStorage is one main's own: queue mode needs a bucket, or SharedVolume(claim=...) with a "
                "ReadWriteMany claim",
            )
        if self.queue is not None and isinstance(self.queue.redis, BundledRedis):
            yield self.finding(
                "queue",
                "BundledRedis is not an address: create it with RedisServer and give its '.redis', or use QueueChart",
            )

    def _storage_contradictions(self) -> Iterable[Finding]:
        storage = self.storage
        if isinstance(storage, SharedVolume) and self.queue is None:
            problem = "SharedVolume is for queue mode: outside it use LocalStorage(), with the claim as 'data'"
            yield self.finding("storage", problem)
        if isinstance(storage, AzureContainer) and not storage.has_keys:
            problem = "Flowise knows no managed identity for Azure Blob Storage"
            yield self.finding("storage", f"{problem}: give AzureContainer an account_key or a connection_string")

    def _warn_of_refused_commands(self) -> None:
        name = "CUSTOM_MCP_ALLOWED_COMMANDS"
        known, settings = self.image.flowise, self.settings
        if settings.mcp_protocol == "stdio" and name in known.variables and name not in settings.extra_env:
            warn(f"Settings.mcp_protocol: in {known.tag} 'stdio' starts only what {name} lists: set it in extra_env")

    def _warn_of_unknown_authority(self) -> None:
        if (
            isinstance(self.database, PostgresDatabase)
            and self.database.lacks_authority
            and not self.settings.authorities
        ):
            warn(
                f"PostgresDatabase.tls: the certificate of {self.database.host!r} is signed by Amazon RDS's own "
                "authorities, which nobody trusts by itself, so that no pod starts: give DatabaseTls(ca=...) the "
                "bundle that AWS publishes, global-bundle.pem in a ConfigMap; flowise-constructs docs own-ca"
            )

    def _warn_of_unknown_hosts(self) -> None:
        proxy = self.settings.proxy
        if proxy is None or proxy.no_proxy:
            return
        for endpoint in self.endpoints:
            if endpoint.known_host is None:
                warn(
                    f"OutboundProxy.no_proxy: the host of the {endpoint.server} is in {endpoint.place}, so it can't be "
                    "put among the hosts that are reached without the proxy: name it there, or the domain that it is in"
                )

    def _warn_of_plain_entrance(self) -> None:
        url, entrance, called = self.public_url, self.entrances.first, self.entrances.name
        if url is None or entrance is None:
            return
        host = urlsplit(url).hostname or ""
        if host in ("localhost", "127.0.0.1", "::1"):
            warn(
                f"Settings.app_url: {url!r} is the address of whoever reads it, so that links and redirects lead "
                f"nowhere: give {entrance.public_url or f'a host of the {called}'!r}"
            )
        if not url.startswith("https:"):
            if entrance.serves_tls(host):
                warn(f"Settings.app_url: {url!r} is http, but the {called} serves {host!r} over https: write https://")
            return
        if not entrance.serves(host) or entrance.serves_tls(host):
            return
        if isinstance(entrance, HttpRoute):
            warn(f"HttpRoute.tls: False, and {url!r} is https: leave 'tls' out if the Gateway ends TLS for {host!r}")
        else:
            warn(
                f"Flowise.ingress: {url!r} is https, but the Ingress has no TLS for {host!r}: "
                "give 'tls', or 'tls_in_front' if TLS ends in front of it or its controller has a default certificate"
            )
