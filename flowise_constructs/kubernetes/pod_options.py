"""Options that every pod has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

from flowise_constructs.core.findings import Finding, warn
from flowise_constructs.core.rules import naming, paths, quantities, texts
from flowise_constructs.core.value import Value
from flowise_constructs.kubernetes import scheduling
from flowise_constructs.kubernetes.labels import SELECTOR_LABELS
from flowise_constructs.kubernetes.schema import Passed, plain
from flowise_constructs.kubernetes.volume_source import volume_source


class TolerationStruct(Protocol):
    """`Toleration` as the classes of cdk8s-plus, or of `cdk8s import k8s`, have it."""

    @property
    def toleration_seconds(self) -> int | float | None:
        """`tolerationSeconds`."""
        ...


class AffinityStruct(Protocol):
    """`Affinity` as those classes have it."""

    @property
    def pod_anti_affinity(self) -> object:
        """`podAntiAffinity`."""
        ...


class SpreadStruct(Protocol):
    """`TopologySpreadConstraint` as those classes have it."""

    @property
    def when_unsatisfiable(self) -> str:
        """`whenUnsatisfiable`."""
        ...


Toleration = Annotated[Mapping[str, Any] | TolerationStruct, Passed("Toleration"), scheduling.toleration]
Affinity = Annotated[Mapping[str, Any] | AffinityStruct, Passed("Affinity"), scheduling.affinity]
Spread = Annotated[Mapping[str, Any] | SpreadStruct, Passed("TopologySpreadConstraint"), scheduling.spread]
VolumeSource = Annotated[Mapping[str, Any], Passed("Volume", without="name"), volume_source]


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


_UNRESTRICTED_KINDS = frozenset(
    (
        *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "fc", "flexVolume", "flocker"),
        *("gcePersistentDisk", "gitRepo", "glusterfs", "hostPath", "iscsi", "nfs", "photonPersistentDisk"),
        *("portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"),
    )
)
"""The volumes that Pod Security "restricted" doesn't admit."""


@dataclass(frozen=True, kw_only=True)
class Volume(Value):
    """An extra volume, and where it is mounted in the main container."""

    name: naming.DnsLabel
    """Name in the pod."""
    source: VolumeSource
    """The volume without its name, as in YAML. Example: `{"configMap": {"name": "prompts"}}`."""
    mount_path: paths.Directory
    """`mountPath`."""
    sub_path: texts.Text | None = None
    """`subPath`."""
    read_only: bool = True
    """`readOnly`."""

    def contradictions(self) -> Iterable[Finding]:
        kind = next(iter(self.source), "")
        if kind in _UNRESTRICTED_KINDS:
            warn(
                f"Volume.source: {kind!r} is refused in a namespace that enforces Pod Security 'restricted': make a "
                "PersistentVolume of it, and name its claim"
            )
        if self.sub_path is not None and (self.sub_path.startswith("/") or ".." in self.sub_path.split("/")):
            yield self.finding("sub_path", f"{self.sub_path!r} must be a relative path without '..'")


@dataclass(frozen=True, kw_only=True)
class PodOptions(Value):
    """Scheduling, metadata, volumes: what Kubernetes offers for every pod, under its own names."""

    labels: Mapping[naming.LabelKey, naming.LabelValue] = field(default_factory=dict[str, str])
    """Extra pod labels; not those of the selector."""
    annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Pod annotations."""
    node_selector: Mapping[naming.LabelKey, naming.LabelValue] = field(default_factory=dict[str, str])
    """`nodeSelector`."""
    tolerations: Sequence[Toleration] = ()
    """`tolerations`, as in YAML. Example: `[{"key": "dedicated", "operator": "Exists"}]`."""
    affinity: Affinity | None = None
    """`affinity`, as in YAML."""
    topology_spread_constraints: Sequence[Spread] = ()
    """`topologySpreadConstraints`, as in YAML. If `labelSelector` is missing, the pods' own selector is used."""
    priority_class_name: naming.ObjectName | None = None
    """`priorityClassName`."""
    service_account: ServiceAccount = ServiceAccount()
    """The pod's service account."""
    volumes: Sequence[Volume] = ()
    """Extra volumes with their mounts."""
    rollout_token: naming.AnnotationValue | None = None
    """The value of a pod annotation: a new value replaces the pods. Use it after a change of a Secret's content."""
    reloader: bool = False
    """Whether Stakater's Reloader replaces the pods when a Secret or ConfigMap that they use changes."""

    def contradictions(self) -> Iterable[Finding]:
        for label in SELECTOR_LABELS:
            if label in self.labels:
                yield self.finding("labels", f"{label!r} belongs to the selector: leave it out")
        names = [volume.name for volume in self.volumes]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield self.finding("volumes", f"two volumes are called {name!r}")
        if (problem := scheduling.repeated_spread(plain(self.topology_spread_constraints))) is not None:
            yield self.finding("topology_spread_constraints", problem)
