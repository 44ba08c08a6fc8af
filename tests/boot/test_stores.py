"""Every storage in both topologies: a file is uploaded, read back by the process that runs flows, backed up, and
restored after it was lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gcp_storage_emulator", reason="not installed: gcp-storage-emulator")

from backup.outcomes import succeeded
from backup.pods import Machine
from backup.servers import POSTGRES_BIN
from backup.world import alpine, missing, temporary
from cdk8s import App
from certificates import self_signed
from stores import emulators
from stores.google import PROJECT

from boot.client import Browser
from boot.deployment import BUCKET, SECRETS, Deployment, deployed
from boot.figures import Figures
from boot.install import Release
from boot.manifests import Secrets
from boot.network import NODE
from flowise_constructs import (
    Auth,
    AzureContainer,
    Backup,
    BundledPostgres,
    BundledRedis,
    DataClaim,
    GcsBucket,
    Image,
    Queue,
    QueueChart,
    RestoreJob,
    SecretKey,
    Settings,
    SharedVolume,
    StandaloneChart,
)
from flowise_constructs.backup.values import Restore

pytestmark = [
    pytest.mark.parametrize("release", ["3.1.4"], indirect=True),
    missing("busybox", "pg_dump", "setpriv"),
    pytest.mark.skipif(bool(reason := emulators.missing_rclone() or emulators.missing_azurite()), reason=str(reason)),
]

BACKUPS = "flowise-backups"
TEXT = "what a worker reads"
CHAT = "4f1c1d0e-3c55-4e6f-8f0a-0a1b2c3d4e5f"
GOOGLE_HOSTS = ("storage.googleapis.com", "oauth2.googleapis.com", "www.googleapis.com")
AZURE_HOST = f"{emulators.AZURE_ACCOUNT}.blob.core.windows.net"


@dataclass(frozen=True)
class Case:
    """A storage, with the store that backups go to."""

    storage: Any
    target: Any
    settings: Settings
    secrets: Secrets
    queued: bool
    rclone: dict[str, str]
    """Where rclone finds the emulators, whose names it can't look up as a pod can."""
    stores: tuple[emulators.Emulator, ...]
    hosts: tuple[str, ...] = ()
    """Names of the world that are the node's in the pods."""

    def build(self, app: App, image: Image) -> Any:
        backup = Backup(target=self.target)
        given: dict[str, Any] = {
            "auth": Auth.from_secret("flowise-auth-secrets"),
            "database": BundledPostgres(),
            "storage": self.storage,
            "settings": self.settings,
            "image": image,
            "backup": backup,
        }
        if self.queued:
            chart: Any = QueueChart(app, "stores", queue=Queue(redis=BundledRedis()), **given)
        else:
            chart = StandaloneChart(app, "stores", data=None, **given)
        flowise = chart.deployment.flowise
        RestoreJob(chart, "Restore", backup=backup, flowise=flowise, restore=Restore(overwrite=True))
        return chart


def google(project: emulators.Google, bucket: str, *, by_key: bool) -> GcsBucket:
    """A bucket, reached with a key or by the pod's identity."""
    key = SecretKey(secret="google", key="key.json") if by_key else None
    return GcsBucket(bucket=bucket, project=PROJECT, credentials=key)


@dataclass(frozen=True)
class Place:
    """Where a case makes its servers."""

    folder: Path
    stack: ExitStack

    def certificate(self, *hosts: str) -> tuple[Path, Path]:
        return self_signed(self.folder, *(f"DNS:{host}" for host in hosts), f"IP:{NODE}")

    def run(self, emulator: emulators.Emulator, *buckets: str) -> Any:
        return self.stack.enter_context(emulators.running(emulator, *buckets))


def google_in_queue_mode(place: Place) -> Case:
    """Flowise with a service account's key, at Google's own names; both buckets are one remote of rclone."""
    tls = place.certificate(*GOOGLE_HOSTS)
    store = place.run(emulators.Google(place.folder / "google", NODE, 443, tls), BUCKET, BACKUPS)
    return Case(
        storage=google(store, BUCKET, by_key=True),
        target=google(store, BACKUPS, by_key=True),
        settings=Settings(authorities=tls[0].read_text()),
        secrets={"google": {"key.json": store.key()}},
        queued=True,
        rclone={"RCLONE_GCS_ENDPOINT": f"{store.address}/storage/v1/"},
        stores=(store, store),
        hosts=GOOGLE_HOSTS,
    )


def google_standalone(place: Place) -> Case:
    """Flowise with the pod's identity; backups go to Azure."""
    tls = place.certificate(*GOOGLE_HOSTS)
    store = place.run(emulators.Google(place.folder / "google", NODE, 443, tls), BUCKET)
    metadata = place.run(emulators.Google(place.folder / "metadata", NODE, 8080))
    azure = place.run(emulators.Azure(place.folder / "azure", NODE, 10000), BACKUPS)
    host = f"{NODE}:{metadata.port}"
    return Case(
        storage=google(store, BUCKET, by_key=False),
        target=AzureContainer(
            container=BACKUPS, account=emulators.AZURE_ACCOUNT, account_key=SecretKey(secret="azure", key="key")
        ),
        settings=Settings(authorities=tls[0].read_text(), extra_env={"GCE_METADATA_HOST": host}),
        secrets={"azure": {"key": emulators.AZURE_KEY}},
        queued=False,
        rclone={
            "RCLONE_GCS_ENDPOINT": f"{store.address}/storage/v1/",
            "RCLONE_AZUREBLOB_ENDPOINT": azure.endpoint,
            "GCE_METADATA_HOST": host,
        },
        stores=(store, azure),
        hosts=GOOGLE_HOSTS,
    )


