"""What sdist and wheel have beside what pyproject.toml says: the version, a README whose links hold anywhere, and in
the wheel the pages of the documentation.

hatchling calls it wherever the package is built or installed from a checkout. A wheel that is built from an sdist takes
both from the sdist's own metadata.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

SOURCE_VARIABLE = "FLOWISE_CONSTRUCTS_SOURCE"
RELEASE = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", re.MULTILINE)
UNRELEASED = re.compile(r"^## \[Unreleased\]\n(.*?)(?=^## )", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(!?)\[((?:[^\]\[]|`[^`]*`)*)\]\((?![a-z]+:|#)([^)#]+)(#[^)]*)?\)")


class Metadata(MetadataHookInterface):
    """`[tool.hatch.metadata.hooks.custom]`; `source` there, or the variable, is the address of the repository."""

    def update(self, metadata: dict[str, Any]) -> None:
        root = Path(self.root)
        source = (os.environ.get(SOURCE_VARIABLE) or self.config.get("source", "")).rstrip("/")
        # What an sdist says of itself is there already.
        made = metadata.setdefault("version", version(root))
        text = readme((root / "README.md").read_text(encoding="utf-8"), source, made)
        metadata.setdefault("readme", {"content-type": "text/markdown", "text": text})
        urls = {"Source": source, "Changelog": f"{source}/blob/HEAD/CHANGELOG.md"} if source else {}
        metadata.setdefault("urls", urls)


class Pages(BuildHookInterface[Any]):
    """`[tool.hatch.build.targets.wheel.hooks.custom]`: the wheel holds what `flowise-constructs docs` prints. An
    editable installation has it beside the package."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"].update(pages(Path(self.root)))


def pages(root: Path) -> dict[str, str]:
    """Maps the file of each page to its place in the wheel: pages that are written by hand, and the examples' apps."""
    texts = {path: path.relative_to(root / "docs") for path in (root / "docs").rglob("*.md")}
    texts |= {path: path.relative_to(root) for path in (root / "examples").glob("*.py")}
    texts |= {root / name: Path(name.lower()) for name in ("README.md", "CHANGELOG.md")}
    texts.pop(root / "docs" / "index.md", None)
    return {str(path): f"flowise_constructs/docs/{place.as_posix()}" for path, place in sorted(texts.items())}


def version(root: Path) -> str:
    """The newest release in CHANGELOG.md, with a suffix unless this is that release.

    With git, the release is the commit that is tagged with it (`v0.2.0`); every other has its hash as the suffix.
    Without, it is the release if nothing is listed as unreleased.
    """
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    released = RELEASE.search(changelog)
    release = released[1] if released else "0.0.0"
    suffix = _commit(root, f"v{release}")
    if suffix is None:
        unreleased = UNRELEASED.search(changelog)
        suffix = "unreleased" if unreleased and unreleased[1].strip() else ""
    return f"{release}+{suffix}" if suffix else release


def _commit(root: Path, tag: str) -> str | None:
    """`g` and the hash, with `.dirty` where a file has changed; empty at the tag; None if git doesn't know."""
    if not (root / ".git").exists():
        return None
    command = ["git", "describe", "--tags", "--always", "--long", "--abbrev=9", "--dirty=.dirty", "--match", tag]
    try:
        described = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    tagged, _, commit = described.rpartition("-")
    return "" if tagged == f"{tag}-0" and not commit.endswith(".dirty") else f"g{commit.removeprefix('g')}"


def readme(text: str, source: str, release: str) -> str:
    """The README with addresses instead of paths, since an index has no files beside it.

    Without the address of the repository, links are their words alone, and pictures what they show, in words.
    """
    ref = f"v{release}" if "+" not in release else "HEAD"

    def replaced(match: re.Match[str]) -> str:
        picture, words, path, anchor = match[1], match[2], match[3], match[4] or ""
        if not source:
            return f"*{words}*" if picture else words
        return f"{picture}[{words}]({source}/{'raw' if picture else 'blob'}/{ref}/{path}{anchor})"

    return LINK.sub(replaced, text)
