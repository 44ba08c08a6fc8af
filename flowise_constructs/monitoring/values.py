"""Values of monitoring: how Prometheus scrapes, and the exporters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import naming, quantities
from flowise_constructs.core.value import Value
from flowise_constructs.kubernetes.images import ServerImage
from flowise_constructs.kubernetes.pod_options import PodOptions, Resources
from flowise_constructs.kubernetes.references import SecretKey


@dataclass(frozen=True, kw_only=True)
class Scrape(Value):
    """How Prometheus finds its targets, and how often it asks them."""

    by: Literal["operator", "annotations"] = "operator"
    """`"operator"`: a ServiceMonitor and PodMonitors (`monitoring.coreos.com/v1`), which the Prometheus Operator and
    programs that read its objects turn into a scrape configuration. `"annotations"`: `prometheus.io/scrape`, `port` and
    `path` on the exporters' pods, for a Prometheus whose configuration looks for them. They can't carry the API key
    that main asks for: main needs a scrape configuration of your own, see `flowise-constructs docs monitoring`."""
    interval_seconds: quantities.Positive = 30
    """`interval`. With `"annotations"` your configuration says it."""
    timeout_seconds: quantities.Positive = 10
    """`scrapeTimeout`. The queue exporter waits 5 s for Redis at the most."""
    labels: Mapping[naming.LabelKey, naming.LabelValue] = field(default_factory=dict[str, str])
    """Labels of the monitors, by which a Prometheus selects them: `serviceMonitorSelector`, `podMonitorSelector`.
    Example, for the chart kube-prometheus-stack: `{"release": "kube-prometheus-stack"}`."""

    def contradictions(self) -> Iterable[Finding]:
        if self.timeout_seconds > self.interval_seconds:
            limit = f"is longer than interval_seconds, {self.interval_seconds}, which Prometheus refuses"
            yield self.finding("timeout_seconds", f"{self.timeout_seconds} {limit}: give at most that")
        if self.by == "annotations" and self.labels:
            yield self.finding("labels", "has no effect with by='annotations', which make no monitors: leave it out")


@dataclass(frozen=True, kw_only=True)
class QueueExporter(Value):
    """The exporter of the queues: one process of the Flowise image, which asks Redis at each scrape."""

    resources: Resources = Resources(cpu_request="20m", memory_request="96Mi", memory_limit="192Mi")
    """Requests and limits."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations."""


@dataclass(frozen=True, kw_only=True)
class RedisExporter(Value):
    """The exporter of the bundled Redis: memory, clients, refused connections, errors. It has the server's password:
    the bundled Redis has one user."""

    image: ServerImage = ServerImage(repository="docker.io/oliver006/redis_exporter", tag="v1.91.1")
    """An image of redis_exporter, 1.45 or newer."""
    resources: Resources = Resources(cpu_request="10m", memory_request="32Mi", memory_limit="64Mi")
    """Requests and limits."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations."""


@dataclass(frozen=True, kw_only=True)
class PostgresExporter(Value):
    """The exporter of the bundled PostgreSQL: connections, sizes, transactions, locks. It logs in as a role of its own,
    which reads statistics (`pg_monitor`) and no table. Whenever its pod starts, an init container makes the role with
    the superuser's password, which the exporter itself doesn't get."""

    password: SecretKey | None = None
    """Password of the role, which you choose, without white space. Default: key `monitoring-password` of Secret
    `{instance}-postgresql-auth`."""
    role: naming.Identifier = "flowise_monitoring"
    """Name of the role."""
    image: ServerImage = ServerImage(repository="docker.io/prometheuscommunity/postgres-exporter", tag="v0.20.1")
    """An image of postgres_exporter, 0.11 or newer."""
    resources: Resources = Resources(cpu_request="10m", memory_request="32Mi", memory_limit="64Mi")
    """Requests and limits."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations."""

    def contradictions(self) -> Iterable[Finding]:
        if self.role == "postgres":
            yield self.finding("role", "'postgres' is the superuser: name a role for the exporter")
