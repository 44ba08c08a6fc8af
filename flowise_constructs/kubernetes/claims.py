"""Claims that are made beside a pod's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import naming, paths, quantities, texts
from flowise_constructs.core.value import Value

AccessMode: TypeAlias = Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"]


@dataclass(frozen=True, kw_only=True)
class LogClaim(Value):
    """A new claim for Flowise's log files, `{workload}-logs`, so that they outlive the pod. Flowise rotates some files
    and deletes none: somebody must."""

    size: quantities.Size = "10Gi"
    """`resources.requests.storage`."""
    storage_class: naming.ObjectName | None = None
    """`storageClassName`. Default: left out, the cluster's default class."""
    access_mode: AccessMode = "ReadWriteOnce"
    """`accessModes`. With any mode except `ReadWriteMany` one pod may write, and a rollout stops it first."""
    annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Annotations of the claim. Example: `{"helm.sh/resource-policy": "keep"}`."""


@dataclass(frozen=True, kw_only=True)
class ExtraClaim(Value):
    """A new claim beside the data claim, `{workload}-{name}`, and where it is mounted in the main container."""

    name: naming.DnsLabel
    """Name of the volume in the pod, and end of the claim's name. Example: `"models"`."""
    mount_path: paths.Directory
    """`mountPath`. Example: `"/models"`."""
    size: quantities.Size = "10Gi"
    """`resources.requests.storage`."""
    storage_class: naming.ObjectName | None = None
    """`storageClassName`. Default: left out, the cluster's default class."""
    access_mode: AccessMode = "ReadWriteOnce"
    """`accessModes`. With any mode except `ReadWriteMany` one pod may use it, and a rollout stops it first."""
    sub_path: texts.Text | None = None
    """`subPath`."""
    read_only: bool = False
    """`readOnly`."""
    annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Annotations of the claim, such as those that keep it when its manifest goes: see `DataClaim.annotations`."""

    def contradictions(self) -> Iterable[Finding]:
        if self.sub_path is not None and (problem := relative(self.sub_path)) is not None:
            yield self.finding("sub_path", problem)


def relative(sub_path: str) -> str | None:
    """What is wrong with a `subPath`."""
    if sub_path.startswith("/") or ".." in sub_path.split("/"):
        return f"{sub_path!r} must be a relative path without '..'"
    return None


def of_one_pod(claims: Mapping[str, LogClaim | ExtraClaim]) -> Iterator[str]:
    """The names of those that two pods can't use at once, whatever their nodes."""
    return (name for name, claim in claims.items() if claim.access_mode != "ReadWriteMany")


def by_name(claims: Sequence[ExtraClaim], logs: object = None) -> dict[str, LogClaim | ExtraClaim]:
    """A pod's claims, with that of its logs where there is one."""
    named: dict[str, LogClaim | ExtraClaim] = {claim.name: claim for claim in claims}
    return {**named, **({"logs": logs} if isinstance(logs, LogClaim) else {})}
