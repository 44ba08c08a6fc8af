"""Redis, PostgreSQL, volumes and backups."""

from __future__ import annotations

from flowise_constructs.monitoring.alert_rules.jobs import LAST_SUCCESS
from flowise_constructs.monitoring.boards.panels import RANGE, Board, Panel, Row
from flowise_constructs.monitoring.watched import Watched, literal, matching


def servers_board(seen: Watched) -> Board | None:
    """None without anything to show."""
    found = [
        _redis(seen, seen.jobs.redis) if seen.jobs.redis else None,
        _postgresql(seen, seen.jobs.postgresql) if seen.jobs.postgresql else None,
        _volumes(seen, seen.claims) if seen.claims else None,
        _backups(seen, seen.cron_jobs) if seen.cron_jobs else None,
    ]
    rows = [row for row in found if row is not None]
    about = "What Flowise keeps its data in, and whether it could be restored."
    return Board(key="servers", title="servers and backups", about=about, rows=rows) if rows else None


def _redis(seen: Watched, job: str) -> Row:
    def figure(metric: str, **labels: str) -> str:
        return f"max by (job) ({seen.series(metric, job=job, **labels)})"

    def rate(metric: str, by: str = "job", **labels: str) -> str:
        return f"sum by ({by}) (rate({seen.series(metric, job=job, **labels)}[{RANGE}]))"

    return Row(
        title="Redis",
        panels=[
            Panel(
                title="Memory",
                unit="bytes",
                queries=((figure("redis_memory_used_bytes"), "used"), (figure("redis_memory_max_bytes"), "maxmemory")),
                about="When maxmemory is reached, Redis refuses jobs.",
            ),
            Panel(
                title="Clients",
                queries=(
                    (figure("redis_connected_clients"), "connected"),
                    (figure("redis_blocked_clients"), "that wait for a job"),
                ),
            ),
            Panel(
                title="Refused and evicted",
                unit="cps",
                queries=(
                    (rate("redis_rejected_connections_total"), "connections refused"),
                    (rate("redis_errors_total", by="err"), "error {{err}}"),
                    (rate("redis_evicted_keys_total"), "keys evicted"),
                ),
            ),
            Panel(title="Commands", unit="cps", queries=((rate("redis_commands_processed_total"), "all"),)),
            Panel(
                title="Append-only file",
                unit="bytes",
                queries=((figure("redis_aof_current_size_bytes"), "size"),),
            ),
        ],
    )


def _postgresql(seen: Watched, job: str) -> Row:
    def figure(metric: str, aggregate: str, **labels: str) -> str:
        return f"{aggregate} ({seen.series(metric, job=job, **labels)})"

    def rate(metric: str) -> str:
        return f"sum by (datname) (rate({seen.series(metric, job=job)}[{RANGE}]))"

    hit, read = rate("pg_stat_database_blks_hit"), rate("pg_stat_database_blks_read")
    return Row(
        title="PostgreSQL",
        panels=[
            Panel(
                title="Connections",
                queries=(
                    (figure("pg_stat_activity_count", "sum by (state)"), "{{state}}"),
                    (figure("pg_settings_max_connections", "max by (job)"), "max_connections"),
                ),
            ),
            Panel(
                title="Size of databases",
                unit="bytes",
                queries=((figure("pg_database_size_bytes", "max by (datname)"), "{{datname}}"),),
            ),
            Panel(
                title="Transactions",
                unit="cps",
                queries=(
                    (rate("pg_stat_database_xact_commit"), "{{datname}} committed"),
                    (rate("pg_stat_database_xact_rollback"), "{{datname}} rolled back"),
                ),
            ),
            Panel(
                title="Read from memory",
                unit="percent",
                queries=((f"100 * {hit}\n  / ({hit} + {read} > 0)", "{{datname}}"),),
                about="The rest comes from the volume, or the node's cache of it.",
            ),
            Panel(title="Deadlocks", unit="cps", queries=((rate("pg_stat_database_deadlocks"), "{{datname}}"),)),
            Panel(
                title="Longest transaction",
                unit="s",
                queries=(
                    (figure("pg_stat_activity_max_tx_duration", "max by (datname, state)"), "{{datname}} {{state}}"),
                ),
            ),
        ],
    )


def _volumes(seen: Watched, claims: str) -> Row:
    def figure(name: str) -> str:
        return f"max by (persistentvolumeclaim) ({seen.series(f'kubelet_volume_stats_{name}', claims)})"

    share = f"100 * (1 - {figure('available_bytes')}\n  / {figure('capacity_bytes')})"
    return Row(
        title="Volumes",
        panels=[
            Panel(title="Used", unit="percent", width=12, queries=((share, "{{persistentvolumeclaim}}"),)),
            Panel(
                title="Free",
                unit="bytes",
                width=12,
                queries=((figure("available_bytes"), "{{persistentvolumeclaim}}"),),
            ),
        ],
    )


def _backups(seen: Watched, cron_jobs: tuple[str, ...]) -> Row:
    found = matching("cronjob", map(literal, cron_jobs))
    runs = matching("job_name", [f"({'|'.join(map(literal, cron_jobs))})-[0-9]+"])
    success = f"max by (cronjob) ({seen.series(LAST_SUCCESS, found)})"
    following = f"max by (cronjob) ({seen.series('kube_cronjob_next_schedule_time', found)})"
    started = f"max by (job_name) ({seen.series('kube_job_status_start_time', runs)})"
    ended = f"max by (job_name) ({seen.series('kube_job_status_completion_time', runs)})"
    failed = seen.series("kube_job_failed", runs, condition="true")
    return Row(
        title="Backups and drills",
        panels=[
            Panel(
                title="Time since the last success",
                kind="stat",
                unit="s",
                width=12,
                queries=((f"time() - {success}", "{{cronjob}}"),),
                about="Nothing is shown before the first one.",
            ),
            Panel(
                title="Time until the next run",
                kind="stat",
                unit="s",
                width=12,
                queries=((f"{following} - time()", "{{cronjob}}"),),
            ),
            Panel(title="Duration of runs", unit="s", width=12, queries=((f"{ended} - {started}", "{{job_name}}"),)),
            Panel(
                title="Failed runs that are kept",
                width=12,
                queries=((f"sum by (job_name) ({failed}) > 0", "{{job_name}}"),),
            ),
        ],
    )
