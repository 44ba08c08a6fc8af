"""File storage, from STORAGE_TYPE and what belongs to it."""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs import (
    AzureContainer,
    DataClaim,
    GcsBucket,
    LocalStorage,
    S3Bucket,
    S3Credentials,
    SharedVolume,
)
from flowise_constructs.core.findings import shown
from flowise_constructs.importers.env.databases import directory
from flowise_constructs.importers.env.variables import EnvironmentVariables
from flowise_constructs.importers.guide import GUIDE
from flowise_constructs.importers.notes import Notes

Bucket = S3Bucket | GcsBucket | AzureContainer

_REFUSED: Bucket = S3Bucket(bucket="refused")


def storage(notes: Notes, variables: EnvironmentVariables, *, queued: bool) -> LocalStorage | SharedVolume | Bucket:
    """Where uploads and documents are stored."""
    where, kind = variables.where("STORAGE_TYPE"), variables.take_text("STORAGE_TYPE") or "local"
    stores = {"s3": _bucket, "gcs": _google, "azure": _azure}
    if kind in stores:
        return stores[kind](notes, variables)
    if kind != "local":
        notes.refuse(where, f"{shown(kind)} must be one of local, {', '.join(stores)}")
        return LocalStorage()
    path = directory(notes, variables, "BLOB_STORAGE_PATH", "/storage", "files")
    return _shared(notes, where, path) if queued else LocalStorage(path=path)


def _shared(notes: Notes, where: str, path: str | None) -> SharedVolume:
    """What a volume of Docker is to main and workers on one machine."""
    copied = f"copy the files of {path} to its directory storage" if path else "copy the files there"
    notes.remark(
        where,
        "'local' in queue mode: main and workers share a ReadWriteMany claim, which the cluster's default storage "
        f"class may not have: name one that has it, or set s3, gcs or azure; {copied}; {GUIDE}",
        "do",
    )
    return SharedVolume(claim=DataClaim(access_mode="ReadWriteMany"))


def _google(notes: Notes, variables: EnvironmentVariables) -> Bucket:
    names = {"bucket": "GOOGLE_CLOUD_STORAGE_BUCKET_NAME", "project": "GOOGLE_CLOUD_STORAGE_PROJ_ID"}
    paths, given = _texts(notes, variables, names, needed=("bucket", "project"), kind="gcs")
    credentials = variables.take_file("GOOGLE_CLOUD_STORAGE_CREDENTIAL", "storage", "key.json")
    uniform = bool(variables.take_flag("GOOGLE_CLOUD_UNIFORM_BUCKET_ACCESS"))
    if not given.keys() >= {"bucket", "project"}:
        return _REFUSED
    return notes.make(GcsBucket, paths, _REFUSED, **given, credentials=credentials, uniform_access=uniform)


def _azure(notes: Notes, variables: EnvironmentVariables) -> Bucket:
    names = {"container": "AZURE_BLOB_STORAGE_CONTAINER_NAME", "account": "AZURE_BLOB_STORAGE_ACCOUNT_NAME"}
    paths, given = _texts(notes, variables, names, needed=("container",), kind="azure")
    string, key = (variables.take_secret(f"AZURE_BLOB_STORAGE_{name}") for name in ("CONNECTION_STRING", "ACCOUNT_KEY"))
    if "container" not in given:
        return _REFUSED
    if string is not None:
        # Flowise prefers it, and then reads neither.
        return notes.make(AzureContainer, paths, _REFUSED, container=given["container"], connection_string=string)
    return notes.make(AzureContainer, paths, _REFUSED, **given, account_key=key)


def _texts(
    notes: Notes, variables: EnvironmentVariables, names: Mapping[str, str], *, needed: tuple[str, ...], kind: str
) -> tuple[dict[str, str], dict[str, str]]:
    """The place and the text of each variable that is given."""
    paths = {field: variables.where(name) for field, name in names.items()}
    taken = {field: variables.take_text(name) for field, name in names.items()}
    for field in needed:
        if taken[field] is None:
            notes.refuse(paths[field], f"must be given with STORAGE_TYPE={kind}: name the {field}")
    return paths, {field: text for field, text in taken.items() if text is not None}


def _bucket(notes: Notes, variables: EnvironmentVariables) -> Bucket:
    names = {"bucket": "S3_STORAGE_BUCKET_NAME", "region": "S3_STORAGE_REGION", "endpoint": "S3_ENDPOINT_URL"}
    paths, given = _texts(notes, variables, names, needed=("bucket",), kind="s3")
    pair = ["S3_STORAGE_ACCESS_KEY_ID", "S3_STORAGE_SECRET_ACCESS_KEY"]
    where = variables.where(next((name for name in pair if variables.has(name)), pair[0]))
    key, secret = (variables.take_secret(name) for name in pair)
    if (key is None) != (secret is None):
        notes.refuse(where, f"{pair[0]} and {pair[1]} belong together: give both or neither")
    credentials = None if key is None or secret is None else S3Credentials(access_key_id=key, secret_access_key=secret)
    path_style = variables.take_flag("S3_FORCE_PATH_STYLE")
    if "bucket" not in given:
        return _REFUSED
    return notes.make(S3Bucket, paths, _REFUSED, **given, path_style=bool(path_style), credentials=credentials)
