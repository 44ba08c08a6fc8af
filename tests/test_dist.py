"""What sdist and wheel say of themselves: version, description, classifiers; and the form of the changelog."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import tarfile
import zipfile
from email import message_from_string
from email.message import Message
from pathlib import Path
from types import ModuleType

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "https://git.example.com/team/flowise-constructs"
HEADINGS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Manifest changes"}
RELEASED = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- One.\n"
UNRELEASED = RELEASED.replace("## [0.2.0]", "### Added\n\n- Two.\n\n## [0.2.0]", 1)


def _module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


HATCH_BUILD = _module()


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    [archive] = SdistBuilder(str(ROOT)).build(directory=str(folder))
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def metadata(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Message:
    """The metadata of the wheel that is made of the sdist."""
    [wheel] = WheelBuilder(str(sdist)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    with zipfile.ZipFile(wheel) as opened:
        return message_from_string(
            opened.read(next(name for name in opened.namelist() if name.endswith("/METADATA"))).decode()
        )


def test_a_wheel_of_the_sdist_has_the_version_of_the_checkout(metadata: Message) -> None:
    assert metadata["Version"] == HATCH_BUILD.version(ROOT)


def test_an_index_can_sort_it(metadata: Message) -> None:
    assert metadata["Name"] == "flowise-constructs"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert {"cdk8s", "flowise", "kubernetes"} <= set(metadata["Keywords"].split(","))
    classifiers = metadata.get_all("Classifier", [])
    assert {"Typing :: Typed", "Intended Audience :: System Administrators"} <= set(classifiers)
    assert "Programming Language :: Python :: " + metadata["Requires-Python"].removeprefix(">=") in classifiers
    assert metadata["Description-Content-Type"] == "text/markdown"


def test_the_description_names_no_file_beside_it(metadata: Message) -> None:
    for page in (str(metadata.get_payload()), HATCH_BUILD.readme((ROOT / "README.md").read_text(), "", "0.2.0")):
        assert "Two topologies" in page
        assert re.findall(r"\]\((?!https?:|#)", page) == []


def test_with_the_address_of_the_repository_pictures_and_links_lead_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    page = HATCH_BUILD.readme(text, SOURCE, "0.2.0")
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page)
    assert pictures == [f"{SOURCE}/raw/v0.2.0/docs/pictures/{name}.svg" for name in ("standalone", "queue")]
    links = re.findall(rf"\]\({re.escape(SOURCE)}/(?:raw|blob)/v0\.2\.0/([^)#]+)", page)
    assert len(links) > 20
    assert [link for link in links if not (ROOT / link).exists()] == []
    assert f"{SOURCE}/raw/HEAD/docs" in HATCH_BUILD.readme(text, SOURCE, "0.2.0+g0123456")
    assert "](#state-of-upstream)" in page


def checkout(folder: Path, changelog: str) -> Path:
    (folder / "CHANGELOG.md").write_text(changelog)
    return folder


@pytest.mark.parametrize(("changelog", "version"), [(RELEASED, "0.2.0"), (UNRELEASED, "0.2.0+unreleased")])
@pytest.mark.parametrize("broken", [False, True])
def test_the_version_without_git(tmp_path: Path, changelog: str, version: str, broken: bool) -> None:
    if broken:
        (tmp_path / ".git").write_text("gitdir: /nonexistent")
    assert HATCH_BUILD.version(checkout(tmp_path, changelog)) == version


def test_the_version_with_git(tmp_path: Path) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")

    def git(*words: str) -> str:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        return subprocess.run(
            ["git", *identity, *words], cwd=tmp_path, env=clean, capture_output=True, text=True, check=True
        ).stdout.strip()

    checkout(tmp_path, RELEASED)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "0.2.0")
    short = git("rev-parse", "--short=9", "HEAD")
    assert HATCH_BUILD.version(tmp_path) == f"0.2.0+g{short}"
    git("tag", "v0.2.0")
    assert HATCH_BUILD.version(tmp_path) == "0.2.0"
    checkout(tmp_path, UNRELEASED)
    assert HATCH_BUILD.version(tmp_path) == f"0.2.0+g{short}.dirty"
    git("commit", "-qam", "more")
    assert HATCH_BUILD.version(tmp_path) == f"0.2.0+g{git('rev-parse', '--short=9', 'HEAD')}"


def test_the_changelog_keeps_its_form() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (.*)$", changelog, re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    assert len(versions[1:]) == len(HATCH_BUILD.RELEASE.findall(changelog)) > 0
    assert set(re.findall(r"^### (.*)$", changelog, re.MULTILINE)) <= HEADINGS
    for section in re.split(r"^## ", changelog, flags=re.MULTILINE)[2:]:
        assert "### Manifest changes" in section
