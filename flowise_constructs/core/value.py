"""The base class of all values: a value is checked when it is created, so a wrong one can't exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from flowise_constructs.core.checking import ProblemError, checks_of
from flowise_constructs.core.findings import ConfigError, Finding


class Value:
    """A frozen, keyword-only dataclass whose fields are checked against their annotations when it is created."""

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


def _problems(value: Value) -> Iterator[tuple[str, ProblemError]]:
    """Checks each field, and replaces the given value by a copy."""
    assert is_dataclass(value)
    checks = checks_of(type(value))
    for field in fields(value):
        try:
            object.__setattr__(value, field.name, checks[field.name](getattr(value, field.name)))
        except ProblemError as error:
            yield field.name, error
