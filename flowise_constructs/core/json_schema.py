"""Data held against a schema in Kubernetes' manner: definitions that refer to each other by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from flowise_constructs.core.checking import ProblemError
from flowise_constructs.core.findings import shown

Definition = Mapping[str, Any]

_NAME: Definition = {"type": "string"}


class Fault(NamedTuple):
    """What is wrong with one part of the data."""

    path: str
    """The way to it, such as `spec.ports[0].port`; empty for the whole."""
    problem: str
    """The value and what it must be."""

    def __str__(self) -> str:
        return f"{self.path or 'it'} {self.problem}"


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Holds data against definitions, and makes plain data of it."""

    definitions: Mapping[str, Definition]
    """The definitions by name."""
    scalars: Mapping[str, Callable[[Any, Definition], Any]]
    """What makes a scalar, by its type or by the name of its definition; ProblemError where it is wrong."""
    fields: Callable[[object, Definition], Mapping[Any, Any] | None]
    """The fields that are set; None where it has none to give."""
    unknown: Callable[[object, Iterable[str]], str]
    """What to say of a field that the definition doesn't have."""
    mend: Callable[[object, str], str] = lambda given, expected: ""
    """What to add to the words on a wrong type."""
    show: Callable[[object], str] = shown
    """A value as a message shows it."""
    takes_null: bool = False
    """Whether null may stand anywhere, as in what is applied."""

    def read(self, definition: Definition, given: object) -> tuple[Any, list[Fault]]:
        """The plain data, and everything that is wrong in it."""
        faults: list[Fault] = []
        return self._object(definition, given, "", faults), faults

    def expect(self, holds: bool, given: object, what: str) -> None:
        """ProblemError where it doesn't hold."""
        if not holds:
            raise ProblemError(f"is {self.show(given)} and must be {what}{self.mend(given, what)}")

    def _object(self, definition: Definition, given: object, path: str, faults: list[Fault]) -> Any:
        known: Mapping[str, Definition] = definition["properties"]
        fields = self.fields(given, definition)
        if fields is None:
            return self._judged(path, faults, self.expect, False, given, "a mapping")
        faults += [Fault(path, self.unknown(name, known)) for name in fields if name not in known]
        missing = sorted(name for name in definition.get("required", ()) if name not in fields)
        if missing:
            faults.append(Fault(path, f"lacks {', '.join(missing)}"))
        there = {name: item for name, item in fields.items() if name in known}
        return {
            name: self._item(known[name], item, f"{path}.{name}".lstrip("."), faults) for name, item in there.items()
        }

    def _item(self, definition: Definition, item: Any, path: str, faults: list[Fault]) -> Any:
        if item is None and self.takes_null:
            return None
        kind: str = definition.get("$ref", definition.get("type", ""))
        if kind in self.scalars:
            return self._judged(path, faults, self.scalars[kind], item, definition)
        if "$ref" in definition:
            return self._item(self.definitions[kind], item, path, faults)
        if "properties" in definition:
            return self._object(definition, item, path, faults)
        if kind == "array":
            return self._list(definition, item, path, faults)
        return self._map(definition, item, path, faults) if kind == "object" else item

    def _list(self, definition: Definition, item: Any, path: str, faults: list[Fault]) -> Any:
        if not isinstance(item, (list, tuple)):
            return self._judged(path, faults, self.expect, False, item, "a list")
        entries = enumerate(cast(Sequence[Any], item))
        return [self._item(definition["items"], entry, f"{path}[{index}]", faults) for index, entry in entries]

    def _map(self, definition: Definition, item: Any, path: str, faults: list[Fault]) -> Any:
        if not isinstance(item, Mapping):
            return self._judged(path, faults, self.expect, False, item, "a mapping")
        inner: Definition = definition.get("additionalProperties", _NAME)
        pairs = cast(Mapping[Any, Any], item).items()
        names = {name: self._judged(path, faults, self.scalars["string"], name, _NAME) for name, _ in pairs}
        return {names[name]: self._item(inner, entry, f"{path}.{name}", faults) for name, entry in pairs}

    @staticmethod
    def _judged(path: str, faults: list[Fault], make: Callable[..., Any], *given: Any) -> Any:
        try:
            return make(*given)
        except ProblemError as error:
            faults.append(Fault(path, error.problem))
            return None
