"""Alerts on mains, on what is scraped, and on pods of mains and workers."""

from __future__ import annotations

from collections.abc import Iterator

from flowise_constructs.monitoring.alert_rules.rule import WINDOW, Rule, added
from flowise_constructs.monitoring.thresholds import AlertThresholds
from flowise_constructs.monitoring.watched import Watched, literal

PREDICTIONS = tuple(
    f"{kind}_prediction_{caller}" for kind in ("chatflow", "agentflow") for caller in ("internal", "external")
)
"""Counters of predictions, without the `_total` that other counters end in."""
PING = "/api/v1/ping"
SPEC, AVAILABLE = "kube_deployment_spec_replicas", "kube_deployment_status_replicas_available"
SAME = "on (namespace, deployment)"


def main_rules(seen: Watched, thresholds: AlertThresholds) -> Iterator[Rule]:
    """Those that every deployment has, and those on main's own figures where it is scraped."""
    yield from _pods(seen, thresholds)
    if seen.jobs.scraped:
        yield _scrape_lost(seen, thresholds)
    yield _unknown(seen)
    if seen.jobs.main is not None:
        yield from _requests(seen, thresholds, seen.jobs.main)
        yield _wrong_release(seen, seen.jobs.main)


def _pods(seen: Watched, thresholds: AlertThresholds) -> Iterator[Rule]:
    wanted, available = seen.of_deployment(SPEC, seen.main), seen.of_deployment(AVAILABLE, seen.main)
    yield Rule(
        alert="FlowiseDown",
        severity="critical",
        expr=f"{wanted} > 0\nunless {SAME} {available} > 0",
        for_seconds=thresholds.down_for_seconds,
        summary="Flowise serves nobody: no main is available",
        description=f"None of the {{{{ $value }}}} pods wanted of Deployment {seen.main} is available.",
    )
    yield Rule(
        alert="FlowiseNotReady",
        severity="warning",
        expr=f"{available}\n< {SAME} {wanted} > 0",
        for_seconds=thresholds.not_ready_for_seconds,
        summary="Flowise has fewer mains than wanted",
        description=f"Only {{{{ $value }}}} pods of Deployment {seen.main} are available, fewer than wanted.",
    )
    yield from _restarts(seen, thresholds)


def _restarts(seen: Watched, thresholds: AlertThresholds) -> Iterator[Rule]:
    gates = seen.series("kube_pod_init_container_status_restarts_total", seen.pods("Deployment"), container="gate")
    yield Rule(
        alert="FlowiseGateLoops",
        severity="critical",
        expr=f"max by (namespace, pod) (increase({gates}[1h])) >= {thresholds.restarts}",
        summary="Flowise can't start: its gate ends again and again",
        description="The gate of pod {{ $labels.pod }} was restarted {{ $value | humanize }} times within an hour.",
    )
    containers = seen.series("kube_pod_container_status_restarts_total", seen.pods("Deployment", "StatefulSet"))
    yield Rule(
        alert="FlowiseRestarts",
        severity="warning",
        expr=f"max by (namespace, pod, container) (increase({containers}[1h])) >= {thresholds.restarts}",
        summary="A container of Flowise is restarted again and again",
        description="The container {{ $labels.container }} of pod {{ $labels.pod }} was restarted "
        "{{ $value | humanize }} times within an hour.",
    )


def _scrape_lost(seen: Watched, thresholds: AlertThresholds) -> Rule:
    """A main that is stopped on purpose has no target."""
    silent = [f"max by (namespace, job, instance) ({seen.series('up', job=job)}) == 0" for job in seen.jobs.scraped]
    stopped = f"unless on () {seen.of_deployment(SPEC, seen.main)} == 0"
    absent = [
        f"absent({seen.series('up', job=job)})" + (f" {stopped}" if job == seen.jobs.main else "")
        for job in seen.jobs.scraped
    ]
    return Rule(
        alert="FlowiseScrapeLost",
        severity="warning",
        expr="\nor ".join(f"({expression})" for expression in [*silent, *absent]),
        for_seconds=thresholds.scrape_lost_for_seconds,
        summary="Prometheus gets no figures of Flowise",
        description="The target {{ $labels.job }} doesn't answer, or isn't there. Alerts that need it are silent.",
    )


