"""Queue mode: the queue that mains fill and workers empty, and the Redis behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from flowise_constructs.core.findings import Finding, shown, warn
from flowise_constructs.core.rules import naming, quantities, texts
from flowise_constructs.core.value import Value
from flowise_constructs.kubernetes.images import ServerImage
from flowise_constructs.kubernetes.pod_options import PodOptions, Resources
from flowise_constructs.kubernetes.references import AnyHost, AnyPort, AnyText, ConfigMapKey, Pem, SecretKey
from flowise_constructs.kubernetes.security import Security


@dataclass(frozen=True, kw_only=True)
class RedisTls(Value):
    """Encrypted connections to Redis: `REDIS_TLS`. They use host and port, because with a `rediss://` URL Flowise's
    clients disagree on certificates."""

    ca: Pem | None = None
    """The authority that signed the server's certificate: PEM text, or a key that holds PEM, as cert-manager makes it;
    mounted as a file, and from there in `REDIS_CA`. None: public authorities and `Settings.authorities`."""
    ca_base64: SecretKey | ConfigMapKey | None = None
    """In the place of `ca`, a key that holds base64 of the PEM: `REDIS_CA` as it is."""
    certificate: SecretKey | None = None
    """Client certificate, a key that holds PEM, or base64 of it: from a file in `REDIS_CERT`."""
    private_key: SecretKey | None = None
    """Client key, a key that holds PEM, or base64 of it: from a file in `REDIS_KEY`."""

    def contradictions(self) -> Iterable[Finding]:
        if self.ca is not None and self.ca_base64 is not None:
            yield self.finding("ca_base64", "is given beside 'ca', and is the same thing otherwise spelt: give one")
        if (self.certificate is None) != (self.private_key is None):
            missing = "private_key" if self.private_key is None else "certificate"
            yield self.finding(missing, "None: a client certificate and its key go together; give both or neither")


@dataclass(frozen=True, kw_only=True)
class Redis(Value):
    """An existing Redis server: 6.2 or newer, one node (no Cluster, no Sentinel), `maxmemory-policy noeviction`, for
    this installation only (pub/sub channels are not separated by database number)."""

    host: AnyHost
    """DNS name or IP address, without port, or the key that holds it: `REDIS_HOST`. Example: `"redis.cache.svc"`,
    `SecretKey(secret="redis", key="host")`."""
    port: AnyPort = 6379
    """`REDIS_PORT`, or the key that holds it."""
    username: AnyText | None = None
    """ACL user, or the key that holds it: `REDIS_USERNAME`. None: the default user."""
    password: SecretKey | None = None
    """`REDIS_PASSWORD`. Flowise reads it once, when it starts: not a token of ElastiCache or Memorystore, which ends
    after minutes. None: no authentication."""
    tls: RedisTls | None = None
    """Encryption. None: no encryption."""
    keep_alive_seconds: quantities.Positive = 30
    """Interval of the keep-alive probes on idle connections: `REDIS_KEEP_ALIVE`, which is in milliseconds. A connection
    that a firewall drops silently makes every prediction hang."""

    def contradictions(self) -> Iterable[Finding]:
        if isinstance(self.host, str) and self.host.startswith("clustercfg."):
            yield self.finding(
                "host",
                f"{self.host!r} is the endpoint of a Redis Cluster, which Flowise's queue can't use: take a server "
                "without cluster mode",
            )
        if self.port == 26379:
            warn("Redis.port: 26379 is Sentinel's, which Flowise can't ask: give the port of the Redis server itself")
        if self.username is not None and self.password is None:
            yield self.finding("username", f"{shown(self.username)} has no password: give 'password' too")
        if self.keep_alive_seconds > 3600:
            yield self.finding(
                "keep_alive_seconds", f"{self.keep_alive_seconds} is over an hour: give seconds, not milliseconds"
            )


@dataclass(frozen=True, kw_only=True)
class BundledRedis(Value):
    """A Redis server that is part of the deployment: one pod with a claim and an append-only file."""

    password: SecretKey | None = None
    """Password. Default: key `redis-password` of Secret `{instance}-redis-auth`."""
    auth: bool = True
    """Whether a password is required. False opens the queue, with the jobs' content, to every pod that can connect."""
    size: quantities.Size = "1Gi"
    """Claim `data-{instance}-redis-0`. Can't be changed in the StatefulSet later: see
    `flowise-constructs docs move-a-claim`."""
    storage_class: naming.ObjectName | None = None
    """`storageClassName`. Default: left out, the cluster's default class."""
    config: Mapping[str, texts.Text] = field(default_factory=dict[str, str])
    """Directives added to redis.conf. Example: `{"maxclients": "2000"}`."""
    image: ServerImage = ServerImage(repository="docker.io/library/redis", tag="8.10.0")
    """A Redis image, 7 or newer, that runs as uid 999."""
    resources: Resources = Resources(cpu_request="100m", memory_request="256Mi", memory_limit="512Mi")
    """Requests and limits; `maxmemory` is 60 % of the memory limit; the rest is for rewriting the append-only file."""
    security: Security = Security()
    """Which user its pod runs as. A chart's `security` takes the place of the default."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations."""

    def contradictions(self) -> Iterable[Finding]:
        if not self.auth and self.password is not None:
            yield self.finding("auth", "False contradicts 'password': leave one of them out")
        for name in sorted(self.config):
            if name.lower() in _OWNED:
                yield self.finding("config", f"{name!r} is set by the construct: leave it out")
            elif not name.replace("-", "").isalnum() or not name.isascii():
                yield self.finding("config", f"{name!r} is not a directive of redis.conf")
        if quantities.mebibytes(self.resources.memory_limit) < _LEAST_MEBIBYTES:
            limit = self.resources.memory_limit
            yield self.finding(
                "resources", f"memory_limit {limit!r} is too little to start: {_LEAST_MEBIBYTES}Mi or more"
            )


_LEAST_MEBIBYTES = 32


_OWNED = frozenset(
    {
        "appendonly",
        "bind",
        "dir",
        "include",
        "maxmemory",
        "maxmemory-policy",
        "port",
        "protected-mode",
        "requirepass",
        "user",
    }
)

AnyRedis: TypeAlias = Redis | BundledRedis
"""An existing server, or the bundled one."""


def _queue_name(value: str) -> str | None:
    """BullMQ refuses a colon in a queue's name."""
    if len(value) > 200 or not re.fullmatch(r"[A-Za-z0-9][-_.A-Za-z0-9]*", value):
        return "must be letters, digits, '-', '_' and '.': BullMQ refuses a colon"
    return None


QueueName = Annotated[str, _queue_name]


@dataclass(frozen=True, kw_only=True)
class Queue(Value):
    """The BullMQ queue between mains and workers. `MODE=queue`."""

    redis: AnyRedis
    """The server. A `BundledRedis` is for `QueueChart`, which creates it."""
    name: QueueName = "flowise-queue"
    """`QUEUE_NAME`, the same for mains and workers."""
    remove_on_age_seconds: quantities.Positive | None = 86400
    """How long finished jobs, with their content, stay in Redis: `REMOVE_ON_AGE`, which main reads when it adds jobs.
    None: no limit by age."""
    remove_on_count: quantities.Positive | None = 10000
    """How many finished jobs stay in Redis: `REMOVE_ON_COUNT`. With None for both they stay forever."""
    event_stream_length: quantities.Positive | None = None
    """`QUEUE_REDIS_EVENT_STREAM_MAX_LEN`. Default: left out (Flowise: 10000)."""
