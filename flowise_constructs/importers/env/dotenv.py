"""A reader of environment files that finds in them what npm's dotenv 16 finds, which Flowise starts with.

dotenv looks for assignments with a regular expression and passes over the rest. Here the same expression stands in
Python's syntax: JavaScript's white space, word characters and line ends are not Python's.
"""

from __future__ import annotations

import re

from flowise_constructs.importers.env.reading import Line, Reading, numbers

_SPACE = "\t\v\f \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff\n\r\u2028\u2029"
_ENDS = "\n\r\u2028\u2029"
_START = rf"(?:(?<=[{_ENDS}])|\A)"
_END = rf"(?=[{_ENDS}]|\Z)"

_LINE = re.compile(
    rf"{_START}[{_SPACE}]*(?:export[{_SPACE}]+)?([A-Za-z0-9_.-]+)(?:[{_SPACE}]*=[{_SPACE}]*?|:[{_SPACE}]+?)"
    rf"([{_SPACE}]*'(?:\\'|[^'])*'|[{_SPACE}]*\"(?:\\\"|[^\"])*\"|[{_SPACE}]*`(?:\\`|[^`])*`|[^#\r\n]+)?"
    rf"[{_SPACE}]*(?:#[^{_ENDS}]*)?{_END}"
)
_QUOTED = re.compile(rf"{_START}(['\"`])([\s\S]*)\1{_END}")
_TRIMMED = _SPACE.replace("\u2000-\u200a", "".join(map(chr, range(0x2000, 0x200B))))


def read(text: str) -> Reading:
    """The variables of a file."""
    text = re.sub(r"\r\n?", "\n", text)
    matches = list(_LINE.finditer(text))
    lines = (Line(found[1], _value(found[2] or ""), 1 + text.count("\n", 0, found.start(1))) for found in matches)
    return Reading(tuple(lines), numbers(text, (found.span() for found in matches)))


def _value(text: str) -> str:
    text = text.strip(_TRIMMED)
    inner = _QUOTED.sub(r"\2", text)
    return inner.replace("\\n", "\n").replace("\\r", "\r") if text.startswith('"') else inner
