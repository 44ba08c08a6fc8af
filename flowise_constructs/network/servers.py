"""The servers that a deployment's pods connect to, as far as its values say where they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from flowise_constructs.database.values import SqliteDatabase
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.kubernetes.references import SecretKey
from flowise_constructs.kubernetes.workload import Workload
from flowise_constructs.network.values import Identity
from flowise_constructs.storage.values import LocalStorage, S3Bucket, Storage

Name = Literal["database", "redis", "store", "tokens", "mail", "proxy", "telemetry"]
USERS: dict[str, tuple[Name, ...]] = {
    "main": ("database", "redis", "store", "tokens", "mail", "proxy", "telemetry"),
    "worker": ("database", "redis", "store", "tokens", "proxy"),
    "backup": ("database", "store", "tokens", "proxy"),
    "restore": ("database", "store", "tokens", "proxy"),
    "drill": ("store", "tokens", "proxy"),
    "key-rotation": ("database",),
    "owner": (),
    "queue-exporter": ("redis",),
    "redis-exporter": ("redis",),
    "postgresql-exporter": ("database",),
}
"""Which servers the pods of a component connect to."""
BUNDLED: dict[Name, str] = {"database": "postgresql", "redis": "redis"}
"""Which component a bundled server is."""
SAME_EDGES = ("backup", "restore")
"""They use the same servers."""
METADATA = "169.254.169.254"


class Server(NamedTuple):
    """One server."""

    name: Name
    """Its field in `OutsideServers`."""
    host: str | None
    """None: only the cluster knows it, or the store's own service."""
    port: int | None
    """None: only the cluster knows it."""
    is_public: bool = False
    """Whether it is one of the big clouds' own services."""
    by_proxy: bool = False
    """Whether clients reach it through the outbound proxy, where there is one."""
    bundled: Workload | None = None
    """The workload that it is, where it belongs to the deployment."""

    @property
    def called(self) -> str:
        """As messages say it."""
        return repr(self.host) if self.host else "a host that is known in the cluster alone"


def role_of(deployment: Deployment, workload: Workload) -> str:
    """Its component; `main` of main, whatever its label says."""
    return "main" if workload is deployment.workloads[0] else workload.identity.component


def servers_of(deployment: Deployment, component: str, identity: Identity | None = None) -> list[Server]:
    """The servers that the pods of a component connect to; `identity` is how it is, where the values don't tell."""
    names = USERS.get(component, ())
    tokens = [Server("tokens", None, 443, is_public=True, by_proxy=True)]
    found = [
        *_servers(deployment, component),
        *(tokens if "token" in identities_of(deployment, component, identity) else []),
    ]
    used = [server for server in found if server.name in names]
    return [server for number, server in enumerate(used) if server not in used[:number]]


def identities_of(deployment: Deployment, component: str, identity: Identity | None = None) -> list[Identity]:
    """How the pods of a component show their object stores who they are."""
    if "store" not in USERS.get(component, ()):
        return []
    found: dict[Identity, None] = {}
    for store in _stores(deployment, component):
        if (known := _identity(store)) is not None:
            found[identity or known] = None
    return list(found)


def _servers(deployment: Deployment, component: str) -> Iterator[Server]:
    flowise = deployment.flowise
    if not isinstance(flowise.database, SqliteDatabase):
        yield _of_host(deployment, "database", flowise.database.host, flowise.database.port)
    if flowise.queue is not None:
        redis = flowise.queue.redis
        yield _of_host(deployment, "redis", getattr(redis, "host", None), getattr(redis, "port", None))
    yield from (_store(store) for store in _stores(deployment, component))
    settings = flowise.settings
    if settings.smtp is not None:
        yield Server("mail", settings.smtp.host, settings.smtp.port)
    if settings.proxy is not None:
        yield from (_of_url("proxy", url) for url in (settings.proxy.http, settings.proxy.https) if url is not None)
    if settings.metrics is not None and settings.metrics.endpoint is not None:
        yield _of_url("telemetry", settings.metrics.endpoint)


def _of_host(deployment: Deployment, name: Name, host: object, port: object) -> Server:
    """A host or port may be the key of a Secret."""
    known = host if isinstance(host, str) else None
    workload = deployment.workload(BUNDLED[name])
    bundled = workload if workload is not None and known is not None and _is_of(workload, known) else None
    return Server(name, known, port if isinstance(port, int) else None, bundled=bundled)


def _is_of(workload: Workload, host: str) -> bool:
    """Whether a host is one of the workload's Services, which begin with its name."""
    service, *further = host.split(".")
    here = not further or further[0] == workload.identity.namespace
    return here and (service == workload.name or service.startswith(f"{workload.name}-"))


def _of_url(name: Name, url: str | SecretKey) -> Server:
    if isinstance(url, SecretKey):
        return Server(name, None, None)
    return Server(name, *_host_and_port(url))


def _host_and_port(url: str) -> tuple[str | None, int]:
    parts = urlsplit(url)
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _stores(deployment: Deployment, component: str) -> list[Storage]:
    """The object stores of a component: those of a job, or else where Flowise's files are."""
    jobs = SAME_EDGES if component in SAME_EDGES else (component,)
    of_jobs = [store for job in jobs for store in deployment.stores.get(job, ())]
    given = of_jobs or [deployment.flowise.storage]
    return [store for store in given if not isinstance(store, LocalStorage) and hasattr(store, "private_hosts")]


def _store(store: Storage) -> Server:
    endpoint: str | None = getattr(store, "endpoint", None)
    if endpoint is not None:
        host, port = _host_and_port(endpoint)
        return Server("store", host, port, by_proxy=host not in getattr(store, "private_hosts", ()))
    # A connection string may name any host.
    is_public = getattr(store, "connection_string", None) is None
    return Server("store", None, 443 if is_public else None, is_public=is_public, by_proxy=is_public)


def _identity(store: Storage) -> Identity | None:
    """None where the store is used with keys."""
    if any(getattr(store, name, None) is not None for name in ("credentials", "account_key", "connection_string")):
        return None
    annotations: Mapping[str, str] = getattr(store, "service_account_annotations", {})
    if METADATA in getattr(store, "private_hosts", ()) or "iam.gke.io/gcp-service-account" in annotations:
        return "gke"
    return "eks-pod-identity" if isinstance(store, S3Bucket) and not annotations else "token"
