"""Series that fire each alert, and series that don't, for `promtool test rules`.

A case is the healthy deployment with some series changed. It says which alerts fire: those, and no others.
Values are promtool's: `1x9` is ten times 1, `0+1x9` goes from 0 to 9, `_` is no sample. Ages are against a clock that
starts at 0, so that what happened before has negative times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

MINUTES = 26
"""How long each case lasts, a sample a minute."""
DAY = 24 * 3600
END = MINUTES * 60
FOR_EVER = f"x{MINUTES}"


def still(value: float) -> str:
    """The same value all the time."""
    return f"{value:g}{FOR_EVER}"


def growing(step: float, start: float = 0) -> str:
    """A counter."""
    return f"{start:g}+{step:g}{FOR_EVER}"


def late(value: float, minutes: int, first: float = 0) -> str:
    """Another value in the last minutes."""
    return f"{first:g}x{MINUTES - minutes} {value:g}x{minutes}"


def lately(step: float, minutes: int, first: float = 0) -> str:
    """A counter that began to count in the last minutes."""
    return f"{first:g}x{MINUTES - minutes} {first + step:g}+{step:g}x{minutes}"


MAIN = 'namespace="ai",job="flowise",instance="10.0.0.1:3000",pod="flowise-6d4b75f9c8-x2k7p"'
QUEUE = 'namespace="ai",job="flowise-queue-exporter",instance="10.0.0.2:9100"'
POSTGRES = 'namespace="ai",job="flowise-postgresql-exporter",instance="10.0.0.3:9187"'
REDIS = 'namespace="ai",job="flowise-redis-exporter",instance="10.0.0.4:9121"'
STATE = 'instance="10.0.9.9:8080",job="kube-state-metrics"'
GATE = f'kube_pod_init_container_status_restarts_total{{namespace="ai",container="gate",pod="flowise-6d4b75f9c8-x2k7p",{STATE}}}'
FLOWISE = f'kube_pod_container_status_restarts_total{{namespace="ai",container="flowise",pod="flowise-6d4b75f9c8-x2k7p",{STATE}}}'
SERVER = f'kube_pod_container_status_restarts_total{{namespace="ai",container="redis",pod="flowise-redis-0",{STATE}}}'


def replicas(which: str, name: str) -> str:
    """A figure of a Deployment."""
    return f'kube_deployment_{which}{{namespace="ai",deployment="{name}",{STATE}}}'


def up(target: str) -> str:
    """Whether a target answered."""
    return f"up{{{target}}}"


def jobs(queue: str, state: str) -> str:
    """Jobs of one queue."""
    return f'bullmq_job_count{{{QUEUE},queue="flowise-queue-{queue}",state="{state}"}}'


def of_queue(metric: str, queue: str = "prediction") -> str:
    """Another figure of one queue."""
    return f'flowise_queue_{metric}{{{QUEUE},queue="flowise-queue-{queue}"}}'


def predictions(kind: str, status: str) -> str:
    """A counter of predictions."""
    return f'{kind}{{{MAIN},status="{status}",app="FlowiseAI"}}'


def requests(route: str, code: str) -> str:
    """A counter of requests."""
    return f'http_request_duration_ms_count{{{MAIN},route="{route}",code="{code}",method="POST",app="FlowiseAI"}}'


def volume(what: str, claim: str) -> str:
    """A figure of the kubelet."""
    return f'kubelet_volume_stats_{what}{{namespace="ai",persistentvolumeclaim="{claim}",job="kubelet"}}'


def cron_job(metric: str, name: str) -> str:
    """A time of a CronJob."""
    return f'kube_cronjob_{metric}{{namespace="ai",cronjob="{name}",{STATE}}}'


def run(metric: str, name: str, further: str = "") -> str:
    """A figure of a Job."""
    return f'kube_job_{metric}{{namespace="ai",job_name="{name}",{further}{STATE}}}'


FAILED = 'condition="true",'
VERSION = f'flowise_version_info{{{MAIN},version="v3.1.3",app="FlowiseAI"}}'
LAG = f'flowise_nodejs_eventloop_lag_p99_seconds{{{MAIN},app="FlowiseAI"}}'
CONNECTIONS = f'pg_stat_activity_count{{{POSTGRES},datname="flowise",state="idle"}}'
BUSY = f'pg_stat_activity_count{{{POSTGRES},datname="flowise",state="active"}}'
REDIS_INFO = f'redis_instance_info{{{REDIS},maxmemory_policy="noeviction",redis_version="8.10.0"}}'
OOM = f'redis_errors_total{{{REDIS},err="OOM"}}'
CERTIFICATE = (
    'certmanager_certificate_expiration_timestamp_seconds{namespace="ai",name="flowise-tls",job="cert-manager"}'
)
CERTIFICATE_ELSEWHERE = 'certmanager_certificate_expiration_timestamp_seconds{namespace="cert-manager",exported_namespace="ai",name="flowise-tls"}'
PROBED = 'probe_ssl_earliest_cert_expiry{namespace="monitoring",job="blackbox",instance="https://flowise.example.com/"}'

HEALTHY: Mapping[str, str] = {
    **{replicas("spec_replicas", name): still(2) for name in ("flowise", "flowise-worker")},
    **{replicas("status_replicas_available", name): still(2) for name in ("flowise", "flowise-worker")},
    **{up(target): still(1) for target in (MAIN, QUEUE, POSTGRES, REDIS)},
    GATE: still(0),
    FLOWISE: still(1),
    SERVER: still(0),
    predictions("chatflow_prediction_internal", "success"): growing(5),
    predictions("agentflow_prediction_external", "success"): growing(5),
    predictions("agentflow_prediction_external", "failure"): growing(0.5),
    requests("/api/v1/prediction", "200"): growing(10),
    requests("", "500"): growing(0.1),
    requests("/api/v1/ping", "200"): growing(6),
    LAG: still(0.011),
    VERSION: still(1),
    f"flowise_release_matches{{{QUEUE}}}": still(1),
    f"flowise_queue_redis_up{{{QUEUE}}}": still(1),
    **{of_queue("workers", queue): still(2) for queue in ("prediction", "upsertion", "schedule")},
    **{of_queue("oldest_job_age_seconds", queue): still(1) for queue in ("prediction", "upsertion", "schedule")},
    **{
        jobs(queue, state): still(0)
        for queue in ("prediction", "upsertion")
        for state in ("waiting", "active", "failed", "paused", "prioritized")
    },
    jobs("prediction", "waiting"): still(3),
    jobs("prediction", "active"): still(20),
    jobs("prediction", "failed"): still(40),
    f"redis_up{{{REDIS}}}": still(1),
    f"redis_memory_used_bytes{{{REDIS}}}": still(100e6),
    f"redis_memory_max_bytes{{{REDIS}}}": still(300e6),
    f"redis_rejected_connections_total{{{REDIS}}}": still(7),
    f"redis_evicted_keys_total{{{REDIS}}}": still(0),
    REDIS_INFO: still(1),
    f"pg_up{{{POSTGRES}}}": still(1),
    CONNECTIONS: still(20),
    BUSY: still(10),
    f"pg_settings_max_connections{{{POSTGRES}}}": still(100),
    **{volume("capacity_bytes", claim): still(20e9) for claim in ("data-flowise-postgresql-0", "data-flowise-redis-0")},
    **{
        volume("available_bytes", claim): still(15e9) for claim in ("data-flowise-postgresql-0", "data-flowise-redis-0")
    },
    CERTIFICATE: still(60 * DAY),
    PROBED: still(60 * DAY),
    **{cron_job("created", name): still(-90 * DAY) for name in ("flowise-backup", "flowise-drill")},
    cron_job("status_last_successful_time", "flowise-backup"): still(-DAY / 2),
    cron_job("status_last_successful_time", "flowise-drill"): still(-5 * DAY),
    # Kept by `failedJobsHistoryLimit`, from before the last success.
    run("failed", "flowise-backup-2934567", FAILED): still(1),
    run("status_start_time", "flowise-backup-2934567"): still(-2 * DAY),
    run("failed", "flowise-restore", FAILED): still(0),
    run("failed", "flowise-owner", FAILED): still(0),
}
"""A queue deployment under normal load."""


class Case(NamedTuple):
    """What is different, and which alerts fire then."""

    name: str
    changes: Mapping[str, str | None]
    fires: tuple[str, ...] = ()
    about: str = ""
    """The alert that a case in which nothing fires is about."""


def fires(alert: str, changes: Mapping[str, str | None], *also: str, name: str = "") -> Case:
    """A case that fires an alert, with those that are its consequence."""
    return Case(name or f"{alert} fires", changes, (alert, *also), alert)


def silent(alert: str, changes: Mapping[str, str | None], *others: str, name: str = "") -> Case:
    """A case just before it fires."""
    return Case(name or f"{alert} is silent", changes, others, alert)


def waiting(count: str, active: str = still(0)) -> dict[str, str | None]:
    """Jobs of the queue for upsertions."""
    return {jobs("upsertion", "waiting"): count, jobs("upsertion", "active"): active}


def expires_in(seconds: int) -> str:
    """The time of an end, as it is seen at the end of a case."""
    return still(END + seconds)


def all_of(job: str) -> dict[str, str | None]:
    """A target that is gone with its figures."""
    return {series: None for series in HEALTHY if f'job="{job}"' in series}


CASES: tuple[Case, ...] = (
    Case("nothing is wrong", {}),
    # Mains
    fires("FlowiseDown", {replicas("status_replicas_available", "flowise"): late(0, 7, 2)}),
    silent("FlowiseDown", {replicas("status_replicas_available", "flowise"): late(0, 3, 2)}),
    silent(
        "FlowiseDown",
        {
            replicas("status_replicas_available", "flowise"): still(0),
            replicas("spec_replicas", "flowise"): still(0),
            up(MAIN): None,
        },
        name="stopped on purpose",
    ),
    fires("FlowiseNotReady", {replicas("status_replicas_available", "flowise"): late(1, 17, 2)}),
    silent("FlowiseNotReady", {replicas("status_replicas_available", "flowise"): late(1, 10, 2)}),
    fires("FlowiseScrapeLost", {up(MAIN): late(0, 12, 1)}),
    fires("FlowiseScrapeLost", {up(QUEUE): None}, name="a target that isn't there"),
    fires("FlowiseScrapeLost", all_of("flowise-redis-exporter"), name="a target that is gone with its figures"),
    silent("FlowiseScrapeLost", {up(MAIN): late(0, 8, 1)}),
    fires("FlowiseStateUnknown", {cron_job("created", "flowise-drill"): None}),
    fires(
        "FlowiseStateUnknown", {replicas("spec_replicas", "flowise-worker"): None}, name="a Deployment that isn't there"
    ),
    silent("FlowiseStateUnknown", {cron_job("created", "flowise-drill"): f"_x10 {-90 * DAY}x16"}),
    fires("FlowiseGateLoops", {GATE: lately(0.2, 24)}),
    silent("FlowiseGateLoops", {GATE: late(1, 20)}),
    fires("FlowiseRestarts", {FLOWISE: lately(0.2, 24, 1)}),
    fires("FlowiseRestarts", {SERVER: lately(0.2, 24)}, name="a bundled server is restarted"),
    silent("FlowiseRestarts", {FLOWISE: late(2, 20, 1)}),
    silent(
        "FlowiseRestarts",
        {FLOWISE.replace("flowise-6d4b75f9c8-x2k7p", "flowise-owner-x2k7p"): lately(1, 20)},
        name="a pod of another workload",
    ),
    fires("FlowisePredictionsFail", {predictions("agentflow_prediction_external", "failure"): growing(3)}),
    fires(
        "FlowisePredictionsFail",
        {
            **dict.fromkeys(
                (
                    predictions("chatflow_prediction_internal", "success"),
                    predictions("agentflow_prediction_external", "success"),
                ),
                None,
            ),
            predictions("agentflow_prediction_external", "failure"): growing(1),
        },
        name="one counter alone, and it counts failures",
    ),
    silent("FlowisePredictionsFail", {predictions("agentflow_prediction_external", "failure"): growing(2)}),
    silent(
        "FlowisePredictionsFail",
        {
            **dict.fromkeys(
                (
                    predictions("chatflow_prediction_internal", "success"),
                    predictions("agentflow_prediction_external", "success"),
                ),
                None,
            ),
            predictions("agentflow_prediction_external", "failure"): late(2, 9),
        },
        name="two failures at night",
    ),
    fires("FlowiseServerErrors", {requests("", "500"): growing(1)}),
    silent("FlowiseServerErrors", {requests("", "500"): growing(0.4)}),
    silent("FlowiseServerErrors", {requests("/api/v1/prediction", "404"): growing(10)}, name="errors of clients"),
    fires("FlowiseEventLoopLag", {LAG: late(1.5, 12, 0.011)}),
    silent("FlowiseEventLoopLag", {LAG: late(1.5, 8, 0.011)}),
    silent("FlowiseEventLoopLag", {LAG: still(0.9)}, name="almost a second"),
    fires("FlowiseWrongRelease", {VERSION: None, VERSION.replace("v3.1.3", "v3.1.4"): still(1)}),
    fires("FlowiseWrongRelease", {f"flowise_release_matches{{{QUEUE}}}": still(0)}, name="the exporter's image"),
    silent(
        "FlowiseWrongRelease",
        {VERSION.replace("v3.1.3", "v3.1.4"): late(1, 10).replace("0x16", "_x16")},
        name="a rollout",
    ),
    # Queue and workers
    fires("FlowiseQueueUnreachable", {f"flowise_queue_redis_up{{{QUEUE}}}": late(0, 4, 1)}),
    silent("FlowiseQueueUnreachable", {f"flowise_queue_redis_up{{{QUEUE}}}": late(0, 1, 1)}),
    fires("FlowiseQueueStuck", waiting(late(1, 7))),
    fires("FlowiseQueueStuck", {jobs("upsertion", "paused"): late(1, 7)}, name="a queue that is paused"),
    silent("FlowiseQueueStuck", waiting(late(1, 3))),
    silent("FlowiseQueueStuck", waiting(late(50, 20), late(1, 20)), name="one worker is at work"),
    silent("FlowiseQueueStuck", {jobs("upsertion", "failed"): still(9)}, name="jobs that failed"),
    fires("FlowiseQueueBacklog", waiting(late(101, 12), still(20))),
    silent("FlowiseQueueBacklog", waiting(late(100, 12), still(20))),
    silent("FlowiseQueueBacklog", waiting(late(500, 8), still(20)), name="a burst"),
    fires("FlowiseQueueWaits", {of_queue("oldest_job_age_seconds"): late(301, 2)}),
    silent("FlowiseQueueWaits", {of_queue("oldest_job_age_seconds"): still(300)}),
    fires("FlowiseNoWorkers", {replicas("status_replicas_available", "flowise-worker"): late(0, 7, 2)}),
    fires(
        "FlowiseNoWorkers", {of_queue("workers"): late(0, 7, 2)}, name="no worker is registered with one of the queues"
    ),
    silent("FlowiseNoWorkers", {replicas("status_replicas_available", "flowise-worker"): late(0, 3, 2)}),
    silent(
        "FlowiseNoWorkers",
        {
            replicas("status_replicas_available", "flowise-worker"): still(0),
            replicas("spec_replicas", "flowise-worker"): still(0),
            of_queue("workers"): still(0),
        },
        name="workers stopped on purpose",
    ),
    fires("FlowiseWorkersMissing", {replicas("status_replicas_available", "flowise-worker"): late(1, 17, 2)}),
    fires(
        "FlowiseWorkersMissing", {of_queue("workers", "schedule"): late(1, 17, 2)}, name="one worker isn't registered"
    ),
    silent("FlowiseWorkersMissing", {replicas("status_replicas_available", "flowise-worker"): late(1, 10, 2)}),
    silent(
        "FlowiseWorkersMissing", {of_queue("workers", "schedule"): still(3)}, name="one more is registered, which ends"
    ),
    # Redis
    fires("FlowiseRedisDown", {f"redis_up{{{REDIS}}}": late(0, 4, 1)}),
    silent("FlowiseRedisDown", {f"redis_up{{{REDIS}}}": late(0, 1, 1)}),
    fires("FlowiseRedisMemory", {f"redis_memory_used_bytes{{{REDIS}}}": late(250e6, 12, 100e6)}),
    silent("FlowiseRedisMemory", {f"redis_memory_used_bytes{{{REDIS}}}": late(230e6, 12, 100e6)}),
    silent("FlowiseRedisMemory", {f"redis_memory_max_bytes{{{REDIS}}}": still(0)}, name="a server without maxmemory"),
    fires("FlowiseRedisRefuses", {f"redis_rejected_connections_total{{{REDIS}}}": late(8, 5, 7)}),
    fires("FlowiseRedisRefuses", {OOM: f"_x{MINUTES - 5} 4x5"}, name="the first writes that were refused"),
    fires("FlowiseRedisRefuses", {OOM: late(9, 5, 4)}, name="further writes that were refused"),
    silent("FlowiseRedisRefuses", {f"redis_rejected_connections_total{{{REDIS}}}": late(8, 15, 7), OOM: still(4)}),
    silent("FlowiseRedisRefuses", {OOM.replace("OOM", "WRONGTYPE"): late(9, 5)}, name="other errors"),
    fires("FlowiseRedisEvicts", {REDIS_INFO: None, REDIS_INFO.replace("noeviction", "allkeys-lru"): still(1)}),
    fires("FlowiseRedisEvicts", {f"redis_evicted_keys_total{{{REDIS}}}": late(3, 5)}, name="keys were evicted"),
    silent("FlowiseRedisEvicts", {f"redis_evicted_keys_total{{{REDIS}}}": still(3)}),
    # PostgreSQL
    fires("FlowisePostgresDown", {f"pg_up{{{POSTGRES}}}": late(0, 4, 1)}),
    silent("FlowisePostgresDown", {f"pg_up{{{POSTGRES}}}": late(0, 1, 1)}),
    fires("FlowisePostgresConnections", {CONNECTIONS: late(75, 12, 20)}),
    silent("FlowisePostgresConnections", {CONNECTIONS: late(70, 12, 20)}),
    # Volumes and certificate
    fires("FlowiseVolumeFills", {volume("available_bytes", "data-flowise-postgresql-0"): late(3e9, 17, 15e9)}),
    silent("FlowiseVolumeFills", {volume("available_bytes", "data-flowise-postgresql-0"): late(5e9, 17, 15e9)}),
    silent(
        "FlowiseVolumeFills",
        {volume("available_bytes", "another"): still(0), volume("capacity_bytes", "another"): still(20e9)},
        name="another's claim",
    ),
    fires("FlowiseVolumeFull", {volume("available_bytes", "data-flowise-redis-0"): late(0.5e9, 3, 15e9)}),
    fires(
        "FlowiseVolumeFull",
        {volume("available_bytes", "data-flowise-redis-0"): late(0.5e9, 20, 15e9)},
        "FlowiseVolumeFills",
        name="full for long",
    ),
    silent("FlowiseVolumeFull", {volume("available_bytes", "data-flowise-redis-0"): late(2e9, 3, 15e9)}),
    fires("FlowiseCertificateExpires", {CERTIFICATE: expires_in(13 * DAY)}),
    fires(
        "FlowiseCertificateExpires",
        {CERTIFICATE: None, CERTIFICATE_ELSEWHERE: expires_in(13 * DAY)},
        name="scraped without honorLabels",
    ),
    fires("FlowiseCertificateExpires", {PROBED: expires_in(13 * DAY)}, name="seen from outside"),
    silent("FlowiseCertificateExpires", {CERTIFICATE: expires_in(15 * DAY), PROBED: expires_in(15 * DAY)}),
    silent("FlowiseCertificateExpires", {CERTIFICATE: None, PROBED: None}, name="nobody knows the certificate"),
    silent(
        "FlowiseCertificateExpires",
        {PROBED.replace("flowise.example", "chat.flowise.example"): expires_in(DAY)},
        name="another host",
    ),
    # Backups, drills, Jobs
    fires("FlowiseBackupTooOld", {cron_job("status_last_successful_time", "flowise-backup"): still(END - 37 * 3600)}),
    fires(
        "FlowiseBackupTooOld",
        {
            cron_job("status_last_successful_time", "flowise-backup"): None,
            cron_job("created", "flowise-backup"): still(END - 37 * 3600),
        },
        name="never a backup",
    ),
    silent("FlowiseBackupTooOld", {cron_job("status_last_successful_time", "flowise-backup"): still(END - 35 * 3600)}),
    silent(
        "FlowiseBackupTooOld",
        {
            cron_job("status_last_successful_time", "flowise-backup"): None,
            cron_job("created", "flowise-backup"): still(END - 35 * 3600),
            run("failed", "flowise-backup-2934567", FAILED): None,
        },
        name="a new deployment",
    ),
    fires(
        "FlowiseBackupFailed",
        {
            run("failed", "flowise-backup-2934568", FAILED): late(1, 1),
            run("status_start_time", "flowise-backup-2934568"): still(100),
        },
    ),
    silent(
        "FlowiseBackupFailed",
        {
            run("failed", "flowise-backup-2934568", FAILED): still(0),
            run("status_start_time", "flowise-backup-2934568"): still(100),
        },
    ),
    silent(
        "FlowiseBackupFailed",
        {
            run("failed", "flowise-backup-2934568", FAILED): still(1),
            run("status_start_time", "flowise-backup-2934568"): still(100),
            cron_job("status_last_successful_time", "flowise-backup"): still(200),
        },
        name="the next run succeeded",
    ),
    fires("FlowiseDrillTooOld", {cron_job("status_last_successful_time", "flowise-drill"): still(-16 * DAY)}),
    silent("FlowiseDrillTooOld", {cron_job("status_last_successful_time", "flowise-drill"): still(-14 * DAY)}),
    fires(
        "FlowiseDrillFailed",
        {
            run("failed", "flowise-drill-2934568", FAILED): still(1),
            run("status_start_time", "flowise-drill-2934568"): still(100),
        },
    ),
    silent(
        "FlowiseDrillFailed",
        {
            run("failed", "flowise-drill-2934568", FAILED): still(1),
            run("status_start_time", "flowise-drill-2934568"): still(-6 * DAY),
        },
    ),
    fires("FlowiseJobFailed", {run("failed", "flowise-restore", FAILED): late(1, 1)}),
    silent("FlowiseJobFailed", {run("failed", "flowise-migrate", FAILED): still(1)}),
)


def elsewhere() -> Iterator[Case]:
    """All faults at once, but of other deployments: in another namespace, and beside ours under another name."""
    changed = {series: values for case in CASES if case.fires for series, values in case.changes.items() if values}
    for old, new, where in (
        ('namespace="ai"', 'namespace="ai-staging"', "another namespace"),
        ("flowise", "flowise-two", "another name"),
    ):
        yield Case(where, {_renamed(series, old, new): values for series, values in changed.items()})


def _renamed(series: str, old: str, new: str) -> str:
    name, _, labels = series.partition("{")
    labels = labels.replace("flowise.example", "other.example").replace(old, new)
    # The container is called so in each.
    return f"{name}{{{labels}".replace('container="flowise-two"', 'container="flowise"')
