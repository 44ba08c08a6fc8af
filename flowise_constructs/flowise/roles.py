"""What each role adds: main, worker, and their writable directories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from flowise_constructs.core.findings import Finding, warn
from flowise_constructs.core.rules import naming, quantities
from flowise_constructs.core.value import Value
from flowise_constructs.edge.values import Service
from flowise_constructs.flowise.replicas import budget_doubts
from flowise_constructs.kubernetes.availability import DisruptionBudget
from flowise_constructs.kubernetes.claims import LogClaim, by_name, of_one_pod
from flowise_constructs.kubernetes.pod_options import PodOptions, ProbeNumbers, Resources
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.scaling.values import CpuScaling, External, QueueScaling


@dataclass(frozen=True, kw_only=True)
class WritableSizes(Value):
    """`sizeLimit` of the pod's writable directories, each an emptyDir with a size limit: a pod that exceeds one is
    evicted."""

    home: quantities.Size = "1Gi"
    """HOME, including the caches of npx and Chromium; also the data directory if it is not on a claim."""
    logs: quantities.Size | LogClaim = "1Gi"
    """`LOG_PATH`; Flowise rotates some files and deletes none. A `LogClaim`: a volume that outlives the pod. Unused
    with a bucket: logs go there, with Google's to Cloud Logging. Example: `LogClaim(size="20Gi")`."""
    tmp: quantities.Size = "2Gi"
    """`/tmp`: uploads and documents while they are processed."""
    shm: quantities.Size | None = None
    """`/dev/shm` in memory, for nodes that run Chromium. Default: left out (64 MiB)."""


LEAST_MEMORY = "1Gi"
"""Flowise peaks at 910 MiB while it boots."""
LEAST_STOP_SECONDS = 5
"""Main ends one or two seconds after the stop signal."""
LARGEST_CONCURRENCY = 1000
"""Above it one worker takes the whole queue."""
LEAST_STARTUP_SECONDS = 90
"""A boot took up to 88 seconds."""


def _warn_of_budget(value: Main | Worker) -> None:
    for doubt in budget_doubts(value.disruption_budget, value.replicas):
        warn(f"{type(value).__name__}.disruption_budget: {doubt}")


def _too_little(value: Main | Worker) -> Iterator[Finding]:
    """What a Flowise process can't start with, or would be restarted for."""
    limit = value.resources.memory_limit
    if quantities.amount(limit) < quantities.amount(LEAST_MEMORY):
        yield value.finding(
            "resources",
            f"memory_limit {limit!r} is too little, Flowise peaks at 910 MiB while it boots: 1Gi or more",
        )
    budget = value.startup.period_seconds * value.startup.failure_threshold
    if budget < LEAST_STARTUP_SECONDS:
        yield value.finding(
            "startup",
            f"gives a boot {budget} s (period_seconds times failure_threshold), and it took up to 88: take 90 or more",
        )
    liveness = value.liveness
    if liveness is not None and liveness.period_seconds * liveness.failure_threshold < 15:
        warn(
            f"{type(value).__name__}.liveness: restarts a pod after less than 15 s without an answer, which a busy "
            "Flowise may need: more period_seconds or failure_threshold"
        )


@dataclass(frozen=True, kw_only=True)
class Main(Value):
    """What is specific to main."""

    replicas: quantities.Count | CpuScaling | External = 1
    """`replicas`. More than one only in queue mode. 0 stops Flowise and keeps all data. A `CpuScaling`: an autoscaler
    sets it. `External()`: somebody else does."""
    disruption_budget: DisruptionBudget | None = DisruptionBudget()
    """The PodDisruptionBudget, made if two or more mains can run: one may be evicted at a time. None: no budget."""
    service: Service = Service()
    """The Service."""
    resources: Resources = Resources()
    """Requests and limits."""
    startup: ProbeNumbers = ProbeNumbers(period_seconds=5, failure_threshold=60)
    """Startup probe. Measured startups took 11 to 88 seconds; the first one on an empty database takes longer."""
    readiness: ProbeNumbers = ProbeNumbers()
    """Readiness probe."""
    liveness: ProbeNumbers | None = None
    """Liveness probe. Default: every 10 s in queue mode, where main runs no flows and the probe also detects the lost
    Redis connection of FlowiseAI/Flowise#5126; every 20 s in standalone, where a flow may block the event loop."""
    pre_stop_seconds: quantities.Count = 20
    """How long a terminating pod still serves requests, until no proxy sends it any: Flowise cuts open requests when it
    gets the stop signal. The grace period is 15 seconds longer."""
    awaits_owner: bool | None = None
    """Whether main is Ready only once somebody has registered, which makes them Flowise's owner: until then no Service,
    Ingress or load balancer leads to it, but `kubectl port-forward` does. It adds a script to `NODE_OPTIONS` and
    changes the path of the readiness probe. Where an owner exists nothing else changes. Default: True in a chart that
    is given `owner`, else False, with a warning where an Ingress or a load balancer is made. False says that the owner
    exists, or that nobody else can come first."""
    strategy: Literal["Recreate", "RollingUpdate"] | None = None
    """`strategy.type`. Default: Recreate with SQLite or a claim that one node holds, else RollingUpdate
    with a surge."""
    extra_env: Mapping[naming.EnvName, EnvValue] = field(default_factory=dict[str, EnvValue])
    """Extra variables for main only."""
    sizes: WritableSizes = WritableSizes()
    """Writable directories."""
    run_as_root: bool = False
    """Runs main as root, for a volume whose files only root can use and whose driver can't change that. A namespace
    that enforces Pod Security "restricted" refuses the pod, and users' code runs as root in it."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations, volumes."""

    def contradictions(self) -> Iterable[Finding]:
        yield from _too_little(self)
        _warn_of_budget(self)
        grace = self.pod.termination_grace_seconds
        if grace is not None and grace < self.pre_stop_seconds + LEAST_STOP_SECONDS:
            yield self.finding(
                "pod",
                f"termination_grace_seconds {grace} is less than {LEAST_STOP_SECONDS} s above pre_stop_seconds "
                f"{self.pre_stop_seconds}, and Flowise is killed while it stops: more, or leave it out",
            )


