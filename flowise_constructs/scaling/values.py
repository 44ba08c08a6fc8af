"""Who sets the number of pods: the YAML, an autoscaler that is made here, or somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import naming, quantities
from flowise_constructs.core.value import Value


def _share(value: float) -> str | None:
    return None if 0.1 <= value <= 1 else "must be a share from 0.1 to 1, such as 0.7"


def _window(value: int) -> str | None:
    """As the API server has it for `stabilizationWindowSeconds`."""
    return None if 0 <= value <= 3600 else "must be from 0 to 3600 seconds"


def _period(value: int) -> str | None:
    """As the API server has it for `periodSeconds`; Flowise gives running jobs 30 seconds."""
    if 31 <= value <= 1800:
        return None
    return "must be from 31 to 1800 seconds: Flowise gives the jobs of a worker that goes 30"


def _metric(value: str) -> str | None:
    return None if re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", value) else "must be the name of a metric of Prometheus"


Share = Annotated[float | int, _share]
Window = Annotated[int, _window]
Period = Annotated[int, _period]
MetricName = Annotated[str, _metric]


def _of_both(value: QueueScaling | CpuScaling) -> Iterable[Finding]:
    if value.stabilization_seconds < value.scale_down_seconds:
        # Kubernetes counts from the number at the begin of the period, that is, before what was added in it.
        problem = f"{value.stabilization_seconds} is below scale_down_seconds {value.scale_down_seconds}"
        yield value.finding("stabilization_seconds", f"{problem}: all that was just added could go at once; give more")
    if value.minimum > value.maximum:
        yield value.finding("minimum", f"{value.minimum} is above maximum {value.maximum}: give less")
    elif value.minimum == value.maximum:
        problem = f"{value.minimum} is the maximum too, so nothing is scaled: give more for 'maximum', or a number"
        yield value.finding("minimum", f"{problem} in the place of {type(value).__name__}")


@dataclass(frozen=True, kw_only=True)
class ExternalMetric(Value):
    """The length of the queues as a metric of Prometheus, which an adapter serves as `external.metrics.k8s.io`. It has
    the labels `queue` and `state`, as BullMQ writes them: `bullmq_job_count{queue="...", state="waiting"}`."""

    name: MetricName = "bullmq_job_count"
    """Name of the metric there. The values of all series are added, so one exporter must count each queue."""
    labels: Mapping[naming.LabelKey, naming.LabelValue] = field(default_factory=dict[str, str])
    """Labels that further select the series, where the adapter doesn't select by the deployment's namespace. Example:
    `{"namespace": "ai"}`."""

    def contradictions(self) -> Iterable[Finding]:
        for label in ("queue", "state"):
            if label in self.labels:
                yield self.finding("labels", f"{label!r} is set by the construct: leave it out")


@dataclass(frozen=True, kw_only=True)
class QueueScaling(Value):
    """Workers that follow their queues: `Worker(replicas=QueueScaling(minimum=2, maximum=10))`. KEDA (2.12 or newer,
    in the cluster already) adds up how many jobs wait and run in all queues of the deployment, and there is a worker
    for each `concurrency * target_busy` of them. Up at once as far as needed, down one worker at a time."""

    minimum: quantities.Count = field(default=2, kw_only=False)
    """`minReplicaCount`. 0 is refused: with no worker every call hangs, and schedules don't run, since only workers
    start them. Two survive the loss of a node."""
    maximum: quantities.Positive = field(default=10, kw_only=False)
    """`maxReplicaCount`. Each worker has connections to the database, and memory of its own."""
    target_busy: Share = 0.7
    """Share of a worker's slots that are to be taken: `scalingModifiers.target` is `Worker.concurrency` times this. The
    rest is for what comes while a new worker starts, which takes 15 to 90 seconds."""
    stabilization_seconds: Window = 300
    """`scaleDown.stabilizationWindowSeconds`: how long fewer workers must have been enough before one goes."""
    scale_down_seconds: Period = 60
    """`scaleDown.policies[].periodSeconds`: the least time between two workers that go. At least
    `Worker.grace_seconds`, so that one has finished its jobs before the next one begins to."""
    authentication: naming.ObjectName | None = None
    """Name of a TriggerAuthentication that exists, in the place of the one that is made here: for an ACL user of its
    own, or certificates that are elsewhere. Default: `{name}-worker`, of the Secrets that `Redis` refers to."""
    metric: ExternalMetric | None = None
    """Without KEDA: a HorizontalPodAutoscaler on this metric. Example: `ExternalMetric()`. Default: KEDA."""

    def contradictions(self) -> Iterable[Finding]:
        if self.minimum == 0:
            problem = "0 makes every call hang while there is no worker, and stops schedules, which only workers start"
            yield self.finding("minimum", f"{problem}: use 1 or more; Worker(replicas=0) stops the workers")
        yield from _of_both(self)
        if self.metric is not None and self.authentication is not None:
            yield self.finding("authentication", "is KEDA's, and 'metric' is for clusters without it: give one of them")


@dataclass(frozen=True, kw_only=True)
class CpuScaling(Value):
    """Mains that follow their CPU, in queue mode: `Main(replicas=CpuScaling(2, 5))`. A HorizontalPodAutoscaler; the
    cluster needs metrics-server.

    Mains run no flows: their CPU follows what is open, that is, requests, streams and uploads. It is good for those,
    and says nothing about the queue. A main that goes serves for `Main.pre_stop_seconds` and then cuts its streams.
    """

    minimum: quantities.Positive = field(default=2, kw_only=False)
    """`minReplicas`."""
    maximum: quantities.Positive = field(default=5, kw_only=False)
    """`maxReplicas`."""
    target_percent: quantities.Positive = 70
    """`averageUtilization`: per cent of `Main.resources.cpu_request`, of the container `flowise` alone."""
    stabilization_seconds: Window = 300
    """`scaleDown.stabilizationWindowSeconds`: how long fewer mains must have been enough before one goes."""
    scale_down_seconds: Period = 60
    """`scaleDown.policies[].periodSeconds`: the least time between two mains that go."""

    def contradictions(self) -> Iterable[Finding]:
        yield from _of_both(self)


@dataclass(frozen=True, kw_only=True)
class External(Value):
    """Somebody else sets the number of pods: `replicas` is left out of the YAML, so that a GitOps controller doesn't
    set it back."""


Replicas: TypeAlias = int | QueueScaling | CpuScaling | External
"""A number, or who sets it."""
Scaler: TypeAlias = Literal["ScaledObject", "HorizontalPodAutoscaler", "External"]


def written(replicas: Replicas) -> int | None:
    """`replicas` of the Deployment. None: left out, since somebody sets it in the cluster."""
    return replicas if isinstance(replicas, int) else None


def fewest(replicas: Replicas) -> int:
    """The least number of pods that there will be, as far as it is known."""
    if isinstance(replicas, int):
        return replicas
    return 1 if isinstance(replicas, External) else replicas.minimum


def runs_several(replicas: Replicas) -> bool:
    """Whether two or more pods can run, so that one may go while another serves."""
    return not isinstance(replicas, int) or replicas > 1


def called(replicas: Replicas) -> str:
    """As messages say it."""
    return str(replicas) if isinstance(replicas, int) else type(replicas).__name__


def scaler_of(replicas: Replicas) -> Scaler | None:
    """Who sets the number of pods; None: the YAML."""
    if isinstance(replicas, int):
        return None
    if isinstance(replicas, External):
        return "External"
    by_keda = isinstance(replicas, QueueScaling) and replicas.metric is None
    return "ScaledObject" if by_keda else "HorizontalPodAutoscaler"
