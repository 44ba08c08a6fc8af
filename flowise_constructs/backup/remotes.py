"""Buckets and containers as rclone's remotes: variables, keys as files, and what is mirrored from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flowise_constructs.backup.values import BucketEncryption
from flowise_constructs.kubernetes.environment import word
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.storage.values import AzureContainer, GcsBucket, ObjectStore, S3Bucket
from flowise_constructs.storage.variables import google_key_file

TARGET, STORAGE = "TARGET", "STORAGE"
"""The remotes: where backups are, and where Flowise's files are."""
AZURE_SCRIPT = "backup-azure.sh"
RCLONE: Mapping[str, EnvValue] = {
    "RCLONE_CONFIG": "/notfound",
    "RCLONE_CACHE_DIR": "/tmp",
    "RCLONE_CONTIMEOUT": "15s",
    "RCLONE_TIMEOUT": "2m",
    "RCLONE_LOW_LEVEL_RETRIES": "5",
    "RCLONE_RETRIES": "3",
    "RCLONE_TRANSFERS": "2",
    "RCLONE_BUFFER_SIZE": "4M",
}
"""rclone's options for every remote."""


def place(store: ObjectStore) -> str:
    """The bucket or container, as the root of a path."""
    return store.container if isinstance(store, AzureContainer) else store.bucket


def key_volume(name: str) -> str:
    """The volume with the Google key of a remote."""
    return f"{name.lower()}-key"


def remote(name: str, store: ObjectStore, encryption: BucketEncryption | None = None) -> dict[str, EnvValue]:
    """A remote as variables."""
    if isinstance(store, GcsBucket):
        settings = _google(store, key_volume(name))
    elif isinstance(store, AzureContainer):
        settings = _azure(store)
    else:
        settings = _s3(store, encryption)
    connection = store.connection_string if isinstance(store, AzureContainer) else None
    return {
        **{f"RCLONE_CONFIG_{name}_{key}": value for key, value in settings.items()},
        **({f"AZURE_CONNECTION_{name}": connection} if connection else {}),
    }


def are_one_remote(target: ObjectStore, mirrored: ObjectStore) -> bool:
    """Whether both are of one store and used with the same keys: the store itself then copies between its buckets."""
    return _moved(mirrored, target) == target


def mirror(target: ObjectStore, prefix: str, mirrored: ObjectStore) -> dict[str, EnvValue]:
    """What is mirrored, and how it is reached."""
    one_remote = are_one_remote(target, mirrored)
    return {
        "FILES_SOURCE": f"{'target' if one_remote else 'storage'}:{place(mirrored)}",
        **({"FILES_EXCLUDED": f"/{prefix}/**"} if are_one_place(mirrored, target) else {}),
        **({} if one_remote else remote(STORAGE, mirrored)),
    }


def _s3(bucket: S3Bucket, encryption: BucketEncryption | None) -> dict[str, EnvValue]:
    keys = bucket.credentials
    return {
        "TYPE": "s3",
        # rclone never uses path style for AWS; for other stores it uses the style that is set.
        "PROVIDER": "AWS" if bucket.endpoint is None and not bucket.path_style else "Other",
        "REGION": bucket.region,
        **({"ENDPOINT": bucket.endpoint} if bucket.endpoint else {}),
        "FORCE_PATH_STYLE": word(bucket.path_style),
        **({"ACCESS_KEY_ID": keys.access_key_id, "SECRET_ACCESS_KEY": keys.secret_access_key} if keys else {}),
        **({} if keys else {"ENV_AUTH": "true"}),
        "NO_CHECK_BUCKET": "true",
        "CHUNK_SIZE": "16M",
        "UPLOAD_CONCURRENCY": "2",
        "UPLOAD_CUTOFF": "200M",
        **({"SERVER_SIDE_ENCRYPTION": encryption.method} if encryption else {}),
        **({"SSE_KMS_KEY_ID": encryption.kms_key} if encryption and encryption.kms_key else {}),
    }


def _google(bucket: GcsBucket, volume: str) -> dict[str, EnvValue]:
    return {
        "TYPE": "google cloud storage",
        "BUCKET_POLICY_ONLY": word(bucket.uniform_access),
        **({"SERVICE_ACCOUNT_FILE": google_key_file(volume)} if bucket.credentials else {"ENV_AUTH": "true"}),
        "NO_CHECK_BUCKET": "true",
    }


def _azure(container: AzureContainer) -> dict[str, EnvValue]:
    """A connection string is taken apart by a script: rclone knows none."""
    return {
        "TYPE": "azureblob",
        **({"ACCOUNT": container.account} if container.account else {}),
        **({"KEY": container.account_key} if container.account_key else {}),
        **({} if container.has_keys else {"ENV_AUTH": "true"}),
        "NO_CHECK_CONTAINER": "true",
        "CHUNK_SIZE": "16M",
        "UPLOAD_CONCURRENCY": "2",
    }


def _moved(mirrored: ObjectStore, target: ObjectStore) -> ObjectStore:
    """The mirrored bucket's store and keys, at the target's bucket."""
    if isinstance(mirrored, AzureContainer):
        return replace(mirrored, container=place(target)) if isinstance(target, AzureContainer) else mirrored
    return replace(mirrored, bucket=place(target)) if type(mirrored) is type(target) else mirrored


def are_one_place(one: ObjectStore, other: ObjectStore) -> bool:
    """Whether both are, as far as the values tell, the same bucket."""
    if type(one) is not type(other) or place(one) != place(other):
        return False
    if isinstance(one, S3Bucket) and isinstance(other, S3Bucket):
        return one.endpoint == other.endpoint
    if isinstance(one, AzureContainer) and isinstance(other, AzureContainer):
        return one.account == other.account or None in (one.account, other.account)
    return True
