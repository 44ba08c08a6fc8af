"""Kubernetes' own autoscaler against the reference: the same depths of queues give the same numbers of workers.

The controllers of kube-controller-manager on a real API server, which gets the depths from a server of external metrics
made here. Seconds in place of minutes: the windows and periods of the YAML are shortened, for both.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import admission
import pytest
from admission import NAMESPACE, TOKEN, ApiServer
from autoscaling import Autoscaler
from backup.servers import free_port
from certificates import self_signed
from deployments import objects, queue

from flowise_constructs import ExternalMetric, QueueScaling, Worker

pytestmark = [
    pytest.mark.admission,
    pytest.mark.skipif(
        not admission.ASSETS or not (Path(admission.ASSETS) / "kube-controller-manager").exists(),
        reason="KUBEBUILDER_ASSETS names no directory of etcd, kube-apiserver and kube-controller-manager",
    ),
    pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning"),
]

GROUP = "external.metrics.k8s.io"
CONTROLLERS = "horizontal-pod-autoscaler-controller,deployment-controller,replicaset-controller"
DEPTHS = [(0, 14), (4, 500), (12, 52), (34, 61), (40, 70), (46, 5)]
"""Since when so many jobs wait or run, in seconds: 61 are within the tolerance of eight workers for 56."""
SECONDS = 95
WINDOW, PERIOD = 8, 4


class Metrics(BaseHTTPRequestHandler):
    """`external.metrics.k8s.io`, with one metric."""

    depth: ClassVar[int] = 0
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path.endswith("/v1beta1"):
            resource = {
                "name": "bullmq_job_count",
                "namespaced": True,
                "kind": "ExternalMetricValueList",
                "verbs": ["get"],
            }
            answer: dict[str, Any] = {
                "kind": "APIResourceList",
                "groupVersion": f"{GROUP}/v1beta1",
                "resources": [resource],
            }
        elif path.endswith("/bullmq_job_count"):
            self.asked.append(self.path)
            # Two series, as of two queues.
            values = [self.depth // 3, self.depth - self.depth // 3]
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            items = [
                {
                    "metricName": "bullmq_job_count",
                    "metricLabels": {"queue": str(number)},
                    "timestamp": now,
                    "value": str(value),
                }
                for number, value in enumerate(values)
            ]
            answer = {
                "kind": "ExternalMetricValueList",
                "apiVersion": f"{GROUP}/v1beta1",
                "metadata": {},
                "items": items,
            }
        else:
            self.send_error(404)
            return
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def metrics(folder: Path) -> Iterator[int]:
    """The port of the server of metrics."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
    (folder / "metrics").mkdir()
    certificate, key = self_signed(folder / "metrics", "DNS:localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()


class Aggregator(ApiServer):
    """An API server that passes requests for a group on to another one."""

    def _flags(self) -> list[str]:
        folder = self._directory / "proxy"
        folder.mkdir()
        certificate, key = self_signed(folder, "DNS:proxy")
        return [
            *super()._flags(),
            f"--requestheader-client-ca-file={certificate}",
            f"--proxy-client-cert-file={certificate}",
            f"--proxy-client-key-file={key}",
            "--requestheader-username-headers=X-Remote-User",
        ]

    def aggregate(self, port: int) -> None:
        """The group of external metrics, at a port of this machine."""
        service = {"name": "metrics", "namespace": NAMESPACE, "port": port}
        spec = {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]}
        self.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "metrics"}, "spec": spec})
        self.create(
            {
                "apiVersion": "apiregistration.k8s.io/v1",
                "kind": "APIService",
                "metadata": {"name": f"v1beta1.{GROUP}"},
                "spec": {
                    "group": GROUP,
                    "version": "v1beta1",
                    "service": service,
                    "insecureSkipTLSVerify": True,
                    "groupPriorityMinimum": 100,
                    "versionPriority": 100,
                },
            }
        )

    def read(self, path: str) -> Any:
        """An object."""
        return self._want("GET", path)


