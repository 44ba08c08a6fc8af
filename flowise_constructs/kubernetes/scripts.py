"""The scripts that run in pods, which lie beside the code that uses them: found by name, with the files they load."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent
SCRIPTS_DIRECTORY = "/opt/flowise-constructs"
"""The directory of all scripts in a pod."""

_LOADED = re.compile(
    r"""require\('\./(?P<module>[-\w]+)'\)"""
    r"""|path\.join\(__dirname,\ '(?P<data>[-.\w]+)'\)"""
    r"""|"\$\{0%/\*\}/(?P<beside>[-.\w]+)\""""
)
"""How a script names another file: a JavaScript module, a data file, a shell script."""


@cache
def script(name: str) -> str:
    """The text of a file."""
    return _index()[name].read_text(encoding="utf-8")


@cache
def scripts(*names: str) -> Mapping[str, str]:
    """The files and everything they load, in alphabetical order."""
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = script(name)
            waiting += loaded(found[name])
    return dict(sorted(found.items()))


def loaded(text: str) -> list[str]:
    """The files that a script's text refers to."""
    matches = _LOADED.finditer(text)
    return [f"{match['module']}.js" if match["module"] else match["data"] or match["beside"] for match in matches]


@cache
def _index() -> Mapping[str, Path]:
    """All files in the folders `scripts`. Their names are unique, because a pod has them in one directory."""
    return {path.name: path for path in PACKAGE.glob("*/scripts/**/*") if path.is_file()}
