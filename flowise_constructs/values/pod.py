"""What can be said of every pod."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

from flowise_constructs import checks
from flowise_constructs.values import scheduling
from flowise_constructs.values.value import Finding, Value, shown
from flowise_constructs.values.volume_source import volume_source


def _json(value: Any) -> str | None:
    """Plain data, as it would stand in YAML."""
    if isinstance(value, Mapping):
        items = cast(Mapping[Any, Any], value)
        wrong = [key for key in items if not isinstance(key, str)]
        return f"has the key {shown(wrong[0])}, which is no string" if wrong else _first_problem(items.values())
    if isinstance(value, (list, tuple)):
        return _first_problem(cast(Sequence[Any], value))
    if value is None or isinstance(value, (bool, int)):
        return None
    if isinstance(value, str):
        controls = any(checks.unsafe(character) for character in value)
        return "holds control characters" if controls else checks.misread(value)
    return f"holds {shown(value)}: give plain data as it would stand in YAML"


def _first_problem(items: Iterable[Any]) -> str | None:
    return next((problem for item in items if (problem := _json(item))), None)


KubernetesObject = Annotated[Mapping[str, Any], _json]
"""Plain data under Kubernetes' own names, as it would stand in YAML."""


@dataclass(frozen=True, kw_only=True)
class Resources(Value):
    """Requests and limits of a container. A memory limit always; no CPU limit unless said: it makes boots crawl."""

    cpu_request: checks.Quantity = "500m"
    """`requests.cpu`."""
    memory_request: checks.Size = "1Gi"
    """`requests.memory`. Flowise settles at about 700 MiB and peaks at 910 MiB while it boots."""
    memory_limit: checks.Size = "2Gi"
    """`limits.memory`; in Flowise's pods the JavaScript heap (`NODE_OPTIONS`) is 70 % of it."""
    cpu_limit: checks.Quantity | None = None
    """`limits.cpu`. A boot takes 13 to 17 CPU seconds."""

    def contradictions(self) -> Iterable[Finding]:
        if checks.amount(self.memory_request) > checks.amount(self.memory_limit):
            yield self.finding("memory_request", f"{self.memory_request!r} is above memory_limit {self.memory_limit!r}")
        if self.cpu_limit is not None and checks.amount(self.cpu_request) > checks.amount(self.cpu_limit):
            yield self.finding("cpu_request", f"{self.cpu_request!r} is above cpu_limit {self.cpu_limit!r}")

    @staticmethod
    def dev() -> Resources:
        """To try things out: boots, serves one person."""
        return Resources(cpu_request="250m", memory_request="768Mi", memory_limit="1536Mi")

    @staticmethod
    def small() -> Resources:
        """A team's installation; the default."""
        return Resources()

    @staticmethod
    def production() -> Resources:
        """Upserts of large documents need the heap."""
        return Resources(cpu_request="1", memory_request="2Gi", memory_limit="4Gi")


@dataclass(frozen=True, kw_only=True)
class ProbeNumbers(Value):
    """How often a probe asks and how much it forgives. What it asks is ours: Flowise answers 200 to any path."""

    period_seconds: checks.Positive = 10
    """`periodSeconds`."""
    timeout_seconds: checks.Positive = 5
    """`timeoutSeconds`."""
    failure_threshold: checks.Positive = 3
    """`failureThreshold`."""


@dataclass(frozen=True, kw_only=True)
class ServiceAccount(Value):
    """The pod's identity. Its token is never mounted."""

    name: checks.ObjectName | None = None
    """Default: the name of the pod's workload."""
    create: bool = True
    """False: an account that exists, which `name` names."""
    annotations: checks.Annotations = field(default_factory=dict[str, str])
    """Annotations, for workload identity."""

    def contradictions(self) -> Iterable[Finding]:
        if not self.create and self.name is None:
            yield self.finding("name", "None, and create=False: name the account that exists")
        if not self.create and self.annotations:
            yield self.finding("annotations", "can't be put on an account that is not made here: leave them out")
        if self.create and self.name == "default":
            yield self.finding("name", "'default' is the namespace's own account: take another name, or create=False")


@dataclass(frozen=True, kw_only=True)
class Volume(Value):
    """A further volume, and where the main container sees it."""

    name: checks.DnsLabel
    """Name in the pod."""
    source: Annotated[KubernetesObject, volume_source]
    """The volume without its name, as in YAML. Example: `{"configMap": {"name": "prompts"}}`."""
    mount_path: checks.Directory
    """`mountPath`."""
    sub_path: checks.Text | None = None
    """`subPath`."""
    read_only: bool = True
    """`readOnly`."""

    def contradictions(self) -> Iterable[Finding]:
        if self.sub_path is not None and (self.sub_path.startswith("/") or ".." in self.sub_path.split("/")):
            yield self.finding("sub_path", f"{self.sub_path!r} must be a relative path without '..'")


@dataclass(frozen=True, kw_only=True)
class PodOptions(Value):
    """Scheduling, metadata, volumes: what Kubernetes offers for every pod, under its own words."""

    labels: Mapping[checks.LabelKey, checks.LabelValue] = field(default_factory=dict[str, str])
    """Further pod labels; not those of the selector."""
    annotations: checks.Annotations = field(default_factory=dict[str, str])
    """Pod annotations."""
    node_selector: Mapping[checks.LabelKey, checks.LabelValue] = field(default_factory=dict[str, str])
    """`nodeSelector`."""
    tolerations: Sequence[Annotated[KubernetesObject, scheduling.toleration]] = ()
    """`tolerations`, as in YAML. Example: `[{"key": "dedicated", "operator": "Exists"}]`."""
    affinity: Annotated[KubernetesObject, scheduling.affinity] | None = None
    """`affinity`, as in YAML."""
    topology_spread_constraints: Sequence[Annotated[KubernetesObject, scheduling.spread]] = ()
    """`topologySpreadConstraints`, as in YAML; the pods' own selector is put in where `labelSelector` is missing."""
    priority_class_name: checks.ObjectName | None = None
    """`priorityClassName`."""
    service_account: ServiceAccount = ServiceAccount()
    """The pod's identity."""
    volumes: Sequence[Volume] = ()
    """Further volumes with their mounts."""
    rollout_token: checks.AnnotationValue | None = None
    """Put in a pod annotation: another word, and the pods are replaced. For a change of a Secret's content."""
    reloader: bool = False
    """Whether Stakater's Reloader replaces the pods when a Secret or ConfigMap that they use changes."""

    def contradictions(self) -> Iterable[Finding]:
        for label in scheduling.SELECTOR_LABELS:
            if label in self.labels:
                yield self.finding("labels", f"{label!r} belongs to the selector: leave it out")
        names = [volume.name for volume in self.volumes]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield self.finding("volumes", f"two volumes are called {name!r}")
        if (problem := scheduling.repeated_spread(self.topology_spread_constraints)) is not None:
            yield self.finding("topology_spread_constraints", problem)
