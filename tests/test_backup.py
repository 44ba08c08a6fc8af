"""Backups and restores as manifests: every option arrives, what can't work is refused, retention over gaps."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cdk8s import App, Chart
from deployments import AUTH, POSTGRES

from flowise_constructs import (
    Backup,
    BackupJob,
    BundledPostgres,
    ConfigError,
    ConfigMapKey,
    ExistingClaim,
    Flowise,
    LocalStorage,
    Names,
    PodOptions,
    Resources,
    S3Bucket,
    S3Credentials,
    SecretKey,
    ServerImage,
    SqliteDatabase,
    StandaloneChart,
)
from flowise_constructs.backup.drill import RestoreDrill
from flowise_constructs.backup.restore import RestoreJob
from flowise_constructs.backup.values import BucketEncryption, Drill, Restore, Retention

RETENTION = Path(__file__).parent.parent / "flowise_constructs/backup/scripts/backup-retention.awk"
STORE = S3Bucket(bucket="files", credentials=S3Credentials.from_secret("s3"))
FLOWISE = Flowise(auth=AUTH, database=POSTGRES, storage=STORE)
TARGET = S3Bucket(bucket="backups", credentials=S3Credentials.from_secret("s3"))


def backup_manifest(flowise: Flowise = FLOWISE, data: ExistingClaim | None = None, **options: Any) -> str:
    chart = Chart(App(), "chart")
    BackupJob(chart, "Backup", backup=Backup(**{"target": TARGET, **options}), flowise=flowise, data=data)
    return json.dumps(chart.to_json(), sort_keys=True)


def restore_manifest(flowise: Flowise = FLOWISE, data: ExistingClaim | None = None, **options: Any) -> str:
    chart = Chart(App(), "chart")
    backup, restore = Backup(target=TARGET), Restore(**options)
    RestoreJob(chart, "Restore", backup=backup, flowise=flowise, restore=restore, data=data)
    return json.dumps(chart.to_json(), sort_keys=True)


def drill_manifest(**options: Any) -> str:
    chart = Chart(App(), "chart")
    RestoreDrill(chart, "Drill", backup=Backup(target=TARGET), flowise=FLOWISE, drill=Drill(**options))
    return json.dumps(chart.to_json(), sort_keys=True)


RESOURCES = Resources(memory_request="77Mi", memory_limit="777Mi")
POD = PodOptions(node_selector={"disk": "fast"})

BACKUP_OPTIONS: Mapping[str, tuple[Any, str]] = {
    "target": (S3Bucket(bucket="elsewhere"), '"target:elsewhere/flowise"'),
    "prefix": ("prod/one", '"target:backups/prod/one"'),
    "schedule": ("0 */6 * * *", '"schedule": "0 */6 * * *"'),
    "time_zone": ("Europe/Zurich", '"timeZone": "Europe/Zurich"'),
    "suspend": (True, '"suspend": true'),
    "concurrency_policy": ("Replace", '"concurrencyPolicy": "Replace"'),
    "starting_deadline_seconds": (77, '"startingDeadlineSeconds": 77'),
    "deadline_seconds": (4321, '"activeDeadlineSeconds": 4321'),
    "backoff_limit": (4, '"backoffLimit": 4'),
    "successful_history": (8, '"successfulJobsHistoryLimit": 8'),
    "failed_history": (9, '"failedJobsHistoryLimit": 9'),
    "retention": (Retention(last=11), '"name": "KEEP_LAST", "value": "11"'),
    "encryption": (BucketEncryption(method="aws:kms", kms_key="k"), '"value": "aws:kms"'),
    "ca": (ConfigMapKey(config_map="corporate-ca", key="ca.crt"), '"corporate-ca"'),
    "files": (False, ""),
    "without_rows_of": (["login_sessions"], '"name": "WITHOUT_ROWS_OF", "value": "login_sessions"'),
    "dump_arguments": (["--compress=zstd:3"], '"--compress=zstd:3"'),
    "dump_image": (ServerImage(repository="example.com/pg", tag="18.1"), '"example.com/pg:18.1"'),
    "upload_image": (ServerImage(repository="example.com/rclone", tag="1.2.3"), '"example.com/rclone:1.2.3"'),
    "scratch_size": ("33Gi", '"sizeLimit": "33Gi"'),
    "resources": (RESOURCES, '"777Mi"'),
    "labels": ({"team": "platform"}, '"team": "platform"'),
    "pod": (POD, '"nodeSelector": {"disk": "fast"}'),
    "drill": (Drill(), '"flowise-drill"'),
}


@pytest.mark.parametrize("option", Backup.__dataclass_fields__)
def test_every_option_of_a_backup_reaches_the_manifest(option: str) -> None:
    value, text = BACKUP_OPTIONS[option]
    plain, changed = backup_manifest(), backup_manifest(**{option: value})
    assert changed != plain
    assert text in changed
    assert not text or text not in plain


RESTORE_OPTIONS: Mapping[str, tuple[Any, str]] = {
    "backup": ("20260102T030000Z-x7k2p", '"value": "20260102T030000Z-x7k2p"'),
    "overwrite": (True, '"name": "OVERWRITE", "value": "true"'),
    "accept_lost_credentials": (True, '"name": "ACCEPT_LOST_CREDENTIALS", "value": "true"'),
    "files": (False, ""),
    "deadline_seconds": (4321, '"activeDeadlineSeconds": 4321'),
    "server_wait_seconds": (777, '"name": "SERVER_WAIT_SECONDS", "value": "777"'),
    "resources": (RESOURCES, '"777Mi"'),
    "pod": (POD, '"nodeSelector": {"disk": "fast"}'),
}


@pytest.mark.parametrize("option", Restore.__dataclass_fields__)
def test_every_option_of_a_restore_reaches_the_manifest(option: str) -> None:
    value, text = RESTORE_OPTIONS[option]
    plain, changed = restore_manifest(), restore_manifest(**{option: value})
    assert changed != plain
    assert text in changed
    assert not text or text not in plain


DRILL_OPTIONS: Mapping[str, tuple[Any, str]] = {
    "schedule": ("0 5 1 * *", '"schedule": "0 5 1 * *"'),
    "max_age_seconds": (777, '"name": "MAX_AGE_SECONDS", "value": "777"'),
    "deadline_seconds": (4321, '"activeDeadlineSeconds": 4321'),
    "database_size": ("33Gi", '"sizeLimit": "33Gi"'),
    "resources": (RESOURCES, '"777Mi"'),
    "pod": (POD, '"nodeSelector": {"disk": "fast"}'),
}


@pytest.mark.parametrize("option", Drill.__dataclass_fields__)
def test_every_option_of_a_drill_reaches_the_manifest(option: str) -> None:
    value, text = DRILL_OPTIONS[option]
    plain, changed = drill_manifest(), drill_manifest(**{option: value})
    assert text in changed
    assert text not in plain


def containers(manifest: str) -> dict[str, dict[str, Any]]:
    owner = next(item for item in json.loads(manifest) if item["kind"] == "CronJob")
    pod = owner["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return {item["name"]: item for item in [*pod.get("initContainers", []), *pod["containers"]]}


def test_restore_takes_what_the_backup_of_a_chart_was_made_with() -> None:
    chart = StandaloneChart(
        App(), "chart", auth=AUTH, database=BundledPostgres(), backup=Backup(target=TARGET), names=Names(name="prod")
    )
    made = chart.backup
    assert made is not None
    RestoreJob(chart, "Restore", backup=made.backup, flowise=made.flowise, names=made.names, data=made.data)
    (job,) = [item for item in chart.to_json() if item["kind"] == "Job"]
    (cron_job,) = [item for item in chart.to_json() if item["kind"] == "CronJob"]
    assert job["metadata"]["name"] == "prod-restore"

    def bucket_and_server(pod: dict[str, Any]) -> set[tuple[str, str]]:
        containers = [*pod["initContainers"], *pod["containers"]]
        variables = [variable for container in containers for variable in container["env"]]
        return {
            (it["name"], it["value"]) for it in variables if it["name"] in ("TARGET", "DATABASE_HOST", "DATABASE_NAME")
        }

    assert ("DATABASE_HOST", "prod-postgresql") in bucket_and_server(job["spec"]["template"]["spec"])
    jobs = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert bucket_and_server(job["spec"]["template"]["spec"]) == bucket_and_server(jobs)


def test_password_is_a_file_of_the_dump_alone_and_the_bucket_keys_are_with_the_upload_alone() -> None:
    steps = containers(backup_manifest())
    for name, step in steps.items():
        variables = {variable["name"] for variable in step["env"]}
        assert "DATABASE_PASSWORD" not in variables
        assert ("RCLONE_CONFIG_TARGET_SECRET_ACCESS_KEY" in variables) == (name == "upload")
        mounted = {mount["name"] for mount in step["volumeMounts"]}
        assert ("secrets-dump" in mounted) == (name == "dump")


def test_claim_of_one_node_is_mounted_beside_main() -> None:
    local = Flowise(auth=AUTH, database=SqliteDatabase(), storage=LocalStorage())
    manifest = backup_manifest(local, ExistingClaim(name="flowise-data"))
    assert '"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution"' in manifest


LOCAL = Flowise(auth=AUTH, database=SqliteDatabase(), storage=LocalStorage())


@pytest.mark.parametrize(
    ("flowise", "options", "message"),
    [
        (LOCAL, {}, "data: None, but the SqliteDatabase is in"),
        (LOCAL, {"data": ExistingClaim(name="d"), "dump_arguments": ["--x"]}, "have no effect with SQLite"),
        (
            LOCAL,
            {"data": ExistingClaim(name="d", access_mode="ReadWriteOncePod")},
            "lets only main mount it, not the backup",
        ),
        (FLOWISE, {"dump_arguments": ["--file=x"]}, "the step decides how and where the dump is written"),
        (FLOWISE, {"dump_arguments": ["--host=x"]}, "the connection is the application's own"),
        (FLOWISE, {"dump_arguments": ["--password=x"]}, "the password comes from its Secret alone"),
        (FLOWISE, {"dump_arguments": ["--table=x"]}, "such a dump lacks tables or rows"),
        (FLOWISE, {"dump_arguments": ["zstd"]}, "must be one option, with its value after '='"),
        (FLOWISE, {"without_rows_of": ["a b"]}, "must be the name of a table"),
        (FLOWISE, {"schedule": "often"}, "schedule"),
        (FLOWISE, {"scratch_size": "much"}, "scratch_size"),
    ],
)
def test_refusals_of_backups(flowise: Flowise, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        backup_manifest(flowise, **options)
    assert message in str(raised.value)


def test_refusals_of_values() -> None:
    with pytest.raises(ConfigError, match="has no effect with 'AES256'"):
        BucketEncryption(kms_key="k")
    with pytest.raises(ConfigError, match="must be the name of a backup"):
        Restore(backup="yesterday")
    with pytest.raises(ConfigError, match="last"):
        Retention(last=0)
    with pytest.raises(ConfigError, match="data: None"):
        restore_manifest(LOCAL)
    with pytest.raises(ConfigError, match="ca"):
        Backup(target=TARGET, ca="no certificate")
    assert SecretKey(secret="s", key="k") == Backup(target=TARGET, ca=SecretKey(secret="s", key="k")).ca


def past(names: list[str], *, last: int, daily: int, weekly: int, monthly: int) -> set[str]:
    """What the rules delete."""
    rules = [
        f"-v{name}={value}"
        for name, value in (("last", last), ("daily", daily), ("weekly", weekly), ("monthly", monthly))
    ]
    told = "".join(f"{name}\n" for name in sorted(names, reverse=True))
    result = subprocess.run(
        ["awk", *rules, "-f", str(RETENTION)], input=told, check=True, capture_output=True, text=True
    )
    return set(result.stdout.split())


def kept_by_the_docstring(names: list[str], *, last: int, daily: int, weekly: int, monthly: int) -> set[str]:
    """The rules written once more, with the calendar of the standard library."""
    newest_first = sorted(names, reverse=True)
    kept = set(newest_first[:last])
    for number, form in ((daily, "%Y-%m-%d"), (weekly, "%G-%V"), (monthly, "%Y-%m")):
        periods: dict[str, str] = {}
        for name in newest_first:
            periods.setdefault(datetime.strptime(name[:8], "%Y%m%d").strftime(form), name)
        kept |= set(list(periods.values())[:number])
    return kept


AWK = pytest.mark.skipif(shutil.which("awk") is None, reason="not installed: awk")


@AWK
def test_retention_over_gaps_keeps_what_there_is() -> None:
    names = ["20240101T030000Z-aaaaa", "20240601T030000Z-bbbbb", "20260101T030000Z-ccccc"]
    assert past(names, last=1, daily=3, weekly=0, monthly=0) == set()
    assert past(names, last=1, daily=0, weekly=0, monthly=2) == {names[0]}
    assert past(names, last=1, daily=0, weekly=0, monthly=0) == set(names[:2])


@AWK
@pytest.mark.parametrize("hours", [5, 24, 31, 24 * 9])
@pytest.mark.parametrize("rules", [(7, 7, 4, 6), (1, 0, 9, 0), (3, 2, 0, 30)])
def test_retention_is_as_its_description_says(hours: int, rules: tuple[int, int, int, int]) -> None:
    start = datetime(2023, 12, 20, 3)
    times = [start + timedelta(hours=hours * number) for number in range(300) if number % 50 > 6]
    names = [f"{time:%Y%m%dT%H%M%SZ}-x{number:04}" for number, time in enumerate(times)]
    chosen = dict(zip(("last", "daily", "weekly", "monthly"), rules, strict=True))
    assert set(names) - past(names, **chosen) == kept_by_the_docstring(names, **chosen)
