"""What users see of a deployment: whether it serves them, how fast, and on what."""

from __future__ import annotations

from collections.abc import Iterator

from flowise_constructs.monitoring.alert_rules.main import AVAILABLE, PING, PREDICTIONS, SPEC
from flowise_constructs.monitoring.alert_rules.rule import added
from flowise_constructs.monitoring.boards.panels import RANGE, Board, Panel, Row
from flowise_constructs.monitoring.watched import Watched


def overview(seen: Watched) -> Board:
    """Mains and workers."""
    rows = [_state(seen)]
    if job := seen.jobs.main:
        metrics = seen.deployment.flowise.settings.metrics
        of_process = metrics is None or metrics.node_metrics
        rows += [_requests(seen, job), *([_process(seen, job)] if of_process else [])]
    return Board(
        key="overview",
        title="overview",
        about="Whether Flowise serves its users, how fast, and what its pods need.",
        rows=[*rows, _pods(seen)],
    )


def _state(seen: Watched) -> Row:
    return Row(title="State", panels=list(_states(seen)))


def _states(seen: Watched) -> Iterator[Panel]:
    for what, name in zip(("Mains", "Workers"), seen.deployments, strict=False):
        yield Panel(
            title=f"{what} available",
            kind="stat",
            width=4,
            queries=((seen.of_deployment(AVAILABLE, name), "available"), (seen.of_deployment(SPEC, name), "wanted")),
        )
    restarts = seen.series("kube_pod_container_status_restarts_total", seen.pods("Deployment", "StatefulSet"))
    yield Panel(
        title="Restarts within an hour",
        kind="stat",
        width=4,
        limits=(1, 3),
        queries=((f"sum(increase({restarts}[1h]))", "restarts"),),
        about="Of the containers of mains, workers and bundled servers, without their gates.",
    )
    if job := seen.jobs.main:
        version = seen.series("flowise_version_info", job=job)
        yield Panel(
            title="Release",
            kind="stat",
            width=6,
            queries=((f"count by (version) ({version})", "{{version}}"),),
            about="How many mains hold which release.",
        )
    alerts = seen.series("ALERTS", flowise=seen.name, alertstate="firing")
    yield Panel(
        title="Alerts that fire",
        kind="stat",
        width=6,
        limits=(1, 2),
        queries=((f"count({alerts}) or vector(0)", "alerts"),),
    )


def _requests(seen: Watched, job: str) -> Row:
    def rate(metric: str, *matchers: str, **labels: str) -> str:
        return f"sum(rate({seen.series(metric, *matchers, job=job, **labels)}[{RANGE}]))"

    def predicted(**labels: str) -> str:
        return added([rate(metric, **labels) for metric in PREDICTIONS])

    requests = seen.series("http_request_duration_ms_bucket", f'route!="{PING}"', job=job)
    codes = seen.series("http_request_duration_ms_count", f'route!="{PING}"', job=job)
    fast = rate("http_request_duration_ms_bucket", f'route!="{PING}"', le="500")
    every = rate("http_request_duration_ms_count", f'route!="{PING}"')
    quantiles = tuple(
        (f"histogram_quantile({quantile}, sum by (le) (rate({requests}[{RANGE}])))", f"{quantile * 100:g} %")
        for quantile in (0.5, 0.95)
    )
    return Row(
        title="Predictions and requests",
        panels=[
            Panel(
                title="Predictions",
                unit="cps",
                queries=((predicted(status="success"), "succeeded"), (predicted(status="failure"), "failed")),
                about="Counted by mains, in queue mode too, once a prediction has ended.",
            ),
            Panel(
                title="Requests by answer",
                unit="reqps",
                queries=((f"sum by (code) (rate({codes}[{RANGE}]))", "{{code}}"),),
                about="Without those of probes. Flowise doesn't count 401.",
            ),
            Panel(
                title="Duration of requests",
                unit="ms",
                queries=quantiles,
                about="Flowise measures up to 500 ms: what takes longer is drawn there.",
            ),
            Panel(
                title="Requests of more than 500 ms",
                unit="percent",
                queries=((f"100 * (1 - {fast}\n  / {every})", "of all"),),
                about="Predictions are among them.",
            ),
        ],
    )


def _process(seen: Watched, job: str) -> Row:
    panels = [
        Panel(
            title="Event loop lag of mains",
            unit="s",
            queries=((seen.series("flowise_nodejs_eventloop_lag_p99_seconds", job=job), "{{pod}}"),),
            about="The slowest of a hundred turns since the last scrape. An idle main shows 0.01 s.",
        ),
        Panel(
            title="Memory of mains",
            unit="bytes",
            queries=(
                (seen.series("flowise_process_resident_memory_bytes", job=job), "{{pod}} resident"),
                (seen.series("flowise_nodejs_heap_size_used_bytes", job=job), "{{pod}} heap"),
            ),
        ),
        Panel(
            title="Open files and connections of mains",
            queries=((seen.series("flowise_process_open_fds", job=job), "{{pod}}"),),
        ),
    ]
    return Row(title="Main's process", panels=panels)


def _pods(seen: Watched) -> Row:
    pods, container = seen.pods("Deployment", "StatefulSet"), 'container!=""'
    memory = seen.series("container_memory_working_set_bytes", pods, container)
    limits = seen.series("kube_pod_container_resource_limits", pods, resource="memory")
    seconds = seen.series("container_cpu_usage_seconds_total", pods, container)
    by = "sum by (pod, container)"
    return Row(
        title="Pods",
        panels=[
            Panel(
                title="Memory of containers",
                unit="bytes",
                width=12,
                queries=((f"{by} ({memory})", "{{pod}} {{container}}"),),
            ),
            Panel(
                title="Memory, of the limit",
                unit="percent",
                width=12,
                queries=((f"100 * {by} ({memory})\n  / {by} ({limits})", "{{pod}} {{container}}"),),
                about="At 100 % the container is killed.",
            ),
            Panel(
                title="CPU of containers",
                width=12,
                queries=((f"{by} (rate({seconds}[{RANGE}]))", "{{pod}} {{container}}"),),
                about="In cores.",
            ),
        ],
    )
