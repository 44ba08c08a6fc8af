"""Options that every pod has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from flowise_constructs.core.findings import Finding, warn
from flowise_constructs.core.rules import naming, paths, quantities, texts
from flowise_constructs.core.value import Value
from flowise_constructs.kubernetes import passed, scheduling
from flowise_constructs.kubernetes.claims import ExtraClaim, relative
from flowise_constructs.kubernetes.labels import SELECTOR_LABELS
from flowise_constructs.kubernetes.mesh import Mesh
from flowise_constructs.kubernetes.schema import plain
from flowise_constructs.kubernetes.volume_source import doubts

SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"


@dataclass(frozen=True, kw_only=True)
class Resources(Value):
    """Requests and limits of a container. Always a memory limit; no CPU limit by default, because it makes startup very
    slow."""

    cpu_request: quantities.Quantity = "500m"
    """`requests.cpu`."""
    memory_request: quantities.Size = "1Gi"
    """`requests.memory`. Flowise uses about 700 MiB, with a peak of 910 MiB during startup."""
    memory_limit: quantities.Size = "2Gi"
    """`limits.memory`; in Flowise's pods the JavaScript heap (`NODE_OPTIONS`) is 70 % of it."""
    cpu_limit: quantities.Quantity | None = None
    """`limits.cpu`. A startup takes 13 to 17 CPU seconds."""

    def contradictions(self) -> Iterable[Finding]:
        if quantities.amount(self.memory_request) > quantities.amount(self.memory_limit):
            yield self.finding("memory_request", f"{self.memory_request!r} is above memory_limit {self.memory_limit!r}")
        if self.cpu_limit is not None and quantities.amount(self.cpu_request) > quantities.amount(self.cpu_limit):
            yield self.finding("cpu_request", f"{self.cpu_request!r} is above cpu_limit {self.cpu_limit!r}")

    @staticmethod
    def dev() -> Resources:
        """For trying things out: it starts, and serves one person."""
        return Resources(cpu_request="250m", memory_request="768Mi", memory_limit="1536Mi")

    @staticmethod
    def small() -> Resources:
        """For one team; the default."""
        return Resources()

    @staticmethod
    def production() -> Resources:
        """For production: upserts of large documents need the larger heap."""
        return Resources(cpu_request="1", memory_request="2Gi", memory_limit="4Gi")


@dataclass(frozen=True, kw_only=True)
class ProbeNumbers(Value):
    """Timing and thresholds of a probe. What it checks is fixed: Flowise answers 200 to any path."""

    period_seconds: quantities.Positive = 10
    """`periodSeconds`."""
    timeout_seconds: quantities.Positive = 5
    """`timeoutSeconds`."""
    failure_threshold: quantities.Positive = 3
    """`failureThreshold`."""


