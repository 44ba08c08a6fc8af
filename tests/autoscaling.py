"""A reference of what KEDA's operator and Kubernetes' autoscaler compute from the YAML, and workers under it.

From their documentation and sources (KEDA 2.20, pkg/scaling/modifiers; Kubernetes 1.36, pkg/controller/podautoscaler):
the formula over named triggers, `AverageValue`, the tolerance, stabilization windows, policies.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Spec = Mapping[str, Any]
TOLERANCE = 0.1
"""`--horizontal-pod-autoscaler-tolerance`."""
SYNC_SECONDS = 15
"""`--horizontal-pod-autoscaler-sync-period`."""


def evaluated(formula: str, values: Mapping[str, float]) -> float:
    """A formula of `scalingModifiers`, which is in expr-lang; here sums alone."""

    def value(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return value(node.left) + value(node.right)
        assert isinstance(node, ast.Name), f"more than a sum: {formula}"
        return values[node.id]

    return value(ast.parse(formula, mode="eval").body)


def composite(scaled_object: Spec, lists: Mapping[str, int]) -> float:
    """The metric that KEDA makes of the lengths of the lists in Redis; one that doesn't exist has none."""
    spec = scaled_object["spec"]
    named = {trigger["name"]: float(lists.get(trigger["metadata"]["listName"], 0)) for trigger in spec["triggers"]}
    assert len(named) == len(spec["triggers"]), "two triggers of one name"
    return evaluated(spec["advanced"]["scalingModifiers"]["formula"], named)


@dataclass
class Autoscaler:
    """The HorizontalPodAutoscaler of a ScaledObject, with its memory."""

    minimum: int
    maximum: int
    target: float
    behavior: Spec
    recommendations: list[tuple[float, int]] = field(default_factory=list)
    added: list[tuple[float, int]] = field(default_factory=list)
    removed: list[tuple[float, int]] = field(default_factory=list)

    @staticmethod
    def of(scaled_object: Spec) -> Autoscaler:
        """As KEDA's operator makes it."""
        spec = scaled_object["spec"]
        advanced, modifiers = spec["advanced"], spec["advanced"]["scalingModifiers"]
        assert modifiers["metricType"] == "AverageValue"
        behavior = advanced["horizontalPodAutoscalerConfig"]["behavior"]
        return Autoscaler(spec["minReplicaCount"], spec["maxReplicaCount"], float(modifiers["target"]), behavior)

    def decide(self, now: float, current: int, usage: float) -> int:
        """The number of pods from now on."""
        desired = self._allowed(now, current, self._stabilized(now, current, self._proposed(current, usage)))
        if desired > current:
            self.added.append((now, desired - current))
        elif desired < current:
            self.removed.append((now, current - desired))
        return desired

    def _proposed(self, current: int, usage: float) -> int:
        ratio = usage / (self.target * current)
        return current if abs(1 - ratio) <= TOLERANCE else math.ceil(usage / self.target)

    def _stabilized(self, now: float, current: int, desired: int) -> int:
        """The smallest of what was proposed in the window of scaling up, the largest in that of scaling down."""
        up, down = (self._in_window(now, desired, way) for way in ("scaleUp", "scaleDown"))
        self.recommendations.append((now, desired))
        return min(max(current, min(up)), max(down))

    def _in_window(self, now: float, desired: int, way: str) -> list[int]:
        seconds = self.behavior[way]["stabilizationWindowSeconds"]
        return [desired, *(number for at, number in self.recommendations if at > now - seconds)]

    def _allowed(self, now: float, current: int, desired: int) -> int:
        if desired > current:
            most = max(begin + change for begin, change in self._policies(now, current, "scaleUp"))
            return min(desired, self.maximum, max(most, current))
        if desired < current:
            least = min(begin - change for begin, change in self._policies(now, current, "scaleDown"))
            return max(desired, self.minimum, min(least, current))
        return min(max(desired, self.minimum), self.maximum)

    def _policies(self, now: float, current: int, way: str) -> list[tuple[int, int]]:
        """For each policy the number at the begin of its period, and how much it may change since then."""
        rules = self.behavior[way]
        assert rules["selectPolicy"] == "Max"
        found: list[tuple[int, int]] = []
        for policy in rules["policies"]:
            assert policy["type"] == "Pods"
            since = now - policy["periodSeconds"]
            added, removed = (sum(n for at, n in events if at > since) for events in (self.added, self.removed))
            found.append((current - added + removed, policy["value"]))
        return found


@dataclass
class Worker:
    """A pod: its jobs' ends, and since when it takes any."""

    ready: float
    jobs: list[float] = field(default_factory=list)
    stopped: float | None = None


@dataclass(frozen=True)
class Moment:
    """One second of a trace."""

    at: float
    replicas: int
    waiting: int
    active: int


@dataclass
class Cluster:
    """Workers that take jobs from a list, one second after the other."""

    concurrency: int
    boot_seconds: float
    grace_seconds: float = 40
    now: float = 0
    waiting: list[float] = field(default_factory=list)
    """How long each job takes."""
    workers: list[Worker] = field(default_factory=list)
    done: int = 0
    lost: int = 0

    def scale(self, replicas: int) -> None:
        """New pods boot; of the others, to be harsh, those go that have most to do."""
        there = [worker for worker in self.workers if worker.stopped is None]
        self.workers += [Worker(self.now + self.boot_seconds) for _ in range(replicas - len(there))]
        for worker in sorted(there, key=lambda worker: -len(worker.jobs))[: max(0, len(there) - replicas)]:
            worker.stopped = self.now

    def step(self) -> None:
        """What ends, and what begins."""
        for worker in self.workers:
            self.done += sum(1 for end in worker.jobs if end <= self.now)
            worker.jobs = [end for end in worker.jobs if end > self.now]
            if worker.stopped is None and worker.ready <= self.now:
                free = self.concurrency - len(worker.jobs)
                worker.jobs += [self.now + seconds for seconds in self.waiting[:free]]
                self.waiting = self.waiting[free:]
            elif worker.stopped is not None and self.now >= worker.stopped + self.grace_seconds:
                self.lost += len(worker.jobs)
                worker.jobs = []
        self.workers = [worker for worker in self.workers if worker.stopped is None or worker.jobs]

    @property
    def active(self) -> int:
        return sum(len(worker.jobs) for worker in self.workers)

    @property
    def replicas(self) -> int:
        return sum(1 for worker in self.workers if worker.stopped is None)


def run(
    cluster: Cluster,
    arrivals: Callable[[int], Sequence[float]],
    seconds: int,
    autoscaler: Autoscaler | None = None,
    *,
    start: int,
    phase: int = 0,
) -> list[Moment]:
    """A trace. `start` workers are there; `arrivals` are the jobs of each second; `phase` is when the autoscaler first
    looks. Without one the number stays."""
    cluster.workers = [Worker(0) for _ in range(start)]
    trace: list[Moment] = []
    for second in range(seconds):
        cluster.now = second
        cluster.waiting += arrivals(second)
        cluster.step()
        if autoscaler is not None and second % SYNC_SECONDS == phase:
            usage = len(cluster.waiting) + cluster.active
            cluster.scale(autoscaler.decide(second, cluster.replicas, usage))
        trace.append(Moment(second, cluster.replicas, len(cluster.waiting), cluster.active))
    return trace


def turns(trace: Sequence[Moment]) -> list[tuple[float, int, int]]:
    """Every change of the number: when, from, to."""
    pairs = pairwise(trace)
    return [(after.at, before.replicas, after.replicas) for before, after in pairs if before.replicas != after.replicas]
