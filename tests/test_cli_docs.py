"""`flowise-constructs docs`: pages are listed, found, printed and searched. test_consumer.py asks the wheel."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flowise_constructs.cli import main
from flowise_constructs.cli.pages import matching, pages

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "flowise_constructs"


def docs(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["docs", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_every_page_is_listed_with_its_title(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = docs(capsys)
    assert (code, err) == (0, "")
    listed = {line.partition(" ")[0]: line.partition(" ")[2].strip() for line in out.splitlines()}
    written = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert written - {"index"} <= set(listed)
    assert listed["how-to/own-ca"] == "Trust your own certificate authority"
    assert listed["examples/with_owner"] == "A new installation with its owner, and an API key for Prometheus."
    assert all(listed.values())


@pytest.mark.parametrize(
    ("topic", "file"),
    [
        ("how-to/own-ca", "docs/how-to/own-ca.md"),
        ("own-ca", "docs/how-to/own-ca.md"),
        ("../how-to/own-ca.md#mysql", "docs/how-to/own-ca.md"),
        ("docs/migrate-from-helm.md", "docs/migrate-from-helm.md"),
        ("examples/queue_managed", "examples/queue_managed.py"),
        ("queue_managed.py", "examples/queue_managed.py"),
        ("README.md", "README.md"),
        ("changelog", "CHANGELOG.md"),
    ],
)
def test_a_page_is_printed_as_it_is(topic: str, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert docs(capsys, topic) == (0, (ROOT / file).read_text(encoding="utf-8"), "")


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        ("own-cas", "there is no page 'own-cas': did you mean 'own-ca'?"),
        ("xyzzyplugh", "there is no page 'xyzzyplugh': 'flowise-constructs docs' lists them all"),
    ],
)
def test_a_page_that_is_not_there(topic: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert docs(capsys, topic) == (2, "", f"error: docs: {message}\n")


def test_words_are_found_with_their_place(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = docs(capsys, "--search", "ENCRYPTION.KEY")
    assert code == 0
    found = [line for line in out.splitlines() if line.startswith("how-to/from-docker:")]
    number, text = found[0].split(":", 2)[1:]
    assert (ROOT / "docs/how-to/from-docker.md").read_text().splitlines()[int(number) - 1].strip() == text.strip()
    assert set(docs(capsys, "from-docker", "--search", "encryption.key")[1].splitlines()) == set(found)
    assert docs(capsys, "--search", "plugh xyzzy")[:2] == (1, "")


def test_the_topics_that_messages_and_docstrings_name_are_one_page_each() -> None:
    named = {
        topic
        for path in PACKAGE.rglob("*.py")
        for topic in re.findall(r"flowise-constructs docs ([a-z][\w/-]+)", path.read_text(encoding="utf-8"))
    }
    assert len(named) >= 3
    assert {topic: len(matching(topic)) for topic in named} == dict.fromkeys(named, 1)
    assert all(name in pages() for name in ("how-to/from-docker", "migrate-from-helm"))


def test_no_message_names_a_file_that_only_a_checkout_has() -> None:
    named = {
        (path.name, name)
        for path in PACKAGE.rglob("*.py")
        for name in re.findall(r"\bdocs/[\w/-]+\.md", path.read_text(encoding="utf-8"))
    }
    assert {(path, name) for path, name in named if (ROOT / name).exists()} == set()


def test_an_installation_without_pages_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("flowise_constructs.cli.pages._PACKAGE", tmp_path / "flowise_constructs")
    code, out, err = docs(capsys)
    assert (code, out) == (2, "")
    assert err == "error: docs: this installation has no pages: install the wheel, or from a checkout\n"
