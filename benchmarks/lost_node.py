"""What the controllers of Kubernetes do with the bundled servers' pods when their node is lost, and after how long.

A real API server and controller manager (`KUBEBUILDER_ASSETS` names the directory of `etcd`, `kube-apiserver` and
`kube-controller-manager`), the StatefulSets and Deployments of an example, and two nodes that this script keeps alive
as a kubelet does: lease, status, running pods. Then it stops keeping one of them. Takes ten minutes; prints seconds.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from subprocess import Popen
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

# isort: off
from flowise_constructs.jsii_node import use_bundled_node  # noqa: E402

# cdk8s starts Node when it is imported.
use_bundled_node()
# isort: on

from admission import ASSETS, NAMESPACE, TOKEN, ApiServer  # noqa: E402
from deployments import AUTH, BUCKET, objects  # noqa: E402

from flowise_constructs import (  # noqa: E402
    BundledPostgres,
    BundledRedis,
    Main,
    Queue,
    QueueChart,
    Worker,
)

Object = dict[str, Any]
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
SERVER, WORKER = "flowise-postgresql-0", "flowise-worker-"
OUT_OF_SERVICE = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}


def deployed() -> list[Object]:
    """A queue deployment with its own servers, whose image is never pulled here."""
    return objects(
        lambda app: QueueChart(
            app,
            "flowise",
            auth=AUTH,
            database=BundledPostgres(),
            queue=Queue(redis=BundledRedis()),
            storage=BUCKET,
            main=Main(awaits_owner=False),
            worker=Worker(replicas=2),
        )
    )


def now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Cluster:
    """The API server with controllers and two nodes."""

    def __init__(self, folder: Path) -> None:
        self.server, self.folder = ApiServer(folder), folder
        self.alive = {"one", "two"}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._controllers = self._start_controllers()
        for name in sorted(self.alive):
            self.call("POST", "/api/v1/nodes", {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}})
        self._kubelets = threading.Thread(target=self._keep_alive, daemon=True)
        self._kubelets.start()

    def _start_controllers(self) -> Popen[bytes]:
        config = self.folder / "kubeconfig"
        config.write_text(
            f"""{{apiVersion: v1, kind: Config, current-context: a,
  clusters: [{{name: a, cluster: {{server: "https://127.0.0.1:{self.server.port}", insecure-skip-tls-verify: true}}}}],
  users: [{{name: a, user: {{token: {TOKEN}}}}}], contexts: [{{name: a, context: {{cluster: a, user: a}}}}]}}"""
        )
        flags = [f"--kubeconfig={config}", "--leader-elect=false", "--use-service-account-credentials=false"]
        log = (self.folder / "controllers.log").open("wb")
        return Popen([f"{ASSETS}/kube-controller-manager", *flags], stdout=log, stderr=log)

    def call(self, method: str, path: str, body: Any = None, type: str = "application/json") -> Any:
        """The body of a good answer."""
        with self._lock:
            return self.server._want(method, path, body, type=type)

    def patch(self, path: str, body: Any) -> None:
        self.call("PATCH", path, body, "application/merge-patch+json")

    def pods(self) -> list[Object]:
        return list(self.call("GET", PODS)["items"])

    def pod(self, name: str) -> Object | None:
        return next((pod for pod in self.pods() if pod["metadata"]["name"] == name), None)

    def node(self, name: str) -> Object:
        return dict(self.call("GET", f"/api/v1/nodes/{name}"))

    def stop(self) -> None:
        self._stopped.set()
        self._kubelets.join()
        self._controllers.kill()
        self._controllers.wait()
        self.server.stop()

    # What the kubelets and the scheduler do.

    def _keep_alive(self) -> None:
        while not self._stopped.wait(2):
            for name in sorted(self.alive):
                self._renew(name)
            for pod in self.pods():
                self._run(pod)

    def _renew(self, name: str) -> None:
        condition = {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "message": "",
            "lastHeartbeatTime": now(),
        }
        self.patch(f"/api/v1/nodes/{name}/status", {"status": {"conditions": [condition]}})
        path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": now()}
        try:
            self.patch(f"{path}/{name}", {"spec": spec})
        except AssertionError:
            metadata = {"name": name, "namespace": "kube-node-lease"}
            body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
            self.call("POST", path, body)

    def _run(self, pod: Object) -> None:
        name, node = pod["metadata"]["name"], pod["spec"].get("nodeName")
        if node is None:
            target = "one" if "one" in self.alive else "two"
            self.call(
                "POST",
                f"{PODS}/{name}/binding",
                {"metadata": {"name": name}, "target": {"kind": "Node", "name": target}},
            )
        elif node not in self.alive:
            return
        elif "deletionTimestamp" in pod["metadata"]:
            self.call("DELETE", f"{PODS}/{name}?gracePeriodSeconds=0")
        elif pod["status"].get("phase") != "Running":
            ready = [{"type": kind, "status": "True"} for kind in ("Ready", "ContainersReady", "PodScheduled")]
            self.patch(f"{PODS}/{name}/status", {"status": {"phase": "Running", "conditions": ready}})


class Clock:
    """Prints when something was seen, in seconds since the node was lost."""

    def __init__(self) -> None:
        self.started = time.monotonic()

    def wait(self, what: str, holds: Callable[[], Any], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if holds():
                self.say(what)
                return
            time.sleep(0.5)
        self.say(f"not within {seconds:.0f} s: {what}")

    def say(self, what: str) -> None:
        print(f"{time.monotonic() - self.started:7.1f} s  {what}", flush=True)


def status_of(node: Object) -> str:
    return next(str(each["status"]) for each in node["status"]["conditions"] if each["type"] == "Ready")


def measure(cluster: Cluster) -> None:
    """From the loss of the node to a server that runs elsewhere."""

    def runs(name: str, node: str) -> bool:
        found = [pod for pod in cluster.pods() if pod["metadata"]["name"].startswith(name)]
        return any(
            pod["status"].get("phase") == "Running"
            and pod["spec"].get("nodeName") == node
            and "deletionTimestamp" not in pod["metadata"]
            for pod in found
        )

    clock = Clock()
    clock.wait("pods run on node one", lambda: runs(SERVER, "one") and runs(WORKER, "one"), 120)
    uid = (cluster.pod(SERVER) or {})["metadata"]["uid"]
    time.sleep(15)
    clock = Clock()
    cluster.alive.discard("one")
    clock.say("node one is lost")
    clock.wait("node one is Unknown", lambda: status_of(cluster.node("one")) == "Unknown", 120)
    clock.wait("the pods are to be evicted", lambda: cluster.node("one")["spec"].get("taints"), 60)
    clock.wait("a worker runs on node two", lambda: runs(WORKER, "two"), 420)
    clock.wait(
        "PostgreSQL's pod is Terminating", lambda: "deletionTimestamp" in (cluster.pod(SERVER) or {})["metadata"], 60
    )
    time.sleep(120)
    still = cluster.pod(SERVER)
    assert still is not None
    assert still["metadata"]["uid"] == uid
    clock.say("PostgreSQL's pod is still Terminating, and there is no other")
    taints = [*cluster.node("one")["spec"]["taints"], OUT_OF_SERVICE]
    cluster.patch("/api/v1/nodes/one", {"spec": {"taints": taints}})
    clock = Clock()
    clock.say("the taint out-of-service is set; from here anew")
    clock.wait("PostgreSQL's pod runs on node two", lambda: runs(SERVER, "two"), 180)


def main() -> int:
    if ASSETS is None:
        print("KUBEBUILDER_ASSETS names no directory", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder))
        try:
            kinds = ("ServiceAccount", "StatefulSet", "Deployment")
            for item in deployed():
                if item["kind"] in kinds:
                    cluster.call("POST", f"{_path(item)}", item)
            measure(cluster)
        finally:
            cluster.stop()
    return 0


def _path(item: Object) -> str:
    group = "/api/v1" if item["apiVersion"] == "v1" else f"/apis/{item['apiVersion']}"
    return f"{group}/namespaces/{NAMESPACE}/{item['kind'].lower()}s"


if __name__ == "__main__":
    sys.exit(main())
