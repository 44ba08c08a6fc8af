"""What an autoscaler counts is what Flowise fills, and what it takes away loses nothing."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from autoscaling import composite
from cdk8s import App

from boot.client import Browser, RefusedError, custom_function
from boot.deployment import Deployment, bucket, deployed
from boot.figures import Figures
from boot.install import NODE_MAJORS, Release
from boot.kubelet import wait_until
from flowise_constructs import (
    Auth,
    BundledPostgres,
    BundledRedis,
    Image,
    Main,
    Names,
    Queue,
    QueueChart,
    QueueScaling,
    Worker,
)
from flowise_constructs.flowise.releases import RELEASES

pytestmark = pytest.mark.parametrize("release", NODE_MAJORS, indirect=True)
QUEUE_NAME = "jobs.of-ours"
SCHEDULE: Mapping[str, str] = {
    "startInputType": "scheduleInput",
    "scheduleInputMode": "text",
    "scheduleDefaultInput": "hi",
    "scheduleType": "cronExpression",
    "scheduleCronExpression": "*/1 * * * *",
}
"""Start's inputs for a flow that runs every minute."""
SCALE_DOWNS = 20
UPSERTIONS = 30


def scaled(app: App, image: Image, *, concurrency: int = 3) -> QueueChart:
    """Queue mode under another queue's name, with workers that follow their queues."""
    return QueueChart(
        app,
        "queue",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=BundledPostgres(),
        queue=Queue(redis=BundledRedis(), name=QUEUE_NAME),
        storage=bucket(),
        image=image,
        main=Main(awaits_owner=False),
        worker=Worker(replicas=QueueScaling(minimum=1, maximum=4), concurrency=concurrency),
        names=Names(namespace="default"),
    )


class Lists:
    """The lists that the ScaledObject names, in Redis."""

    def __init__(self, deployment: Deployment) -> None:
        self.scaled_object = deployment.manifests.get("ScaledObject", "flowise-worker")
        self._redis = deployment.redis

    def lengths(self) -> dict[str, int]:
        """Those that aren't empty."""
        assert self._redis is not None
        names = [trigger["metadata"]["listName"] for trigger in self.scaled_object["spec"]["triggers"]]
        found = {name: int(self._redis.run("LLEN", name)) for name in names}
        return {name: length for name, length in found.items() if length}

    def watch(self, name: str) -> set[int]:
        """Every length that a list has in about a minute: Flowise's jobs can be over in milliseconds."""
        assert self._redis is not None
        return {int(line) for line in self._redis.run("-r", "60000", "-i", "0.001", "LLEN", name).split()}

    def total(self) -> float:
        """What KEDA makes of them."""
        return composite(self.scaled_object, self.lengths())


def list_of(kind: str, name: str) -> str:
    return f"bull:{QUEUE_NAME}-{kind}:{name}"


def test_every_list_grows_when_a_job_comes_in(release: Release, figures: Figures) -> None:
    """A worker with two slots a queue, of which schedules and upsertions want more."""
    kinds = RELEASES[release.version].queues
    sleeping = custom_function("await new Promise((resolve) => setTimeout(resolve, 20000)); return 'slept'")
    two_slots = partial(scaled, concurrency=2)
    with deployed(release, two_slots, figures) as deployment, ThreadPoolExecutor(UPSERTIONS + 2) as pool:
        main = deployment.add("flowise")
        deployment.wait_ready(main)
        browser, lists = Browser(main.address), Lists(deployment)
        browser.sign_up()
        flow = browser.make_flow("slow", sleeping)
        reader = browser.make_reader("reader", "a.txt", "text")
        assert lists.total() == 0
        answers: list[Future[Any]] = [pool.submit(browser.predict, flow, timeout=300)]
        waiting = {list_of("prediction", "wait"): 1}
        wait_until(lambda: lists.lengths() == waiting, 30, "a prediction waits", [main])
        for _ in range(UPSERTIONS):
            answers.append(pool.submit(browser.request, "POST", f"vector/internal-upsert/{reader}", {}, timeout=300))
        waiting[list_of("upsertion", "wait")] = UPSERTIONS
        wait_until(lambda: lists.lengths() == waiting, 30, "upsertions wait", [main])
        if "schedule" in kinds:
            for number in range(3):
                browser.make_flow(f"scheduled {number}", sleeping, start=SCHEDULE)
        upserted = pool.submit(lists.watch, list_of("upsertion", "active"))
        worker = deployment.add("flowise-worker")
        seen = set(waiting)
        wanted = {list_of(kind, name) for kind in kinds for name in ("wait", "active")}
        wanted.remove(list_of("upsertion", "active"))

        def all_seen() -> bool:
            seen.update(lists.lengths())
            return wanted <= seen

        wait_until(all_seen, 150, f"{wanted} have grown", [main, worker])
        assert answers[0].result() == "slept"
        assert max(upserted.result()) > 0, "an upsertion runs"


@pytest.fixture
def under_load(release: Release, figures: Figures) -> Iterator[Deployment]:
    with deployed(release, scaled, figures) as deployment:
        yield deployment


def test_twenty_scale_downs_under_load_lose_no_job(under_load: Deployment) -> None:
    """Callers keep all slots busy; a worker is added, and one that works is taken away, twenty times."""
    deployment = under_load
    main, *workers = (deployment.add(name) for name in ("flowise", "flowise-worker", "flowise-worker"))
    deployment.wait_ready(main, *workers)
    browser = Browser(main.address)
    browser.sign_up()
    flow = browser.make_flow(
        "job", custom_function("await new Promise((r) => setTimeout(r, 2000)); return $flow.input")
    )
    assert deployment.redis is not None
    ends = time.monotonic() + 3600
    stop = [False]

    def call(number: int) -> list[str]:
        wrong: list[str] = []
        for position in range(10**6):
            if stop[0] or time.monotonic() > ends:
                return [*wrong, f"done {position}"]
            question = f"{number}-{position}"
            try:
                answer = browser.want("POST", f"prediction/{flow}", {"question": question}, timeout=120)["text"]
            except (OSError, http.client.HTTPException, RefusedError) as error:
                answer = repr(error)
            if answer != question:
                wrong.append(f"{question}: {answer}")
        return wrong

    with ThreadPoolExecutor(12) as pool:
        callers = [pool.submit(call, number) for number in range(8)]
        try:
            for _ in range(SCALE_DOWNS):
                workers.append(deployment.add("flowise-worker"))
                deployment.wait_ready(workers[-1])
                going = workers.pop(0)
                active = int(deployment.redis.run("LLEN", list_of("prediction", "active")))
                assert active > 0
                going.delete()
                assert [event.message for event in going.events if event.reason == "Stopped"] == ["exit code 0"]
                assert not [event for event in going.events if event.reason == "Killed"]
        finally:
            stop[0] = True
        told = [line for caller in callers for line in caller.result()]
    done = sum(int(line.removeprefix("done ")) for line in told if line.startswith("done "))
    assert [line for line in told if not line.startswith("done ")] == []
    assert int(deployment.redis.run("ZCARD", list_of("prediction", "failed"))) == 0
    assert int(deployment.redis.run("ZCARD", list_of("prediction", "completed"))) == done
    deployment.figures.add(deployment.release.label, "jobs answered during 20 scale-downs", done, unit="")
