"""A real API server admits what scales, and stores it as it is: `kubectl diff` shows nothing (make admission)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import admission
import cluster
import deployments
import pytest
import yaml
from admission import ApiServer

from flowise_constructs import CpuScaling, ExternalMetric, Main, QueueScaling, Worker

KEDA = os.environ.get("KEDA_DEFINITIONS", "")
"""The folder of a release of KEDA with the definitions of ScaledObject and TriggerAuthentication (config/crd/bases)."""
DEFINITIONS = ("keda.sh_scaledobjects.yaml", "keda.sh_triggerauthentications.yaml")
VARIANTS = [name for name in deployments.VARIANTS if name.startswith("queue-scaled")]
AUTOSCALERS: dict[str, dict[str, Any]] = {
    "cpu": {"main": Main(replicas=CpuScaling(2, 5, target_percent=65, stabilization_seconds=600))},
    **{
        f"a target of {concurrency * share:g}": {
            "worker": Worker(
                replicas=QueueScaling(target_busy=share, metric=ExternalMetric(labels={"namespace": "ai"})),
                concurrency=concurrency,
            )
        }
        for concurrency, share in ((10, 0.7), (5, 0.7), (1000, 1), (3, 0.35))
    },
}

pytestmark = [
    pytest.mark.admission,
    pytest.mark.skipif(not admission.ASSETS, reason="KUBEBUILDER_ASSETS names no directory of etcd and kube-apiserver"),
    pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    running = ApiServer(tmp_path_factory.mktemp("api-server"))
    yield running
    running.stop()


def stays(server: ApiServer, document: dict[str, Any]) -> None:
    """It is admitted, without a word, and nothing is added to it or spelt otherwise."""
    verdict, stored = server.tried(document)
    assert (verdict.error, verdict.warnings) == (None, [])
    assert stored["spec"] == document["spec"]


@pytest.mark.parametrize("name", AUTOSCALERS)
def test_autoscalers_are_stored_as_they_are(server: ApiServer, name: str) -> None:
    documents = deployments.objects(deployments.queue(**AUTOSCALERS[name]))
    [found] = [item for item in documents if item["kind"] == "HorizontalPodAutoscaler"]
    stays(server, found)


@pytest.mark.skipif(not KEDA, reason="KEDA_DEFINITIONS names no folder with the definitions of a release of KEDA")
def test_kedas_objects_are_stored_as_they_are(server: ApiServer) -> None:
    for name in DEFINITIONS:
        server.define(yaml.safe_load((Path(KEDA) / name).read_text(encoding="utf-8")))
    found = [
        document
        for variant in VARIANTS
        for document in cluster.documents(deployments.variant(variant))
        if document["apiVersion"].startswith("keda.sh/")
    ]
    assert {item["kind"] for item in found} == {"ScaledObject", "TriggerAuthentication"}
    for document in found:
        stays(server, document)
    broken = {**found[0], "spec": {**found[0]["spec"], "unknown": 1}}
    assert "unknown" in str(server.admit(broken).error)
