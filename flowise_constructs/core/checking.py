"""Checks values against annotated types.

Written by hand, because the wording is the point: every message names the given value and the fix and shows no secret,
and all fields of a value are checked. attrs stops at the first error, and pydantic has its own wording and redaction.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial, wraps
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    ParamSpec,
    Protocol,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from flowise_constructs.core.findings import ConfigError, Finding, shown
from flowise_constructs.core.rules import texts

P = ParamSpec("P")
T = TypeVar("T")

SECRET_KEY = "SecretKey(secret=..., key=...)"
"""How messages write the only accepted form of a secret."""


class ProblemError(Exception):
    """What is wrong with one value."""

    def __init__(self, problem: str, *, type_is_wrong: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.type_is_wrong = type_is_wrong


class PassThrough(Protocol):
    """An annotation for data that is passed through to Kubernetes: it accepts several forms and turns them into plain
    data."""

    def plain(self, given: object) -> Any:
        """Plain data; ProblemError if the value can't become plain data."""
        ...


Check = Callable[[Any], Any]
"""Makes of a value what a field stores, with lists and mappings copied. ProblemError if the value is wrong."""


def check_of(hint: Any) -> Check:
    """The check of an annotated type. An annotation takes longer to take apart than a value to check."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _by_rules(arguments[0], arguments[1:])
    if origin in (Union, types.UnionType):
        return _by_union(arguments)
    if origin is Literal:
        return partial(_by_words, arguments)
    if origin is not None and issubclass(origin, Mapping):
        return partial(_by_mapping, check_of(arguments[0]), check_of(arguments[1]))
    if origin is not None and issubclass(origin, Sequence):
        return partial(_by_sequence, check_of(arguments[0]))
    return partial(_by_class, hint)


def problem_with(hint: Any, given: object) -> str | None:
    """What is wrong with a value of the annotated type; None if nothing is."""
    return problem_of(check_of(hint), given)


def problem_of(check: Check, given: object) -> str | None:
    """What a check says; None if nothing is wrong."""
    try:
        check(given)
    except ProblemError as error:
        return error.problem
    return None


def own(given: Any) -> Any:
    """A copy that no other code can change."""
    if isinstance(given, Mapping):
        return {key: own(item) for key, item in cast(Mapping[Any, Any], given).items()}
    if isinstance(given, (list, tuple)):
        return tuple(own(item) for item in cast(Sequence[Any], given))
    return given


@cache
def checks_of(annotated: Callable[..., object]) -> Mapping[str, Check]:
    """The checks of a class's fields, or of a function's arguments."""
    hints = get_type_hints(annotated, include_extras=True)
    return {name: check_of(hint) for name, hint in hints.items() if get_origin(hint) is not ClassVar}


def checked(initializer: Callable[P, T]) -> Callable[P, T]:
    """Decorates a public `__init__`, or what makes a value: each argument is checked against its annotation before
    anything is created."""
    signature = inspect.signature(initializer)
    owner = initializer.__qualname__.partition(".")[0]

    @wraps(initializer)
    def checking(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError:
            # Python's own message for a missing or an unknown argument.
            initializer(*args, **kwargs)
            raise
        checks = checks_of(initializer)
        problems = {name: problem_of(checks[name], value) for name, value in given.items() if name in checks}
        found = [Finding(f"{owner}.{name}", wrong) for name, wrong in problems.items() if wrong]
        if found:
            raise ConfigError(found)
        try:
            return initializer(*args, **kwargs)
        except RuntimeError as error:
            # Raised by JavaScript, with its traceback.
            if (twice := re.search(r"already a \w+ with name '([^']*)'", str(error))) is None:
                raise
            problem = f"{twice[1]!r} stands there twice in one scope: give each construct an id of its own"
            raise ConfigError([Finding(f"{owner}.id", problem)]) from None

    return checking


def _by_rules(kind: Any, annotations: tuple[Any, ...]) -> Check:
    make: Check = annotations[0].plain if hasattr(annotations[0], "plain") else check_of(kind)
    rules = [rule for rule in annotations if not hasattr(rule, "plain")]

    def check(given: Any) -> Any:
        made = make(given)
        for rule in rules:
            if (wrong := rule(made)) is not None:
                raise ProblemError(f"{shown(given)} {wrong}")
        return made

    return check


def _by_union(members: tuple[Any, ...]) -> Check:
    classes = [member if get_origin(member) is None else object for member in members]
    checks = list(zip(classes, map(check_of, members), strict=True))

    def check(given: Any) -> Any:
        problems: list[ProblemError] = []
        for kind, make in checks:
            # The message on a wrong type names every member.
            if _is_a(kind, given):
                try:
                    return make(given)
                except ProblemError as error:
                    problems.append(error)
        for problem in problems:
            if not problem.type_is_wrong:
                raise _without_secret(members, problem)
        raise ProblemError(_expected(members, given), type_is_wrong=True)

    return check


def _by_class(hint: Any, given: Any) -> Any:
    if not _is_a(hint, given):
        raise ProblemError(_expected((hint,), given), type_is_wrong=True)
    if isinstance(given, str) and (wrong := texts.misread(given)) is not None:
        raise ProblemError(f"{shown(given)} {wrong}")
    return own(given)


def _without_secret(members: tuple[Any, ...], problem: ProblemError) -> ProblemError:
    """Hides a plain text that may be a secret given by mistake."""
    if str in members and SECRET_KEY in map(_name, members):
        return ProblemError("is text that YAML can't represent (not shown)")
    return problem


def _by_words(words: tuple[Any, ...], given: Any) -> Any:
    if any(given == word and type(given) is type(word) for word in words):
        return given
    wrong_type = not isinstance(given, type(words[0]))
    raise ProblemError(f"{shown(given)} must be one of {', '.join(map(repr, words))}", type_is_wrong=wrong_type)


def _by_mapping(key_check: Check, item_check: Check, given: Any) -> Any:
    if not isinstance(given, Mapping):
        raise ProblemError(f"{shown(given)} must be a mapping", type_is_wrong=True)
    pairs = cast(Mapping[Any, Any], given).items()
    return {_part(key_check, key): _part(item_check, item, key) for key, item in pairs}


def _by_sequence(item_check: Check, given: Any) -> Any:
    if not isinstance(given, (list, tuple)):
        raise ProblemError(f"{shown(given)} must be a list or tuple", type_is_wrong=True)
    return tuple(_part(item_check, item, index) for index, item in enumerate(cast(Sequence[Any], given)))


def _part(check: Check, given: Any, *at: object) -> Any:
    """An item at a key or index; a key itself without."""
    try:
        return check(given)
    except ProblemError as error:
        where = f"[{shown(at[0])}]" if at else "key"
        raise ProblemError(f"{where} {error.problem}", type_is_wrong=error.type_is_wrong) from None


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
    # Where a number may stand instead, as for a port, there is no secret to hide.
    if given is None or SECRET_KEY not in kinds or "int" in kinds:
        return f"{shown(given)} must be {names}"
    if "str" in kinds:
        return f"the value, of type {type(given).__name__} and not shown, must be {names}"
    return f"a plain {type(given).__name__} where a secret belongs (not shown): give {names}"


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
