"""The pods that objects make, as their templates tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flowise_constructs.manifests.objects import ObjectName, listed, map_at

POD_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


@dataclass(frozen=True, kw_only=True)
class Pods:
    """The pods of one object."""

    owner: ObjectName
    """The object."""
    item: Mapping[str, Any]
    """What it is."""
    labels: Mapping[str, Any]
    """The labels of its template."""
    spec: Mapping[str, Any]
    """The template's spec."""
    path: str
    """Where that stands in the object."""

    def containers(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Every container with its path, those that run before the others too."""
        words = ("initContainers", "containers", "ephemeralContainers")
        return [found for word in words for found in listed(self.spec, word, at=self.path)]

    def ports(self) -> list[Mapping[str, Any]]:
        """The ports that a Service reaches: of containers that stay."""
        staying = [
            container
            for path, container in self.containers()
            if ".initContainers[" not in path or container.get("restartPolicy") == "Always"
        ]
        return [port for container in staying for _, port in listed(container, "ports")]


def pods_of(name: ObjectName, item: Mapping[str, Any]) -> Pods | None:
    """The pods that an object makes; None for an object that makes none, or doesn't tell."""
    way = POD_TEMPLATES.get(name.kind)
    if way is None:
        # A custom resource in the manner of a Deployment, such as a Rollout.
        way = ("spec", "template")
        if not listed(item, *way, "spec", "containers"):
            return None
    return Pods(
        owner=name,
        item=item,
        labels=map_at(item, *way, "metadata", "labels"),
        spec=map_at(item, *way, "spec"),
        path=".".join([*way, "spec"]),
    )
