"""The chart's scheduled dump -> our backup, with the chart's content and retention."""

from __future__ import annotations

import re
import shlex
from typing import Any
from urllib.parse import urlsplit

from flowise_constructs import Backup, S3Bucket, ServerImage
from flowise_constructs.importers.fields import pull_secrets
from flowise_constructs.importers.helm.names import full_name
from flowise_constructs.importers.helm.storages import bucket_keys
from flowise_constructs.importers.inline_secrets import InlineSecrets
from flowise_constructs.importers.pods import pod_options, resources, scheduling_paths
from flowise_constructs.importers.release import Release

_TARGET = S3Bucket(bucket="refused")


def backup(release: Release, secrets: InlineSecrets) -> Backup | None:
    """The backup, if there is one."""
    if not release.flag("backup.enabled"):
        return None
    _tell_of_differences(release)
    paths = {
        "prefix": "backup.s3.prefix",
        "schedule": "backup.schedule",
        "concurrency_policy": "backup.concurrencyPolicy",
        "backoff_limit": "backup.backoffLimit",
        "successful_history": "backup.successfulJobsHistoryLimit",
        "failed_history": "backup.failedJobsHistoryLimit",
        "dump_arguments": "backup.database.pgDumpArgs",
    }
    return release.make(
        Backup,
        paths,
        None,
        target=_target(release, secrets),
        prefix=release.text("backup.s3.prefix").strip("/") or None,
        schedule=release.text("backup.schedule"),
        suspend=release.flag("backup.suspend"),
        concurrency_policy=release.text("backup.concurrencyPolicy"),
        backoff_limit=release.number("backup.backoffLimit"),
        successful_history=release.number("backup.successfulJobsHistoryLimit"),
        failed_history=release.number("backup.failedJobsHistoryLimit"),
        retention=None,
        files=False,
        dump_arguments=_arguments(release),
        dump_image=_dump_image(release),
        resources=resources(release, "backup.resources", Backup(target=_TARGET).resources),
        pod=pod_options(release, scheduling_paths("")),
    )


def _target(release: Release, secrets: InlineSecrets) -> S3Bucket:
    at = "backup.s3"
    endpoint = release.text(f"{at}.endpoint")
    if not endpoint or not release.text(f"{at}.bucket"):
        return _TARGET
    host = urlsplit(endpoint).hostname if "[" not in endpoint else None
    return release.make(
        S3Bucket,
        {"bucket": f"{at}.bucket", "endpoint": f"{at}.endpoint"},
        _TARGET,
        bucket=release.text(f"{at}.bucket"),
        endpoint=endpoint,
        path_style=not (host or "").endswith("amazonaws.com"),
        credentials=bucket_keys(release, secrets, at, f"{full_name(release)}-backup", ("accessKey", "secretKey")),
    )


def _arguments(release: Release) -> list[str]:
    path = "backup.database.pgDumpArgs"
    try:
        return shlex.split(release.text(path))
    except ValueError:
        release.refuse(path, "has an unclosed quote")
        return []


def _dump_image(release: Release) -> ServerImage | None:
    path = "backup.images.postgresql"
    text = release.text(path)
    if not text:
        return None
    match = re.fullmatch(r"([^@]+?)(?::([^:/@]+))?(?:@(.+))?", text)
    if match is None:
        release.refuse(path, f"{text[:80]!r} must be an image with a tag")
        return None
    fields: dict[str, Any] = {"repository": match[1], "tag": match[2], "digest": match[3]}
    if "alpine" in text:
        release.remark(
            path, "must contain bash, which PostgreSQL's alpine images don't: use a Debian one, or leave it out"
        )
    secrets = pull_secrets(release, "imagePullSecrets")
    otherwise = ServerImage(repository="refused", tag="1")
    return release.make(
        ServerImage, {"": path, "pull_secrets": "imagePullSecrets"}, otherwise, **fields, pull_secrets=secrets
    )


def _tell_of_differences(release: Release) -> None:
    release.remark(
        "backup.enabled",
        "backups have another format here, and the old archives stay as they are; as with the chart, nothing is "
        "deleted (set a Retention in Python) and files are not included (set files=True)",
    )
    if release.flag("backup.s3.createBucketIfNotExists"):
        release.remark("backup.s3.createBucketIfNotExists", "is not carried over: the bucket must exist")
    for key in ("backup.archivePrefix", "backup.images.uploader"):
        if release.below(key):
            release.remark(key, "is not carried over: archives are named by their time, and rclone uploads them")