def _unknown(seen: Watched) -> Rule:
    objects = [seen.series(SPEC, deployment=name) for name in seen.deployments]
    objects += [seen.series("kube_cronjob_created", cronjob=name) for name in seen.cron_jobs]
    return Rule(
        alert="FlowiseStateUnknown",
        severity="warning",
        expr="\nor ".join(f"absent({item})" for item in objects),
        for_seconds=900,
        summary="Prometheus knows nothing of an object of Flowise",
        description="kube-state-metrics has no figures of {{ with $labels.deployment }}Deployment {{ . }}{{ end }}"
        "{{ with $labels.cronjob }}CronJob {{ . }}{{ end }}: it is gone, or not scraped. Alerts on it are silent.",
    )


def _requests(seen: Watched, thresholds: AlertThresholds, job: str) -> Iterator[Rule]:
    failed = added([_increase(seen.series(name, job=job, status="failure")) for name in PREDICTIONS])
    every = added([_increase(seen.series(name, job=job)) for name in PREDICTIONS])
    yield Rule(
        alert="FlowisePredictionsFail",
        severity="warning",
        expr=f"100 * (\n  {failed}\n) / (\n  {every}\n) > {thresholds.failed_predictions_percent}\n"
        f"and (\n  {failed}\n) >= {thresholds.failed_predictions_least}",
        for_seconds=300,
        summary="Predictions fail",
        description=f'{{{{ $value | printf "%.0f" }}}} % of the predictions of the last {WINDOW} failed.',
    )
    requests = ("http_request_duration_ms_count", f'route!="{PING}"')
    errors = _increase(seen.series(*requests, 'code=~"5.."', job=job))
    yield Rule(
        alert="FlowiseServerErrors",
        severity="warning",
        expr=f"100 * {errors}\n  / {_increase(seen.series(*requests, job=job))} > {thresholds.server_errors_percent}\n"
        f"and {errors} >= {thresholds.server_errors_least}",
        for_seconds=300,
        summary="Flowise answers requests with errors",
        description=f'{{{{ $value | printf "%.0f" }}}} % of the requests of the last {WINDOW} were answered with 5xx.',
    )
    metrics = seen.deployment.flowise.settings.metrics
    if metrics is None or metrics.node_metrics:
        lag = seen.series("flowise_nodejs_eventloop_lag_p99_seconds", job=job)
        yield Rule(
            alert="FlowiseEventLoopLag",
            severity="warning",
            expr=f"max by (namespace, pod, instance) ({lag}) > {thresholds.event_loop_lag_milliseconds / 1000:g}",
            for_seconds=600,
            summary="A main of Flowise is slow: its event loop is blocked",
            description="The event loop of {{ $labels.instance }} is {{ $value | humanizeDuration }} late.",
        )


def _wrong_release(seen: Watched, job: str) -> Rule:
    expected = seen.deployment.flowise.image.flowise.tag
    other = seen.series("flowise_version_info", f'version!~"v?{literal(expected)}"', job=job)
    expr = f"max by (namespace, pod, instance, version) ({other}) == 1"
    if seen.jobs.queue is not None:
        expr += f"\nor min by (namespace) ({seen.series('flowise_release_matches', job=seen.jobs.queue)}) == 0"
    return Rule(
        alert="FlowiseWrongRelease",
        severity="warning",
        expr=expr,
        for_seconds=900,
        summary="The image holds another release of Flowise than the manifest is made for",
        description=f"The manifest is made for Flowise {expected}, and the image holds "
        "{{ with $labels.version }}{{ . }}{{ else }}another{{ end }}.",
    )


def _increase(series: str) -> str:
    return f"sum(increase({series}[{WINDOW}]))"
