"""The apps in examples/: each gives the YAML that stands beside it, and can be started as it is."""

from __future__ import annotations

import difflib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from cdk8s import App

from flowise_constructs.cli import main as command_line

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
APPS = sorted(path.stem for path in EXAMPLES.glob("*.py"))
PAGE = 45
"""Lines of comment that fit on a page."""


def load(name: str) -> ModuleType:
    """The example as a module that nobody else imports."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def together(directory: Path) -> str:
    """The app's files, in their order, as one."""
    return "---\n".join(path.read_text(encoding="utf-8") for path in sorted(directory.iterdir()))


@pytest.mark.parametrize("name", APPS)
def test_the_yaml_beside_it_is_what_it_writes(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    app = App(outdir=str(tmp_path))
    load(name).build(app)
    app.synth()
    written, snapshot = together(tmp_path), EXAMPLES / f"{name}.yaml"
    if request.config.getoption("--update-golden"):
        snapshot.write_text(written, encoding="utf-8")
    accepted = snapshot.read_text(encoding="utf-8") if snapshot.exists() else ""
    difference = difflib.unified_diff(accepted.splitlines(), written.splitlines(), snapshot.name, "written", n=1)
    assert accepted == written, "\n".join(list(difference)[:60])


def test_there_is_nothing_else_beside_them() -> None:
    expected = {*(f"{name}.py" for name in APPS), *(f"{name}.yaml" for name in APPS), "helm_release.values.yaml"}
    assert {path.name for path in EXAMPLES.iterdir() if path.name != "__pycache__"} == expected


@pytest.mark.parametrize("name", APPS)
def test_its_comment_is_one_page(name: str) -> None:
    comment = load(name).__doc__ or ""
    assert "Must exist already" in comment
    assert len(comment.splitlines()) <= PAGE


def test_it_starts_as_it_is(tmp_path: Path) -> None:
    """In a process of its own, with no Node on the PATH."""
    python = {"PATH": str(tmp_path), "HOME": os.environ.get("HOME", "/"), "CDK8S_OUTDIR": str(tmp_path / "dist")}
    command = [sys.executable, str(EXAMPLES / "two_instances.py")]
    done = subprocess.run(command, cwd=tmp_path, env=python, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "dist").iterdir()} == {"legal.k8s.yaml", "sales.k8s.yaml"}


def test_the_helm_release_is_what_the_command_makes_of_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    values = str(EXAMPLES / "helm_release.values.yaml")
    assert command_line(["from-helm", values, "--release", "prod"]) == 0
    imported = list(yaml.safe_load_all(capsys.readouterr().out))
    ours = list(yaml.safe_load_all((EXAMPLES / "helm_release.yaml").read_text(encoding="utf-8")))
    assert by_name(imported) == by_name(ours)


def test_the_sidecar_starts_before_the_gate() -> None:
    objects = by_name(list(yaml.safe_load_all((EXAMPLES / "sidecar.yaml").read_text(encoding="utf-8"))))
    pod = objects["Deployment", "flowise"]["spec"]["template"]["spec"]
    assert [container["name"] for container in pod["initContainers"]] == ["cloud-sql-proxy", "gate"]


def by_name(objects: list[Any]) -> dict[tuple[str, str], Any]:
    """Objects by kind and name: their order doesn't matter."""
    return {(item["kind"], item["metadata"]["name"]): item for item in objects}
