"""What goes wrong while Flowise runs: what the probes say, how soon, and that predictions are answered again."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from boot.client import REPLY, Browser, RefusedError, custom_function, direct_reply
from boot.deployment import Deployment, deployed, queue
from boot.figures import Figures
from boot.install import Release
from boot.kubelet import Pod, wait_until
from boot.servers import Redis

BACK_SECONDS = 120
"""From a fault to an answered prediction."""
# A connection counts for the probe once it has lasted that long, probe period included.
SETTLED_SECONDS = 30
ATTEMPT_SECONDS = 5

pytestmark = pytest.mark.parametrize("release", ["3.1.3", "3.1.4"], indirect=True)


@dataclass
class Running:
    """A main, a worker and a flow."""

    deployment: Deployment
    redis: Redis
    main: Pod
    worker: Pod
    browser: Browser
    flow: str
    figures: Figures

    def answers(self) -> bool:
        """Whether a prediction is answered in time."""
        try:
            return self.browser.predict(self.flow, timeout=ATTEMPT_SECONDS) == REPLY
        except (OSError, http.client.HTTPException, RefusedError):
            return False

    def connections(self) -> list[int]:
        return self.redis.connections(self.main.address)

    def wait_whole(self, connections: int, since: float, fault: str) -> None:
        """Returns when predictions are answered and main has its connections again, by itself or by a restart."""

        def whole() -> bool:
            return self.main.ready and self.answers() and len(self.connections()) >= connections

        limit = since + BACK_SECONDS - time.monotonic()
        wait_until(whole, limit, f"answers after: {fault}", [self.main, self.worker])
        self.note(self.main, since, fault)

    def note(self, pod: Pod, since: float, fault: str) -> None:
        """Takes down how long the fault took to be noticed, if a probe did, and to be over."""
        version = self.deployment.release.label
        alarms = [event for event in pod.alarms() if event.at > since]
        if alarms:
            self.figures.add(version, f"{fault}: restart decided", alarms[0].at - since)
        over = "answers again, restarted" if alarms else "answers again by itself"
        self.figures.add(version, f"{fault}: {over}", time.monotonic() - since)

    def settle(self) -> int:
        """Returns when all is well and the probe has seen it; how many connections main has then."""
        wait_until(
            lambda: self.main.ready and self.worker.ready and self.answers(), 120, "all well", [self.main, self.worker]
        )
        self.main.back_off.forget()
        self.worker.back_off.forget()
        # Some connections are made with the first prediction.
        time.sleep(SETTLED_SECONDS)
        return len(self.connections())


@pytest.fixture(scope="module")
def running(release: Release, figures: Figures) -> Iterator[Running]:
    with deployed(release, queue, figures) as deployment:
        main, worker = deployment.start("flowise", "flowise-worker")
        browser = Browser(main.address)
        browser.sign_up()
        flow = browser.make_flow("smoke", direct_reply())
        assert deployment.redis is not None
        yield Running(deployment, deployment.redis, main, worker, browser, flow, figures)


def test_each_connection_of_main_lost(running: Running) -> None:
    """One after another, in the order in which main made them; a restart begins with the same ones again."""
    expected = running.settle()
    connections, restarts = running.connections(), len(running.main.restarts())
    for position in range(expected):
        killed = time.monotonic()
        running.redis.kill(connections[position])
        time.sleep(1)
        running.wait_whole(expected, killed, "one connection of main lost")
        if len(running.main.restarts()) > restarts:
            running.settle()
            connections, restarts = running.connections(), len(running.main.restarts())
    assert not running.worker.restarts()


def test_every_connection_of_main_lost(running: Running) -> None:
    expected, worker_restarts = running.settle(), len(running.worker.restarts())
    killed = time.monotonic()
    for connection in running.connections():
        running.redis.kill(connection)
    running.wait_whole(expected, killed, "every connection of main lost")
    assert len(running.worker.restarts()) == worker_restarts


def test_redis_restarted(running: Running) -> None:
    expected, worker_restarts = running.settle(), len(running.worker.restarts())
    stopped = time.monotonic()
    running.redis.stop()
    running.redis.start()
    running.wait_whole(expected, stopped, "Redis restarted")
    assert len(running.worker.restarts()) == worker_restarts


def test_redis_away_for_a_minute(running: Running) -> None:
    """Nobody is restarted for it while it is away; main may be afterwards, as after a restart of Redis."""
    expected = running.settle()
    pods = (running.main, running.worker)
    before = [len(pod.failures()) for pod in pods]
    worker_restarts = len(running.worker.restarts())
    running.redis.stop()
    try:
        time.sleep(60)
        assert [len(pod.failures()) for pod in pods] == before, "\n".join(pod.story() for pod in pods)
        assert not [event for pod in pods for event in pod.alarms() if event.at > time.monotonic() - 60]
    finally:
        running.redis.start()
    running.wait_whole(expected, time.monotonic(), "Redis back after a minute")
    assert len(running.worker.restarts()) == worker_restarts


def test_worker_busy(running: Running) -> None:
    """Flows that keep the event loop for four seconds at a time, for a minute and a half."""
    running.settle()
    restarts = len(running.worker.restarts())
    javascript = """
        for (let i = 0; i < 8; i++) {
            const until = Date.now() + 4000
            while (Date.now() < until) {}
            await new Promise((resolve) => setTimeout(resolve, 50))
        }
        return 'done'"""
    flow = running.browser.make_flow("busy", custom_function(javascript))
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _: running.browser.predict(flow, timeout=240), range(3)))
    assert answers == ["done"] * 3
    assert len(running.worker.restarts()) == restarts


def test_main_busy(running: Running) -> None:
    """As many predictions as it can take, for forty seconds."""
    running.settle()
    restarts, end = len(running.main.restarts()), time.monotonic() + 40

    def predict(_: int) -> int:
        count = 0
        while time.monotonic() < end:
            assert running.browser.predict(running.flow) == REPLY
            count += 1
        return count

    with ThreadPoolExecutor() as pool:
        count = sum(pool.map(predict, range(8)))
    running.figures.add(running.deployment.release.label, "predictions a second, 8 callers", count / 40, unit="")
    assert len(running.main.restarts()) == restarts


def test_worker_stopped_with_a_job_in_flight(running: Running) -> None:
    running.settle()
    javascript = "await new Promise((resolve) => setTimeout(resolve, 25000)); return 'slept'"
    flow = running.browser.make_flow("slow", custom_function(javascript))
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(running.browser.predict, flow, timeout=60)
        time.sleep(3)
        old = running.worker
        deleted = time.monotonic()
        old.delete()
        running.figures.add(running.deployment.release.label, "worker with a job: stopped", time.monotonic() - deleted)
        assert answer.result() == "slept"
    assert [event.message for event in old.events if event.reason == "Stopped"] == ["exit code 0"]
    [running.worker] = running.deployment.start("flowise-worker")


def test_event_loop_of_worker_blocked(running: Running) -> None:
    """The flow blocks until a certain time, so that its second run, in the restarted worker, ends at once."""
    running.settle()
    blocked_seconds = 135
    until = round((time.time() + blocked_seconds) * 1000)
    flow = running.browser.make_flow("stuck", custom_function(f"while (Date.now() < {until}) {{}}; return 'woken'"))
    started = time.monotonic()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(running.browser.predict, flow, timeout=300)
        wait_until(running.worker.alarms, 100, "the probe's verdict", [running.worker])
        wait_until(lambda: running.worker.ready and running.answers(), 120, "a worker again", [running.worker])
        running.note(running.worker, started, "event loop of the worker blocked")
        assert answer.result() == "woken"
    assert "event loop blocked" in running.worker.alarms()[0].message
