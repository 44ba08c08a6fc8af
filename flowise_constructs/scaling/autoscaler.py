"""A HorizontalPodAutoscaler, and what it and KEDA have in common. The API server's defaults are written out: KEDA's
operator, and controllers that compare, see no difference then."""

from __future__ import annotations

from collections.abc import Mapping

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta
from flowise_constructs.scaling.values import CpuScaling, QueueScaling, Replicas

SYNC_SECONDS = 15
"""How often Kubernetes' controller looks, and so the shortest period that says anything."""


def target_of(identity: Identity) -> Manifest:
    """The Deployment."""
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": identity.name}


def behavior(scaling: QueueScaling | CpuScaling) -> Manifest:
    """Up at once as far as needed; down one pod at a time."""
    return {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Max",
            "policies": [{"type": "Pods", "value": scaling.maximum, "periodSeconds": SYNC_SECONDS}],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": scaling.stabilization_seconds,
            "selectPolicy": "Max",
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": scaling.scale_down_seconds}],
        },
    }


def autoscaler(scope: Construct, identity: Identity, scaling: QueueScaling | CpuScaling, metric: Manifest) -> ApiObject:
    """HorizontalPodAutoscaler of the same name as the Deployment."""
    return api_object(
        scope,
        "Autoscaler",
        api_version="autoscaling/v2",
        kind="HorizontalPodAutoscaler",
        metadata=object_meta(identity),
        spec={
            "scaleTargetRef": target_of(identity),
            "minReplicas": scaling.minimum,
            "maxReplicas": scaling.maximum,
            "metrics": [metric],
            "behavior": behavior(scaling),
        },
    )


def cpu_scaler(scope: Construct, identity: Identity, replicas: Replicas, container: str) -> Mapping[str, ApiObject]:
    """The autoscaler of mains by its id, if there is one.

    It follows the CPU of one container: that of the whole pod isn't known while a sidecar has no request.
    """
    if not isinstance(replicas, CpuScaling):
        return {}
    target = {"type": "Utilization", "averageUtilization": replicas.target_percent}
    metric = {
        "type": "ContainerResource",
        "containerResource": {"name": "cpu", "container": container, "target": target},
    }
    return {"Autoscaler": autoscaler(scope, identity, replicas, metric)}
