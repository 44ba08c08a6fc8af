"""A real API server at the node, for pods that may ask one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from admission import ASSETS, ApiServer

from boot.deployment import Access, Deployment
from boot.network import NODE

REASON_AGAINST = None if ASSETS else "KUBEBUILDER_ASSETS names no directory of etcd and kube-apiserver"


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """It listens at the node's address."""
    server = ApiServer(folder, address=NODE)
    try:
        yield server
    finally:
        server.stop()


def access_of(server: ApiServer, deployment: Deployment, account: str, namespace: str) -> Access:
    """How a pod with that service account reaches the server, which holds it to its Role."""
    for entry in deployment.manifests.objects:
        if entry["kind"] in ("ServiceAccount", "Role", "RoleBinding"):
            server.create(entry)
    files = {"token": server.token(account), "ca.crt": server.certificate, "namespace": namespace}
    return Access(files, {"KUBERNETES_SERVICE_HOST": NODE, "KUBERNETES_SERVICE_PORT": str(server.port)})
