"""What `kubectl apply` of the importer's YAML does to a release that `kubectl apply` made, on a real API server."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from admission import ASSETS, NAMESPACE, TOKEN, ApiServer

from flowise_constructs.cli import main

pytestmark = [
    pytest.mark.admission,
    pytest.mark.skipif(
        ASSETS is None or not os.access(f"{ASSETS}/kubectl", os.X_OK),
        reason="KUBEBUILDER_ASSETS names no directory with etcd, kube-apiserver and kubectl",
    ),
]

POSTGRES = {"postgres-password": "bWFkZSB1cA==", "user-password": "Y29ycmVjdC1ob3JzZQ=="}
FIVE = [
    "encryption-key",
    "jwt-auth-token-secret",
    "jwt-refresh-token-secret",
    "express-session-secret",
    "token-hash-secret",
]
VALUES = """
auth: {encryptionKey: given}
postgresql: {enabled: true, auth: {password: correct-horse}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    running = ApiServer(tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


def kubectl(server: ApiServer, *arguments: str, given: str = "") -> str:
    where = [f"--server=https://127.0.0.1:{server.port}", f"--token={TOKEN}", "--insecure-skip-tls-verify"]
    command = [f"{ASSETS}/kubectl", *where, f"--namespace={NAMESPACE}", *arguments]
    ran = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def secret(name: str, data: dict[str, str]) -> str:
    return json.dumps(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "Opaque", "data": data}
    )


def data_of(server: ApiServer, name: str) -> dict[str, str]:
    found: dict[str, Any] = json.loads(kubectl(server, "get", "secret", name, "-o", "json"))
    return dict(found["data"])


def apply(server: ApiServer, text: str) -> None:
    kubectl(server, "apply", "-f", "-", given=text)


def test_a_secret_in_part_would_lose_keys_and_the_importers_yaml_keeps_them(server: ApiServer, tmp_path: Path) -> None:
    live = {"flowise-postgresql-auth": POSTGRES, "flowise-auth": dict.fromkeys(FIVE, "eA==")}
    for name, data in live.items():
        apply(server, secret(name, data))
    apply(server, secret("in-part", POSTGRES))
    apply(server, secret("in-part", {"user-password": POSTGRES["user-password"]}))
    assert data_of(server, "in-part").keys() == {"user-password"}

    values, output = tmp_path / "values.yaml", tmp_path / "flowise.yaml"
    values.write_text(VALUES, encoding="utf-8")
    assert main(["from-helm", str(values), "--output", str(output)]) == 0
    for _ in range(2):
        apply(server, output.read_text(encoding="utf-8"))
    assert {name: data_of(server, name) for name in live} == live


def test_the_command_that_is_told_makes_what_is_missing(
    server: ApiServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values, output = tmp_path / "values.yaml", tmp_path / "flowise.yaml"
    values.write_text(VALUES, encoding="utf-8")
    assert main(["from-helm", str(values), "--release", "flowise-new", "--output", str(output)]) == 0
    capsys.readouterr()
    given = [
        "--set",
        "flowise-new-auth.encryption-key=given",
        "--set",
        "flowise-new-postgresql-auth.user-password=horse",
    ]
    assert main(["secrets", str(output), *given]) == 0
    kubectl(server, "create", "-f", "-", given=capsys.readouterr().out)
    apply(server, output.read_text(encoding="utf-8"))
    assert data_of(server, "flowise-new-auth").keys() == set(FIVE)
    assert data_of(server, "flowise-new-postgresql-auth").keys() == POSTGRES.keys()


def test_a_whole_secret_takes_over_one_that_was_applied_in_the_charts_form(server: ApiServer, tmp_path: Path) -> None:
    # The chart writes stringData, the importer data.
    name, texts = "flowise-whole-postgresql-auth", {"postgres-password": "made up", "user-password": "correct-horse"}
    chart = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": texts}
    apply(server, json.dumps(chart))
    before = data_of(server, name)
    values, output = tmp_path / "values.yaml", tmp_path / "flowise.yaml"
    passwords = "{password: correct-horse, postgresPassword: made up}"
    values.write_text(f"postgresql: {{enabled: true, auth: {passwords}}}", encoding="utf-8")
    assert main(["from-helm", str(values), "--release", "flowise-whole", "--output", str(output)]) == 0
    assert f"name: {name}\n" in output.read_text(encoding="utf-8")
    apply(server, output.read_text(encoding="utf-8"))
    assert data_of(server, name) == before
