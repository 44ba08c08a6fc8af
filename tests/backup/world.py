"""One installation with its backups: manifests as the library makes them, and a machine that runs their pods."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from boot.install import Release
from cdk8s import App, Chart
from moto.server import ThreadedMotoServer

from flowise_constructs import (
    Auth,
    Backup,
    BackupJob,
    ExistingClaim,
    Flowise,
    Image,
    LocalStorage,
    Names,
    S3Bucket,
    S3Credentials,
    Security,
    Settings,
)
from flowise_constructs.backup.drill import RestoreDrill
from flowise_constructs.backup.restore import RestoreJob
from flowise_constructs.backup.values import Drill, Restore
from flowise_constructs.flowise.certificates import certificates_of
from flowise_constructs.storage.values import Storage

from .pods import Machine, Outcome, give_to_runner
from .servers import POSTGRES_BIN

RELEASE = Release("3.1.3")
NEEDED_OF_FLOWISE = """
    flowise/package.json flowise/bin/run sqlite3/package.json sqlite3/lib sqlite3/build/Release/node_sqlite3.node
    bindings file-uri-to-path
"""
ALPINE_APPLETS = """
    [ ash awk base64 basename cat cmp cp cut date du echo env expr find grep gzip head ls mkdir mv printf rm rmdir sed sh
    sha256sum sleep sort stat tail tar test touch tr wc
"""


def missing(*programs: str) -> pytest.MarkDecorator:
    """Skips where a part of the machine is missing."""
    path = f"{os.environ['PATH']}:/usr/sbin:{POSTGRES_BIN}"
    absent = [program for program in programs if shutil.which(program, path=path) is None]
    return pytest.mark.skipif(bool(absent), reason=f"not installed: {', '.join(absent)}")


def temporary() -> Path:
    """A directory that the runner reaches, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="backup-"))
    path.chmod(0o755)
    return path


def alpine(directory: Path, rclone: str | None = None) -> str:
    """A PATH like that of rclone's image: busybox and rclone, Debian's unless told, nothing else."""
    directory.mkdir()
    busybox, rclone = shutil.which("busybox"), rclone or shutil.which("rclone")
    assert busybox
    assert rclone
    for applet in ALPINE_APPLETS.split():
        (directory / applet).symlink_to(busybox)
    (directory / "rclone").symlink_to(rclone)
    return str(directory)


def flowise_image(directory: Path) -> str:
    """A PATH like that of Flowise's image, as far as a backup needs it, in a place where the runner can read it."""
    (directory / "bin").mkdir(parents=True)
    for name in NEEDED_OF_FLOWISE.split():
        source, copy = RELEASE.modules / name, directory / "lib" / "node_modules" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, copy)
    # By it the server is told from the monorepo.
    (directory / "lib" / "node_modules" / "flowise" / "dist").mkdir()
    (directory / "bin" / "flowise").symlink_to("../lib/node_modules/flowise/bin/run")
    shutil.copy2(RELEASE.node, directory / "bin" / "node")
    return str(directory / "bin")