def azure_in_queue_mode(place: Place) -> Case:
    """Flowise with a connection string that names an endpoint."""
    store = place.run(emulators.Azure(place.folder / "azure", NODE, 10000), BUCKET, BACKUPS)
    key = SecretKey(secret="azure", key="connection-string")
    return Case(
        storage=AzureContainer(container=BUCKET, connection_string=key),
        target=AzureContainer(container=BACKUPS, connection_string=key),
        settings=Settings(),
        secrets={"azure": {"connection-string": store.connection_string()}},
        queued=True,
        rclone={},
        stores=(store, store),
    )


def azure_standalone(place: Place) -> Case:
    """Flowise with an account's key, at Azure's own name; backups go to Google by the pod's identity."""
    tls = place.certificate(AZURE_HOST)
    store = place.run(emulators.Azure(place.folder / "azure", NODE, 443, tls), BUCKET)
    target = place.run(emulators.Google(place.folder / "google", NODE, 8080), BACKUPS)
    key = SecretKey(secret="azure", key="key")
    return Case(
        storage=AzureContainer(container=BUCKET, account=emulators.AZURE_ACCOUNT, account_key=key),
        target=google(target, BACKUPS, by_key=False),
        settings=Settings(authorities=tls[0].read_text()),
        secrets={"azure": {"key": emulators.AZURE_KEY}},
        queued=False,
        rclone={
            "RCLONE_GCS_ENDPOINT": f"{target.address}/storage/v1/",
            "RCLONE_AZUREBLOB_ENDPOINT": store.endpoint,
            "GCE_METADATA_HOST": f"{NODE}:{target.port}",
        },
        stores=(store, target),
        hosts=(AZURE_HOST,),
    )


def shared_volume(place: Place) -> Case:
    """Mains and workers on one claim; backups go to Google."""
    target = place.run(emulators.Google(place.folder / "google", NODE, 8080), BACKUPS)
    return Case(
        storage=SharedVolume(claim=DataClaim(access_mode="ReadWriteMany")),
        target=google(target, BACKUPS, by_key=True),
        settings=Settings(),
        secrets={"google": {"key.json": target.key()}},
        queued=True,
        rclone={"RCLONE_GCS_ENDPOINT": f"{target.address}/storage/v1/"},
        stores=(target,),
    )


@contextmanager
def machine(deployment: Deployment, case: Case, folder: Path) -> Iterator[Callable[[str, str], None]]:
    """What runs the deployment's jobs, on the deployment's servers."""
    runs = Machine(
        root=folder / "jobs",
        paths={
            "docker.io/rclone/rclone": alpine(folder / "alpine", str(emulators.RCLONE)),
            "docker.io/library/postgres": f"{POSTGRES_BIN}:/usr/bin:/bin",
        },
        secrets=deployment.manifests.secrets,
        claims={"flowise-data": deployment.claim("flowise-data")},
        environment={"RETRY_SECONDS": "1", **case.rclone},
        overrides={"DATABASE_HOST": NODE},
        # As the pods' files are.
        user="1000",
    )
    yield lambda kind, name: succeeded(runs.run(deployment.manifests.objects, kind, name))


def files(deployment: Deployment, case: Case) -> list[str]:
    """What is stored, without logs."""
    if isinstance(case.storage, SharedVolume):
        storage = deployment.claim("flowise-data") / "storage"
        return sorted(str(path.relative_to(storage)) for path in storage.rglob("*") if path.is_file())
    return [name for name in case.stores[0].names(BUCKET) if not name.startswith("logs/")]


def lose(deployment: Deployment, case: Case) -> None:
    """Deletes every file."""
    if isinstance(case.storage, SharedVolume):
        shutil.rmtree(deployment.claim("flowise-data") / "storage")
    else:
        case.stores[0].rclone("delete", f"store:{BUCKET}")


@pytest.mark.parametrize(
    "make",
    [google_in_queue_mode, google_standalone, azure_in_queue_mode, azure_standalone, shared_volume],
    ids=lambda make: str(make.__name__),
)
def test_files_are_stored_read_backed_up_and_restored(
    release: Release, make: Callable[[Place], Case], figures: Figures
) -> None:
    with ExitStack() as stack:
        folder = temporary()
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        case = make(Place(folder, stack))
        secrets = {**SECRETS, **case.secrets}
        deployment = stack.enter_context(deployed(release, case.build, figures, secrets, case.hosts))
        run = stack.enter_context(machine(deployment, case, folder))
        names = ("flowise", *(["flowise-worker"] if case.queued else []))
        pods = deployment.start(*names)
        browser = Browser(pods[0].address)
        browser.sign_up()
        flow = browser.make_reader("reader", "read me.txt", TEXT)
        assert browser.predict(flow) == f"{TEXT}\n", "the process that runs the flow reads what main stored"
        browser.attach(flow, CHAT, "attached.txt", "by multipart")
        assert browser.attachment(flow, CHAT, "attached.txt") == "by multipart"
        if case.queued:
            # Not "Completed": with Google's storage a log stops after some lines where Cloud Logging doesn't answer.
            assert "Processing job" in pods[1].log()
        stored = files(deployment, case)
        assert {Path(name).name for name in stored} == {"read me.txt", "attached.txt"}, "uploads were moved"
        run("CronJob", "flowise-backup")
        for pod in pods:
            pod.delete()
        lose(deployment, case)
        assert files(deployment, case) == []
        run("Job", "flowise-restore")
        assert files(deployment, case) == stored
        again = browser.at(deployment.start(*names)[0].address)
        assert again.predict(flow) == f"{TEXT}\n"
        assert again.attachment(flow, CHAT, "attached.txt") == "by multipart"
        if isinstance(case.storage, AzureContainer):
            assert any(name.startswith("logs/server/") for name in case.stores[0].names(BUCKET))
