"""The JavaScript that runs in pods, tested by Node's own test runner, and that each role mounts all that it loads."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import cluster
import pytest
from deployments import variant

from flowise_constructs.kubernetes.scripts import scripts

HERE = Path(__file__).parent
PROGRAMS = ("gate.js", "gate-references.js", "main-alive.js", "owner.js", "rotate-encryption-key.js", "worker-alive.js")
SCRIPTS = sorted((HERE.parent / "flowise_constructs").glob("*/scripts/**/*.*"))
MODULES = [path for path in SCRIPTS if path.suffix == ".js"]


def test_no_two_scripts_have_one_name() -> None:
    names = [path.name for path in SCRIPTS]
    assert len(names) > 40
    assert len(set(names)) == len(names)


def test_node_tests_pass(tmp_path: Path) -> None:
    for path in SCRIPTS:
        shutil.copy(path, tmp_path)
    command = [os.environ.get("JSII_NODE", "node"), "--test", str(HERE / "scripts" / "scripts.test.js")]
    environment = {**os.environ, "SCRIPTS": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_what_a_script_names_comes_with_it(path: Path) -> None:
    """Every name of another script in the text, but for those in a comment and those that are chosen at run time."""
    code = "\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith(("#", "//", "--")))
    words = set(re.findall(r"[-\w.]+", code))
    named = {other.name for other in SCRIPTS if other != path and {other.name, f"./{other.stem}"} & words}
    named |= {f"{name}.js" for name in re.findall(r"require\('\./([-\w]+)'\)", code)}
    assert named | {path.name} <= set(scripts(path.name))


DATABASES = ("standalone", "no-claim", "mysql", "mariadb", "queue", "queue-mysql", "queue-by-reference")
ROTATIONS = ("key-rotation-sqlite", "key-rotation-postgres-tls", "key-rotation-queue")


@pytest.mark.parametrize("deployment", [*DATABASES, *ROTATIONS])
def test_what_a_pod_mounts_is_all_that_its_scripts_read_when_they_are_loaded(deployment: str, tmp_path: Path) -> None:
    for document in cluster.documents(variant(deployment)):
        if document["kind"] == "ConfigMap" and {"gate.js", "rotate-encryption-key.js"} & document["data"].keys():
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
        for deployment in (
            "standalone",
            "mysql",
            "queue",
            "queue-redis-tls",
            "queue-by-reference",
            "queue-owner",
            "doors-mixed",
            "monitoring-queue",
            *ROTATIONS,
        )
        for document in cluster.documents(variant(deployment))
        if document["kind"] == "ConfigMap"
        for name in document["data"]
    }
    backups = {path.name for path in MODULES if path.parent.parent.name == "backup"}
    assert {path.name for path in MODULES} - mounted - backups == set()
