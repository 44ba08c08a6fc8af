"""A release's values, checked against the table of its chart's keys, and all findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowise_constructs.core.findings import shown
from flowise_constructs.core.plain import is_list, is_map
from flowise_constructs.importers.notes import Notes, nearest
from flowise_constructs.importers.tables import ANY_SCALAR, ANYTHING, Section, Table


class Release(Notes):
    """The values of one Helm release, with the errors and remarks about them."""

    def __init__(self, values: Mapping[str, Any], table: Table, *, name: str, namespace: str | None) -> None:
        super().__init__()
        self.name = name
        self.namespace = namespace
        self._table = table
        self._given: dict[str, Any] = {}
        self._values: dict[str, Any] = {}
        self._read(values, table.keys, "")

    def given(self, path: str) -> bool:
        """Whether the user's files set the path."""
        return path in self._given

    def places(self, candidates: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """For each field the first of its paths that the user's files set, else the last one."""
        return {
            field: next((path for path in paths if self.given(path)), paths[-1]) for field, paths in candidates.items()
        }

    def below(self, path: str) -> list[str]:
        """The keys at or below the path that the user's files set to something other than the chart's default."""
        return [key for key, value in self._given.items() if _is_below(key, path) and value != self._table.default(key)]

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
                self.refuse(f"{path}.{key}", f"is not carried over{nearest(key, known)}: remove it")

    def _read(self, values: Mapping[str, Any], known: Section, prefix: str) -> None:
        for key in values:
            if key not in known:
                self.refuse(f"{prefix}{key}", f"is not a key of the chart{self._meant(key, known)}")
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
            rendered = "the value (not shown)" if path.rpartition(".")[2] in self._table.secret_keys else shown(value)
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

    def _meant(self, key: str, known: Section) -> str:
        """The key that was meant: the most similar one beside it or at the top, or its place in another section."""
        elsewhere = self._table.elsewhere(key)
        deeper = f": did you mean {' or '.join(map(repr, elsewhere))}?" if elsewhere else ""
        return nearest(key, known) or deeper or nearest(key, self._table.keys)


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
    if value is None or value is ANY_SCALAR or default is ANYTHING:
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
