"""The Job's Role holds it to one Secret: the Job's own script against a real API server (make admission)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import admission
import pytest
from admission import NAMESPACE, ApiServer
from deployments import API_KEYS, OWNER, objects, standalone

from flowise_constructs import Names
from flowise_constructs.kubernetes.scripts import scripts

pytestmark = [
    pytest.mark.admission,
    pytest.mark.skipif(not admission.ASSETS, reason="KUBEBUILDER_ASSETS names no directory of etcd and kube-apiserver"),
]
PROGRAM = """
const { OneSecret } = require('./owner-secret')
const [name, values] = process.argv.slice(-2)
const secret = new OneSecret(name, process.env)
const done = values === 'read' ? secret.read(5000) : secret.write(JSON.parse(values), 5000)
done.then((read) => console.log(JSON.stringify(read || {})), (error) => { console.log(error.message); process.exit(1) })
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    running = ApiServer(tmp_path_factory.mktemp("api-server"))
    for document in objects(standalone(owner=replace(OWNER, api_keys=API_KEYS), names=Names(namespace=NAMESPACE))):
        if document["kind"] in ("ServiceAccount", "Role", "RoleBinding"):
            running.create(document)
    yield running
    running.stop()


@pytest.fixture
def directory(tmp_path: Path, server: ApiServer) -> Path:
    """What the Job's pod has: scripts and access."""
    for name, text in {
        **scripts("owner-secret.js"),
        "token": server.token("flowise-owner"),
        "namespace": NAMESPACE,
        "ca.crt": server.certificate,
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(server: ApiServer, directory: Path, secret: str, values: str) -> tuple[int, str]:
    environment = {
        **os.environ,
        "OWNER_ACCESS_DIRECTORY": str(directory),
        "NODE_EXTRA_CA_CERTS": str(directory / "ca.crt"),
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": str(server.port),
    }
    command = [os.environ.get("JSII_NODE", "node"), "-e", PROGRAM, secret, values]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip()


def test_the_job_makes_reads_and_changes_its_secret(server: ApiServer, directory: Path) -> None:
    name = API_KEYS.secret
    assert run(server, directory, name, "read") == (0, "{}"), "there is none yet"
    assert run(server, directory, name, '{"metrics": "one"}') == (0, "{}")
    assert server.secret(name) == {"metrics": "one"}
    server.patch("secrets", name, {"stringData": {"another": "kept"}})
    assert run(server, directory, name, '{"metrics": "two"}') == (0, "{}")
    assert server.secret(name) == {"metrics": "two", "another": "kept"}
    server.delete("secrets", name)


@pytest.mark.parametrize("values", ["read", '{"metrics": "one"}'], ids=["read", "write"])
@pytest.mark.parametrize("secret", ["flowise-auth-secrets", "not-there"])
def test_it_can_neither_see_nor_make_another(server: ApiServer, directory: Path, secret: str, values: str) -> None:
    if secret == "flowise-auth-secrets" and values == "read":
        server.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": secret}, "stringData": {"a": "b"}})
    code, told = run(server, directory, secret, values)
    assert code == 1
    assert (
        f"the API server doesn't let the Job {values if values == 'read' else 'write'} the Secret {secret}: secrets"
        in told
    )
    assert "is forbidden" in told


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "secrets"),
        ("POST", "secrets"),
        ("PUT", f"secrets/{API_KEYS.secret}"),
        ("DELETE", f"secrets/{API_KEYS.secret}"),
        ("GET", "pods"),
        ("GET", "configmaps"),
        ("POST", "pods"),
    ],
)
def test_its_token_is_good_for_nothing_else(server: ApiServer, method: str, path: str) -> None:
    name = API_KEYS.secret
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}} if method in ("POST", "PUT") else None
    error = server.error_of(method, f"/api/v1/namespaces/{NAMESPACE}/{path}", body, server.token("flowise-owner"))
    assert error is not None
    assert "is forbidden: User" in error
