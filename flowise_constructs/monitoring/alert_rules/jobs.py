"""Alerts on backups, drills, and Jobs that run once."""

from __future__ import annotations

from collections.abc import Iterator

from flowise_constructs.monitoring.alert_rules.rule import Rule
from flowise_constructs.monitoring.thresholds import AlertThresholds
from flowise_constructs.monitoring.watched import Watched, literal, matching

LAST_SUCCESS = "kube_cronjob_status_last_successful_time"


def job_rules(seen: Watched, thresholds: AlertThresholds) -> Iterator[Rule]:
    """None without backups and Jobs."""
    if backup := seen.cron_job("backup"):
        yield _too_old(seen, "FlowiseBackupTooOld", backup, thresholds.backup_age_seconds, "backup", "critical")
        yield _failed(seen, "FlowiseBackupFailed", backup, "backup")
    if drill := seen.cron_job("drill"):
        yield _too_old(seen, "FlowiseDrillTooOld", drill, thresholds.drill_age_seconds, "restore drill", "warning")
        yield _failed(seen, "FlowiseDrillFailed", drill, "restore drill")
    if seen.single_jobs:
        jobs = matching("job_name", map(literal, seen.single_jobs))
        failed = seen.series("kube_job_failed", jobs, condition="true")
        yield Rule(
            alert="FlowiseJobFailed",
            severity="warning",
            expr=f"max by (namespace, job_name) ({failed}) == 1",
            summary="A Job of Flowise failed",
            description="The Job {{ $labels.job_name }} failed; its pod's log says why.",
        )


def _too_old(seen: Watched, alert: str, cron_job: str, seconds: int, what: str, severity: str) -> Rule:
    """Before the first success the age is that of the CronJob."""
    success, created = (seen.series(name, cronjob=cron_job) for name in (LAST_SUCCESS, "kube_cronjob_created"))
    return Rule(
        alert=alert,
        severity="critical" if severity == "critical" else "warning",
        expr=f"time() - max by (namespace, cronjob) (\n  {success}\n  or {created}\n) > {seconds}",
        for_seconds=60,
        summary=f"No {what} has succeeded for too long",
        description=f"The last {what} that succeeded, or the CronJob {{{{ $labels.cronjob }}}} if none ever did, is "
        "{{ $value | humanizeDuration }} old.",
    )


def _failed(seen: Watched, alert: str, cron_job: str, what: str) -> Rule:
    """The newest run failed. Runs that failed before a success stay for a while, and say nothing."""
    runs = matching("job_name", [f"{literal(cron_job)}-[0-9]+"])
    started, failed = (
        seen.series("kube_job_status_start_time", runs),
        seen.series("kube_job_failed", runs, condition="true"),
    )
    success, created = (seen.series(name, cronjob=cron_job) for name in (LAST_SUCCESS, "kube_cronjob_created"))
    return Rule(
        alert=alert,
        severity="warning",
        expr=f"max by (namespace) (\n  {started}\n  and on (namespace, job_name) {failed} == 1\n)\n"
        f"> max by (namespace) (\n  {success}\n  or {created}\n)",
        summary=f"The last {what} failed",
        description=f"The newest run of CronJob {cron_job} failed; the last line of its pod's log says why.",
    )
