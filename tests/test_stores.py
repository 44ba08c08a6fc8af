"""Where files are stored: what each storage adds to the pods that use it, and to no others."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from deployments import (
    AZURE,
    AZURE_BY_IDENTITY,
    AZURE_CONNECTION,
    BACKUP,
    BUCKET,
    GOOGLE,
    GOOGLE_BY_IDENTITY,
    POSTGRES,
    SHARED,
    environment,
    objects,
    pods,
    queue,
    standalone,
)

from flowise_constructs import Backup, Drill, OutboundProxy, S3Bucket, Settings
from flowise_constructs.flowise.releases import RELEASES
from flowise_constructs.kubernetes.scripts import scripts
from flowise_constructs.storage.variables import OWNED

Documents = list[dict[str, Any]]


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_reads_every_storage_s_variables(release: str) -> None:
    read = (Path(__file__).parent / f"data/flowise_variables/{release}.txt").read_text(encoding="utf-8")
    assert set(OWNED) <= {line.split()[0] for line in read.splitlines()} | {"GOOGLE_CLOUD_UNIFORM_BUCKET_ACCESS"}
    assert set(OWNED) <= RELEASES[release].variables.keys()


def mounting(documents: Documents, volume: str) -> set[str]:
    """The containers that mount a volume."""
    return {
        f"{called.split()[1]}/{container['name']}"
        for called, pod in pods(documents).items()
        for container in [*pod.get("initContainers", ()), *pod["containers"]]
        if volume in {mount["name"] for mount in container["volumeMounts"]}
    }


def test_google_s_key_is_a_file_of_those_alone_that_use_the_bucket() -> None:
    documents = objects(queue(storage=GOOGLE, backup=replace(BACKUP, drill=Drill())))
    assert mounting(documents, "google-key") == {"flowise/flowise", "flowise-worker/flowise-worker"}
    assert mounting(documents, "storage-key") == {"flowise-backup/upload"}
    [volume] = [item for item in pods(documents)["Deployment flowise"]["volumes"] if item["name"] == "google-key"]
    source = {"secret": {"name": "google", "items": [{"key": "key.json", "path": "key.json"}]}}
    assert volume["projected"] == {"sources": [source]}
    path = "/etc/flowise-constructs/google-key/key.json"
    assert environment(documents, "flowise-worker")["GOOGLE_CLOUD_STORAGE_CREDENTIAL"] == path


def test_a_backup_to_google_mounts_the_target_s_key_and_one_remote_needs_no_second() -> None:
    target = replace(GOOGLE, bucket="flowise-backups")
    documents = objects(queue(storage=GOOGLE, backup=Backup(target=target, drill=Drill())))
    assert mounting(documents, "target-key") == {"flowise-backup/upload", "flowise-drill/download"}
    assert mounting(documents, "storage-key") == set()
    variables = environment(documents, "flowise-backup")
    assert variables["FILES_SOURCE"] == "target:flowise-files"
    assert variables["RCLONE_CONFIG_TARGET_SERVICE_ACCOUNT_FILE"] == "/etc/flowise-constructs/target-key/key.json"


@pytest.mark.filterwarnings("ignore:Backup.target:flowise_constructs.ConfigWarning")
@pytest.mark.parametrize(
    ("storage", "target", "source", "excluded"),
    [
        (AZURE, replace(AZURE, container="other"), "target:flowise-files", None),
        (AZURE, AZURE, "target:flowise-files", "/flowise/**"),
        (AZURE, AZURE_CONNECTION, "storage:flowise-files", "/flowise/**"),
        (AZURE, replace(AZURE, account="elsewhere"), "storage:flowise-files", None),
        (GOOGLE, GOOGLE, "target:flowise-files", "/flowise/**"),
        (GOOGLE, BUCKET, "storage:flowise-files", None),
        (BUCKET, BUCKET, "target:flowise-files", "/flowise/**"),
        (GOOGLE_BY_IDENTITY, GOOGLE, "storage:flowise-files", "/flowise/**"),
    ],
)
def test_a_mirror_leaves_the_backups_out_where_both_are_in_one_bucket(
    storage: Any, target: Any, source: str, excluded: str | None
) -> None:
    variables = environment(objects(queue(storage=storage, backup=Backup(target=target))), "flowise-backup")
    assert variables["FILES_SOURCE"] == source
    assert variables.get("FILES_EXCLUDED") == excluded
    assert ("RCLONE_CONFIG_STORAGE_TYPE" in variables) == source.startswith("storage:")


def test_pods_of_an_azure_identity_are_labelled_and_others_not() -> None:
    documents = objects(queue(storage=AZURE, backup=Backup(target=AZURE_BY_IDENTITY, drill=Drill())))
    label, annotation = "azure.workload.identity/use", "azure.workload.identity/client-id"
    labelled = {item["metadata"]["name"] for item in documents if label in json.dumps(item)}
    annotated = {item["metadata"]["name"] for item in documents if annotation in json.dumps(item)}
    assert labelled == annotated == {"flowise-backup", "flowise-drill"}
    assert environment(documents, "flowise-backup")["RCLONE_CONFIG_TARGET_ENV_AUTH"] == "true"


def test_google_s_identity_is_fetched_without_the_proxy_and_a_key_is_not() -> None:
    settings = Settings(proxy=OutboundProxy(http="http://proxy:3128"))
    hosts = {"metadata.google.internal", "169.254.169.254"}
    for storage, direct in ((GOOGLE_BY_IDENTITY, True), (GOOGLE, False)):
        documents = objects(queue(storage=storage, settings=settings, backup=BACKUP))
        for name in ("flowise", "flowise-worker", "flowise-backup"):
            assert (hosts <= set(environment(documents, name)["NO_PROXY"].split(","))) == direct
    documents = objects(queue(storage=BUCKET, settings=settings, backup=Backup(target=GOOGLE_BY_IDENTITY)))
    assert hosts <= set(environment(documents, "flowise-backup")["NO_PROXY"].split(","))
    assert not hosts & set(environment(documents, "flowise")["NO_PROXY"].split(","))


def test_mains_and_workers_share_one_claim_which_a_backup_reads_from_any_node() -> None:
    documents = objects(queue(storage=SHARED, backup=BACKUP))
    [claim] = [item for item in documents if item["kind"] == "PersistentVolumeClaim"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert mounting(documents, "data") == {
        *("flowise/gate", "flowise/flowise", "flowise-worker/gate", "flowise-worker/flowise-worker"),
        "flowise-backup/storage",
    }
    for pod in pods(documents).values():
        claims = [volume["persistentVolumeClaim"] for volume in pod["volumes"] if volume["name"] == "data"]
        assert claims == [{"claimName": "flowise-data"}]
        assert "affinity" not in pod
    for name in ("flowise", "flowise-worker"):
        assert environment(documents, name)["BLOB_STORAGE_PATH"] == "/home/node/.flowise/storage"
    [main] = [item for item in documents if item["kind"] == "Deployment" and item["metadata"]["name"] == "flowise"]
    assert main["spec"]["strategy"]["type"] == "RollingUpdate"


def test_a_connection_string_is_taken_apart_by_a_script_in_front() -> None:
    documents = objects(standalone(storage=AZURE_CONNECTION, database=POSTGRES, backup=Backup(target=BUCKET)))
    [upload] = pods(documents)["CronJob flowise-backup"]["containers"]
    assert upload["command"] == [
        "sh",
        "/opt/flowise-constructs/backup-azure.sh",
        "/opt/flowise-constructs/backup-upload.sh".rpartition("/")[2],
    ]
    [config_map] = [item for item in documents if item["metadata"]["name"] == "flowise-backup-scripts"]
    assert {"backup-azure.sh", "backup-upload.sh"} <= config_map["data"].keys()
    plain = objects(standalone(storage=AZURE, database=POSTGRES, backup=Backup(target=BUCKET)))
    assert "backup-azure.sh" not in json.dumps(plain)


CONNECTIONS = {
    "as the portal shows it": (
        "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=a+/b==;EndpointSuffix=core.windows.net",
        "acme a+/b== https://acme.blob.core.windows.net",
    ),
    "of a national cloud": (
        "AccountName=acme;AccountKey=a==;EndpointSuffix=core.chinacloudapi.cn",
        "acme a== https://acme.blob.core.chinacloudapi.cn",
    ),
    "with an endpoint": (
        "AccountName=acme;AccountKey=a==;BlobEndpoint=http://azurite:10000/acme;",
        "acme a== http://azurite:10000/acme",
    ),
    "a signature": (
        "BlobEndpoint=https://acme.blob.core.windows.net;SharedAccessSignature=sv=1",
        "it has no AccountName",
    ),
    "without a key": ("AccountName=acme", "it has no AccountKey"),
}


@pytest.mark.parametrize(("connection", "said"), CONNECTIONS.values(), ids=CONNECTIONS)
def test_what_is_read_from_a_connection_string(tmp_path: Path, connection: str, said: str) -> None:
    for name, text in scripts("backup-azure.sh").items():
        (tmp_path / name).write_text(text)
    settings = " ".join(f"$RCLONE_CONFIG_STORAGE_{name}" for name in ("ACCOUNT", "KEY", "ENDPOINT"))
    (tmp_path / "show.sh").write_text(f'echo "{settings} $1 ${{AZURE_CONNECTION_STORAGE:-}}"\n')
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "AZURE_CONNECTION_STORAGE": connection}
    command = ["sh", str(tmp_path / "backup-azure.sh"), "show.sh", "argument"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    shown = done.stdout.strip() if done.returncode == 0 else done.stderr.strip()
    assert shown == f"{said} argument" if done.returncode == 0 else said in shown


def test_the_bucket_says_which_accounts_need_the_role() -> None:
    """IRSA and Pod Identity ask for them by name."""
    backup = Backup(target=replace(BUCKET, bucket="other"), drill=Drill())
    made = objects(queue(storage=BUCKET, backup=backup))
    using = {item["metadata"]["name"] for item in made if item["kind"] == "ServiceAccount"}
    by_name = {name for name in using if name.removeprefix("flowise") in ("", "-worker", "-backup", "-drill")}
    assert len(by_name) == 4
    words = " ".join(str(S3Bucket.__doc__).split())
    assert all(f"`{{instance}}{name.removeprefix('flowise')}`" in words for name in by_name)
