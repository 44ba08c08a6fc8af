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
from flowise_constructs.edge.values import Ingress, Service
from flowise_constructs.flowise.auth import Auth
from flowise_constructs.flowise.image import Image
from flowise_constructs.flowise.settings import Settings
from flowise_constructs.kubernetes.pod_options import PodOptions, ProbeNumbers, Resources
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.queueing.values import BundledRedis, Queue, Redis
from flowise_constructs.storage.values import LocalStorage, S3Bucket, Storage


@dataclass(frozen=True, kw_only=True)
class Flowise(Value):
    """One installation: what its mains and workers must agree on. Both constructs are handed the same value."""

    auth: Auth
    """The five keys."""
    database: Database = SqliteDatabase()
    """Where the data are."""
    storage: Storage = LocalStorage()
    """Where uploads and documents are."""
    queue: Queue | None = None
    """Queue mode. None: standalone, one main does everything."""
    image: Image = Image()
    """The Flowise image."""
    settings: Settings = Settings()
    """How Flowise behaves."""
    ingress: Ingress | None = None
    """How requests come in; the public URL follows from it. None: no Ingress is made."""

    def contradictions(self) -> Iterable[Finding]:
        if self.queue is not None:
            yield from self._queue_contradictions()
        if (
            self.settings.secure_cookies
            and self.public_url
            and urlsplit(self.public_url).scheme == "http"
            and self.settings.app_url is None
        ):
            yield self.finding(
                "settings",
                f"secure_cookies=True, but the Ingress makes {self.public_url!r}: give it 'tls' or 'tls_in_front'",
            )
        if self.settings.trusted_proxies == 0 and self.settings.app_url is None and self.secure_cookies:
            yield self.finding(
                "settings",
                "trusted_proxies=0 behind an Ingress with TLS: nobody can log in; give the number of proxies",
            )
        if self.settings.smtp is not None and self.public_url is None:
            yield self.finding(
                "settings", "smtp without a public URL: the links in mails lead nowhere; give app_url, or an Ingress"
            )
        if self.image.is_upstreams and self.image.release_tag == "3.1.4" and isinstance(self.database, SqliteDatabase):
            yield self.finding(
                "image",
                f"{self.image.reference!r} doesn't start with SQLite: connect-sqlite3 0.9.17 in it is broken; take "
                "3.1.3, a database server, an image of your own (image/), or the digest of a build that you tried",
            )
        self._warn_of_plain_ingress()
        self._warn_of_refused_commands()

    @property
    def public_url(self) -> str | None:
        """`APP_URL`: said, or from the Ingress."""
        if self.settings.app_url is not None:
            return self.settings.app_url.rstrip("/")
        return self.ingress.public_url if self.ingress is not None else None

    @property
    def server_hosts(self) -> tuple[str, ...]:
        """Hosts of the servers that belong to the installation; an object store, where it is not on the internet."""
        redis = self.queue.redis if self.queue else None
        return (
            *([] if isinstance(self.database, SqliteDatabase) else [self.database.host]),
            *([redis.host] if isinstance(redis, Redis) else []),
            *(self.storage.private_hosts if isinstance(self.storage, S3Bucket) else []),
        )

    @property
    def secure_cookies(self) -> bool | None:
        """`SECURE_COOKIES`: said, or from the public URL; None where neither is known."""
        if self.settings.secure_cookies is not None:
            return self.settings.secure_cookies
        return None if self.public_url is None else self.public_url.startswith("https:")

    def _queue_contradictions(self) -> Iterable[Finding]:
        if isinstance(self.database, SqliteDatabase):
            yield self.finding(
                "database", "SqliteDatabase can't be shared between pods: queue mode needs a database server"
            )
        if isinstance(self.storage, LocalStorage):
            yield self.finding("storage", "LocalStorage can't be shared between pods: queue mode needs an S3Bucket")
        if self.queue is not None and isinstance(self.queue.redis, BundledRedis):
            yield self.finding(
                "queue", "BundledRedis is no address: make it with RedisServer and give its '.redis', or use QueueChart"
            )

    def _warn_of_refused_commands(self) -> None:
        told = "CUSTOM_MCP_ALLOWED_COMMANDS"
        known, settings = self.image.flowise, self.settings
        if settings.mcp_protocol == "stdio" and told in known.variables and told not in settings.extra_env:
            warn(f"Settings.mcp_protocol: in {known.tag} 'stdio' starts only what {told} lists: set it in extra_env")

    def _warn_of_plain_ingress(self) -> None:
        url = self.public_url
        if url is None or self.ingress is None or not url.startswith("https:"):
            return
        host = urlsplit(url).hostname or ""
        if any(entry.host == host for entry in self.ingress.hosts) and not self.ingress.serves_tls(host):
            warn(
                f"Flowise.ingress: {url!r} is https, but the Ingress has no TLS for {host!r}: "
                "give 'tls', or 'tls_in_front' where TLS ends before it or its controller has a default certificate"
            )


