"""Two mains of the image lose Redis while predictions run: nobody notices, and nobody is restarted for it."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import pytest

from boot.client import REPLY, Browser, RefusedError, custom_function, direct_reply
from boot.deployment import Deployment, deployed, queue
from boot.figures import Figures
from boot.install import LOCKED_VERSION, UNLOCKED, Release
from boot.kubelet import Pod

ANSWERED_SECONDS = 20
"""No time without an answer may be longer."""
# The probe of main gives its verdict by then.
WATCHED_SECONDS = 45
WAIT = "await new Promise((resolve) => setTimeout(resolve, 1500)); return 'waited'"

pytestmark = [
    pytest.mark.skipif(UNLOCKED, reason="holds of image/, not of what npm installs"),
    pytest.mark.parametrize("release", [LOCKED_VERSION], indirect=True),
]


@dataclass
class Traffic:
    """Callers at every main, one prediction after another, streamed and not, until told to stop."""

    browser: Browser
    mains: list[Pod]
    flows: list[str]
    answers: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def run(self, fault: Callable[[], None], seconds: float) -> float:
        """Traffic before, during and after the fault; how long the longest time without an answer was."""
        stop = threading.Event()
        calls = [
            partial(call, self.browser.at(main.address), flow)
            for main in self.mains
            for flow in self.flows
            for call in (_predict, _stream)
        ]
        threads = [threading.Thread(target=self._call, args=(call, stop), daemon=True) for call in calls]
        for thread in threads:
            thread.start()
        time.sleep(5)
        started = time.monotonic()
        fault()
        time.sleep(seconds)
        stop.set()
        for thread in threads:
            thread.join()
        times = [started, *sorted(at for at in self.answers if at > started)]
        return max(later - earlier for earlier, later in pairwise(times))

    def _call(self, call: Callable[[], None], stop: threading.Event) -> None:
        while not stop.wait(0.1):
            try:
                call()
                self.answers.append(time.monotonic())
            except (AssertionError, OSError, http.client.HTTPException, RefusedError) as error:
                self.failures.append(f"{type(error).__name__}: {error}")


def _predict(browser: Browser, flow: str) -> None:
    assert browser.predict(flow) == REPLY


def _stream(browser: Browser, flow: str) -> None:
    events = browser.stream(flow)
    assert ("token", REPLY) in events, events
    assert events[-1][0] == "end", events


@dataclass
class Running:
    """Two mains, a worker, and two flows: one answers at once, one takes its time."""

    deployment: Deployment
    mains: list[Pod]
    browser: Browser
    flows: list[str]

    def connections(self, main: Pod) -> list[int]:
        assert self.deployment.redis is not None
        return self.deployment.redis.connections(main.address)

    def traffic(self) -> Traffic:
        return Traffic(self.browser, self.mains, self.flows)

    def complaints(self) -> list[str]:
        """What the probes have said so far."""
        reasons = ("Unhealthy", "Liveness", "Ended")
        return [f"{pod.name}: {event}" for pod in self.mains for event in list(pod.events) if event.reason in reasons]


@pytest.fixture(scope="module")
def running(release: Release, figures: Figures) -> Iterator[Running]:
    with deployed(release, partial(queue, mains=2), figures) as deployment:
        deployment.start("flowise", "flowise-worker")
        mains = deployment.pods[:2]
        browser = Browser(mains[0].address)
        browser.sign_up()
        flows = [
            browser.make_flow("at once", direct_reply()),
            browser.make_flow("later", custom_function(WAIT), direct_reply()),
        ]
        # Some connections are made with the first prediction.
        for main in mains:
            _predict(browser.at(main.address), flows[0])
        yield Running(deployment, mains, browser, flows)


def test_every_connection_of_both_mains_lost(running: Running, figures: Figures) -> None:
    redis = running.deployment.redis
    assert redis is not None
    label = running.deployment.release.label
    before = [len(running.connections(main)) for main in running.mains]
    traffic = running.traffic()

    def kill() -> None:
        for _ in range(4):
            for connection in [one for main in running.mains for one in running.connections(main)]:
                redis.kill(connection)
            time.sleep(3)

    longest = traffic.run(kill, WATCHED_SECONDS)
    figures.add(label, "every connection lost, 4 times: predictions", len(traffic.answers), unit="")
    figures.add(label, "every connection lost, 4 times: failed", len(traffic.failures), unit="")
    figures.add(label, "every connection lost: longest without answer", longest)
    assert traffic.failures == []
    assert longest < ANSWERED_SECONDS
    assert [len(running.connections(main)) for main in running.mains] == before
    assert running.complaints() == []


def test_redis_restarted_under_traffic(running: Running, figures: Figures) -> None:
    redis = running.deployment.redis
    assert redis is not None
    label = running.deployment.release.label
    before = [len(running.connections(main)) for main in running.mains]
    traffic = running.traffic()

    def restart() -> None:
        redis.stop()
        redis.start()

    longest = traffic.run(restart, WATCHED_SECONDS)
    figures.add(label, "Redis restarted under traffic: predictions", len(traffic.answers), unit="")
    figures.add(label, "Redis restarted under traffic: failed", len(traffic.failures), unit="")
    figures.add(label, "Redis restarted: longest without answer", longest)
    assert longest < ANSWERED_SECONDS
    assert traffic.failures == []
    assert [len(running.connections(main)) for main in running.mains] == before
    assert running.complaints() == []
