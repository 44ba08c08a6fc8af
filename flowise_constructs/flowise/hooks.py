"""What the hooks `env()` and `command()` of a subclass return, held like any value."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Protocol, cast

from flowise_constructs.core.checking import SECRET_KEY, problem_with
from flowise_constructs.core.findings import ConfigError, ConfigWarning, Finding, shown, warn
from flowise_constructs.database import variables as database
from flowise_constructs.flowise.auth import VARIABLES
from flowise_constructs.flowise.environment import OWNED
from flowise_constructs.flowise.further_variables import unwise
from flowise_constructs.kubernetes.environment import Environment
from flowise_constructs.kubernetes.references import EnvValue, SecretKey
from flowise_constructs.queueing import variables as queueing
from flowise_constructs.storage import variables as storage

_MEND = 'return {**super().env(), "NAME": "value"}'
_NO_SECRETS = frozenset({*database.ADDRESS, *queueing.ADDRESS})
_NEEDED = frozenset({*VARIABLES.values(), database.TYPE, storage.TYPE, queueing.MODE})


def _not_empty(value: Sequence[str]) -> str | None:
    return None if value else "is empty: name the program and its arguments"


Command = Annotated[Sequence[str], _not_empty]


def held_command(construct: str, given: object) -> list[str]:
    """The command; ConfigError where it is no list of strings."""
    if (problem := problem_with(Command, given)) is not None:
        raise ConfigError([Finding(f"{construct}.command()", f"{problem}: return ['flowise', 'start'] or the like")])
    return list(cast(Sequence[str], given))


class Process(Protocol):
    """A construct with the hook."""

    def env(self) -> Environment:
        """The environment."""
        ...


def environment_of(construct: Process, own_class: type[Process]) -> Environment:
    """What the construct's pods get: its own environment, or what a subclass makes of it."""
    given = construct.env()
    if type(construct).env is own_class.env:
        return given
    with warnings.catch_warnings():
        # The hook has warned already.
        warnings.simplefilter("ignore", ConfigWarning)
        own = own_class.env(construct)
    return held_environment(own_class.__name__, given, own)


def held_environment(construct: str, given: object, own: Mapping[str, EnvValue]) -> Environment:
    """The environment that a hook made of the construct's own; ConfigError that says what it must not change."""
    if not isinstance(given, Mapping):
        raise ConfigError([Finding(f"{construct}.env()", f"{shown(given)} must be a mapping: {_MEND}")])
    environment = cast(Environment, dict(cast(Mapping[Any, Any], given)))
    findings = [Finding(f"{construct}.env()", problem) for problem in _problems(environment, own)]
    if findings:
        raise ConfigError(findings)
    for name, value in environment.items():
        if name not in own and (problem := unwise(name, value)) is not None:
            warn(f"{construct}.env(): {problem}")
    return environment


def _problems(given: Mapping[str, EnvValue], own: Mapping[str, EnvValue]) -> Iterator[str]:
    for name, value in own.items():
        follows = OWNED[name].follows if name in OWNED else ""
        if name not in given:
            if follows or name in _NEEDED:
                yield f"lacks {name}: {_MEND}"
        elif follows and given[name] != value:
            yield f"changes {name}, which can't be changed: {follows}"
        elif isinstance(value, SecretKey) and isinstance(given[name], str) and name not in _NO_SECRETS:
            yield f"gives {name} as text (not shown), which would stand in the YAML: give {SECRET_KEY}"
