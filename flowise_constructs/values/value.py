"""What every value shares: it is checked when it is made, and a wrong one can't exist."""

from __future__ import annotations

import inspect
import re
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, wraps
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    ParamSpec,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from flowise_constructs import checks

T = TypeVar("T")
P = ParamSpec("P")

SECRET_KEY = "SecretKey(secret=..., key=...)"
"""How messages spell the one form that a secret takes."""


class Finding(NamedTuple):
    """One thing that is wrong: where, and what with its mend."""

    where: str
    """The argument, such as `Redis.port`."""
    problem: str
    """The value and how to mend it."""

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


class ConfigError(ValueError):
    """Values that can't become a working deployment. `findings` holds every independent one."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        lines = [str(finding) for finding in self.findings]
        super().__init__(
            lines[0] if len(lines) == 1 else "\n".join([f"{len(lines)} findings:", *(f"- {line}" for line in lines)])
        )


class ConfigWarning(UserWarning):
    """A value that works and is likely not what was meant."""


def warn(text: str) -> None:
    """A ConfigWarning that points to the line outside this package that the value comes from."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("flowise_constructs."):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, ConfigWarning, stacklevel=level)


class Value:
    """A frozen, keyword-only dataclass whose fields are checked against their annotations when it is made."""

    def __post_init__(self) -> None:
        mismatches = list(_conform(self))
        found = [mismatch.finding for mismatch in mismatches]
        if not any(mismatch.type_is_wrong for mismatch in mismatches):
            found += self._further({finding.where for finding in found})
        if found:
            raise ConfigError(found)

    def _further(self, wrong: set[str]) -> Iterator[Finding]:
        """Contradictions between the other fields; a wrong one may keep some of them from being looked at."""
        try:
            yield from (finding for finding in self.contradictions() if finding.where not in wrong)
        except (LookupError, TypeError, ValueError):
            if not wrong:
                raise

    def contradictions(self) -> Iterable[Finding]:
        """What is wrong between fields that are each right; a subclass extends it."""
        return ()

    def finding(self, field: str, problem: str) -> Finding:
        """A finding on a field of this value."""
        return Finding(f"{type(self).__name__}.{field}", problem)


@dataclass(frozen=True)
class _Mismatch:
    finding: Finding
    type_is_wrong: bool


class _Problem(NamedTuple):
    text: str
    type_is_wrong: bool


@cache
def _hints(annotated: Callable[..., object]) -> Mapping[str, Any]:
    """Of a class, or of a function."""
    return get_type_hints(annotated, include_extras=True)


def _conform(value: Value) -> Iterator[_Mismatch]:
    """Checks each field and puts immutable copies of lists and own copies of mappings in their place."""
    assert is_dataclass(value)
    hints = _hints(type(value))
    for field in fields(value):
        hint, given = hints[field.name], getattr(value, field.name)
        problem = _problem(hint, given)
        if problem is None:
            object.__setattr__(value, field.name, _own(given))
        else:
            where = f"{type(value).__name__}.{field.name}"
            yield _Mismatch(Finding(where, problem.text), problem.type_is_wrong)


def _own(given: Any) -> Any:
    if isinstance(given, Mapping):
        pairs = cast(Mapping[Any, Any], given)
        return {key: _own(item) for key, item in pairs.items()}
    if isinstance(given, (list, tuple)):
        items = cast(Sequence[Any], given)
        return tuple(_own(item) for item in items)
    return given


def _problem(hint: Any, given: Any) -> _Problem | None:
    origin = get_origin(hint)
    if origin is Annotated:
        return _by_rule(hint, given)
    if origin in (Union, types.UnionType):
        return _by_union(get_args(hint), given)
    if origin is Literal:
        words = get_args(hint)
        if any(given == word and type(given) is type(word) for word in words):
            return None
        return _Problem(
            f"{shown(given)} must be one of {', '.join(map(repr, words))}", not isinstance(given, type(words[0]))
        )
    if origin is not None and issubclass(origin, Mapping):
        return _by_mapping(get_args(hint), given)
    if origin is not None and issubclass(origin, Sequence):
        return _by_sequence(get_args(hint)[0], given)
    if not _is_a(hint, given):
        return _Problem(_expected((hint,), given), True)
    if isinstance(given, str) and (wrong := checks.misread(given)) is not None:
        return _Problem(f"{shown(given)} {wrong}", False)
    return None


def _by_rule(hint: Any, given: Any) -> _Problem | None:
    kind, *rules = get_args(hint)
    if (problem := _problem(kind, given)) is not None:
        return problem
    for rule in rules:
        if (wrong := rule(given)) is not None:
            return _Problem(f"{shown(given)} {wrong}", False)
    return None


