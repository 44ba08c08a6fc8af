"""What mains and workers share, and what each role adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from flowise_constructs.core.findings import Finding, warn
from flowise_constructs.core.rules import naming, quantities
from flowise_constructs.core.value import Value
from flowise_constructs.database.values import Database, SqliteDatabase
from flowise_constructs.edge.doors import Doors
from flowise_constructs.edge.entrances import Entrances, Routes
from flowise_constructs.edge.routes import HttpRoute
from flowise_constructs.edge.values import Ingress, Service
from flowise_constructs.flowise.auth import Auth
from flowise_constructs.flowise.image import Image
from flowise_constructs.flowise.settings import Settings
from flowise_constructs.kubernetes.claims import LogClaim, by_name, of_one_pod
from flowise_constructs.kubernetes.pod_options import PodOptions, ProbeNumbers, Resources
from flowise_constructs.kubernetes.references import EnvValue
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
                f"secure_cookies=True, but the {self.entrances.name} makes {self.public_url!r}: give it {self._tls_fields}",
            )
        if self.settings.trusted_proxies == 0 and self.settings.app_url is None and self.secure_cookies:
            yield self.finding(
                "settings",
                f"trusted_proxies=0 behind an {self.entrances.name} with TLS: nobody can log in; give the number of proxies",
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
    def server_hosts(self) -> tuple[str, ...]:
        """Hosts of the servers that belong to the installation; an object store, where it is not on the internet."""
        redis = self.queue.redis if self.queue else None
        return (
            *([] if isinstance(self.database, SqliteDatabase) else [self.database.host]),
            *([redis.host] if isinstance(redis, Redis) else []),
            *(self.storage.private_hosts if isinstance(self.storage, ObjectStore) else []),
        )

    @property
    def server_ports(self) -> tuple[int, ...]:
        """Ports of the servers that the gate connects to."""
        redis = self.queue.redis if self.queue else None
        return (
            *([] if isinstance(self.database, SqliteDatabase) else [self.database.port]),
            *([redis.port] if isinstance(redis, Redis) else []),
        )

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


@dataclass(frozen=True, kw_only=True)
class WritableSizes(Value):
    """`sizeLimit` of the pod's writable directories, each an emptyDir with a size limit: a pod that exceeds one is
    evicted."""

    home: quantities.Size = "1Gi"
    """HOME, including the caches of npx and Chromium; also the data directory if it is not on a claim."""
    logs: quantities.Size | LogClaim = "1Gi"
    """`LOG_PATH`; Flowise rotates some files and deletes none. A `LogClaim`: a volume that outlives the pod. Unused
    with a bucket: logs go there, with Google's to Cloud Logging. Example: `LogClaim(size="20Gi")`."""
    tmp: quantities.Size = "2Gi"
    """`/tmp`: uploads and documents while they are processed."""
    shm: quantities.Size | None = None
    """`/dev/shm` in memory, for nodes that run Chromium. Default: left out (64 MiB)."""


LEAST_MEMORY = "1Gi"
"""Flowise peaks at 910 MiB while it boots."""
LEAST_STOP_SECONDS = 5
"""Main ends one or two seconds after the stop signal."""
LEAST_STARTUP_SECONDS = 90
"""A boot took up to 88 seconds."""


def _too_little(value: Main | Worker) -> Iterator[Finding]:
    """What a Flowise process can't start with, or would be restarted for."""
    limit = value.resources.memory_limit
    if quantities.amount(limit) < quantities.amount(LEAST_MEMORY):
        yield value.finding(
            "resources",
            f"memory_limit {limit!r} is too little, Flowise peaks at 910 MiB while it boots: 1Gi or more",
        )
    budget = value.startup.period_seconds * value.startup.failure_threshold
    if budget < LEAST_STARTUP_SECONDS:
        yield value.finding(
            "startup",
            f"gives a boot {budget} s (period_seconds times failure_threshold), and it took up to 88: take 90 or more",
        )
    liveness = value.liveness
    if liveness is not None and liveness.period_seconds * liveness.failure_threshold < 15:
        warn(
            f"{type(value).__name__}.liveness: restarts a pod after less than 15 s without an answer, which a busy "
            "Flowise may need: more period_seconds or failure_threshold"
        )


