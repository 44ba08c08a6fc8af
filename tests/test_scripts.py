"""The JavaScript that runs in pods, tested by Node's own test runner, and that each role mounts all that it loads."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import cluster
import pytest
from deployments import variant

from flowise_constructs import pod

HERE = Path(__file__).parent
PROGRAMS = ("gate.js", "main-alive.js", "worker-alive.js")
SCRIPTS = HERE.parent / "flowise_constructs" / "scripts"


def test_node_tests_pass() -> None:
    command = [os.environ.get("JSII_NODE", "node"), "--test", str(HERE / "scripts" / "scripts.test.js")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.js")), ids=lambda path: path.name)
def test_what_a_script_requires_comes_with_it(path: Path) -> None:
    required = set(re.findall(r"require\('\./([-\w]+)'\)", path.read_text()))
    assert {f"{name}.js" for name in required} | {path.name} <= set(pod.scripts(path.name))


DATABASES = ("standalone", "no-claim", "mysql", "mariadb", "queue", "queue-mysql")


@pytest.mark.parametrize("deployment", DATABASES)
def test_what_a_pod_mounts_is_all_that_its_scripts_read_when_they_are_loaded(deployment: str, tmp_path: Path) -> None:
    for document in cluster.documents(variant(deployment)):
        if document["kind"] == "ConfigMap" and "gate.js" in document["data"]:
            for name, text in document["data"].items():
                (tmp_path / name).write_text(text)
            # Those do their work as soon as they are loaded.
            modules = [f"./{name}" for name in document["data"] if name.endswith(".js") and name not in PROGRAMS]
            load = f"for (const name of {modules}) require(name)"
            command = [os.environ.get("JSII_NODE", "node"), "-e", load]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


def test_no_script_is_left_over() -> None:
    mounted = {
        name
        for deployment in ("standalone", "mysql", "queue")
        for document in cluster.documents(variant(deployment))
        if document["kind"] == "ConfigMap"
        for name in document["data"]
    }
    assert {path.name for path in SCRIPTS.glob("*.js")} - mounted <= {
        path.name for path in SCRIPTS.glob("*-sqlite*.js")
    }