@dataclass(frozen=True, kw_only=True)
class Worker(Value):
    """What is specific to workers."""

    replicas: quantities.Count | QueueScaling | External = 1
    """`replicas`. With 0 every prediction waits. A `QueueScaling`: as many as the queues need. `External()`: somebody
    else sets it. Example: `QueueScaling(minimum=2, maximum=10)`."""
    disruption_budget: DisruptionBudget | None = DisruptionBudget()
    """The PodDisruptionBudget, made if two or more workers can run: one may be evicted at a time. None: no budget."""
    concurrency: quantities.Positive = 10
    """Concurrent jobs per worker and queue: `WORKER_CONCURRENCY`. Flowise's own default, 100000, lets one worker take
    the whole queue. A flow that calls another flow occupies two slots at once: keep replicas times concurrency well
    above the number of such calls."""
    resources: Resources = Resources()
    """Requests and limits."""
    startup: ProbeNumbers = ProbeNumbers(period_seconds=5, timeout_seconds=10, failure_threshold=60)
    """Startup probe: succeeds once the worker is registered with its queues."""
    liveness: ProbeNumbers = ProbeNumbers(period_seconds=20, timeout_seconds=10)
    """Liveness probe: the worker is registered with its queues and its event loop runs."""
    grace_seconds: quantities.Positive = 40
    """`terminationGracePeriodSeconds`: just over the 30 seconds that Flowise gives its running jobs."""
    extra_env: Mapping[naming.EnvName, EnvValue] = field(default_factory=dict[str, EnvValue])
    """Extra variables for workers only."""
    sizes: WritableSizes = WritableSizes()
    """Writable directories."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations, volumes."""

    def contradictions(self) -> Iterable[Finding]:
        yield from _too_little(self)
        _warn_of_budget(self)
        if self.grace_seconds < 31:
            yield self.finding(
                "grace_seconds",
                f"{self.grace_seconds} is not above the 30 seconds that Flowise gives running jobs: use 31 or more",
            )
        if self.concurrency == 1:
            warn("Worker.concurrency: 1 lets a flow that calls another flow wait for itself if every worker is busy")
        yield from self._unscalable()
        if self.concurrency > LARGEST_CONCURRENCY:
            warn(f"Worker.concurrency: {self.concurrency} lets one worker take the whole queue; 5 to 50 is usual")
        if self.pod.termination_grace_seconds is not None:
            yield self.finding("pod", "has termination_grace_seconds, which is grace_seconds here: leave it out")
        for name in of_one_pod(by_name(self.pod.claims, self.sizes.logs)):
            yield self.finding(
                "pod" if name in {claim.name for claim in self.pod.claims} else "sizes",
                f"{name!r} is a claim for one pod, and a rollout of workers starts the new pod beside the old one: "
                "take access_mode='ReadWriteMany'",
            )

    def _unscalable(self) -> Iterator[Finding]:
        """What QueueScaling can't follow."""
        scaling = self.replicas
        if not isinstance(scaling, QueueScaling):
            return
        if self.concurrency > LARGEST_CONCURRENCY:
            problem = f"{self.concurrency} with QueueScaling: one worker takes all jobs, and none is ever added"
            yield self.finding("concurrency", f"{problem}: {LARGEST_CONCURRENCY} or less; 5 to 50 is usual")
        if scaling.scale_down_seconds < self.grace_seconds:
            problem = f"scale_down_seconds {scaling.scale_down_seconds} is below grace_seconds {self.grace_seconds}"
            yield self.finding("replicas", f"{problem}: a worker would go while the one before still finishes its jobs")
