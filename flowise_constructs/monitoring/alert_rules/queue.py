"""Alerts on the queue and its workers."""

from __future__ import annotations

from collections.abc import Iterator

from flowise_constructs.monitoring.alert_rules.main import AVAILABLE, SAME, SPEC
from flowise_constructs.monitoring.alert_rules.rule import Rule
from flowise_constructs.monitoring.thresholds import AlertThresholds
from flowise_constructs.monitoring.watched import Watched

WAITING = 'state=~"waiting|prioritized|paused"'
"""Jobs that a worker could take now, and those of a queue that somebody paused."""


def queue_rules(seen: Watched, thresholds: AlertThresholds) -> Iterator[Rule]:
    """None outside queue mode."""
    if seen.jobs.queue is not None:
        yield from _queue(seen, thresholds, seen.jobs.queue)
    if seen.worker is not None:
        yield from _workers(seen, thresholds, seen.worker)


def _queue(seen: Watched, thresholds: AlertThresholds, job: str) -> Iterator[Rule]:
    waiting = f"sum by (namespace, queue) ({seen.series('bullmq_job_count', WAITING, job=job)})"
    active = f"sum by (namespace, queue) ({seen.series('bullmq_job_count', job=job, state='active')})"
    yield Rule(
        alert="FlowiseQueueUnreachable",
        severity="critical",
        expr=f"max by (namespace) ({seen.series('flowise_queue_redis_up', job=job)}) == 0",
        for_seconds=120,
        summary="The queue's Redis doesn't answer: no prediction is run",
        description="The queue exporter gets no answer from Redis.",
    )
    yield Rule(
        alert="FlowiseQueueStuck",
        severity="critical",
        expr=f"{waiting} > 0\nand {active} == 0",
        for_seconds=thresholds.stuck_for_seconds,
        summary="Jobs wait in the queue and nobody works on any",
        description="{{ $value }} jobs wait in {{ $labels.queue }}, and no worker has one.",
    )
    yield Rule(
        alert="FlowiseQueueBacklog",
        severity="warning",
        expr=f"{waiting} > {thresholds.backlog_jobs}",
        for_seconds=600,
        summary="The queue grows faster than workers empty it",
        description="{{ $value }} jobs wait in {{ $labels.queue }}.",
    )
    age = seen.series("flowise_queue_oldest_job_age_seconds", job=job)
    yield Rule(
        alert="FlowiseQueueWaits",
        severity="warning",
        expr=f"max by (namespace, queue) ({age}) > {thresholds.oldest_job_seconds}",
        summary="A job waits too long",
        description="The oldest job in {{ $labels.queue }} has waited for {{ $value | humanizeDuration }}.",
    )


def _workers(seen: Watched, thresholds: AlertThresholds, worker: str) -> Iterator[Rule]:
    wanted, available = seen.of_deployment(SPEC, worker), seen.of_deployment(AVAILABLE, worker)
    registered = (
        f"min by (namespace) ({seen.series('flowise_queue_workers', job=seen.jobs.queue)})" if seen.jobs.queue else None
    )
    none_registered = f"\nor {registered} == 0 and on (namespace) {available} > 0" if registered else ""
    yield Rule(
        alert="FlowiseNoWorkers",
        severity="critical",
        expr=f"({wanted} > 0 unless {SAME} {available} > 0){none_registered}",
        for_seconds=thresholds.stuck_for_seconds,
        summary="No worker is there: every prediction waits",
        description=f"No pod of Deployment {worker} is available, or none is registered with every queue.",
    )
    fewer = f"\nor {registered} > 0 < on (namespace) sum by (namespace) ({available})" if registered else ""
    yield Rule(
        alert="FlowiseWorkersMissing",
        severity="warning",
        expr=f"({available} < {SAME} {wanted} > 0){fewer}",
        for_seconds=thresholds.not_ready_for_seconds,
        summary="Fewer workers than wanted",
        description=f"Only {{{{ $value }}}} pods of Deployment {worker} are available or registered with every queue.",
    )
