"""Every Python block of the README and of docs/ runs, the YAML that the README shows is what comes out, links hold."""

from __future__ import annotations

import re
import shlex
import subprocess
import textwrap
import warnings
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from cdk8s import App

import flowise_constructs
from flowise_constructs import ConfigWarning
from flowise_constructs.cli import main as command_line

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


class Block(NamedTuple):
    page: str
    line: int
    python: str
    output: str | None


def blocks() -> list[Block]:
    found: list[Block] = []
    for page in PAGES:
        text, name = page.read_text(encoding="utf-8"), str(page.relative_to(ROOT))
        for match in FENCE.finditer(text):
            language, code = match.groups()
            if language == "python":
                found.append(Block(name, text.count("\n", 0, match.start()) + 1, code, None))
            elif language == "yaml" and "<!-- output -->" in text[: match.start()].rstrip().splitlines()[-1]:
                found[-1] = found[-1]._replace(output=code)
    return found


def snippets(language: str) -> list[tuple[str, str]]:
    """The blocks of a language, also those inside a list."""
    fence = re.compile(rf"^( *)```{language}\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
    texts = [(str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")) for page in PAGES]
    return [(name, textwrap.dedent(match[2])) for name, text in texts for match in fence.finditer(text)]


def documents(folder: Path) -> list[Any]:
    return [document for path in sorted(folder.rglob("*.yaml")) for document in yaml.safe_load_all(path.read_text())]


@pytest.mark.parametrize("block", blocks(), ids=lambda block: f"{block.page}-{block.line}")
def test_block_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Node runs in the directory where Python started it, so that its default output folder is not below another one.
    own = partial(flowise_constructs.App, outdir=str(tmp_path))
    monkeypatch.setattr("flowise_constructs.kubernetes.app.App", own)
    monkeypatch.setattr("cdk8s.App", partial(App, outdir=str(tmp_path)))
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConfigWarning)
        exec(compile(block.python, f"{block.page}:{block.line}", "exec"), {"__name__": "__main__"})
    if block.output is not None:
        made = documents(tmp_path)
        for shown in yaml.safe_load_all(block.output):
            assert shown in made


def test_there_is_output_to_compare() -> None:
    assert any(block.output for block in blocks())


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_files_that_it_names_exist(page: Path) -> None:
    """Those that `make docs` generates are tested with the site."""
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        generated = page != ROOT / "README.md" and re.search(
            r"(^|/)(reference|examples)/\w+\.md$|(^|/)(changelog|security|contributing)\.md$", target
        )
        beside = page.parent.name == "reference" and "/" not in target
        assert generated or beside or (page.parent / target).exists(), target


@pytest.mark.parametrize("name", sorted({name for name, _ in snippets("yaml")}))
def test_its_yaml_can_be_read(name: str) -> None:
    for page, text in snippets("yaml"):
        if page == name:
            objects = [item for item in yaml.safe_load_all(text) if set(item) != {"scrape_configs"}]
            assert all({"apiVersion", "kind", "metadata"} <= set(item) for item in objects)


@pytest.mark.parametrize("name", sorted({name for name, _ in snippets("bash")}))
def test_its_commands_are_spelt_as_the_shell_takes_them(name: str) -> None:
    for page, text in snippets("bash"):
        if page == name:
            done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
            assert not done.stderr, text


def test_its_commands_of_ours_exist(capsys: pytest.CaptureFixture[str]) -> None:
    """Each `flowise-constructs ...` with the options that it is shown with."""
    for _, text in snippets("bash"):
        for line in re.findall(r"flowise-constructs ((?!\[)[^|>\n]+)", text):
            words = shlex.split(line)
            with pytest.raises(SystemExit) as ended:
                command_line([words[0], "--help"])
            assert ended.value.code == 0
            told = capsys.readouterr().out
            assert all(word in told for word in words if word.startswith("--")), line
