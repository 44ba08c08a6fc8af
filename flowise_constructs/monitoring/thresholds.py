"""Values of alerts: from where on they fire, and which targets have the figures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Annotated

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import naming, quantities
from flowise_constructs.core.value import Value


def _percent(value: int) -> str | None:
    return None if 1 <= value <= 99 else "must be a percentage from 1 to 99"


def _job(value: str) -> str | None:
    return naming.label_value(value) or (None if value else "must be the label 'job' of a target, such as 'flowise'")


def _label(value: str) -> str | None:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", value):
        return "must be a label of Prometheus: letters, digits and '_', such as 'team'"
    return None


Percent = Annotated[int, _percent]
JobLabel = Annotated[str, _job]
LabelName = Annotated[str, _label]


@dataclass(frozen=True, kw_only=True)
class ScrapeJobs(Value):
    """The label `job` of each target of Prometheus that belongs to one deployment; all are in its namespace. None: it
    isn't scraped, and there are no alerts and no panels that need it. Example:
    `ScrapeJobs(main="flowise", queue="flowise-queue-exporter")`."""

    main: JobLabel | None = None
    """Main's `/api/v1/metrics`. Example: `"flowise"`."""
    queue: JobLabel | None = None
    """The queue exporter. Example: `"flowise-queue-exporter"`."""
    postgresql: JobLabel | None = None
    """An exporter of PostgreSQL's figures (`pg_...`). Example: `"flowise-postgresql-exporter"`."""
    redis: JobLabel | None = None
    """An exporter of Redis' figures (`redis_...`). Example: `"flowise-redis-exporter"`."""

    def contradictions(self) -> Iterable[Finding]:
        given = [getattr(self, item.name) for item in fields(self)]
        for job in sorted({job for job in given if job is not None and given.count(job) > 1}):
            yield self.finding("main", f"{job!r} is given for two targets: each has a job of its own")

    @property
    def scraped(self) -> tuple[str, ...]:
        """Those that are there."""
        return tuple(job for item in fields(self) if (job := getattr(self, item.name)) is not None)


@dataclass(frozen=True, kw_only=True)
class AlertThresholds(Value):
    """From where on alerts fire. A field that ends in `for_seconds` is the alert's `for`: how long its condition must
    hold. Shares and increases are those of the last ten minutes. Example:
    `AlertThresholds(backlog_jobs=500, backup_age_seconds=8 * 24 * 3600)`."""

    down_for_seconds: quantities.Positive = 300
    """FlowiseDown: seconds without an available main. Default: five minutes, longer than the restart of a main, whose
    startup took up to 88 seconds. Example: `120`."""
    not_ready_for_seconds: quantities.Positive = 900
    """FlowiseNotReady, FlowiseWorkersMissing: seconds with fewer pods than wanted. Default: fifteen minutes, longer
    than a rollout, one pod after the other. Example: `1800`."""
    scrape_lost_for_seconds: quantities.Positive = 600
    """FlowiseScrapeLost: seconds without an answer of a target. Default: ten minutes, longer than a pod's move to
    another node. Example: `1800`."""
    restarts: quantities.Positive = 3
    """FlowiseGateLoops, FlowiseRestarts: restarts of one container within an hour. Default: three. Kubernetes waits
    five minutes at most between two, and a gate waits five minutes for its servers. Example: `2`."""
    failed_predictions_percent: Percent = 20
    """FlowisePredictionsFail: share of predictions that failed, in percent. Default: one in five. Flows are their
    authors' business, and some fail always. Example: `5`."""
    failed_predictions_least: quantities.Positive = 3
    """FlowisePredictionsFail: failed predictions below which a share means nothing. Default: three. Example: `10`."""
    server_errors_percent: Percent = 5
    """FlowiseServerErrors: share of requests that were answered with 5xx, in percent, those of probes not counted.
    Default: one in twenty. Example: `1`."""
    server_errors_least: quantities.Positive = 5
    """FlowiseServerErrors: such answers below which a share means nothing. Default: five. Example: `20`."""
    event_loop_lag_milliseconds: quantities.Positive = 1000
    """FlowiseEventLoopLag: how late main's event loop is, in milliseconds, in the slowest of a hundred turns. Default:
    a second, a hundred times what an idle main shows; the probes wait five seconds. Example: `500`."""
    stuck_for_seconds: quantities.Positive = 300
    """FlowiseQueueStuck, FlowiseNoWorkers: seconds for which jobs wait and nobody works. Default: five minutes, longer
    than the start of a worker. Example: `120`."""
    backlog_jobs: quantities.Positive = 100
    """FlowiseQueueBacklog: waiting jobs of one queue. Default: a hundred, ten times what one worker takes at once by
    default. Example: `1000`."""
    oldest_job_seconds: quantities.Positive = 300
    """FlowiseQueueWaits: age of the oldest waiting job, in seconds. Default: five minutes; somebody waits for a
    prediction. Example: `60`."""
    redis_memory_percent: Percent = 80
    """FlowiseRedisMemory: share of `maxmemory` that is used, in percent. Default: 80; at 100 Redis refuses jobs.
    Example: `70`."""
    postgresql_connections_percent: Percent = 80
    """FlowisePostgresConnections: share of `max_connections` that is used, in percent. Default: 80; a rollout with a
    surge needs the rest. Example: `60`."""
    volume_percent: Percent = 80
    """FlowiseVolumeFills: share of a claim that is used, in percent. Default: 80. Example: `70`."""
    volume_full_percent: Percent = 95
    """FlowiseVolumeFull: the same, from where on somebody must come at once. Default: 95. Example: `90`."""
    certificate_seconds: quantities.Positive = 14 * 24 * 3600
    """FlowiseCertificateExpires: seconds for which the public host's certificate is still valid. Default: fourteen
    days; cert-manager renews one of 90 days when 30 are left. Example: `7 * 24 * 3600`."""
    backup_age_seconds: quantities.Positive = 36 * 3600
    """FlowiseBackupTooOld: seconds since the last backup that succeeded, or since the CronJob was made. Default: a day
    and a half, for a backup each day. More than the time between two runs of `Backup.schedule`. Example: `8 * 3600`,
    with a backup every six hours."""
    drill_age_seconds: quantities.Positive = 15 * 24 * 3600
    """FlowiseDrillTooOld: seconds since the last restore drill that succeeded, or since its CronJob was made. Default:
    fifteen days, for a drill each week. More than the time between two runs of `Drill.schedule`. Example:
    `40 * 24 * 3600`, with a drill each month."""

    def contradictions(self) -> Iterable[Finding]:
        if self.volume_full_percent <= self.volume_percent:
            problem = f"{self.volume_full_percent} is not above volume_percent {self.volume_percent}: give more"
            yield self.finding("volume_full_percent", problem)