def _by_union(members: tuple[Any, ...], given: Any) -> _Problem | None:
    problems = [_problem(member, given) for member in members]
    if None in problems:
        return None
    for problem in problems:
        if problem is not None and not problem.type_is_wrong:
            return problem
    return _Problem(_expected(members, given), True)


def _by_mapping(arguments: tuple[Any, ...], given: Any) -> _Problem | None:
    if not isinstance(given, Mapping):
        return _Problem(f"{shown(given)} must be a mapping", True)
    pairs = cast(Mapping[Any, Any], given)
    for key, item in pairs.items():
        if (problem := _problem(arguments[0], key)) is not None:
            return _Problem(f"key {problem.text}", problem.type_is_wrong)
        if (problem := _problem(arguments[1], item)) is not None:
            return _Problem(f"[{key!r}] {problem.text}", problem.type_is_wrong)
    return None


def _by_sequence(item_hint: Any, given: Any) -> _Problem | None:
    if not isinstance(given, (list, tuple)):
        return _Problem(f"{shown(given)} must be a list or tuple", True)
    items = cast(Sequence[Any], given)
    for index, item in enumerate(items):
        if (problem := _problem(item_hint, item)) is not None:
            return _Problem(f"[{index}] {problem.text}", problem.type_is_wrong)
    return None


def _is_a(hint: Any, given: Any) -> bool:
    if hint is Any:
        return True
    if hint is None or hint is type(None):
        return given is None
    if hint is int:
        return isinstance(given, int) and not isinstance(given, bool)
    return isinstance(given, hint)


def _expected(hints: tuple[Any, ...], given: Any) -> str:
    kinds = [_name(hint) for hint in hints]
    names = " or ".join(kinds)
    if given is None or SECRET_KEY not in kinds:
        return f"{shown(given)} must be {names}"
    if "str" in kinds:
        return f"what is given, of type {type(given).__name__} and not shown, must be {names}"
    return f"a bare {type(given).__name__} stands where a secret belongs (not shown): give {names}"


def _name(hint: Any) -> str:
    origin = get_origin(hint)
    if origin is Annotated:
        return _name(get_args(hint)[0])
    if origin is Literal:
        return ", ".join(map(repr, get_args(hint)))
    if hint is type(None):
        return "None"
    if origin is not None:
        return "a mapping" if issubclass(origin, Mapping) else "a list"
    if getattr(hint, "__name__", "") == "SecretKey":
        return SECRET_KEY
    return str(getattr(hint, "__name__", hint))


def shown(given: object) -> str:
    """A value as an error message shows it: short, always printable, and without credentials."""
    try:
        text = ascii(given) if isinstance(given, str) and not given.isprintable() else repr(given)
    except Exception:  # Python refuses to write out a huge number, and an object's own repr may fail.
        return f"<{type(given).__name__}>"
    if "PRIVATE KEY" in text:
        return "a private key (not shown)"
    text = re.sub(r"//[^/\s]*@", "//...@", text)
    return text if len(text) <= 80 else f"{text[:77]}..."


def problem_with(hint: Any, given: object) -> str | None:
    """What is wrong with a value of the annotated type; None if nothing is."""
    problem = _problem(hint, given)
    return problem.text if problem else None


def checked(initializer: Callable[P, None]) -> Callable[P, None]:
    """Decorates a public `__init__`: each argument is held against its annotation before anything is made."""
    signature = inspect.signature(initializer)
    owner = initializer.__qualname__.partition(".")[0]

    @wraps(initializer)
    def checking(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError:
            # Python's own words for a missing or an unknown argument.
            initializer(*args, **kwargs)
            raise
        hints = _hints(initializer)
        problems = {name: _problem(hints[name], value) for name, value in given.items() if name in hints}
        found = [Finding(f"{owner}.{name}", problem.text) for name, problem in problems.items() if problem]
        if found:
            raise ConfigError(found)
        initializer(*args, **kwargs)

    return checking


class Findings:
    """Gathers what several steps find, so that all of it is told at once."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def attempt(self, make: Callable[[], T]) -> T | None:
        """What the step makes, or None where it was refused."""
        try:
            return make()
        except ConfigError as error:
            self._found += error.findings
            return None

    def require(self, make: Callable[[], T]) -> T:
        """What the step makes; raises everything found where it was refused, since nothing can follow."""
        made = self.attempt(make)
        self.settle()
        assert made is not None
        return made

    def settle(self) -> None:
        """Raises what was found."""
        if self._found:
            raise ConfigError(dict.fromkeys(self._found))
