"""Mains that come and go while people work."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import count

import pytest

from boot.client import REPLY, Browser, RefusedError, custom_function, direct_reply
from boot.deployment import Deployment, deployed, queue
from boot.figures import Figures
from boot.install import Release
from boot.kubelet import Pod, wait_until

LAG_SECONDS = 10
"""How long after a pod's deletion a proxy may still send to it."""
SLOW = "await new Promise((resolve) => setTimeout(resolve, 5000)); return 'slow'"

pytestmark = pytest.mark.parametrize("release", ["3.1.3", "3.1.4"], indirect=True)


@pytest.fixture(scope="module")
def mains(release: Release, figures: Figures) -> Iterator[Deployment]:
    with deployed(release, partial(queue, mains=2), figures) as deployment:
        deployment.start("flowise", "flowise-worker")
        yield deployment


@pytest.fixture(scope="module")
def browser(mains: Deployment) -> Browser:
    browser = Browser(mains.pods[0].address)
    browser.sign_up()
    return browser


def test_second_main_accepts_the_cookie_of_the_first(mains: Deployment, browser: Browser) -> None:
    second = mains.pods[1].address
    assert second != browser.address
    assert browser.at(second).request("GET", "apikey").status == 200
    assert Browser(second).request("GET", "apikey").status == 401


class Traffic:
    """Callers that send one prediction after another to the mains, in turn, until told to stop."""

    def __init__(self, browser: Browser, mains: list[Pod], flows: dict[str, str]) -> None:
        self._browser, self._mains, self._flows = browser, mains, flows
        self.answered = 0
        self.failures: list[str] = []
        self._turn, self._stop = count(), threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(flow,), daemon=True) for flow in 3 * list(flows)]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _endpoints(self) -> list[Pod]:
        now = time.monotonic()
        return [
            pod for pod in list(self._mains) if pod.ready and (pod.deleted is None or now < pod.deleted + LAG_SECONDS)
        ]

    def _call(self, flow: str) -> None:
        while not self._stop.wait(0.2):
            endpoints = self._endpoints()
            pod = endpoints[next(self._turn) % len(endpoints)]
            try:
                answer = self._browser.at(pod.address).predict(flow)
                assert answer == self._flows[flow]
                self.answered += 1
            except (AssertionError, OSError, http.client.HTTPException, RefusedError) as error:
                self.failures.append(f"{pod.name}: {type(error).__name__}: {error}")


def test_mains_replaced_during_requests(mains: Deployment, browser: Browser, figures: Figures) -> None:
    """As a rolling update does it: one more, then one less."""
    flows = {browser.make_flow("fast", direct_reply()): REPLY, browser.make_flow("slow", custom_function(SLOW)): "slow"}
    old = mains.pods[:2]
    served = list(old)
    with Traffic(browser, served, flows) as traffic:
        time.sleep(5)
        for pod in old:
            new = mains.add("flowise")
            mains.wait_ready(new)
            served.append(new)
            pod.delete(wait=False)
        wait_until(
            lambda: all(any(event.reason == "Stopped" for event in pod.events) for pod in old),
            60,
            "old mains gone",
            old,
        )
        time.sleep(3)
    assert traffic.failures == []
    assert traffic.answered > 100
    for pod in old:
        assert pod.deleted is not None
        gone = next(event.at for event in pod.events if event.reason == "Stopped") - pod.deleted
        figures.add(mains.release.label, "main told to go: gone", gone)
    figures.add(mains.release.label, "predictions while mains are replaced", traffic.answered, unit="")
