"""What the type checkers catch, and what they let pass."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAD = """
import flowise_constructs
from flowise_constructs import App, Auth, BundledPostgres, JsonPatch, StandaloneChart

app = App()
"""
PATCH = """
chart = StandaloneChart(app, "flowise", auth=Auth.from_secret("a"), database=BundledPostgres())
chart.postgres.stateful_set.add_json_patch(JsonPatch.add("/spec/revisionHistoryLimit", 3))
"""
PASSED = f"{HEAD}{PATCH}version: str = flowise_constructs.__version__\n"
CAUGHT = [
    ("Auth.from_secret('a', encrypton_key='b')", "encrypton_key"),
    ("StandaloneChart(app, 'a', auth=Auth.from_secret('a')).postgres.statefulset", "statefulset"),
    ("StandaloneChart(app, 'a', auth=Auth.from_secret('a')).postgress", "postgress"),
    ("App(outdirr='a')", "outdirr"),
    ("from flowise_constructs import Nonsense", "Nonsense"),
    ("flowise_constructs.Nothing", "Nothing"),
]


def checked(command: list[str], folder: Path, **code: str) -> str:
    """What the checker says of all files together: it takes most of its time for what they import."""
    names = [f"{name}.py" for name in code]
    for name, text in zip(names, code.values(), strict=True):
        (folder / name).write_text(text)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(
        [sys.executable, "-m", *command, *names],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "command", [["mypy", "--strict"], ["pyright", "--pythonpath", sys.executable]], ids=["mypy", "pyright"]
)
def test_a_part_of_a_chart_has_its_type_and_misspellings_are_caught(command: list[str], tmp_path: Path) -> None:
    out = checked(command, tmp_path, passed=PASSED, caught=HEAD + "".join(f"{line}\n" for line, _ in CAUGHT))
    errors = [line for line in out.splitlines() if " error: " in line or " - error" in line]
    assert errors
    assert [line for line in errors if "caught.py:" not in line] == []
    for _, misspelled in CAUGHT:
        assert f'"{misspelled}"' in out