@contextmanager
def controllers(server: ApiServer, folder: Path) -> Iterator[Path]:
    """Kubernetes' own, which look every second; their log."""
    kubeconfig, log = folder / "kubeconfig", folder / "controllers.log"
    cluster = {"server": f"https://127.0.0.1:{server.port}", "insecure-skip-tls-verify": True}
    kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "a", "cluster": cluster}],
                "users": [{"name": "a", "user": {"token": TOKEN}}],
                "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
                "current-context": "a",
            }
        )
    )
    flags = [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--authentication-skip-lookup",
        f"--secure-port={free_port()}",
        f"--cert-dir={folder}/controllers",
        f"--controllers={CONTROLLERS}",
        "--leader-elect=false",
        "--horizontal-pod-autoscaler-sync-period=1s",
    ]
    with log.open("wb") as told:
        process = subprocess.Popen([f"{admission.ASSETS}/kube-controller-manager", *flags], stdout=told, stderr=told)
    try:
        yield log
    finally:
        process.kill()
        process.wait()


def shortened(autoscaler: dict[str, Any]) -> dict[str, Any]:
    """With seconds in the place of minutes."""
    down = autoscaler["spec"]["behavior"]["scaleDown"]
    down["stabilizationWindowSeconds"] = WINDOW
    down["policies"][0]["periodSeconds"] = PERIOD
    return autoscaler


def depth_at(second: float) -> int:
    return next(depth for since, depth in reversed(DEPTHS) if second >= since)


def expected(autoscaler: dict[str, Any]) -> list[tuple[float, int]]:
    """The numbers that the reference goes through, and since when."""
    spec = autoscaler["spec"]
    target = float(spec["metrics"][0]["external"]["target"]["averageValue"])
    reference = Autoscaler(spec["minReplicas"], spec["maxReplicas"], target, spec["behavior"])
    numbers: list[tuple[float, int]] = [(0, 2)]
    for second in range(SECONDS):
        numbers.append((second, reference.decide(second, numbers[-1][1], depth_at(second))))
    return changes(numbers)


def changes(numbers: list[tuple[float, int]]) -> list[tuple[float, int]]:
    return [numbers[0], *(later for earlier, later in pairwise(numbers) if earlier[1] != later[1])]


def test_the_reference_decides_as_kubernetes_does(tmp_path: Path) -> None:
    scaling = QueueScaling(minimum=2, maximum=10, metric=ExternalMetric())
    documents = objects(queue(worker=Worker(replicas=scaling, concurrency=10)))
    [autoscaler] = [shortened(item) for item in documents if item["kind"] == "HorizontalPodAutoscaler"]
    [workers] = [
        item for item in documents if item["kind"] == "Deployment" and item["metadata"]["name"].endswith("worker")
    ]
    [account] = [
        item for item in documents if item["kind"] == "ServiceAccount" and item["metadata"]["name"].endswith("worker")
    ]
    place = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/flowise-worker"
    server = Aggregator(tmp_path)
    try:
        with metrics(tmp_path) as port, controllers(server, tmp_path) as log:
            server.aggregate(port)
            for item in (account, {**workers, "spec": {**workers["spec"], "replicas": 2}}):
                server.create(item)
            wait(lambda: server.read(place).get("status", {}).get("replicas") == 2, log)
            Metrics.depth = depth_at(0)
            wait(lambda: serves(server), log)
            server.create(autoscaler)
            wait(lambda: bool(Metrics.asked), log)
            start, seen = time.monotonic(), [(0.0, 2)]
            while (now := time.monotonic() - start) < SECONDS:
                Metrics.depth = depth_at(now)
                seen.append((now, server.read(place)["spec"]["replicas"]))
                time.sleep(0.2)
    finally:
        server.stop()
    wanted, found = expected(autoscaler), changes(seen)
    assert [number for _, number in wanted] == [2, 10, 9, 8, 10, 9, 8, 7, 6, 5, 4, 3, 2]
    assert [number for _, number in found] == [number for _, number in wanted]
    assert [at for at, _ in found] == pytest.approx([at for at, _ in wanted], abs=8)
    assert all("state" in path and "active" in path and "waiting" in path for path in Metrics.asked)


def serves(server: Aggregator) -> bool:
    try:
        server.read(f"/apis/{GROUP}/v1beta1/namespaces/{NAMESPACE}/bullmq_job_count")
    except AssertionError:
        return False
    Metrics.asked.clear()
    return True


def wait(condition: Any, log: Path) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-3000:]
        time.sleep(0.2)
