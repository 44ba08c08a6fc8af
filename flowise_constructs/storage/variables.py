"""Flowise's storage variables."""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs.kubernetes.environment import Environment, Owner, word
from flowise_constructs.storage.values import LocalStorage, Storage

TYPE = "STORAGE_TYPE"

OWNED: Mapping[str, Owner] = {
    TYPE: Owner("Flowise.storage"),
    "BLOB_STORAGE_PATH": Owner("LocalStorage.path"),
    "S3_STORAGE_BUCKET_NAME": Owner("S3Bucket.bucket"),
    "S3_STORAGE_REGION": Owner("S3Bucket.region"),
    "S3_ENDPOINT_URL": Owner("S3Bucket.endpoint"),
    "S3_FORCE_PATH_STYLE": Owner("S3Bucket.path_style"),
    "S3_STORAGE_ACCESS_KEY_ID": Owner("S3Bucket.credentials"),
    "S3_STORAGE_SECRET_ACCESS_KEY": Owner("S3Bucket.credentials"),
}


def storage_environment(storage: Storage, data_directory: str) -> Environment:
    """Where uploads and documents are stored."""
    if isinstance(storage, LocalStorage):
        return {TYPE: "local", "BLOB_STORAGE_PATH": storage_directory(storage, data_directory)}
    keys = storage.credentials
    return {
        TYPE: "s3",
        "S3_STORAGE_BUCKET_NAME": storage.bucket,
        "S3_STORAGE_REGION": storage.region,
        **({"S3_ENDPOINT_URL": storage.endpoint} if storage.endpoint else {}),
        "S3_FORCE_PATH_STYLE": word(storage.path_style),
        **({"S3_STORAGE_ACCESS_KEY_ID": keys.access_key_id} if keys else {}),
        **({"S3_STORAGE_SECRET_ACCESS_KEY": keys.secret_access_key} if keys else {}),
    }


def storage_directory(storage: LocalStorage, data_directory: str) -> str:
    """The directory of a local storage."""
    return storage.path or f"{data_directory}/storage"
