"""The base class of all values: a value is checked when it is created, so a wrong one can't exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from flowise_constructs.core.checking import ProblemError, checks_of
from flowise_constructs.core.findings import ConfigError, Finding


class Value:
    """A frozen, keyword-only dataclass whose fields are checked against their annotations when it is created."""

    def __init_subclass__(cls) -> None:
        # A dataclass makes a `__repr__` with every field, unless its class has one. `help()` shows defaults by it.
        cls.__repr__ = Value.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in differing(self).items())
        return f"{type(self).__qualname__}({said})"

    def __post_init__(self) -> None:
        problems = dict(_problems(self))
        found = [self.finding(name, error.problem) for name, error in problems.items()]
        if not any(error.type_is_wrong for error in problems.values()):
            found += self._further({finding.where for finding in found})
        if found:
            raise ConfigError(found)

    def _further(self, wrong: set[str]) -> Iterator[Finding]:
        """Contradictions between the other fields. Some can't be checked if a field is wrong."""
        try:
            yield from (finding for finding in self.contradictions() if finding.where not in wrong)
        except (LookupError, TypeError, ValueError):
            if not wrong:
                raise

    def contradictions(self) -> Iterable[Finding]:
        """Contradictions between fields that are each valid; a subclass extends it."""
        return ()

    def finding(self, field: str, problem: str) -> Finding:
        """A finding on a field of this value."""
        return Finding(f"{type(self).__name__}.{field}", problem)


def differing(value: Value) -> dict[str, Any]:
    """The fields that have another value than by default."""
    assert is_dataclass(value)
    given = {field: getattr(value, field.name) for field in fields(value) if field.repr}
    return {field.name: found for field, found in given.items() if _is_said(field, found)}


def _is_said(field: Field[Any], value: Any) -> bool:
    if field.default is not MISSING:
        return bool(field.default != value)
    return field.default_factory is MISSING or field.default_factory() != value


def _problems(value: Value) -> Iterator[tuple[str, ProblemError]]:
    """Checks each field, and replaces the given value by a copy."""
    assert is_dataclass(value)
    checks = checks_of(type(value))
    for field in fields(value):
        try:
            object.__setattr__(value, field.name, checks[field.name](getattr(value, field.name)))
        except ProblemError as error:
            yield field.name, error
