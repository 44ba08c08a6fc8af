"""Google's and Azure's object stores as processes of this machine, with rclone to look into them."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from boot.install import AZURITE, TOOLS
from boot.network import ENDS_WITH_US

from .google import ACCOUNT, PROJECT

AZURE_ACCOUNT = "flowisefiles"
AZURE_KEY = base64.b64encode(b"the key of the storage account, 64 bytes long as Azure's own are").decode()
RCLONE = Path(sys.executable).with_name("rclone")
"""rclone in the version of `Backup.upload_image`, from PyPI: Debian's knows no endpoint of Azure, nor an identity."""


def missing_rclone() -> str | None:
    """Why there is none."""
    return None if RCLONE.exists() else f"not installed: {RCLONE}"


def missing_azurite() -> str | None:
    """Why Azure's emulator can't be started."""
    return None if AZURITE.exists() else f"azurite is not installed in {AZURITE}: python tests/boot/install.py azurite"


class Emulator:
    """A process that answers at an address."""

    scheme = "http"

    def __init__(self, folder: Path, host: str, port: int, tls: tuple[Path, Path] | None = None) -> None:
        folder.mkdir()
        self.folder, self.host, self.port, self.tls = folder, host, port, tls
        self.scheme = "https" if tls else "http"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def remote(self) -> Mapping[str, str]:
        """rclone's settings."""
        raise NotImplementedError

    def variables(self) -> dict[str, str]:
        """The process's own."""
        return {}

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*ENDS_WITH_US, *self.command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.variables()},
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"no answer: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def get(self, path: str) -> bytes:
        """What it answers."""
        context = ssl._create_unverified_context() if self.tls else None
        with urllib.request.urlopen(self.address + path, timeout=10, context=context) as answer:
            content: bytes = answer.read()
            return content

    def _answers(self) -> bool:
        try:
            self.get("/")
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def rclone(self, *arguments: str, give: bytes = b"") -> bytes:
        """The output of rclone, to which the store is `store:`."""
        settings = {f"RCLONE_CONFIG_STORE_{key}": value for key, value in self.remote().items()}
        environment = {**os.environ, **settings, "RCLONE_CONFIG": "/notfound", "RCLONE_NO_CHECK_CERTIFICATE": "true"}
        done = subprocess.run([str(RCLONE), *arguments], input=give, env=environment, check=True, capture_output=True)
        return done.stdout

    def make(self, bucket: str) -> None:
        """A new bucket or container."""
        self.rclone("mkdir", f"store:{bucket}")

    def names(self, bucket: str) -> list[str]:
        """The keys in it."""
        return sorted(self.rclone("lsf", "-R", "--files-only", f"store:{bucket}").decode().splitlines())


class Google(Emulator):
    """Google Cloud Storage with the service account of `key`."""

    def command(self) -> list[str]:
        files = [str(path) for path in self.tls or ()]
        script = Path(__file__).with_name("google.py")
        return [sys.executable, str(script), self.host, str(self.port), *files]

    def variables(self) -> dict[str, str]:
        return {"PYTHONWARNINGS": "ignore"}

    def remote(self) -> dict[str, str]:
        file = self.folder / "key.json"
        if not file.exists():
            file.write_text(self.key())
        return {
            "TYPE": "google cloud storage",
            "SERVICE_ACCOUNT_FILE": str(file),
            "ENDPOINT": f"{self.address}/storage/v1/",
            "PROJECT_NUMBER": PROJECT,
            "BUCKET_POLICY_ONLY": "true",
        }

    def key(self) -> str:
        """The JSON that Google gives out for a service account; tokens come from here."""
        private = self.folder / "private.pem"
        if not private.exists():
            command = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
            subprocess.run([*command, "-out", str(private)], check=True, capture_output=True)
        return json.dumps(
            {
                "type": "service_account",
                "project_id": PROJECT,
                "private_key_id": "1",
                "private_key": private.read_text(),
                "client_email": ACCOUNT,
                "client_id": "1",
                "token_uri": f"{self.address}/token",
            }
        )

    def grants(self) -> dict[str, int]:
        """How many tokens were given for a key, and for an identity."""
        found: dict[str, int] = json.loads(self.get("/grants"))
        return found


class Azure(Emulator):
    """Azure Blob Storage with one account."""

    def command(self) -> list[str]:
        place = ["--blobHost", self.host, "--blobPort", str(self.port), "--location", str(self.folder)]
        options = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        tls = ["--cert", str(self.tls[0]), "--key", str(self.tls[1])] if self.tls else []
        return [str(TOOLS / "bin" / "node"), str(AZURITE), *place, *options, *tls]

    def variables(self) -> dict[str, str]:
        return {"AZURITE_ACCOUNTS": f"{AZURE_ACCOUNT}:{AZURE_KEY}"}

    @property
    def endpoint(self) -> str:
        """With the account in the path, as for an address."""
        return f"{self.address}/{AZURE_ACCOUNT}"

    def remote(self) -> dict[str, str]:
        return {"TYPE": "azureblob", "ACCOUNT": AZURE_ACCOUNT, "KEY": AZURE_KEY, "ENDPOINT": self.endpoint}

    def connection_string(self) -> str:
        """As Azure's portal shows it, with an endpoint of its own."""
        keys = f"AccountName={AZURE_ACCOUNT};AccountKey={AZURE_KEY}"
        return f"DefaultEndpointsProtocol={self.scheme};{keys};BlobEndpoint={self.endpoint};"


@contextmanager
def running(emulator: Emulator, *buckets: str) -> Iterator[Emulator]:
    """An emulator with these buckets."""
    emulator.start()
    try:
        for bucket in buckets:
            emulator.make(bucket)
        yield emulator
    finally:
        emulator.stop()
