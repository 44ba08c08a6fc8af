"""File storage: the claim or a bucket."""

from __future__ import annotations

from flowise_constructs import LocalStorage, S3Bucket, S3Credentials
from flowise_constructs.flowise.directories import DATA_DIRECTORY
from flowise_constructs.importers.directories import moved
from flowise_constructs.importers.helm.names import full_name
from flowise_constructs.importers.inline_secrets import InlineSecrets
from flowise_constructs.importers.pods import secret_key
from flowise_constructs.importers.release import Release

Storage = LocalStorage | S3Bucket


def storage(release: Release, secrets: InlineSecrets) -> Storage:
    """Where uploads and documents are stored."""
    if release.text("storage.type") != "s3":
        path = moved(release.text("storage.local.path"))
        default = f"{DATA_DIRECTORY}/storage"
        if path and not is_mounted(release, path):
            release.refuse(
                "storage.local.path",
                f"{path[:80]!r} is not on a volume: give a path below /root/.flowise, or mount a volume there with "
                "extraVolumeMounts",
            )
        return release.make(
            LocalStorage, {"path": "storage.local.path"}, LocalStorage(), path=None if path == default else path
        )
    at = "storage.s3"
    if not release.text(f"{at}.bucketName"):
        return S3Bucket(bucket="refused")
    return release.make(
        S3Bucket,
        {"bucket": f"{at}.bucketName", "region": f"{at}.region", "endpoint": f"{at}.endpointUrl"},
        S3Bucket(bucket="refused"),
        bucket=release.text(f"{at}.bucketName"),
        region=release.text(f"{at}.region"),
        endpoint=release.text(f"{at}.endpointUrl") or None,
        path_style=release.flag(f"{at}.forcePathStyle"),
        credentials=bucket_keys(
            release, secrets, at, f"{full_name(release)}-storage", ("accessKeyId", "secretAccessKey")
        ),
    )


def bucket_keys(release: Release, secrets: InlineSecrets, at: str, own: str, inline: tuple[str, str]) -> S3Credentials:
    """A bucket's static keys: in the given Secret, or in the chart's own, whose content is in the values."""
    names = {"access_key_id": "existingSecretAccessKeyKey", "secret_access_key": "existingSecretSecretKeyKey"}
    existing = release.text(f"{at}.existingSecret")
    if not existing:
        first, second = (f"{at}.{key}" for key in inline)
        secrets.add(own, {"access-key": first, "secret-key": second}, instead=f"{at}.existingSecret")
        return S3Credentials.from_secret(own) if len(own) <= 253 else S3Credentials.from_secret("refused")
    keys = {
        field: secret_key(release, existing, f"{at}.existingSecret", release.text(f"{at}.{key}"), f"{at}.{key}")
        for field, key in names.items()
    }
    return S3Credentials(**keys)


def is_mounted(release: Release, directory: str) -> bool:
    """Whether a directory of main is kept when its pod is deleted."""
    mounts = [moved(str(entry.get("mountPath", ""))) for _, entry in release.entries("extraVolumeMounts")]
    return any(directory == mount or directory.startswith(f"{mount}/") for mount in [DATA_DIRECTORY, *mounts] if mount)
