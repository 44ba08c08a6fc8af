"""Flowise's storage variables."""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs.kubernetes.environment import Environment, Owner, word
from flowise_constructs.storage.values import AzureContainer, GcsBucket, LocalStorage, S3Bucket, SharedVolume, Storage

TYPE = "STORAGE_TYPE"
GOOGLE_KEY = "google-key"
KEYS_DIRECTORY = "/etc/flowise-constructs"

OWNED: Mapping[str, Owner] = {
    TYPE: Owner("Flowise.storage"),
    "BLOB_STORAGE_PATH": Owner("LocalStorage.path"),
    "S3_STORAGE_BUCKET_NAME": Owner("S3Bucket.bucket"),
    "S3_STORAGE_REGION": Owner("S3Bucket.region"),
    "S3_ENDPOINT_URL": Owner("S3Bucket.endpoint"),
    "S3_FORCE_PATH_STYLE": Owner("S3Bucket.path_style"),
    "S3_STORAGE_ACCESS_KEY_ID": Owner("S3Bucket.credentials"),
    "S3_STORAGE_SECRET_ACCESS_KEY": Owner("S3Bucket.credentials"),
    "GOOGLE_CLOUD_STORAGE_BUCKET_NAME": Owner("GcsBucket.bucket"),
    "GOOGLE_CLOUD_STORAGE_PROJ_ID": Owner("GcsBucket.project"),
    "GOOGLE_CLOUD_STORAGE_CREDENTIAL": Owner("GcsBucket.credentials"),
    "GOOGLE_CLOUD_UNIFORM_BUCKET_ACCESS": Owner("GcsBucket.uniform_access"),
    "AZURE_BLOB_STORAGE_CONTAINER_NAME": Owner("AzureContainer.container"),
    "AZURE_BLOB_STORAGE_ACCOUNT_NAME": Owner("AzureContainer.account"),
    "AZURE_BLOB_STORAGE_ACCOUNT_KEY": Owner("AzureContainer.account_key"),
    "AZURE_BLOB_STORAGE_CONNECTION_STRING": Owner("AzureContainer.connection_string"),
}


def storage_environment(storage: Storage, data_directory: str) -> Environment:
    """Where uploads and documents are stored."""
    if isinstance(storage, (LocalStorage, SharedVolume)):
        return {TYPE: "local", "BLOB_STORAGE_PATH": storage_directory(storage, data_directory)}
    if isinstance(storage, GcsBucket):
        return _google(storage)
    return _azure(storage) if isinstance(storage, AzureContainer) else _s3(storage)


def storage_directory(storage: LocalStorage | SharedVolume, data_directory: str) -> str:
    """The directory of files on a volume."""
    given = storage.path if isinstance(storage, LocalStorage) else None
    return given or f"{data_directory}/storage"


def google_key_file(name: str = GOOGLE_KEY) -> str:
    """The path of a Google service account's key in a pod."""
    return f"{KEYS_DIRECTORY}/{name}/key.json"


def _s3(bucket: S3Bucket) -> Environment:
    keys = bucket.credentials
    return {
        TYPE: "s3",
        "S3_STORAGE_BUCKET_NAME": bucket.bucket,
        "S3_STORAGE_REGION": bucket.region,
        **({"S3_ENDPOINT_URL": bucket.endpoint} if bucket.endpoint else {}),
        "S3_FORCE_PATH_STYLE": word(bucket.path_style),
        **({"S3_STORAGE_ACCESS_KEY_ID": keys.access_key_id} if keys else {}),
        **({"S3_STORAGE_SECRET_ACCESS_KEY": keys.secret_access_key} if keys else {}),
    }


def _google(bucket: GcsBucket) -> Environment:
    return {
        TYPE: "gcs",
        "GOOGLE_CLOUD_STORAGE_BUCKET_NAME": bucket.bucket,
        "GOOGLE_CLOUD_STORAGE_PROJ_ID": bucket.project,
        **({"GOOGLE_CLOUD_STORAGE_CREDENTIAL": google_key_file()} if bucket.credentials else {}),
        # Flowise takes every text for true, 'false' too.
        **({"GOOGLE_CLOUD_UNIFORM_BUCKET_ACCESS": "true"} if bucket.uniform_access else {}),
    }


def _azure(container: AzureContainer) -> Environment:
    given = {
        "AZURE_BLOB_STORAGE_ACCOUNT_NAME": container.account,
        "AZURE_BLOB_STORAGE_ACCOUNT_KEY": container.account_key,
        "AZURE_BLOB_STORAGE_CONNECTION_STRING": container.connection_string,
    }
    return {
        TYPE: "azure",
        "AZURE_BLOB_STORAGE_CONTAINER_NAME": container.container,
        **{name: value for name, value in given.items() if value is not None},
    }
