"""File storage, from the variables that the release runs with, and the claim."""

from __future__ import annotations

from typing import Any

from flowise_constructs import ExistingClaim, LocalStorage, S3Bucket, S3Credentials
from flowise_constructs.core.findings import shown
from flowise_constructs.flowise.directories import DATA_DIRECTORY
from flowise_constructs.importers.cowboysysop.directories import placed
from flowise_constructs.importers.cowboysysop.names import MAIN_COMPONENT, full_name, labels
from flowise_constructs.importers.fields import data_claim
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.variables import Variables

_REFUSED = S3Bucket(bucket="refused")


def storage(release: Release, variables: Variables, *, queued: bool) -> LocalStorage | S3Bucket:
    """Where uploads and documents are stored."""
    where, kind = variables.where("STORAGE_TYPE"), variables.take_text("STORAGE_TYPE") or "local"
    at, path = variables.where("BLOB_STORAGE_PATH"), placed(variables.take_text("BLOB_STORAGE_PATH") or "")
    if kind == "s3":
        return _bucket(release, variables)
    if kind != "local":
        release.refuse(
            where,
            f"STORAGE_TYPE is {shown(kind)} and must be 'local' or 's3': copy the files into an S3 bucket, and set s3",
        )
    elif queued:
        release.refuse(
            where,
            "lacks STORAGE_TYPE=s3 in queue mode: main and workers share files only through a bucket, while each of "
            "the "
            "release's pods has files of its own; copy those of main below /data/storage into a bucket, and set "
            "STORAGE_TYPE, S3_STORAGE_BUCKET_NAME and the other S3_ variables",
        )
    if queued:
        return _REFUSED
    default = path == f"{DATA_DIRECTORY}/storage"
    return release.make(LocalStorage, {"path": at}, LocalStorage(), path=None if default else path)


def _bucket(release: Release, variables: Variables) -> S3Bucket:
    names = {"bucket": "S3_STORAGE_BUCKET_NAME", "region": "S3_STORAGE_REGION", "endpoint": "S3_ENDPOINT_URL"}
    paths = {field: variables.where(name) for field, name in names.items()}
    given = {field: value for field, name in names.items() if (value := variables.take_text(name))}
    path_style = variables.take_flag("S3_FORCE_PATH_STYLE")
    pair = ("S3_STORAGE_ACCESS_KEY_ID", "S3_STORAGE_SECRET_ACCESS_KEY")
    where = variables.where(next((name for name in pair if variables.has(name)), pair[0]))
    alone = variables.has(pair[0]) != variables.has(pair[1])
    key, secret = (variables.take_secret(name) for name in pair)
    if alone:
        release.refuse(where, f"{pair[0]} and {pair[1]} belong together: give both or neither")
    if "bucket" not in given:
        release.refuse(paths["bucket"], "lacks S3_STORAGE_BUCKET_NAME with STORAGE_TYPE=s3: name the bucket")
        return _REFUSED
    credentials = None if key is None or secret is None else S3Credentials(access_key_id=key, secret_access_key=secret)
    fields: dict[str, Any] = {**given, "path_style": bool(path_style), "credentials": credentials}
    return release.make(S3Bucket, paths, _REFUSED, **fields)


def claim(release: Release) -> ExistingClaim | None:
    """The claim with Flowise's data, under the name that it has."""
    at = "persistence"
    if not release.flag(f"{at}.enabled"):
        for path in release.below(at):
            release.remark(path, "is not carried over: persistence.enabled is false")
        return None
    name = release.text(f"{at}.existingClaim")
    if name:
        for path in release.below(at):
            if path.rpartition(".")[2] in ("size", "storageClass", "annotations"):
                release.remark(path, "is not carried over: the claim exists already, as persistence.existingClaim says")
    paths = {"name": f"{at}.existingClaim" if name else "fullnameOverride", "access_mode": f"{at}.accessMode"}
    return release.make(
        ExistingClaim,
        paths,
        ExistingClaim(name="refused"),
        name=name or full_name(release),
        access_mode=release.text(f"{at}.accessMode"),
    )


def claim_object(release: Release) -> list[dict[str, Any]]:
    """The chart's own claim, whose name is not the one that this library would give it."""
    at = "persistence"
    if not release.flag(f"{at}.enabled") or release.text(f"{at}.existingClaim"):
        return []
    kind = release.text(f"{at}.storageClass")
    held = data_claim(release, no_class=("", "-"), further=release.words("commonAnnotations"))
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": full_name(release),
                "labels": {**labels(release, MAIN_COMPONENT), **release.words("commonLabels")},
                **({"annotations": dict(held.annotations)} if held.annotations else {}),
            },
            "spec": {
                "accessModes": [held.access_mode],
                "resources": {"requests": {"storage": held.size}},
                # A hyphen is the chart's word for no class.
                **({"storageClassName": held.storage_class or ""} if kind else {}),
            },
        }
    ]
