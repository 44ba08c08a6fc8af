"""The script in front of every Node process of a pod: certificates from files in Flowise's variables."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from deployments import CERTIFICATE

from flowise_constructs.kubernetes.scripts import script

NODE = os.environ.get("JSII_NODE") or shutil.which("node") or "node"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIBszCCAVmgAwIBAgIU\n-----END PRIVATE KEY-----\n"
SHOW = "process.stdout.write(['DATABASE_SSL_KEY_BASE64', 'REDIS_CA', 'REDIS_CERT', 'REDIS_KEY'].map((name) => process.env[name] || '').join(' '))"


def run(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    (folder / "certificate-variables.js").write_text(script("certificate-variables.js"))
    environment = {**os.environ, "NODE_OPTIONS": f"--require={folder}/certificate-variables.js", **variables}
    return subprocess.run([NODE, "-e", SHOW], env=environment, capture_output=True, text=True, check=False)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def file(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


@pytest.mark.parametrize("content", [CERTIFICATE, encoded(CERTIFICATE)], ids=["PEM", "base64 of PEM"])
def test_flowise_gets_base64_of_what_the_files_hold(tmp_path: Path, content: str) -> None:
    ca = file(tmp_path, "ca.pem", content)
    key = file(tmp_path, "key.pem", KEY)
    done = run(tmp_path, DATABASE_SSL_KEY_FILE=ca, REDIS_CA_FILE=ca, REDIS_CERT_FILE=ca, REDIS_KEY_FILE=key)
    assert done.stderr == ""
    assert done.stdout.split(" ") == [encoded(CERTIFICATE)] * 3 + [encoded(KEY)]


def test_a_bundle_larger_than_a_variable_of_a_container_comes_through(tmp_path: Path) -> None:
    bundle = CERTIFICATE * 3000
    assert len(encoded(bundle)) > 128 * 1024
    done = run(tmp_path, DATABASE_SSL_KEY_FILE=file(tmp_path, "ca.pem", bundle))
    assert done.stdout.split(" ")[0] == encoded(bundle)


def test_nothing_is_set_without_files(tmp_path: Path) -> None:
    assert run(tmp_path).stdout.strip() == ""


@pytest.mark.parametrize("variable", ["DATABASE_SSL_KEY_FILE", "REDIS_CA_FILE", "NODE_EXTRA_CA_CERTS"])
@pytest.mark.parametrize("content", ["", "not a certificate", encoded("neither")])
def test_a_file_without_a_certificate_stops_the_process_with_one_line(
    tmp_path: Path, variable: str, content: str
) -> None:
    path = file(tmp_path, "ca.pem", content)
    done = run(tmp_path, **{variable: path})
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if not line.startswith("Warning: Ignoring extra certs")]
    assert line.startswith(f"certificates: {path} holds no PEM")


def test_authorities_in_base64_are_refused_since_node_takes_them_for_none(tmp_path: Path) -> None:
    path = file(tmp_path, "ca.pem", encoded(CERTIFICATE))
    done = run(tmp_path, NODE_EXTRA_CA_CERTS=path)
    assert done.returncode == 1
    assert "base64 of PEM must be decoded" in done.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, REDIS_KEY_FILE="/nothing/here")
    assert done.returncode == 1
    assert done.stderr == "certificates: /nothing/here can't be read: ENOENT\n"
