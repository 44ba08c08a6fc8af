"""Many pods at once on an empty database, or on one of the release before: each migration is applied once."""

from __future__ import annotations

from functools import partial

import pytest

from boot.conftest import installed
from boot.deployment import Build, Deployment, deployed, mariadb, queue
from boot.figures import Figures
from boot.install import Release
from boot.kubelet import wait_until

CROWD = partial(queue, mains=2, workers=3)


def migrations(deployment: Deployment) -> list[str]:
    server = deployment.postgres or deployment.mariadb
    assert server is not None
    return [name for [name] in server.query("SELECT name FROM migrations ORDER BY id", "flowise")]


def start_all_at_once(deployment: Deployment) -> list[str]:
    """What the gates say of the migrations that they applied."""
    pods = deployment.start("flowise", "flowise-worker")
    assert len(pods) == 5
    assert not [event for pod in pods for event in pod.failures()]
    names = migrations(deployment)
    assert len(names) == len(set(names)), "a migration is applied once"
    lines = [line for pod in pods for line in pod.log("gate").splitlines()]
    return [line for line in lines if line.startswith("gate: applied")]


@pytest.mark.parametrize("release", ["3.1.3", "3.1.4"], indirect=True)
@pytest.mark.parametrize("build", [CROWD, partial(CROWD, database=mariadb())], ids=["postgresql", "mariadb"])
def test_empty_database(release: Release, build: Build, figures: Figures) -> None:
    with deployed(release, build, figures) as deployment:
        assert len(start_all_at_once(deployment)) == 1


@pytest.mark.parametrize(
    ("release", "before", "pending"), [("3.1.3", "3.1.2", 4), ("3.1.4", "3.1.3", 0)], indirect=["release"]
)
def test_schema_of_the_release_before(release: Release, before: str, pending: int, figures: Figures) -> None:
    with deployed(installed(before), CROWD, figures) as deployment:
        old = deployment.add("flowise")
        wait_until(lambda: any(event.reason == "Initialized" for event in old.events), 120, "the old schema", [old])
        old.delete(force=True)
        known = migrations(deployment)
        deployment.upgrade(release, CROWD)
        applied = start_all_at_once(deployment)
        assert [line.split()[2] for line in applied] == ([str(pending)] if pending else [])
        assert len(migrations(deployment)) == len(known) + pending
