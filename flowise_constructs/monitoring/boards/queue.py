"""The queue and its workers."""

from __future__ import annotations

from flowise_constructs.monitoring.alert_rules.main import AVAILABLE, SPEC
from flowise_constructs.monitoring.alert_rules.queue import WAITING
from flowise_constructs.monitoring.boards.panels import RANGE, Board, Panel, Row
from flowise_constructs.monitoring.watched import Watched


def queue_board(seen: Watched) -> Board | None:
    """None without workers."""
    if seen.worker is None:
        return None
    rows = [_jobs(seen, seen.jobs.queue)] if seen.jobs.queue is not None else []
    return Board(
        key="queue",
        title="queue and workers",
        about="Jobs between mains and workers: how many wait, for how long, and who works on them.",
        rows=[*rows, _workers(seen, seen.worker)],
    )


def _jobs(seen: Watched, job: str) -> Row:
    def figure(metric: str, *matchers: str, by: str = "sum by (queue)", **labels: str) -> str:
        return f"{by} ({seen.series(metric, *matchers, job=job, **labels)})"

    jobs = "bullmq_job_count"
    return Row(
        title="Jobs",
        panels=[
            Panel(title="Waiting", queries=((figure(jobs, WAITING), "{{queue}}"),), about="What overflows all slots."),
            Panel(title="At work", queries=((figure(jobs, state="active"), "{{queue}}"),)),
            Panel(
                title="Age of the oldest job that waits",
                unit="s",
                queries=((figure("flowise_queue_oldest_job_age_seconds", by="max by (queue)"), "{{queue}}"),),
            ),
            Panel(
                title="Kept after their end",
                queries=(
                    (figure(jobs, 'state=~"completed|failed"', by="sum by (queue, state)"), "{{queue}} {{state}}"),
                ),
                about="As many as Queue.remove_on_count and remove_on_age_seconds keep: not a rate.",
            ),
            Panel(
                title="Delayed",
                queries=((figure(jobs, state="delayed"), "{{queue}}"),),
                about="Schedules are among them.",
            ),
            Panel(
                title="Paused queues",
                kind="stat",
                limits=(1, 2),
                queries=((figure("flowise_queue_paused", by="max by (queue)"), "{{queue}}"),),
            ),
        ],
    )


def _workers(seen: Watched, worker: str) -> Row:
    pods = seen.pods_of(worker)
    seconds = seen.series("container_cpu_usage_seconds_total", pods, 'container!=""')
    memory = seen.series("container_memory_working_set_bytes", pods, 'container!=""')
    counts = [(seen.of_deployment(AVAILABLE, worker), "available"), (seen.of_deployment(SPEC, worker), "wanted")]
    if job := seen.jobs.queue:
        counts.append((f"min({seen.series('flowise_queue_workers', job=job)})", "registered with every queue"))
    return Row(
        title="Workers",
        panels=[
            Panel(title="Workers", queries=tuple(counts)),
            Panel(
                title="CPU of workers",
                queries=((f"sum by (pod) (rate({seconds}[{RANGE}]))", "{{pod}}"),),
                about="In cores. It says little about the queue: workers wait for models.",
            ),
            Panel(title="Memory of workers", unit="bytes", queries=((f"sum by (pod) ({memory})", "{{pod}}"),)),
        ],
    )
