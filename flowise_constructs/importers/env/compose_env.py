"""A reader of environment files that finds in them what Docker Compose finds.

Compose differs from dotenv: a comment behind an unquoted value needs a space, variables are put in, a backtick is no
quote, and what it can't read is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.importers.env.interpolation import InterpolationError, Lookup, expand
from flowise_constructs.importers.env.reading import Line, Reading

_KEY = re.compile(r"(?:export[ \t\v\f\r\x85\xa0]+)?([\w.\-\[\]]+)[ \t\v\f\r\x85\xa0]*([=:]|\n|\Z)[ \t\v\f\r\x85\xa0]*")
_QUOTED = re.compile(r"""'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)\"""", re.DOTALL)
_BLANK = re.compile(r"(?:\s+|#[^\n]*)+")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}


def read(text: str, file: str, lookup: Lookup) -> Reading:
    """The variables of a file; `lookup` knows those of other files. ConfigError with what Compose refuses."""
    read: dict[str, str] = {}
    findings: list[Finding] = []
    lines: list[Line] = []
    for name, raw, quote, number in _assignments(text, file):
        try:
            value = _value(raw, quote, lambda wanted: read.get(wanted, lookup(wanted)))
        except InterpolationError as error:
            findings.append(Finding(f"{file}:{number} {name}", str(error)))
            continue
        read[name] = value
        lines.append(Line(name, value, number))
    if findings:
        raise ConfigError(findings)
    return Reading(tuple(lines), ())


def _assignments(text: str, file: str) -> Iterator[tuple[str, str, str, int]]:
    text, at = text.replace("\r\n", "\n").removeprefix("\ufeff"), 0
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank else at
        if at >= len(text):
            return
        number = 1 + text.count("\n", 0, at)
        key = _KEY.match(text, at)
        if key is None:
            raise ConfigError([Finding(f"{file}:{number}", "is not NAME=VALUE, and Compose refuses the whole file")])
        name, at = key[1], key.end()
        if key[2] not in ("=", ":"):
            # Compose takes such a variable from its own environment.
            continue
        quoted = _QUOTED.match(text, at)
        if quoted is not None:
            at = quoted.end()
            yield name, quoted[0][1:-1], quoted[0][0], number
        elif text.startswith(("'", '"'), at):
            raise ConfigError([Finding(f"{file}:{number} {name}", "has a quote that is not closed: close it")])
        else:
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            yield name, text[at:end].partition(" #")[0].rstrip(), "", number
            at = end


def _value(raw: str, quote: str, lookup: Lookup) -> str:
    if quote == "'":
        return raw.replace("\\'", "'")
    if quote == '"':
        raw = re.sub(r"\\([nrt\\])", lambda found: _ESCAPES[found[1]], raw.replace('\\"', '"'))
    return expand(raw, lookup)
