"""The queues that workers follow: who counts them, and how many jobs there may be to a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.kubernetes.certificates import Certificates
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.references import Pem
from flowise_constructs.queueing.values import Queue
from flowise_constructs.queueing.variables import queue_name
from flowise_constructs.scaling.autoscaler import autoscaler
from flowise_constructs.scaling.keda import RedisAccess, scaled_object, trigger_authentication
from flowise_constructs.scaling.values import ExternalMetric, QueueScaling

STATES = ("waiting", "active")
"""As BullMQ's exporter names the lists `wait` and `active`."""


@dataclass(frozen=True, kw_only=True)
class Queues:
    """The queues of a deployment."""

    queue: Queue
    kinds: Sequence[str]
    """Of which there is a queue each, in this release of Flowise."""
    concurrency: int
    """Jobs at a time, of a worker."""
    authorities: Pem | None
    """Whom Flowise trusts beside public authorities."""
    certificates: Certificates
    """Where those that are given as text stand."""

    @property
    def names(self) -> list[str]:
        """Each as BullMQ calls it."""
        return [queue_name(self.queue, kind) for kind in self.kinds]


def queue_scaler(
    scope: Construct, identity: Identity, scaling: QueueScaling, queues: Queues
) -> Mapping[str, ApiObject]:
    """The objects that scale workers, by their ids."""
    jobs = Decimal(str(scaling.target_busy)) * queues.concurrency
    if scaling.metric is not None:
        return {"Autoscaler": autoscaler(scope, identity, scaling, _metric(scaling.metric, queues.names, jobs))}
    access = RedisAccess(queues.queue, identity, queues.authorities, queues.certificates, scaling.authentication)
    made = trigger_authentication(scope, access)
    return {
        **({"TriggerAuthentication": made} if made is not None else {}),
        "ScaledObject": scaled_object(scope, scaling, access, queues.kinds, jobs),
    }


def _metric(metric: ExternalMetric, queues: Sequence[str], jobs: Decimal) -> Manifest:
    expressions = [
        {"key": "queue", "operator": "In", "values": list(queues)},
        {"key": "state", "operator": "In", "values": list(STATES)},
    ]
    selector = {"matchLabels": dict(metric.labels) or None, "matchExpressions": expressions}
    return {
        "type": "External",
        "external": {
            "metric": {"name": metric.name, "selector": selector},
            "target": {"type": "AverageValue", "averageValue": _quantity(jobs)},
        },
    }


def _quantity(number: Decimal) -> str:
    """As the API server writes it."""
    milli = int(number * 1000)
    for suffix, unit in (("k", 1000 * 1000), ("", 1000)):
        if milli % unit == 0:
            return f"{milli // unit}{suffix}"
    return f"{milli}m"