@dataclass(frozen=True, kw_only=True)
class WritableSizes(Value):
    """How large the pod's own writable directories may grow before the pod is evicted: `sizeLimit`."""

    home: quantities.Size = "1Gi"
    """HOME, caches of npx and Chromium among it; also the data directory where no claim holds it."""
    logs: quantities.Size = "1Gi"
    """`LOG_PATH`; Flowise rotates some files and deletes none. Unused with S3 storage, where logs go to the bucket."""
    tmp: quantities.Size = "2Gi"
    """`/tmp`: uploads and documents on their way."""
    shm: quantities.Size | None = None
    """`/dev/shm` in memory, for nodes that run Chromium. Default: left out (64 MiB)."""


LEAST_MEMORY = "1Gi"
"""Flowise peaks at 910 MiB while it boots."""
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
    """What main has of its own."""

    replicas: quantities.Count = 1
    """`replicas`. More than one in queue mode alone. 0 stops Flowise and keeps everything."""
    service: Service = Service()
    """The Service."""
    resources: Resources = Resources()
    """Requests and limits."""
    startup: ProbeNumbers = ProbeNumbers(period_seconds=5, failure_threshold=60)
    """Startup probe: boots took 11 to 88 seconds, the first one on an empty database longer."""
    readiness: ProbeNumbers = ProbeNumbers()
    """Readiness probe."""
    liveness: ProbeNumbers | None = None
    """Liveness probe. Default: every 10 s in queue mode, where it also sees the lost Redis connection of
    FlowiseAI/Flowise#5126 and main runs no flows; every 20 s standalone, where a flow may keep the event loop."""
    pre_stop_seconds: quantities.Count = 20
    """How long a pod that goes still serves, until no proxy sends to it: Flowise cuts open requests when told to stop.
    The grace period is 15 seconds more."""
    strategy: Literal["Recreate", "RollingUpdate"] | None = None
    """`strategy.type`. Default: Recreate with SQLite or a claim that one node holds, else RollingUpdate
    with a surge."""
    extra_env: Mapping[naming.EnvName, EnvValue] = field(default_factory=dict[str, EnvValue])
    """Further variables for main alone."""
    sizes: WritableSizes = WritableSizes()
    """Writable directories."""
    run_as_root: bool = False
    """For a volume whose files only root can use and whose driver can't change that. A namespace that enforces Pod
    Security "restricted" refuses the pod, and users' code runs as root in it."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations, volumes."""

    def contradictions(self) -> Iterable[Finding]:
        return _too_little(self)


@dataclass(frozen=True, kw_only=True)
class Worker(Value):
    """What workers have of their own."""

    replicas: quantities.Count = 1
    """`replicas`. With 0 every prediction waits."""
    concurrency: quantities.Positive = 10
    """Jobs at a time per worker and queue: `WORKER_CONCURRENCY`. Flowise's own default, 100000, lets one worker take
    the whole queue. A flow that calls a flow holds two slots at once: keep replicas times concurrency well above the
    number of such calls."""
    resources: Resources = Resources()
    """Requests and limits."""
    startup: ProbeNumbers = ProbeNumbers(period_seconds=5, timeout_seconds=10, failure_threshold=60)
    """Startup probe: until the worker is registered with its queues."""
    liveness: ProbeNumbers = ProbeNumbers(period_seconds=20, timeout_seconds=10)
    """Liveness probe: registered with its queues, and its event loop runs."""
    grace_seconds: quantities.Positive = 40
    """`terminationGracePeriodSeconds`: just over the 30 seconds that Flowise gives its running jobs."""
    extra_env: Mapping[naming.EnvName, EnvValue] = field(default_factory=dict[str, EnvValue])
    """Further variables for workers alone."""
    sizes: WritableSizes = WritableSizes()
    """Writable directories."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations, volumes."""

    def contradictions(self) -> Iterable[Finding]:
        yield from _too_little(self)
        if self.grace_seconds < 31:
            yield self.finding(
                "grace_seconds",
                f"{self.grace_seconds} is below the 30 seconds that Flowise gives running jobs: take 31 or more",
            )
        if self.concurrency == 1:
            warn("Worker.concurrency: 1 lets a flow that calls another flow wait for itself if every worker is busy")
        if self.concurrency > 1000:
            warn(f"Worker.concurrency: {self.concurrency} lets one worker take the whole queue; 5 to 50 is usual")
