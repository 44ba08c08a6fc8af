"""What an autoscaler makes of the YAML: traces of the number of workers, by a reference of KEDA and Kubernetes."""

from __future__ import annotations

import copy
import json
import math
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from autoscaling import Autoscaler, Cluster, Moment, composite, run, turns
from deployments import objects, queue

from flowise_constructs import QueueScaling, Worker

RECORDED = Path(__file__).parent / "data" / "queue_depths.json"
"""What `test_scaling_lists.py` saw of BullMQ's own workers."""


def scaled_object(concurrency: int = 10, **given: Any) -> dict[str, Any]:
    build = queue(worker=Worker(replicas=QueueScaling(**given), concurrency=concurrency))
    return next(item for item in objects(build) if item["kind"] == "ScaledObject")


def burst(jobs: int, seconds: float) -> Any:
    return lambda second: [seconds] * jobs if second == 0 else []


def end_of(trace: list[Moment]) -> float:
    return next(moment.at for moment in trace if moment.at > 0 and moment.waiting + moment.active == 0)


class ByHand:
    """Somebody who sets the maximum when the jobs come in."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum

    def decide(self, now: float, current: int, usage: float) -> int:
        return self._maximum


SCALED = scaled_object(minimum=2, maximum=10)


@pytest.mark.parametrize("boot", [15, 30, 90])
def test_a_burst_takes_at_most_twice_as_long_as_with_the_maximum_from_its_begin(boot: int) -> None:
    """500 jobs of 2 s. The workers that are added boot in both."""
    by_hand: Any = ByHand(10)
    best = end_of(run(Cluster(10, boot), burst(500, 2), 200, by_hand, start=2))
    for phase in range(15):
        trace = run(Cluster(10, boot), burst(500, 2), 200, Autoscaler.of(SCALED), start=2, phase=phase)
        assert end_of(trace) <= 2 * best
        assert end_of(trace) <= 500 * 2 / (2 * 10)  # as long as the minimum takes


@pytest.mark.parametrize("phase", range(0, 15, 7))
def test_a_long_backlog_takes_at_most_twice_as_long_as_with_the_maximum_all_the_time(phase: int) -> None:
    best = end_of(run(Cluster(10, 0), burst(2500, 2), 400, start=10))
    trace = run(Cluster(10, 30), burst(2500, 2), 400, Autoscaler.of(SCALED), start=2, phase=phase)
    assert end_of(trace) <= 2 * best


def test_a_burst_is_up_at_once_and_down_one_worker_at_a_time() -> None:
    trace = run(Cluster(10, 30), burst(500, 2), 1200, Autoscaler.of(SCALED), start=2, phase=14)
    first, *others = turns(trace)
    assert first == (14, 2, 10)
    assert [(before, after) for _, before, after in others] == [(number, number - 1) for number in range(10, 2, -1)]
    times = [at for at, _, _ in others]
    assert times[0] - first[0] >= 300
    assert all(later - earlier >= 60 for earlier, later in pairwise(times))


def at_random(chance: random.Random, average: float) -> int:
    """How many come in a second, where none knows of another (Poisson)."""
    number, product = 0, chance.random()
    while product > math.exp(-average):
        number, product = number + 1, product * chance.random()
    return number


def waves(seed: int, rate: float, seconds: tuple[float, float]) -> Any:
    """Jobs at random, `rate` a second on the average, in waves of twenty minutes."""
    chance = random.Random(seed)
    level = [chance.choice((0.2, 0.6, 1.0, 1.6)) * rate for _ in range(10)]

    def arrivals(second: int) -> list[float]:
        now = level[second // 1200 % len(level)]
        return [chance.uniform(*seconds) for _ in range(at_random(chance, now))]

    return arrivals


@pytest.mark.parametrize(("seed", "rate", "seconds"), [(1, 3, (1, 4)), (2, 1, (5, 25)), (3, 12, (0.5, 2))])
def test_no_job_is_lost_or_waits_for_a_worker_that_was_taken_away(
    seed: int, rate: float, seconds: tuple[float, float]
) -> None:
    cluster = Cluster(10, 30)
    trace = run(cluster, waves(seed, rate, seconds), 2 * 3600, Autoscaler.of(SCALED), start=2)
    assert cluster.lost == 0
    changes = turns(trace)
    assert len({after > before for _, before, after in changes}) == 2  # it is a trace with both ways
    for at, before, after in changes:
        if after < before:
            moment = trace[int(at) - 1]
            assert after == before - 1
            assert moment.waiting + moment.active <= after * 10
            assert moment.waiting == 0
    busy = [moment for moment in trace if moment.waiting > 20]
    assert len(busy) < len(trace) / 20


def hour_of(rate: float, seed: int, scaled: dict[str, Any]) -> list[tuple[float, int, int]]:
    """The changes in an hour in which jobs come at random, at one rate, after a quarter of an hour to settle."""
    chance = random.Random(seed)

    def arrivals(second: int) -> list[float]:
        return [2.0] * at_random(chance, rate)

    trace = run(Cluster(10, 30), arrivals, 4500, Autoscaler.of(scaled), start=2)
    return [change for change in turns(trace) if change[0] > 900]


def test_a_load_that_stays_doesnt_flap() -> None:
    hasty, totals = scaled_object(minimum=2, maximum=10, stabilization_seconds=60), [0, 0]
    for rate in (4.0, 9.0, 14.0):
        changes = hour_of(rate, 1, SCALED)
        assert len(changes) <= 6
        for (earlier, before, after), (later, _, then) in pairwise(changes):
            assert not (after > before and then < after) or later - earlier >= 300
        totals = [totals[0] + len(changes), totals[1] + len(hour_of(rate, 1, hasty))]
    assert totals[1] > 2 * totals[0]


def waits_alone() -> dict[str, Any]:
    """A scaler that looks at the lists `wait`, as people write it."""
    changed = copy.deepcopy(SCALED)
    modifiers = changed["spec"]["advanced"]["scalingModifiers"]
    modifiers["formula"] = "prediction_wait + upsertion_wait + schedule_wait"
    return changed


def test_the_reference_tells_a_scaler_that_takes_busy_workers_away() -> None:
    class OfWaits(Autoscaler):
        cluster: Cluster

        def decide(self, now: float, current: int, usage: float) -> int:
            lists = {"bull:flowise-queue-prediction:wait": len(self.cluster.waiting)}
            return super().decide(now, current, composite(waits_alone(), lists))

    wrong = OfWaits(**vars(Autoscaler.of(SCALED)))
    wrong.cluster = Cluster(10, 30)
    trace = run(wrong.cluster, lambda second: [25.0] * 2, 3600, wrong, start=6)
    assert [at for at, before, after in turns(trace) if after < before and trace[int(at) - 1].active > after * 10]


def test_the_sum_is_of_every_list_of_the_deployment_and_of_no_other() -> None:
    lists = {trigger["metadata"]["listName"]: 2**number for number, trigger in enumerate(SCALED["spec"]["triggers"])}
    assert len(lists) == 6
    assert composite(SCALED, {**lists, "bull:flowise-queue-prediction:completed": 1000}) == 63


def test_the_model_of_workers_is_what_bullmq_does() -> None:
    """Its own workers, with as many jobs, on a real Redis."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    assert recorded["jobs"] == 500
    cluster = Cluster(recorded["concurrency"], 0)
    trace = run(cluster, burst(recorded["jobs"], recorded["job_seconds"]), 70, start=recorded["workers"])
    model = {moment.at: moment.waiting + moment.active for moment in trace}
    for at, waiting, active in recorded["depths"]:
        near = [model[second] for second in range(max(0, round(at) - 2), round(at) + 3)]
        assert min(near) <= waiting + active <= max(near), at
