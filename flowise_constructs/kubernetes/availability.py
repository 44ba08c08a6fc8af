"""How many of a Deployment's pods may be taken away at once, and where they run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import quantities
from flowise_constructs.core.value import Value

SPREAD_OVER = ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
"""Labels of nodes over whose values several pods are spread."""


@dataclass(frozen=True, kw_only=True)
class DisruptionBudget(Value):
    """A PodDisruptionBudget: how many pods may be evicted at once, by `kubectl drain`, an upgrade of the nodes or a
    cluster autoscaler. A lost node, a probe and a rollout evict nobody, so they aren't held back by it."""

    max_unavailable: quantities.Count | quantities.Percentage | None = None
    """`maxUnavailable`: a number of pods, or a percentage of them, which is rounded up. Default: 1, unless
    `min_available` is given. Example: `"25%"`."""
    min_available: quantities.Count | quantities.Percentage | None = None
    """`minAvailable`: a number of pods, or a percentage of them, which is rounded up. If it isn't below the number of
    pods, every drain of their nodes waits for ever. Example: `2`."""
    unhealthy_pods: Literal["AlwaysAllow", "IfHealthyBudget"] = "AlwaysAllow"
    """`unhealthyPodEvictionPolicy`: whether a pod that is not Ready may always be evicted. With `IfHealthyBudget`,
    Kubernetes' own default, it may be only while enough others are Ready, so that pods that never become Ready block
    the drain of their nodes."""

    def contradictions(self) -> Iterable[Finding]:
        if self.max_unavailable is not None and self.min_available is not None:
            yield self.finding("min_available", "is given beside 'max_unavailable': Kubernetes takes one of them")

    @property
    def bound(self) -> tuple[str, int | str]:
        """The one that counts, under Kubernetes' name."""
        if self.min_available is not None:
            return "minAvailable", self.min_available
        return "maxUnavailable", 1 if self.max_unavailable is None else self.max_unavailable

    def evictable(self, pods: int) -> int:
        """How many of so many pods, all of them Ready, may be evicted at once."""
        name, bound = self.bound
        number = bound if isinstance(bound, int) else quantities.share(bound, pods)
        return max(0, pods - number) if name == "minAvailable" else min(number, pods)


def default_spread() -> list[dict[str, Any]]:
    """Over hosts and over zones where there is room, counting the pods of one revision alone: otherwise the new pods of
    a rollout would stay away from the old ones, and stand together once those are gone."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "matchLabelKeys": ["pod-template-hash"],
        }
        for key in SPREAD_OVER
    ]
