"""Each topology, from the YAML to an answered prediction."""

from __future__ import annotations

import pytest

from boot.client import REPLY, Browser, direct_reply
from boot.deployment import (
    BUCKET,
    Build,
    deployed,
    queue,
    standalone_mariadb,
    standalone_postgresql,
    standalone_sqlite,
)
from boot.figures import Figures
from boot.install import Release
from boot.kubelet import wait_until

RELEASES = ("3.1.1", "3.1.3", "3.1.4")

pytestmark = pytest.mark.parametrize("release", RELEASES, indirect=True)


@pytest.mark.parametrize(
    "build",
    [standalone_sqlite, standalone_postgresql, standalone_mariadb],
    ids=lambda build: str(build.__name__),
)
def test_standalone_answers(release: Release, build: Build, figures: Figures) -> None:
    with deployed(release, build, figures) as deployment:
        [main] = deployment.start("flowise")
        browser = Browser(main.address)
        browser.sign_up()
        flow = browser.make_flow("smoke", direct_reply())
        assert browser.predict(flow) == REPLY
        assert ("token", REPLY) in browser.stream(flow)
        main.delete()
        [again] = deployment.start("flowise")
        assert browser.at(again.address).predict(flow) == REPLY, "the data outlive the pod"
        assert "schema up to date" in again.log("gate")


def test_worker_answers(release: Release, figures: Figures) -> None:
    with deployed(release, queue, figures) as deployment:
        main, worker = deployment.start("flowise", "flowise-worker")
        browser = Browser(main.address)
        browser.sign_up()
        flow = browser.make_flow("smoke", direct_reply())
        assert browser.predict(flow) == REPLY
        events = browser.stream(flow)
        assert ("token", REPLY) in events
        assert events[-1][0] == "end"
        assert "Completed job" in worker.log()
        assert "Completed job" not in main.log()
        if release.locked:
            assert "Error during initDatabase with file" not in main.log(), "every node of Flowise is loaded"
        assert deployment.s3 is not None
        wait_until(lambda: deployment.s3 and "logs/" in deployment.s3.names(BUCKET), 60, "logs in the bucket")
