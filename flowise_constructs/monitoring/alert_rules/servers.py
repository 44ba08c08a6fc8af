"""Alerts on Redis, PostgreSQL, volumes, and the certificate of the public host."""

from __future__ import annotations

from collections.abc import Iterator

from flowise_constructs.monitoring.alert_rules.rule import WINDOW, Rule
from flowise_constructs.monitoring.thresholds import AlertThresholds
from flowise_constructs.monitoring.watched import Watched, literal, matching


def server_rules(seen: Watched, thresholds: AlertThresholds) -> Iterator[Rule]:
    """Those on servers whose exporters are scraped, and on what the deployment's pods and ways in have."""
    if seen.jobs.redis is not None:
        yield from _redis(seen, thresholds, seen.jobs.redis)
    if seen.jobs.postgresql is not None:
        yield from _postgresql(seen, thresholds, seen.jobs.postgresql)
    if seen.claims is not None:
        yield from _volumes(seen, thresholds, seen.claims)
    if seen.https_hosts or seen.certificates:
        yield _certificate(seen, thresholds)


def _redis(seen: Watched, thresholds: AlertThresholds, job: str) -> Iterator[Rule]:
    def figure(name: str, **labels: str) -> str:
        return f"max by (namespace, job) ({seen.series(name, job=job, **labels)})"

    yield Rule(
        alert="FlowiseRedisDown",
        severity="critical",
        expr=f"{figure('redis_up')} == 0",
        for_seconds=120,
        summary="Redis is down: no prediction is run",
        description="The exporter gets no answer from Redis.",
    )
    used, most = figure("redis_memory_used_bytes"), figure("redis_memory_max_bytes")
    yield Rule(
        alert="FlowiseRedisMemory",
        severity="warning",
        expr=f"100 * {used}\n  / ({most} > 0) > {thresholds.redis_memory_percent}",
        for_seconds=600,
        summary="Redis' memory fills: when it is full, Redis refuses jobs",
        description='{{ $value | printf "%.0f" }} % of maxmemory is used.',
    )
    refused = f"increase({seen.series('redis_rejected_connections_total', job=job)}[{WINDOW}])"
    errors = seen.series("redis_errors_total", job=job, err="OOM")
    # Before its first error Redis has no such series, and an increase to the first value is none.
    new = f"{errors} unless {errors} offset {WINDOW}"
    counts = (refused, f"increase({errors}[{WINDOW}])", new)
    yield Rule(
        alert="FlowiseRedisRefuses",
        severity="critical",
        expr="\nor ".join(f"sum by (namespace, job) ({count}) > 0" for count in counts),
        summary="Redis refuses jobs or connections",
        description=f"{{{{ $value | humanize }}}} connections or writes were refused within {WINDOW}.",
    )
    evicted = f"increase({seen.series('redis_evicted_keys_total', job=job)}[{WINDOW}])"
    policy = seen.series("redis_instance_info", 'maxmemory_policy!="noeviction"', job=job)
    yield Rule(
        alert="FlowiseRedisEvicts",
        severity="critical",
        expr=f"sum by (namespace, job) ({evicted}) > 0\nor max by (namespace, job, maxmemory_policy) ({policy}) == 1",
        summary="Redis deletes jobs, or may: its maxmemory-policy is not noeviction",
        description="Keys were evicted, or maxmemory-policy is "
        "{{ with $labels.maxmemory_policy }}{{ . }}{{ else }}not noeviction{{ end }}. BullMQ loses jobs silently.",
    )


def _postgresql(seen: Watched, thresholds: AlertThresholds, job: str) -> Iterator[Rule]:
    yield Rule(
        alert="FlowisePostgresDown",
        severity="critical",
        expr=f"max by (namespace, job) ({seen.series('pg_up', job=job)}) == 0",
        for_seconds=120,
        summary="PostgreSQL is down",
        description="The exporter gets no answer from PostgreSQL.",
    )
    used = f"sum by (namespace, job) ({seen.series('pg_stat_activity_count', job=job)})"
    most = f"max by (namespace, job) ({seen.series('pg_settings_max_connections', job=job)})"
    yield Rule(
        alert="FlowisePostgresConnections",
        severity="warning",
        expr=f"100 * {used}\n  / {most} > {thresholds.postgresql_connections_percent}",
        for_seconds=600,
        summary="PostgreSQL's connections run out",
        description='{{ $value | printf "%.0f" }} % of max_connections are used.',
    )


def _volumes(seen: Watched, thresholds: AlertThresholds, claims: str) -> Iterator[Rule]:
    def figure(name: str) -> str:
        return f"max by (namespace, persistentvolumeclaim) ({seen.series(f'kubelet_volume_stats_{name}', claims)})"

    # By what is free: file systems keep some blocks for root, which count as neither.
    share = f"100 * (\n  1 - {figure('available_bytes')}\n  / {figure('capacity_bytes')}\n)"
    said = 'The claim {{ $labels.persistentvolumeclaim }} is {{ $value | printf "%.0f" }} % full.'
    yield Rule(
        alert="FlowiseVolumeFills",
        severity="warning",
        expr=f"{share} > {thresholds.volume_percent}",
        for_seconds=900,
        summary="A volume of Flowise fills",
        description=said,
    )
    yield Rule(
        alert="FlowiseVolumeFull",
        severity="critical",
        expr=f"{share} > {thresholds.volume_full_percent}",
        for_seconds=60,
        summary="A volume of Flowise is almost full: its server stops writing",
        description=said,
    )


def _certificate(seen: Watched, thresholds: AlertThresholds) -> Rule:
    """cert-manager's own figure, under either label that a scrape gives it, or a blackbox exporter's."""
    names = matching("name", map(literal, seen.certificates))
    expiry = "certmanager_certificate_expiration_timestamp_seconds"
    managed = [f'{expiry}{{{label}="{seen.namespace}",{names}}}' for label in ("namespace", "exported_namespace")]
    hosts = "|".join(map(literal, seen.https_hosts))
    probed = f'probe_ssl_earliest_cert_expiry{{instance=~"(https://)?({hosts})(:[0-9]+)?(/.*)?"}}'
    found = [f"min by (name) ({series})" for series in (managed if seen.certificates else [])]
    found += [f"min by (instance) ({probed})"] if seen.https_hosts else []
    either = "\n  or ".join(found)
    return Rule(
        alert="FlowiseCertificateExpires",
        severity="warning",
        expr=f"(\n  {either}\n) - time() < {thresholds.certificate_seconds}",
        for_seconds=600,
        summary="The public host's certificate expires soon",
        description="The certificate {{ $labels.name }}{{ $labels.instance }} expires in "
        "{{ $value | humanizeDuration }}.",
    )
