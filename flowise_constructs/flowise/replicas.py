"""How many pods of a main or a worker there can be, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator

from flowise_constructs.kubernetes.availability import DisruptionBudget


def runs_several(replicas: int) -> bool:
    """Whether two or more pods can run, so that one may go while another serves."""
    return replicas >= 2


def fewest(replicas: int) -> int:
    """The least number of pods that is wanted."""
    return replicas


def budget_doubts(budget: DisruptionBudget | None, replicas: int) -> Iterator[str]:
    """What is likely not meant."""
    if budget is None:
        return
    name, bound = budget.bound
    if not runs_several(replicas):
        if budget != DisruptionBudget():
            yield "is made for two or more pods: for one it would block every drain or do nothing; leave it out"
    elif budget.evictable(fewest(replicas)) == 0:
        pods = fewest(replicas)
        yield f"{name} {bound!r} lets none of {pods} pods go, so that every drain of their nodes waits for ever"
