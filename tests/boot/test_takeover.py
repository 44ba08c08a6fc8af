"""What a Helm release leaves behind is found by the YAML that its values become: accounts, flows, credentials."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cdk8s import App

from boot.client import REPLY, Browser, direct_reply
from boot.deployment import BUCKET, S3_PORT, SECRETS, Deployment, deployed, queue, standalone_postgresql
from boot.figures import Figures
from boot.install import Release
from boot.manifests import Manifests
from flowise_constructs import Auth, Image, SqliteDatabase, StandaloneChart
from flowise_constructs.importers.helm.importer import import_values
from flowise_constructs.importers.synthesis import synthesize

USER = "kept-for-years"
POSTGRESQL: Mapping[str, Any] = {"database": {"mode": "postgresql"}, "postgresql": {"enabled": True}}
QUEUE: Mapping[str, Any] = {
    **POSTGRESQL,
    "architecture": {"mode": "queue"},
    "redis": {"enabled": True},
    "persistence": {"enabled": False},
    "storage": {
        "type": "s3",
        "s3": {
            "bucketName": BUCKET,
            "endpointUrl": f"http://s3.example:{S3_PORT}",
            "forcePathStyle": True,
            "existingSecret": "flowise-s3-credentials",
        },
    },
}
# The chart's script makes the role and grants it; the database stays the superuser's.
AS_THE_CHART_MAKES_IT = """
    ALTER DATABASE flowise OWNER TO postgres;
    GRANT ALL PRIVILEGES ON DATABASE flowise TO flowise;
    GRANT ALL ON SCHEMA public TO flowise;
"""

pytestmark = pytest.mark.parametrize("release", ["3.1.3", "3.1.4"], indirect=True)


def from_helm(values: Mapping[str, Any], release: Release) -> Manifests:
    """What `flowise-constructs from-helm` prints for the values."""
    # Upstream's image of 3.1.4 with SQLite is refused; what is started here is the one of image/.
    image = {"repository": "registry.example.com/flowise", "tag": release.version}
    given = {**values, "image": image, "auth": {"existingSecret": "flowise-auth-secrets"}}
    return Manifests.read(synthesize(import_values(given))[0], SECRETS)


def sqlite_as_the_chart_says(app: App, image: Image) -> StandaloneChart:
    """The chart names a file where Flowise takes a directory."""
    auth, database = (
        Auth.from_secret("flowise-auth-secrets"),
        SqliteDatabase(directory="/home/node/.flowise/database.sqlite"),
    )
    return StandaloneChart(app, "sqlite", auth=auth, database=database, image=image)


def give_to_root(folder: Path) -> None:
    """As a pod without a security context leaves a volume."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 0, 0)
        path.chmod(0o755 if path.is_dir() else 0o644)


class Before:
    """What people made while Helm ran the release."""

    def __init__(self, address: str) -> None:
        self._browser = Browser(address)
        self._browser.sign_up()
        self._flow = self._browser.make_flow("kept", direct_reply())
        self._credential = self._browser.store_credential(USER)

    def is_found(self, address: str) -> None:
        """A password, a session, an API key, a flow and a credential of then are good."""
        browser = self._browser.at(address)
        assert browser.request("GET", "apikey").status == 200, "the old session"
        newcomer = Browser(address)
        newcomer.log_in()
        assert newcomer.read_credential(self._credential) == USER
        assert browser.predict(self._flow) == REPLY
        assert browser.request("GET", "chatflows").status == 200, "the old API key"


def stop(deployment: Deployment) -> None:
    for pod in deployment.pods:
        pod.delete(force=True)


def test_sqlite(release: Release, figures: Figures) -> None:
    with deployed(release, sqlite_as_the_chart_says, figures) as deployment:
        [main] = deployment.start("flowise")
        before = Before(main.address)
        stop(deployment)
        claim = deployment.claim("flowise-data")
        assert (claim / "database.sqlite" / "database.sqlite").is_file()
        give_to_root(claim)
        deployment.take_over(from_helm({}, release))
        [main] = deployment.start("flowise")
        before.is_found(main.address)
        assert "schema up to date" in main.log("gate")


def test_postgresql(release: Release, figures: Figures) -> None:
    with deployed(release, standalone_postgresql, figures) as deployment:
        assert deployment.postgres is not None
        deployment.postgres.query(AS_THE_CHART_MAKES_IT, "flowise")
        [main] = deployment.start("flowise")
        before = Before(main.address)
        stop(deployment)
        deployment.take_over(from_helm(POSTGRESQL, release))
        [main] = deployment.start("flowise")
        before.is_found(main.address)


def test_queue(release: Release, figures: Figures) -> None:
    with deployed(release, queue, figures) as deployment:
        main, _ = deployment.start("flowise", "flowise-worker")
        before = Before(main.address)
        stop(deployment)
        deployment.take_over(from_helm(QUEUE, release))
        main, worker = deployment.start("flowise", "flowise-worker")
        before.is_found(main.address)
        assert "Completed job" in worker.log()
