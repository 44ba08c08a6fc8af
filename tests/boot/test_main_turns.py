"""Two mains that have lost Redis for good are restarted by their probes one after the other; two that hang, at once."""

from __future__ import annotations

import http.client
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from boot.client import REPLY, Browser, RefusedError, direct_reply
from boot.deployment import Deployment, deployed, queue
from boot.figures import Figures
from boot.install import LOCKED_VERSION, UNLOCKED, UPSTREAM_KEYV, Release
from boot.kubelet import Event, Pod, wait_until
from boot.unpatched import as_npm_resolves, without_patches

SETTLED_SECONDS = 30
"""A connection counts for the probe once it has lasted that long, probe period included."""
OVER_SECONDS = 240
"""Within that time both mains have been restarted and serve."""
ATTEMPT_SECONDS = 5

pytestmark = [
    pytest.mark.skipif(UNLOCKED, reason="starts from image/'s lock, and undoes what it does"),
    pytest.mark.parametrize("release", [LOCKED_VERSION], indirect=True),
]


@dataclass
class Seen:
    """Callers at the Service of main: pings, and predictions, one a second, until told to stop."""

    deployment: Deployment
    browser: Browser
    flow: str
    pings: list[tuple[float, bool]] = field(default_factory=list)
    predictions: list[tuple[float, bool]] = field(default_factory=list)

    def watch(self, fault: Callable[[], None], over: Callable[[], bool], pods: list[Pod]) -> float:
        """Watches until the fault is over; when it was made."""
        stop = threading.Event()
        asked = ((self._ping, self.pings), (self._predict, self.predictions))
        threads = [
            threading.Thread(target=self._ask, args=(call, answers, stop), daemon=True)
            for call, answers in asked
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        time.sleep(5)
        at = time.monotonic()
        fault()
        try:
            wait_until(over, OVER_SECONDS, "both mains restarted and serving", pods)
            time.sleep(20)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        return at

    def _ask(self, call: Callable[[Browser], None], answers: list[tuple[float, bool]], stop: threading.Event) -> None:
        # A proxy sends each request to another ready pod, or refuses it where there is none.
        number = 0
        while not stop.wait(0.5):
            number += 1
            ready = self.deployment.endpoints("flowise")
            try:
                if not ready:
                    raise ConnectionRefusedError
                call(self.browser.at(ready[number % len(ready)]))
                answers.append((time.monotonic(), True))
            except (AssertionError, OSError, http.client.HTTPException, RefusedError):
                answers.append((time.monotonic(), False))

    @staticmethod
    def _ping(browser: Browser) -> None:
        assert browser.request("GET", "ping", timeout=ATTEMPT_SECONDS).status == 200

    def _predict(self, browser: Browser) -> None:
        assert browser.predict(self.flow, timeout=ATTEMPT_SECONDS) == REPLY


def longest_gap(answers: list[tuple[float, bool]], since: float) -> float:
    """The longest time without a good answer."""
    good = [since, *sorted(at for at, well in answers if well and at > since), max(at for at, _ in answers)]
    return max(later - earlier for earlier, later in pairwise(good))


@dataclass
class Running:
    """Two mains and a worker."""

    deployment: Deployment
    mains: list[Pod]
    browser: Browser
    flow: str

    def watched(self) -> Seen:
        return Seen(self.deployment, self.browser, self.flow)

    def settle(self) -> None:
        """Returns when each main has all its connections and the probes have seen them."""
        wait_until(lambda: all(main.ready for main in self.mains), 120, "mains ready", self.mains)
        for main in self.mains:
            main.back_off.forget()
            assert self.browser.at(main.address).predict(self.flow) == REPLY
        time.sleep(SETTLED_SECONDS)

    def lose_redis(self) -> None:
        redis = self.deployment.redis
        assert redis is not None
        for connection in [one for main in self.mains for one in redis.connections(main.address)]:
            redis.kill(connection)

    def all_restarted(self, since: float) -> bool:
        """Whether every main's probe has given its verdict, and the main is ready again."""
        verdicts = [first(main, "Liveness", since) for main in self.mains]
        return all(at and first(main, "Ready", at[0]) for main, at in zip(self.mains, verdicts, strict=True))

    def away(self, since: float) -> list[tuple[float, float]]:
        """For each main from its probe's verdict to its next readiness."""
        found = []
        for main in self.mains:
            verdict, *_ = first(main, "Liveness", since)
            back, *_ = first(main, "Ready", verdict)
            found.append((verdict, back))
        return sorted(found)


def first(pod: Pod, reason: str, since: float) -> list[float]:
    """The times of those events."""
    events: list[Event] = list(pod.events)
    return [event.at for event in events if event.reason == reason and event.at > since]


@pytest.fixture(scope="module", params=["unpatched", "as-npm"])
def running(
    request: pytest.FixtureRequest, release: Release, figures: Figures, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    if not UPSTREAM_KEYV.exists():
        pytest.skip(f"the cache client of upstream is not in {UPSTREAM_KEYV}: run `make boot`")
    folder: Path = tmp_path_factory.mktemp("unpatched")
    # The containers have users of their own.
    for path in (folder, *list(folder.parents)[:2]):
        path.chmod(0o755)
    make = {"unpatched": without_patches, "as-npm": as_npm_resolves}[request.param]
    with deployed(make(release, folder), partial(queue, mains=2), figures) as deployment:
        deployment.start("flowise", "flowise-worker")
        mains = deployment.pods[:2]
        browser = Browser(mains[0].address)
        browser.sign_up()
        yield Running(deployment, mains, browser, browser.make_flow("at once", direct_reply()))


def test_mains_that_lost_redis_go_one_after_the_other(running: Running, figures: Figures) -> None:
    running.settle()
    seen, began = running.watched(), time.monotonic()

    at = seen.watch(running.lose_redis, lambda: running.all_restarted(began), running.mains)
    (first_verdict, first_back), (second_verdict, second_back) = running.away(at)
    label = running.deployment.release.label
    figures.add(label, "lost for good, two mains: first restarted", first_verdict - at)
    figures.add(label, "lost for good, two mains: second after the first was back", second_verdict - first_back)
    figures.add(label, "lost for good, two mains: both back", second_back - at)
    figures.add(label, "lost for good, two mains: longest without a ping", longest_gap(seen.pings, at))
    figures.add(label, "lost for good, two mains: longest without a prediction", longest_gap(seen.predictions, at))
    failed = [sum(not well for _, well in answers) for answers in (seen.pings, seen.predictions)]
    figures.add(label, "lost for good, two mains: pings failed", failed[0], unit="")
    figures.add(label, "lost for good, two mains: predictions failed", failed[1], unit="")
    assert second_verdict > first_back
    assert longest_gap(seen.pings, at) < ATTEMPT_SECONDS


def test_mains_that_hang_go_at_once(running: Running, figures: Figures) -> None:
    running.settle()
    seen, began = running.watched(), time.monotonic()

    def hang() -> None:
        for main in running.mains:
            assert main.process is not None
            main.process.signal(signal.SIGSTOP)

    at = seen.watch(hang, lambda: running.all_restarted(began), running.mains)
    (first_verdict, _), (second_verdict, second_back) = running.away(at)
    label = running.deployment.release.label
    figures.add(label, "two mains hang: both restarted", second_verdict - at)
    figures.add(label, "two mains hang: both back", second_back - at)
    # Not later than a probe's period and time-out.
    assert second_verdict - first_verdict < 20
