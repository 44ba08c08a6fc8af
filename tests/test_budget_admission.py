"""What a real API server does with evictions of pods that have the default budget, or two (make admission)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import admission
import pytest
from admission import NAMESPACE, TOKEN, ApiServer
from deployments import objects, queue

from flowise_constructs import Names, Worker

pytestmark = [
    pytest.mark.admission,
    pytest.mark.skipif(not admission.ASSETS, reason="KUBEBUILDER_ASSETS names no directory of etcd and kube-apiserver"),
]
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
BUDGETS = f"/apis/policy/v1/namespaces/{NAMESPACE}/poddisruptionbudgets"
MERGE = "application/merge-patch+json"
WORKER = "flowise-worker"
DEPLOYED = objects(queue(worker=Worker(replicas=3), names=Names(namespace=NAMESPACE)))


def of(kind: str) -> dict[str, Any]:
    [found] = (item for item in DEPLOYED if (item["kind"], item["metadata"]["name"]) == (kind, WORKER))
    return found


class Workers:
    """Three pods of the Deployment, as its controllers and the kubelet would leave them."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server
        template = of("Deployment")["spec"]["template"]
        for name in ("a", "b", "c"):
            metadata = {**template["metadata"], "name": name}
            server.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
            server._want("POST", f"{PODS}/{name}/binding", {"metadata": {"name": name}, "target": {"name": "node"}})
            self.set_ready(name, ready=True)

    def set_ready(self, name: str, *, ready: bool) -> None:
        condition = {"type": "Ready", "status": "True" if ready else "False"}
        self.server._want(
            "PATCH", f"{PODS}/{name}/status", {"status": {"phase": "Running", "conditions": [condition]}}, MERGE
        )

    def allow(self, budget: str, number: int) -> None:
        """What the disruption controller has counted."""
        generation = self.server._want("GET", f"{BUDGETS}/{budget}")["metadata"]["generation"]
        counted = {"currentHealthy": 3, "desiredHealthy": 2, "expectedPods": 3, "observedGeneration": generation}
        self.server._want(
            "PATCH", f"{BUDGETS}/{budget}/status", {"status": {**counted, "disruptionsAllowed": number}}, MERGE
        )

    def evict(self, name: str) -> str | None:
        """What is said to `kubectl drain`; None: the pod goes."""
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": NAMESPACE}}
        return self.server.error_of("POST", f"{PODS}/{name}/eviction", body, TOKEN)


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    server = ApiServer(tmp_path_factory.mktemp("api-server"))
    try:
        for kind in ("ServiceAccount", "PodDisruptionBudget"):
            server.create(of(kind))
        yield Workers(server)
    finally:
        server.stop()


def test_the_default_budget_lets_one_pod_go_and_then_no_other(workers: Workers) -> None:
    workers.allow(WORKER, 1)
    assert workers.evict("a") is None
    assert "would violate the pod's disruption budget" in str(workers.evict("b"))


def test_a_pod_that_is_not_ready_goes_all_the_same(workers: Workers) -> None:
    workers.allow(WORKER, 0)
    workers.set_ready("b", ready=False)
    assert workers.evict("b") is None


def test_no_pod_of_two_budgets_can_be_evicted(workers: Workers) -> None:
    workers.server.create({**of("PodDisruptionBudget"), "metadata": {"name": "second"}})
    for budget in (WORKER, "second"):
        workers.allow(budget, 1)
    assert "more than one PodDisruptionBudget" in str(workers.evict("c"))