@dataclass
class World:
    """What a test needs. `keys` are the Secrets' contents; `endpoint` is where rclone is sent."""

    root: Path
    store: ThreadedMotoServer
    database: Any
    """A `Database`; tests derive others from it."""
    password: str
    storage: Storage
    bucket: str
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    claim: Path | None = None
    encryption_key: str = "the key"
    endpoint: str | None = None
    settings: Settings = Settings()
    security: Security = Security()
    image: str = RELEASE.version
    flowise: str | None = None
    """PATH of Flowise's image, where its containers are run."""
    secrets: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    _made: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])

    def __post_init__(self) -> None:
        postgres = f"{POSTGRES_BIN}:/usr/bin:/bin"
        self.machine = Machine(
            root=self.root / "pods",
            paths={
                "docker.io/rclone/rclone": alpine(self.root / "alpine"),
                "docker.io/library/postgres": postgres,
                "docker.io/library/mariadb": "/usr/bin:/bin:/usr/sbin",
                **({"registry.example.com/flowise": f"{self.flowise}:/usr/bin:/bin"} if self.flowise else {}),
            },
            secrets={},
            claims={"flowise-data": self.claim} if self.claim else {},
            environment={"RETRY_SECONDS": "0"},
        )
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "s3 secret"}
        self.client: Any = boto3.client("s3", endpoint_url=self.url, region_name="us-east-1", **keys)
        self.client.create_bucket(Bucket=self.bucket)
        if isinstance(self.storage, S3Bucket):
            self.client.create_bucket(Bucket=self.storage.bucket)

    @property
    def url(self) -> str:
        """The object store's own address."""
        host, port = self.store.get_host_and_port()
        return f"http://{host}:{port}"

    def target(self) -> S3Bucket:
        """The bucket of backups, as the constructs take it."""
        return s3(self.endpoint or self.url, self.bucket)

    def manifests(self, **restore: Any) -> list[dict[str, Any]]:
        """What the library makes of it: backup, restore and drill."""
        wanted = repr(
            (
                self.database,
                self.storage,
                self.image,
                self.endpoint,
                self.options,
                self.settings,
                self.security,
                restore,
            )
        )
        if wanted not in self._made:
            self._made[wanted] = self._make(restore)
        return self._made[wanted]

    def _make(self, restore: dict[str, Any]) -> list[dict[str, Any]]:
        chart = Chart(App(), "chart")
        image = Image(repository="registry.example.com/flowise", tag=self.image)
        flowise = Flowise(
            auth=Auth.from_secret("keys"),
            database=self.database,
            storage=self.storage,
            image=image,
            settings=self.settings,
            security=self.security,
        )
        backup = Backup(target=self.target(), **self.options)
        data = ExistingClaim(name="flowise-data") if self.claim else None
        BackupJob(chart, "Backup", backup=backup, flowise=flowise, data=data)
        RestoreJob(chart, "Restore", backup=backup, flowise=flowise, restore=Restore(**restore), data=data)
        RestoreDrill(chart, "Drill", backup=backup, flowise=flowise, drill=Drill())
        # Main makes it in a deployment.
        certificates = certificates_of(flowise, Names())
        config_map = {"kind": "ConfigMap", "metadata": {"name": certificates.config_map}, "data": certificates.texts}
        return [*(dict(item) for item in chart.to_json()), config_map]

    def _run(self, kind: str, name: str, stop_after: float | None = None, **restore: Any) -> Outcome:
        self.machine.secrets = {
            "keys": {"encryption-key": self.encryption_key},
            "database": {"password": self.password},
            "s3": {"access-key": "key", "secret-key": "s3 secret"},
            **self.secrets,
        }
        return self.machine.run(self.manifests(**restore), kind, name, stop_after=stop_after)

    def back_up(self, stop_after: float | None = None) -> Outcome:
        """One run of the backup."""
        return self._run("CronJob", "flowise-backup", stop_after)

    def restore(self, **options: Any) -> Outcome:
        """One restore."""
        return self._run("Job", "flowise-restore", **options)

    def drill(self) -> Outcome:
        """One trial."""
        return self._run("CronJob", "flowise-drill")

    def objects(self, prefix: str = "", bucket: str | None = None) -> list[str]:
        """Keys in the bucket."""
        found = self.client.list_objects_v2(Bucket=bucket or self.bucket, Prefix=prefix).get("Contents", [])
        return [str(item["Key"]) for item in found]

    def body(self, key: str, bucket: str | None = None) -> bytes:
        """An object's content."""
        content: bytes = self.client.get_object(Bucket=bucket or self.bucket, Key=key)["Body"].read()
        return content

    def backups(self) -> list[str]:
        """Names of the backups that are listed, oldest first."""
        manifests = [key for key in self.objects() if key.count("/") == 1 and key.endswith(".json")]
        return sorted(key.removeprefix("flowise/").removesuffix(".json") for key in manifests)

    def manifest(self, name: str) -> dict[str, Any]:
        """A backup's manifest."""
        content: dict[str, Any] = json.loads(self.body(f"flowise/{name}.json"))
        return content

    def forget(self) -> None:
        """Empties the bucket of backups."""
        for key in self.objects():
            self.client.delete_object(Bucket=self.bucket, Key=key)


def s3(url: str, bucket: str) -> S3Bucket:
    """A bucket on the test's store."""
    return S3Bucket(bucket=bucket, endpoint=url, path_style=True, credentials=S3Credentials.from_secret("s3"))


@contextmanager
def object_store() -> Iterator[ThreadedMotoServer]:
    """An object store on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    # One process has one store, whatever server shows it.
    host, port = server.get_host_and_port()
    with urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")):
        yield server
    server.stop()


@contextmanager
def directory() -> Iterator[Path]:
    """A directory that goes with the test."""
    path = temporary()
    give_to_runner(path)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def local(path: str | None = None) -> LocalStorage:
    """Files on a volume."""
    return LocalStorage(path=path)
