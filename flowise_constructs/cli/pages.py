"""The pages of the documentation: those that the wheel brings, or those of the checkout."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

_PACKAGE = Path(__file__).resolve().parent.parent
_SUFFIXES = (".md", ".py")


class Page(NamedTuple):
    """A page, or an example's app."""

    topic: str
    """Its path without a suffix. Example: `how-to/own-ca`."""
    path: Path

    @property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def title(self) -> str:
        """Its heading; of an app the first sentence of its docstring."""
        text = self.text
        if self.path.suffix == ".py":
            return (ast.get_docstring(ast.parse(text)) or "").partition("\n\n")[0].replace("\n", " ")
        return next((line[2:] for line in text.splitlines() if line.startswith("# ")), self.topic)


def pages() -> Mapping[str, Page]:
    """Every page by its topic, in the order of reading."""
    found = [Page(topic, path) for topic, path in _paths()]
    return {page.topic: page for page in sorted(found, key=_order)}


def matching(wanted: str) -> list[Page]:
    """The pages that are meant by a topic, by its last part, or by a path as another page links to it."""
    known = pages()
    parts = [part for part in wanted.partition("#")[0].split("/") if part not in ("", ".", "..", "docs")]
    topic = "/".join(parts)
    for suffix in _SUFFIXES:
        topic = topic.removesuffix(suffix)
    topic = topic.lower()
    if topic in known:
        return [known[topic]]
    return [page for page in known.values() if page.topic.rpartition("/")[2] == topic]


def _paths() -> Iterator[tuple[str, Path]]:
    """Topics and files. hatch_build.py puts the same into the wheel, below `docs`."""
    installed = _PACKAGE / "docs"
    if installed.is_dir():
        yield from _below(installed, _SUFFIXES)
        return
    checkout = _PACKAGE.parent
    if not (checkout / "docs").is_dir():
        return
    yield from ((topic, path) for topic, path in _below(checkout / "docs", (".md",)) if topic != "index")
    yield from ((f"examples/{topic}", path) for topic, path in _below(checkout / "examples", (".py",)))
    yield from ((name.lower(), checkout / f"{name}.md") for name in ("README", "CHANGELOG"))


def _below(folder: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    for path in folder.rglob("*"):
        if path.suffix in suffixes and path.is_file():
            yield path.relative_to(folder).with_suffix("").as_posix(), path


_FOLDERS = ("tutorial", "how-to", "examples", "", "reference", "explanation")


def _order(page: Page) -> tuple[bool, int, str]:
    folder = page.topic.rpartition("/")[0]
    return page.topic != "readme", _FOLDERS.index(folder) if folder in _FOLDERS else len(_FOLDERS), page.topic
