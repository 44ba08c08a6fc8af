"""Every Python block of the README runs, and the YAML that it shows is what comes out."""

from __future__ import annotations

import re
import warnings
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from cdk8s import App

from flowise_constructs import ConfigWarning

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    line: int
    python: str
    output: str | None


def blocks() -> list[Block]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found: list[Block] = []
    for match in FENCE.finditer(text):
        language, code = match.groups()
        if language == "python":
            found.append(Block(text.count("\n", 0, match.start()) + 1, code, None))
        elif language == "yaml" and "<!-- output -->" in text[: match.start()].rstrip().splitlines()[-1]:
            found[-1] = found[-1]._replace(output=code)
    return found


def documents(folder: Path) -> list[Any]:
    return [document for path in sorted(folder.rglob("*.yaml")) for document in yaml.safe_load_all(path.read_text())]


@pytest.mark.parametrize("block", blocks(), ids=lambda block: f"line-{block.line}")
def test_block_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Node runs in the directory where Python started it, so that its default output folder is not below another one.
    monkeypatch.setattr("cdk8s.App", partial(App, outdir=str(tmp_path)))
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConfigWarning)
        exec(compile(block.python, f"README.md:{block.line}", "exec"), {"__name__": "__main__"})
    if block.output is not None:
        made = documents(tmp_path)
        for shown in yaml.safe_load_all(block.output):
            assert shown in made


def test_there_is_output_to_compare() -> None:
    assert any(block.output for block in blocks())


def test_the_files_that_it_names_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target
