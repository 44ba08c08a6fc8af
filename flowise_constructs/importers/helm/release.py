"""A release's values, checked against the chart's keys, and all findings."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from flowise_constructs import ConfigError, ConfigWarning, Finding
from flowise_constructs.core.findings import shown
from flowise_constructs.core.plain import is_list, is_map
from flowise_constructs.importers.helm.known import KEYS, SECRET_KEYS
from flowise_constructs.importers.helm.known_servers import ANY_SCALAR, Section

T = TypeVar("T")

Paths = str | Mapping[str, str]
"""Where the fields of a value come from: the chart's path for each, or one for all."""


class Release:
    """The values of one Helm release, with the errors and remarks about them."""

    def __init__(self, values: Mapping[str, Any], *, name: str, namespace: str | None) -> None:
        self.name = name
        self.namespace = namespace
        self._findings: dict[Finding, None] = {}
        self._remarks: dict[Finding, None] = {}
        self._given: dict[str, Any] = {}
        self._values: dict[str, Any] = {}
        self._read(values, KEYS, "")

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is refused."""
        return tuple(self._findings)

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """What the user should know."""
        return tuple(self._remarks)

    def refuse(self, path: str, problem: str) -> None:
        """Adds an error: the values can't become YAML."""
        self._findings[Finding(path, problem)] = None

    def remark(self, path: str, text: str) -> None:
        """Adds a remark: something that the user should know, but that prevents nothing."""
        self._remarks[Finding(path, text)] = None

    def given(self, path: str) -> bool:
        """Whether the user's files set the path."""
        return path in self._given

    def below(self, path: str) -> list[str]:
        """The keys at or below the path that the user's files set to something other than the chart's default."""
        return [key for key, value in self._given.items() if _is_below(key, path) and value != self._default(key)]

    def text(self, path: str) -> str:
        """Text, also from a number if the key takes one. Empty if a null removed the default."""
        value = self._values[path]
        return "" if value is None or value is ANY_SCALAR else str(value)

    def flag(self, path: str) -> bool:
        """True or false; false if a null removed the default."""
        return bool(self._values[path])

    def number(self, path: str) -> int:
        """An integer."""
        return int(self._values[path])

    def mapping(self, path: str) -> dict[str, Any]:
        """A mapping with any keys."""
        return dict(self._values[path] or {})

    def items(self, path: str) -> list[Any]:
        """A list."""
        return list(self._values[path] or [])

    def words(self, path: str) -> dict[str, str]:
        """A mapping of any keys to text: labels, annotations, a node selector."""
        return self.words_of(self.mapping(path), path)

    def words_of(self, mapping: Mapping[str, Any], path: str) -> dict[str, str]:
        """The mapping without values that are not text, which are refused."""
        for key, item in mapping.items():
            if not isinstance(item, str):
                self.refuse(f"{path}[{key!r}]", f"{shown(item)} must be text: put it in quotes")
        return {key: item for key, item in mapping.items() if isinstance(item, str)}

    def entries(self, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The mappings of a list, each with its path; anything else in it is refused."""
        yield from self.entries_of(self.items(path), path)

    def entries_of(self, items: object, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The mappings of a list, each with its path."""
        if not is_list(items):
            self.refuse(path, f"{shown(items)} must be a list")
            return
        for index, item in enumerate(items):
            if is_map(item):
                yield f"{path}[{index}]", item
            else:
                self.refuse(f"{path}[{index}]", f"{shown(item)} must be a mapping")

    def only(self, entry: Mapping[str, Any], path: str, *known: str) -> None:
        """Refuses the entry's other keys."""
        for key in entry:
            if key not in known:
                self.refuse(f"{path}.{key}", f"is not carried over{_nearest(key, known)}: remove it")

    def make(self, cls: Callable[..., T], paths: Paths, otherwise: T, /, **fields: Any) -> T:
        """One of this library's values. If it is refused, its findings are reported with the chart's paths."""
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always", ConfigWarning)
            made = self._attempt(cls, paths, otherwise, fields)
        for warning in raised:
            where, _, text = str(warning.message).partition(": ")
            self.remark(_path(where, paths), _translated(text, paths))
        return made

    def _attempt(self, cls: Callable[..., T], paths: Paths, otherwise: T, fields: Mapping[str, Any]) -> T:
        try:
            return cls(**fields)
        except ConfigError as error:
            for finding in error.findings:
                self.refuse(_path(finding.where, paths), _translated(finding.problem, paths))
            return otherwise

    def _read(self, values: Mapping[str, Any], known: Section, prefix: str) -> None:
        for key in values:
            if key not in known:
                self.refuse(
                    f"{prefix}{key}",
                    f"is not a key of the chart{_nearest(key, known) or _nearest(key, KEYS) or _deeper(key)}",
                )
        for key, default in known.items():
            if is_map(default) and default:
                self._read_section(f"{prefix}{key}", values.get(key, {}), default)
            else:
                self._read_key(f"{prefix}{key}", values.get(key, default), default, key in values)

    def _read_key(self, path: str, value: Any, default: Any, given: bool) -> None:
        if given:
            self._given[path] = value
        problem = _wrong_kind(value, default)
        if problem is not None:
            rendered = "the value (not shown)" if path.rpartition(".")[2] in SECRET_KEYS else shown(value)
            self.refuse(path, f"{rendered} {problem}")
            value = default
        self._values[path] = value

    def _read_section(self, path: str, value: Any, known: Section) -> None:
        if not is_map(value):
            what = (
                "null removes the whole section, and the chart needs it"
                if value is None
                else f"{shown(value)} must be a mapping"
            )
            self.refuse(path, f"{what}: leave it out for its defaults")
            value = {}
        self._read(value, known, f"{path}.")

    def _default(self, path: str) -> Any:
        section, _, key = path.rpartition(".")
        return (_section(section) if section else KEYS)[key]


def _is_below(key: str, path: str) -> bool:
    return key == path or key.startswith(f"{path}.")


def _wrong_kind(value: Any, default: Any) -> str | None:
    if isinstance(default, bool):
        return (
            None
            if value is None or isinstance(value, bool)
            else "must be true or false, without quotes: Helm treats any text as true"
        )
    if isinstance(default, int):
        return None if _is_integer(value) else "must be a whole number"
    if value is None or value is ANY_SCALAR:
        return None
    if default is ANY_SCALAR:
        return None if isinstance(value, (str, int)) and not isinstance(value, bool) else "must be a number or text"
    if isinstance(default, str):
        return None if isinstance(value, str) else "must be text: put it in quotes"
    return None if isinstance(value, type(default)) else f"must be a {'list' if is_list(default) else 'mapping'}"


def _is_integer(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return re.fullmatch(r"-?[0-9]{1,18}", value) is not None
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _nearest(key: str, known: Any) -> str:
    near = get_close_matches(key[:100], list(known), n=1, cutoff=0.6)
    return f": did you mean {near[0]!r}?" if near else ""


def _deeper(key: str) -> str:
    """The key's place, where the chart has it in its own sections."""
    found = [f"{path}.{key}" for path in _SECTIONS if key in _section(path)]
    return f": did you mean {' or '.join(map(repr, found))}?" if found else ""


_SECTIONS = ("flowise", "queue.worker", "database.external", "storage.s3", "auth", "persistence")


def _section(path: str) -> Section:
    section: Section = KEYS
    for part in path.split("."):
        section = section[part]
    return section


def _path(where: str, paths: Paths) -> str:
    field = where.partition(".")[2]
    if isinstance(paths, str):
        return paths
    return paths.get(field) or paths.get("") or where


def _translated(problem: str, paths: Paths) -> str:
    """The problem with our field names replaced by the chart's paths."""
    if isinstance(paths, str):
        return problem
    return re.sub(r"'([a-z_]+)'", lambda match: paths.get(match[1], match[0]), problem)
