"""What the type checkers catch, and what they let pass."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAD = """
from flowise_constructs import App, Auth, BundledPostgres, JsonPatch, StandaloneChart

app = App()
"""
PATCH = """
chart = StandaloneChart(app, "flowise", auth=Auth.from_secret("a"), database=BundledPostgres())
chart.postgres.stateful_set.add_json_patch(JsonPatch.add("/spec/revisionHistoryLimit", 3))
"""
PASSED = f"{HEAD}{PATCH}"
CAUGHT = [
    ("Auth.from_secret('a', encrypton_key='b')", "encrypton_key"),
    ("StandaloneChart(app, 'a', auth=Auth.from_secret('a')).postgres.statefulset", "statefulset"),
    ("StandaloneChart(app, 'a', auth=Auth.from_secret('a')).postgress", "postgress"),
    ("App(outdirr='a')", "outdirr"),
]


def checked(command: list[str], folder: Path, code: str) -> tuple[int, str]:
    (folder / "code.py").write_text(code)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(
        [sys.executable, "-m", *command, "code.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    "command", [["mypy", "--strict"], ["pyright", "--pythonpath", sys.executable]], ids=["mypy", "pyright"]
)
def test_a_part_of_a_chart_has_its_type_and_misspellings_are_caught(command: list[str], tmp_path: Path) -> None:
    code, out = checked(command, tmp_path, PASSED)
    assert code == 0, out
    code, out = checked(command, tmp_path, HEAD + "".join(f"{line}\n" for line, _ in CAUGHT))
    assert code == 1
    for _, misspelled in CAUGHT:
        assert f'"{misspelled}"' in out
