"""The PodDisruptionBudget of a Deployment."""

from __future__ import annotations

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.kubernetes.availability import DisruptionBudget
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import api_object, object_meta


def disruption_budget(
    scope: Construct, identity: Identity, budget: DisruptionBudget | None, *, several: bool
) -> ApiObject | None:
    """It is made only where there can be several pods: for one it would block every drain of the node, or do
    nothing."""
    if budget is None or not several:
        return None
    name, bound = budget.bound
    return api_object(
        scope,
        "DisruptionBudget",
        api_version="policy/v1",
        kind="PodDisruptionBudget",
        metadata=object_meta(identity),
        spec={
            name: bound,
            "unhealthyPodEvictionPolicy": budget.unhealthy_pods,
            "selector": {"matchLabels": dict(identity.selector)},
        },
    )
