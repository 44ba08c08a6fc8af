"""Backups to Google and Azure, and of their buckets: the very scripts and variables of the manifests, with rclone in the
version of `Backup.upload_image`, on emulators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gcp_storage_emulator", reason="not installed: gcp-storage-emulator")
pytest.importorskip("moto", reason="not installed: moto[server]")
pytest.importorskip("flask", reason="not installed: moto[server]")

from backup import data
from backup.outcomes import failed, succeeded
from backup.pods import Machine, Outcome, give_to_runner
from backup.servers import POSTGRES_BIN, Postgres, free_port
from backup.world import alpine, directory, missing
from cdk8s import App, Chart
from stores import emulators
from stores.google import PROJECT

from flowise_constructs import (
    Auth,
    AzureContainer,
    Backup,
    BackupJob,
    Flowise,
    GcsBucket,
    Image,
    PostgresDatabase,
    Retention,
    SecretKey,
)
from flowise_constructs.backup.drill import RestoreDrill
from flowise_constructs.backup.restore import RestoreJob
from flowise_constructs.backup.values import Restore

pytestmark = [
    pytest.mark.roundtrip,
    pytest.mark.servers,
    missing("pg_dump", "initdb", "busybox", "setpriv", "openssl"),
    pytest.mark.skipif(bool(reason := emulators.missing_rclone() or emulators.missing_azurite()), reason=str(reason)),
]

PASSWORD = SecretKey(secret="database", key="password")
FILES, BACKUPS = "flowise-files", "flowise-backups"


@dataclass
class Here:
    """The servers of this file."""

    root: Path
    postgres: Postgres
    google: emulators.Google
    azure: emulators.Azure
    number: int = 0

    def gcs(self, bucket: str, *, by_key: bool = True) -> GcsBucket:
        key = SecretKey(secret="google", key="key.json") if by_key else None
        return GcsBucket(bucket=bucket, project=PROJECT, credentials=key)

    def container(self, name: str, *, connected: bool = True) -> AzureContainer:
        if connected:
            return AzureContainer(container=name, connection_string=SecretKey(secret="azure", key="connection-string"))
        key = SecretKey(secret="azure", key="key")
        return AzureContainer(container=name, account=emulators.AZURE_ACCOUNT, account_key=key)

    def machine(self) -> Machine:
        self.number += 1
        folder = self.root / f"machine-{self.number}"
        folder.mkdir()
        give_to_runner(folder)
        return Machine(
            root=folder / "pods",
            paths={
                "docker.io/rclone/rclone": alpine(folder / "alpine", str(emulators.RCLONE)),
                "docker.io/library/postgres": f"{POSTGRES_BIN}:/usr/bin:/bin",
            },
            secrets={
                "keys": {"encryption-key": "the key"},
                "database": {"password": self.postgres.password},
                "google": {"key.json": self.google.key()},
                "azure": {"connection-string": self.azure.connection_string(), "key": emulators.AZURE_KEY},
            },
            environment={
                "RCLONE_GCS_ENDPOINT": f"{self.google.address}/storage/v1/",
                "RCLONE_AZUREBLOB_ENDPOINT": self.azure.endpoint,
                "GCE_METADATA_HOST": f"127.0.0.1:{self.google.port}",
            },
        )


@pytest.fixture(scope="module")
def here() -> Iterator[Here]:
    with directory() as root, ExitStack() as stack:
        (root / "server").mkdir()
        give_to_runner(root)
        postgres = Postgres(root / "server")
        stack.callback(postgres.stop)
        postgres.sql("CREATE DATABASE small; CREATE DATABASE empty")
        postgres.sql(data.postgres(200), "small")
        google = emulators.Google(root / "google", "127.0.0.1", free_port())
        azure = emulators.Azure(root / "azure", "127.0.0.1", free_port())
        for emulator in (google, azure):
            stack.enter_context(emulators.running(emulator))
        yield Here(root, postgres, google, azure)


@dataclass
class Installation:
    """One installation, with its files in a store and its backups in another."""

    here: Here
    storage: GcsBucket | AzureContainer
    target: GcsBucket | AzureContainer
    machine: Machine

    def run(self, kind: str, name: str, *, database: str = "small", **restore: Any) -> Outcome:
        chart = Chart(App(), "chart")
        server = PostgresDatabase(host="127.0.0.1", port=self.here.postgres.port, name=database, password=PASSWORD)
        image = Image(repository="registry.example.com/flowise", tag="3.1.3")
        flowise = Flowise(auth=Auth.from_secret("keys"), database=server, storage=self.storage, image=image)
        backup = Backup(target=self.target, retention=Retention(last=2, daily=0, weekly=0, monthly=0))
        given: dict[str, Any] = {"backup": backup, "flowise": flowise}
        BackupJob(chart, "Backup", **given)
        RestoreJob(chart, "Restore", restore=Restore(**restore), **given)
        RestoreDrill(chart, "Drill", **given)
        return self.machine.run([dict(item) for item in chart.to_json()], kind, name)

    def back_up(self) -> Outcome:
        return self.run("CronJob", "flowise-backup")


CASES: dict[str, Callable[[Here], tuple[Any, Any]]] = {
    "Google to Google": lambda here: (here.gcs(FILES), here.gcs(BACKUPS)),
    "Google by identity to Azure": lambda here: (here.gcs(FILES, by_key=False), here.container(BACKUPS)),
    "Azure to Azure": lambda here: (here.container(FILES), here.container(BACKUPS)),
    "Azure by key to Google by identity": lambda here: (
        here.container(FILES, connected=False),
        here.gcs(BACKUPS, by_key=False),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_round_trip(here: Here, case: str) -> None:
    storage, target = CASES[case](here)
    number = list(CASES).index(case)
    storage = _renamed(storage, f"{FILES}-{number}")
    target = _renamed(target, f"{BACKUPS}-{number}")
    files, backups = (here.google if isinstance(it, GcsBucket) else here.azure for it in (storage, target))
    files.make(f"{FILES}-{number}")
    backups.make(f"{BACKUPS}-{number}")
    store = f"store:{FILES}-{number}"
    for name, content in (("org/flow/a b.txt", b"a"), ("logs/server.log", b"no file"), ("org/ü.bin", b"\0" * 300_000)):
        files.rclone("rcat", f"{store}/{name}", give=content)
    installation = Installation(here, storage, target, here.machine())

    succeeded(installation.back_up())
    succeeded(installation.run("CronJob", "flowise-drill"))
    names = backups.names(f"{BACKUPS}-{number}")
    [first] = [name for name in names if name.count("/") == 1 and name.endswith(".json")]
    assert {"flowise/files/org/flow/a b.txt", "flowise/files/org/ü.bin"} <= set(names)
    assert not [name for name in names if "logs" in name]

    files.rclone("rcat", f"{store}/org/flow/a b.txt", give=b"another")
    succeeded(installation.back_up())
    succeeded(installation.back_up())
    left = [name for name in backups.names(f"{BACKUPS}-{number}") if name.count("/") == 1 and name.endswith(".json")]
    assert len(left) == 2, "the first is past its time"
    assert first not in left

    files.rclone("delete", store)
    here.postgres.sql("DROP DATABASE empty; CREATE DATABASE empty")
    succeeded(installation.run("Job", "flowise-restore", database="empty"))
    assert here.postgres.contents("empty") == here.postgres.contents("small")
    assert files.names(f"{FILES}-{number}") == ["org/flow/a b.txt", "org/ü.bin"]
    assert files.rclone("cat", f"{store}/org/flow/a b.txt") == b"another"

    newest = max(left).removesuffix(".json")
    backups.rclone("rcat", f"store:{BACKUPS}-{number}/{newest}/database.dump", give=b"damaged")
    failed(installation.run("CronJob", "flowise-drill"), "download", "SHA-256")


def test_a_store_that_is_not_there_is_said(here: Here) -> None:
    target = here.container("nowhere")
    installation = Installation(here, here.gcs("none"), target, here.machine())
    failed(installation.back_up(), "upload", "uploading database.dump", "ContainerNotFound")
    installation = replace(installation, target=here.gcs("nowhere"))
    failed(installation.back_up(), "upload", "uploading database.dump")


def _renamed(store: Any, name: str) -> Any:
    return replace(store, **{"container" if isinstance(store, AzureContainer) else "bucket": name})
