"""What follows from how many pods of a main or a worker there can be."""

from __future__ import annotations

from collections.abc import Iterator

from flowise_constructs.kubernetes.availability import DisruptionBudget
from flowise_constructs.scaling.values import External, Replicas, fewest, runs_several


def budget_doubts(budget: DisruptionBudget | None, replicas: Replicas) -> Iterator[str]:
    """What is likely not meant."""
    if budget is None:
        return
    name, bound = budget.bound
    if not runs_several(replicas):
        if budget != DisruptionBudget():
            yield "is made for two or more pods: for one it would block every drain or do nothing; leave it out"
    elif not isinstance(replicas, External) and budget.evictable(fewest(replicas)) == 0:
        pods = fewest(replicas)
        yield f"{name} {bound!r} lets none of {pods} pods go, so that every drain of their nodes waits for ever"