@dataclass(frozen=True, kw_only=True)
class ServiceAccount(Value):
    """The pod's service account. Its token is never mounted."""

    name: naming.ObjectName | None = None
    """Default: the name of the pod's workload."""
    create: bool = True
    """False: use the existing account `name`."""
    annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Annotations, such as those for workload identity."""

    def contradictions(self) -> Iterable[Finding]:
        if not self.create and self.name is None:
            yield self.finding("name", "None, and create=False: give the name of the existing account")
        if not self.create and self.annotations:
            yield self.finding("annotations", "can't be set on an account that is not created here: leave them out")
        if self.create and self.name == "default":
            yield self.finding("name", "'default' is the namespace's own account: use another name, or create=False")


@dataclass(frozen=True, kw_only=True)
class Volume(Value):
    """An extra volume, and where it is mounted in the main container."""

    name: naming.DnsLabel
    """Name in the pod."""
    source: passed.VolumeSource
    """The volume without its name, as in YAML. Example: `{"configMap": {"name": "prompts"}}`."""
    mount_path: paths.Directory | None = None
    """`mountPath`. None: only `PodOptions.sidecars` and `init_containers` mount it, by its name."""
    sub_path: texts.Text | None = None
    """`subPath`."""
    read_only: bool = True
    """`readOnly`."""

    def contradictions(self) -> Iterable[Finding]:
        for doubt in doubts(plain(self.source)):
            warn(f"Volume.source: {doubt}")
        if self.sub_path is not None and (problem := relative(self.sub_path)) is not None:
            yield self.finding("sub_path", problem)
        if self.mount_path is None and self.sub_path is not None:
            yield self.finding("sub_path", f"{self.sub_path!r} without mount_path: give the path, or leave it out")


@dataclass(frozen=True, kw_only=True)
class PodOptions(Value):
    """Scheduling, metadata, volumes, further containers: what Kubernetes offers for every pod, under its own names."""

    labels: Mapping[naming.LabelKey, naming.LabelValue] = field(default_factory=dict[str, str])
    """Extra pod labels; not those of the selector."""
    annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Pod annotations."""
    node_selector: Mapping[naming.LabelKey, naming.LabelValue] = field(default_factory=dict[str, str])
    """`nodeSelector`."""
    tolerations: Sequence[passed.Toleration] = ()
    """`tolerations`, as in YAML. Example: `[{"key": "dedicated", "operator": "Exists"}]`."""
    affinity: passed.Affinity | None = None
    """`affinity`, as in YAML."""
    topology_spread_constraints: Sequence[passed.Spread] | None = None
    """`topologySpreadConstraints`, as in YAML. If `labelSelector` is missing, the pods' own selector is used. Default:
    mains and workers of which two or more can run are spread over hosts and zones, where there is room
    (`ScheduleAnyway`); other pods aren't. `()`: no spread."""
    priority_class_name: naming.ObjectName | None = None
    """`priorityClassName`, a PriorityClass that exists. What it costs: while the cluster is full, pods of a lower
    priority, of other teams too, are killed so that these find room, and a lower value than theirs exposes these to
    it. Default: left out, the cluster's default."""
    safe_to_evict: bool | None = None
    """`cluster-autoscaler.kubernetes.io/safe-to-evict`, a pod annotation for the cluster autoscaler alone. It leaves a
    node alone that has a pod with an emptyDir, which each of our pods has. True: it may remove the node all the same;
    this costs what is in the emptyDirs (caches, logs, a standalone's files without a claim), and a job or request that
    takes longer than the pod's grace period. False: it never removes the node; this costs a node that nobody needs, as
    long as the pod is on it. Default: left out."""
    service_account: ServiceAccount = ServiceAccount()
    """The pod's service account."""
    volumes: Sequence[Volume] = ()
    """Extra volumes with their mounts."""
    claims: Sequence[ExtraClaim] = ()
    """New claims with their mounts."""
    sidecars: Sequence[passed.Sidecar] = ()
    """Containers that run as long as the pod does, and have started before anything of ours, the gate too: native
    sidecars, that is, `initContainers` with `restartPolicy: Always`, which is filled in. Kubernetes 1.29 or newer.
    A job ends all the same. Pod Security "restricted" is filled in, with a read-only root file system, and what it
    refuses is refused. Give each a `startupProbe`, so that what follows waits until it listens.
    Example: `[{"name": "sql-proxy", "image": "registry.example.com/sql-proxy:2.15.2"}]`."""
    init_containers: Sequence[passed.InitContainer] = ()
    """Containers that run one after another, after the sidecars and before the gate: `initContainers`, as in YAML."""
    init_containers_after_gate: Sequence[passed.InitContainer] = ()
    """The same, after the gate, when the database is there and migrated. For mains and workers."""
    env_from: Sequence[passed.EnvFrom] = ()
    """`envFrom` of our containers, the gate too. A variable that the library sets wins over one of the same name; which
    others come in, nobody can see in the YAML: a `prefix` keeps them apart. Example: `[{"secretRef": {"name":
    "tracing"}, "prefix": "LANGSMITH_"}]`."""
    ports: Sequence[passed.Port] = ()
    """Further `ports` of the container. Example: `[{"name": "debug", "containerPort": 9229}]`."""
    host_aliases: Sequence[passed.HostAlias] = ()
    """`hostAliases`. Example: `[{"ip": "10.0.0.7", "hostnames": ["db.corp.example"]}]`."""
    dns_policy: Literal["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"] | None = None
    """`dnsPolicy`. Default: left out."""
    dns_config: passed.DnsConfig | None = None
    """`dnsConfig`, as in YAML. Example: `{"options": [{"name": "ndots", "value": "2"}]}`."""
    runtime_class_name: naming.ObjectName | None = None
    """`runtimeClassName`. Example: `"gvisor"`."""
    scheduler_name: naming.ObjectName | None = None
    """`schedulerName`. Default: left out."""
    host_users: bool | None = None
    """`hostUsers`. False: the pod has users of its own, which are nobody on the node. Default: left out."""
    termination_grace_seconds: quantities.Positive | None = None
    """`terminationGracePeriodSeconds`. Default: what the pod needs. A worker's is `Worker.grace_seconds`."""
    mesh: Mesh | None = None
    """The service mesh whose proxy is beside the pod: its annotations. None: no mesh, or one without proxies."""
    rollout_token: naming.AnnotationValue | None = None
    """The value of a pod annotation: a new value replaces the pods. Use it after a change of a Secret's content."""
    reloader: bool = False
    """Whether Stakater's Reloader replaces the pods when a Secret or ConfigMap that they use changes."""

    def contradictions(self) -> Iterable[Finding]:
        for label in SELECTOR_LABELS:
            if label in self.labels:
                yield self.finding("labels", f"{label!r} belongs to the selector: leave it out")
        if (problem := scheduling.repeated_spread(plain(self.topology_spread_constraints or ()))) is not None:
            yield self.finding("topology_spread_constraints", problem)
        yield from self._namesakes(
            "volumes", [*(item.name for item in self.volumes), *(item.name for item in self.claims)]
        )
        yield from self._namesakes("sidecars", self._container_names())
        if self.dns_policy == "None" and not plain(self.dns_config or {}).get("nameservers"):
            yield self.finding("dns_policy", "'None' without nameservers: name them in dns_config")
        for name in self.mesh.annotations if self.mesh is not None else ():
            if name in self.annotations:
                yield self.finding("annotations", f"{name!r} is set by 'mesh': leave it out of one")
        if self.safe_to_evict is not None and SAFE_TO_EVICT in self.annotations:
            yield self.finding("annotations", f"{SAFE_TO_EVICT!r} is set by 'safe_to_evict': leave it out of one")

    def _container_names(self) -> list[str]:
        further = (*self.sidecars, *self.init_containers, *self.init_containers_after_gate)
        return [plain(container)["name"] for container in further]

    def _namesakes(self, field: str, names: list[str]) -> Iterable[Finding]:
        kind = "volumes" if field == "volumes" else "containers"
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield self.finding(field, f"two {kind} are called {name!r}")
