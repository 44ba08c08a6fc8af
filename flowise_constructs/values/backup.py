"""Backups of the database to a bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from flowise_constructs import checks
from flowise_constructs.values.image import ServerImage
from flowise_constructs.values.pod import PodOptions, Resources
from flowise_constructs.values.storage import S3Bucket
from flowise_constructs.values.value import Value


@dataclass(frozen=True, kw_only=True)
class Backup(Value):
    """A scheduled dump of the PostgreSQL database into a bucket. The five auth keys are not in it."""

    target: S3Bucket
    """The bucket that takes the dumps; it must exist. Credentials, endpoint and path style are said there."""
    prefix: checks.Prefix = "flowise"
    """Key prefix in the bucket."""
    schedule: checks.Cron = "0 3 * * *"
    """`schedule`."""
    time_zone: checks.TimeZone = "Etc/UTC"
    """`timeZone`."""
    suspend: bool = False
    """`suspend`: keep the CronJob and run nothing."""
    concurrency_policy: Literal["Forbid", "Replace", "Allow"] = "Forbid"
    """`concurrencyPolicy`."""
    backoff_limit: checks.Count = 1
    """`backoffLimit`: how often a failed run is tried again."""
    deadline_seconds: checks.Positive = 3600
    """`activeDeadlineSeconds` of a run."""
    successful_history: checks.Count = 3
    """`successfulJobsHistoryLimit`."""
    failed_history: checks.Count = 3
    """`failedJobsHistoryLimit`."""
    scratch_size: checks.Size = "10Gi"
    """`sizeLimit` of the volume that holds a dump until it is uploaded."""
    dump_image: ServerImage = ServerImage(repository="docker.io/library/postgres", tag="18.6-trixie")
    """Holds `pg_dump`, of a major version not older than the server's."""
    upload_image: ServerImage = ServerImage(repository="docker.io/rclone/rclone", tag="1.71.2")
    """Holds `rclone`."""
    resources: Resources = Resources(cpu_request="100m", memory_request="256Mi", memory_limit="512Mi")
    """Requests and limits of each step."""
    dump_arguments: Sequence[checks.Text] = ()
    """Further arguments of `pg_dump`. Example: `["--exclude-table-data=login_sessions"]`."""
    labels: Mapping[checks.LabelKey, checks.LabelValue] = field(default_factory=dict[str, str])
    """Further labels of the CronJob."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations."""
