"""File storage, from STORAGE_TYPE and what belongs to it."""

from __future__ import annotations

from flowise_constructs import LocalStorage, S3Bucket, S3Credentials
from flowise_constructs.core.findings import shown
from flowise_constructs.importers.env.databases import directory
from flowise_constructs.importers.env.variables import EnvironmentVariables
from flowise_constructs.importers.guide import GUIDE
from flowise_constructs.importers.notes import Notes

_REFUSED = S3Bucket(bucket="refused")


def storage(notes: Notes, variables: EnvironmentVariables, *, queued: bool) -> LocalStorage | S3Bucket:
    """Where uploads and documents are stored."""
    where, kind = variables.where("STORAGE_TYPE"), variables.take_text("STORAGE_TYPE") or "local"
    if kind == "s3":
        return _bucket(notes, variables)
    if kind != "local":
        notes.refuse(
            where,
            f"{shown(kind)} must be local or s3: copy the files into an S3 bucket, and set s3; {GUIDE}",
        )
        return LocalStorage()
    if queued:
        notes.refuse(
            where,
            f"'local' in queue mode: main and workers run on different machines and share files only through a "
            f"bucket; copy the files there, and set s3; {GUIDE}",
        )
        return _REFUSED
    return LocalStorage(path=directory(notes, variables, "BLOB_STORAGE_PATH", "/storage", "files"))


def _bucket(notes: Notes, variables: EnvironmentVariables) -> S3Bucket:
    names = {"bucket": "S3_STORAGE_BUCKET_NAME", "region": "S3_STORAGE_REGION", "endpoint": "S3_ENDPOINT_URL"}
    paths = {field: variables.where(name) for field, name in names.items()}
    given = {field: variables.take_text(name) for field, name in names.items()}
    if given["bucket"] is None:
        notes.refuse(paths["bucket"], "must be given with STORAGE_TYPE=s3: name the bucket")
    pair = ["S3_STORAGE_ACCESS_KEY_ID", "S3_STORAGE_SECRET_ACCESS_KEY"]
    where = variables.where(next((name for name in pair if variables.has(name)), pair[0]))
    key, secret = (variables.take_secret(name) for name in pair)
    if (key is None) != (secret is None):
        notes.refuse(where, f"{pair[0]} and {pair[1]} belong together: give both or neither")
    credentials = None if key is None or secret is None else S3Credentials(access_key_id=key, secret_access_key=secret)
    path_style = variables.take_flag("S3_FORCE_PATH_STYLE")
    if given["bucket"] is None:
        return _REFUSED
    fields = {field: value for field, value in given.items() if value is not None}
    return notes.make(S3Bucket, paths, _REFUSED, **fields, path_style=bool(path_style), credentials=credentials)