@dataclass(frozen=True, kw_only=True)
class Main(Value):
    """What is specific to main."""

    replicas: quantities.Count = 1
    """`replicas`. More than one only in queue mode. 0 stops Flowise and keeps all data."""
    service: Service = Service()
    """The Service."""
    resources: Resources = Resources()
    """Requests and limits."""
    startup: ProbeNumbers = ProbeNumbers(period_seconds=5, failure_threshold=60)
    """Startup probe. Measured startups took 11 to 88 seconds; the first one on an empty database takes longer."""
    readiness: ProbeNumbers = ProbeNumbers()
    """Readiness probe."""
    liveness: ProbeNumbers | None = None
    """Liveness probe. Default: every 10 s in queue mode, where main runs no flows and the probe also detects the lost
    Redis connection of FlowiseAI/Flowise#5126; every 20 s in standalone, where a flow may block the event loop."""
    pre_stop_seconds: quantities.Count = 20
    """How long a terminating pod still serves requests, until no proxy sends it any: Flowise cuts open requests when it
    gets the stop signal. The grace period is 15 seconds longer."""
    strategy: Literal["Recreate", "RollingUpdate"] | None = None
    """`strategy.type`. Default: Recreate with SQLite or a claim that one node holds, else RollingUpdate
    with a surge."""
    extra_env: Mapping[naming.EnvName, EnvValue] = field(default_factory=dict[str, EnvValue])
    """Extra variables for main only."""
    sizes: WritableSizes = WritableSizes()
    """Writable directories."""
    run_as_root: bool = False
    """Runs main as root, for a volume whose files only root can use and whose driver can't change that. A namespace
    that enforces Pod Security "restricted" refuses the pod, and users' code runs as root in it."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations, volumes."""

    def contradictions(self) -> Iterable[Finding]:
        yield from _too_little(self)
        grace = self.pod.termination_grace_seconds
        if grace is not None and grace < self.pre_stop_seconds + LEAST_STOP_SECONDS:
            yield self.finding(
                "pod",
                f"termination_grace_seconds {grace} is less than {LEAST_STOP_SECONDS} s above pre_stop_seconds "
                f"{self.pre_stop_seconds}, and Flowise is killed while it stops: more, or leave it out",
            )


@dataclass(frozen=True, kw_only=True)
class Worker(Value):
    """What is specific to workers."""

    replicas: quantities.Count = 1
    """`replicas`. With 0 every prediction waits."""
    concurrency: quantities.Positive = 10
    """Concurrent jobs per worker and queue: `WORKER_CONCURRENCY`. Flowise's own default, 100000, lets one worker take
    the whole queue. A flow that calls another flow occupies two slots at once: keep replicas times concurrency well
    above the number of such calls."""
    resources: Resources = Resources()
    """Requests and limits."""
    startup: ProbeNumbers = ProbeNumbers(period_seconds=5, timeout_seconds=10, failure_threshold=60)
    """Startup probe: succeeds once the worker is registered with its queues."""
    liveness: ProbeNumbers = ProbeNumbers(period_seconds=20, timeout_seconds=10)
    """Liveness probe: the worker is registered with its queues and its event loop runs."""
    grace_seconds: quantities.Positive = 40
    """`terminationGracePeriodSeconds`: just over the 30 seconds that Flowise gives its running jobs."""
    extra_env: Mapping[naming.EnvName, EnvValue] = field(default_factory=dict[str, EnvValue])
    """Extra variables for workers only."""
    sizes: WritableSizes = WritableSizes()
    """Writable directories."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations, volumes."""

    def contradictions(self) -> Iterable[Finding]:
        yield from _too_little(self)
        if self.grace_seconds < 31:
            yield self.finding(
                "grace_seconds",
                f"{self.grace_seconds} is not above the 30 seconds that Flowise gives running jobs: use 31 or more",
            )
        if self.concurrency == 1:
            warn("Worker.concurrency: 1 lets a flow that calls another flow wait for itself if every worker is busy")
        if self.concurrency > 1000:
            warn(f"Worker.concurrency: {self.concurrency} lets one worker take the whole queue; 5 to 50 is usual")
        if self.pod.termination_grace_seconds is not None:
            yield self.finding("pod", "has termination_grace_seconds, which is grace_seconds here: leave it out")
        for name in of_one_pod(by_name(self.pod.claims, self.sizes.logs)):
            yield self.finding(
                "pod" if name in {claim.name for claim in self.pod.claims} else "sizes",
                f"{name!r} is a claim for one pod, and a rollout of workers starts the new pod beside the old one: "
                "take access_mode='ReadWriteMany'",
            )
