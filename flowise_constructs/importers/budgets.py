"""PodDisruptionBudgets of main and workers, where the source has none of its own."""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs import DisruptionBudget
from flowise_constructs.core.plain import is_map
from flowise_constructs.importers.release import Release
from flowise_constructs.manifests.objects import map_at
from flowise_constructs.manifests.selectors import matches


def added_budget(
    release: Release, replicas: str, labels: Mapping[str, str], *, extra: str, value: str, scaled: bool = False
) -> DisruptionBudget | None:
    """This library's budget, and a word on it where it is made. None if the user's own manifests have one for pods of
    these labels: a pod of two budgets can't be evicted at all. `scaled`: an autoscaler sets the number of pods."""
    if release.number(replicas) < 2 and not scaled:
        return DisruptionBudget()
    if (own := _own_budget(release, extra, labels)) is not None:
        release.remark(own, f"is the PodDisruptionBudget of these pods: {value} makes no other")
        return None
    why = "is scaled" if scaled else "is above 1"
    release.remark(
        replicas,
        f"{why}: a PodDisruptionBudget is added, which lets one pod go at a time, and the pods are spread over "
        f"hosts and zones; {value}=None and topology_spread_constraints=() in Python leave them out",
    )
    return DisruptionBudget()


def _own_budget(release: Release, extra: str, labels: Mapping[str, str]) -> str | None:
    for path, entry in release.entries(extra):
        selector = map_at(entry, "spec").get("selector")
        if entry.get("kind") == "PodDisruptionBudget" and is_map(selector) and matches(selector, labels):
            return path
    return None
