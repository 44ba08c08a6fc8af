"""Autoscalers of main and workers among the source's own manifests: neither chart makes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowise_constructs import External
from flowise_constructs.importers.release import Release
from flowise_constructs.manifests.objects import map_at

_KINDS = ("HorizontalPodAutoscaler", "ScaledObject")


def replicas_of(
    release: Release, at: str, deployment: str, *, extra: str, may_be_several: bool = True
) -> int | External:
    """The number of pods; `External()` where one of the user's own manifests scales the Deployment."""
    number = release.number(at)
    if (found := scaler_of(release, extra, deployment)) is None:
        return number
    path, kind = found
    if not may_be_several:
        problem = f"scales {deployment!r} outside queue mode, where each main would run every schedule"
        release.refuse(path, f"{problem}: remove it, or use queue mode")
        return number
    instead = "QueueScaling or External()" if deployment.endswith("-worker") else "CpuScaling or External()"
    release.remark(
        at,
        f"is not carried over: the {kind} in {path} sets the number of pods, and the YAML has none. Before the first "
        f"apply: kubectl apply edit-last-applied deployment/{deployment}, without 'replicas'. In Python: {instead}",
    )
    return External()


def scaler_of(release: Release, extra: str, deployment: str) -> tuple[str, str] | None:
    """The path and kind of the manifest that scales it, if there is one."""
    for path, entry in release.entries(extra):
        if entry.get("kind") in _KINDS and _names(map_at(entry, "spec", "scaleTargetRef"), deployment):
            return path, str(entry["kind"])
    return None


def _names(target: Mapping[str, Any], deployment: str) -> bool:
    return target.get("name") == deployment and target.get("kind", "Deployment") == "Deployment"
