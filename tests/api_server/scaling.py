"""HorizontalPodAutoscalers."""

from __future__ import annotations

from typing import Any

from api_server.containers import NUMBERS
from api_server.subject import Subject, lengths

LARGEST = 2**31 - 1
PERIODS = [*NUMBERS, 31, 60, 1799, 1800, 1801, 3599, 3601]


def _autoscaler(metric: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}
    given = metric or _of_cpu(70)
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": LARGEST, "metrics": [given], **fields}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "a"},
        "spec": spec,
    }


def _of_cpu(percent: Any) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "a", "target": target}}


def _external(name: Any) -> dict[str, Any]:
    target = {"type": "AverageValue", "averageValue": "7"}
    return {"type": "External", "external": {"metric": {"name": name}, "target": target}}


def _down(window: Any = 3600, period: Any = 60) -> dict[str, Any]:
    policy = {"type": "Pods", "value": 1, "periodSeconds": period}
    return {"scaleDown": {"stabilizationWindowSeconds": window, "policies": [policy]}}


SUBJECTS = [
    Subject("least replicas", lambda value: _autoscaler(minReplicas=value), NUMBERS),
    Subject("most replicas", lambda value: _autoscaler(maxReplicas=value), NUMBERS),
    Subject("cpu target", lambda value: _autoscaler(_of_cpu(value)), NUMBERS),
    Subject("stabilization window", lambda value: _autoscaler(behavior=_down(window=value)), PERIODS),
    Subject("policy's period", lambda value: _autoscaler(behavior=_down(period=value)), PERIODS),
    Subject(
        "external metric's name",
        lambda value: _autoscaler(_external(value)),
        ["bullmq_job_count", "", ".", "..", "a.b", "a-b", "a:b", "a/b", "a%b", *lengths(253, 254, 1000)],
    ),
]
