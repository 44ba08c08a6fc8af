"""The lists that the YAML names, on a real Redis with the BullMQ that Flowise has: they grow when jobs come in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from autoscaling import composite
from backup.servers import wait_for
from boot.install import CACHE, TOOLS
from deployments import REDIS, objects, queue
from test_gate_servers import Redis, redis
from test_scaling_traces import RECORDED

from flowise_constructs import Image, Queue, QueueScaling, Worker
from flowise_constructs.flowise.releases import RELEASES

MODULES = next((path for path in sorted(CACHE.glob("flowise-*/node_modules")) if (path / "bullmq").is_dir()), None)
SCRIPT = Path(__file__).parent / "scripts" / "queue_jobs.js"
pytestmark = [
    pytest.mark.servers,
    pytest.mark.roundtrip,
    pytest.mark.skipif(MODULES is None, reason=f"no Flowise is installed in {CACHE}: run `make boot`"),
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="Redis of the distribution is not installed"),
    pytest.mark.filterwarnings("ignore:Image.tag:flowise_constructs.ConfigWarning"),
]
WORKERS, CONCURRENCY, JOBS, JOB_SECONDS = 2, 10, 500, 2


def scaled_object(name: str, tag: str) -> dict[str, Any]:
    build = queue(
        queue=Queue(redis=REDIS, name=name), image=Image(tag=tag), worker=Worker(replicas=QueueScaling(), concurrency=5)
    )
    return next(item for item in objects(build) if item["kind"] == "ScaledObject")


def lists_of(scaled: dict[str, Any]) -> list[str]:
    return [trigger["metadata"]["listName"] for trigger in scaled["spec"]["triggers"]]


def lengths(server: Redis, lists: Sequence[str]) -> dict[str, int]:
    """As KEDA asks for them."""
    return {name: int(server.cli("llen", name)) for name in lists}


def node(server: Redis, *arguments: object) -> subprocess.Popen[str]:
    command = [str(TOOLS / "bin" / "node"), str(SCRIPT), str(server.port), *map(str, arguments)]
    environment = {**os.environ, "MODULES": str(MODULES)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def add(server: Redis, number: int, *queues: str) -> None:
    assert node(server, "add", number, *queues).wait(60) == 0


@contextmanager
def working(server: Redis, number: int, seconds: float, *queues: str) -> Iterator[list[subprocess.Popen[str]]]:
    processes = [node(server, "work", CONCURRENCY, round(seconds * 1000), *queues) for _ in range(number)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.parametrize("tag", RELEASES)
def test_each_list_grows_when_a_job_comes_in(tag: str) -> None:
    scaled = scaled_object("jobs.of-ours", tag)
    lists, kinds = lists_of(scaled), RELEASES[tag].queues
    assert len(lists) == 2 * len(kinds)
    with redis() as server:
        assert composite(scaled, lengths(server, lists)) == 0
        for number, kind in enumerate(kinds, start=1):
            before = lengths(server, lists)
            add(server, 1, f"jobs.of-ours-{kind}")
            after = lengths(server, lists)
            assert {name: after[name] - before[name] for name in lists if after[name] != before[name]} == {
                f"bull:jobs.of-ours-{kind}:wait": 1
            }
            assert composite(scaled, after) == number
        with working(server, 1, 600, *(f"jobs.of-ours-{kind}" for kind in kinds)):
            running = {name: int(name.endswith(":active")) for name in lists}
            wait_for(lambda: lengths(server, lists) == running, 60)
            assert composite(scaled, running) == len(kinds)


def test_bullmqs_workers_take_what_the_model_says(pytestconfig: pytest.Config) -> None:
    """A burst: the depths of the lists, second by second, are those that the traces are computed with."""
    scaled = scaled_object("jobs", "3.1.3")
    waiting, active, *_ = lists_of(scaled)
    depths: list[tuple[float, int, int]] = []
    with redis() as server, working(server, WORKERS, JOB_SECONDS, "jobs-prediction"):
        wait_for(lambda: server.cli("client", "list").count("cmd=bzpopmin") == WORKERS, 60)
        add(server, JOBS, "jobs-prediction")
        start = time.monotonic()
        while not depths or depths[-1][1:] != (0, 0):
            now, found = time.monotonic() - start, lengths(server, (waiting, active))
            depths.append((round(now, 1), found[waiting], found[active]))
            assert now < 120
            time.sleep(1)
    assert max(busy for _, _, busy in depths) == WORKERS * CONCURRENCY
    assert depths[-1][0] == pytest.approx(JOBS * JOB_SECONDS / (WORKERS * CONCURRENCY), abs=5)
    if pytestconfig.getoption("--update-golden"):
        told = {"jobs": JOBS, "job_seconds": JOB_SECONDS, "workers": WORKERS, "concurrency": CONCURRENCY}
        RECORDED.write_text(json.dumps({**told, "depths": depths}, indent=None) + "\n", encoding="utf-8")


def test_no_job_is_lost_when_workers_are_told_to_end() -> None:
    """Twenty workers go, one after the other, under load; BullMQ's own, as Flowise closes them."""
    with redis() as server:
        add(server, 400, "jobs-prediction")
        done = 0
        with working(server, 1, 1, "jobs-prediction") as processes:
            for _ in range(20):
                processes.append(node(server, "work", CONCURRENCY, 1000, "jobs-prediction"))
                wait_for(lambda: int(server.cli("llen", "bull:jobs-prediction:active")) > 0, 60)
                time.sleep(0.5)
                going = processes.pop(0)
                going.terminate()
                out, _ = going.communicate(timeout=60)
                done += int(out)
            wait_for(lambda: int(server.cli("zcard", "bull:jobs-prediction:completed")) == 400, 120)
            [last] = processes
            last.terminate()
            done += int(last.communicate(timeout=60)[0])
        assert done == 400
        assert int(server.cli("zcard", "bull:jobs-prediction:failed")) == 0
