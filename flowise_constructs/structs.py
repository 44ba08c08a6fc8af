"""Plain data under Kubernetes' names -> typed Kubernetes structs: the border for what is passed through."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from cdk8s_plus_27 import k8s

from flowise_constructs import checks
from flowise_constructs.values.value import ConfigError, Finding, shown

T = TypeVar("T")


# Each of these is a call to Node, and the values recur in every pod.
@lru_cache(maxsize=1024)
def quantity(text: str) -> k8s.Quantity:
    """A Kubernetes quantity."""
    return k8s.Quantity.from_string(text)


@lru_cache(maxsize=1024)
def named_port(name: str) -> k8s.IntOrString:
    """A port by its name."""
    return k8s.IntOrString.from_string(name)


@lru_cache(maxsize=1024)
def number(value: int) -> k8s.IntOrString:
    """A number where Kubernetes takes a number or a percentage."""
    return k8s.IntOrString.from_number(value)


# jsii spells Kubernetes' downwardAPI and diskURI downwardApi and diskUri.
_ACRONYM = re.compile(r"([A-Z])([A-Z]+)(?=$|[A-Z][a-z])")


class _RefusedError(Exception):
    """What is wrong, with the way to it."""


def struct(kind: type[T], data: Mapping[str, Any], where: str) -> T:
    """One struct of the given kind; ConfigError that names `where` and the way to what doesn't fit."""
    try:
        made: T = _struct(kind, data, "")
        return made
    except _RefusedError as refused:
        raise ConfigError([Finding(where, str(refused))]) from None


@cache
def _fields(kind: type) -> dict[str, tuple[str, Any]]:
    """Kubernetes' name of each field -> its Python name and type."""
    hints = get_type_hints(vars(kind)["__init__"], dict(vars(k8s)))
    mapping: Mapping[str, str] = getattr(kind, "__jsii_name_mapping__")  # noqa: B009
    return {kubernetes: (python, hints[python]) for python, kubernetes in mapping.items()}


def _struct(kind: Any, data: Mapping[str, Any], way: str) -> Any:
    known = _fields(kind)
    arguments: dict[str, Any] = {}
    for key, item in data.items():
        name = _ACRONYM.sub(lambda letters: letters[1] + letters[2].lower(), key)
        if name not in known:
            raise _RefusedError(f"{way or 'it'} has no field {key!r}; it knows {', '.join(sorted(known))}")
        python, hint = known[name]
        if item is not None:
            arguments[python] = _convert(hint, item, f"{way}.{key}".lstrip("."))
    try:
        return kind(**arguments)
    except TypeError as error:
        missing = sorted(name for name, (python, _) in known.items() if repr(python) in str(error))
        raise _RefusedError(f"{way or 'it'} lacks {', '.join(missing) or 'a required field'}") from None


def _convert(hint: Any, item: Any, way: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        return _convert(_wanted(get_args(hint)), item, way)
    origin = get_origin(hint)
    if hint in _SCALARS:
        return _SCALARS[hint](item, way)
    if origin is not None and issubclass(origin, Mapping):
        _expect(isinstance(item, Mapping), item, way, "a mapping")
        return {key: _convert(get_args(hint)[1], value, f"{way}.{key}") for key, value in item.items()}
    if origin is not None and issubclass(origin, Sequence):
        _expect(isinstance(item, (list, tuple)), item, way, "a list")
        return [_convert(get_args(hint)[0], value, f"{way}[{index}]") for index, value in enumerate(item)]
    if hasattr(hint, "__jsii_name_mapping__"):
        _expect(isinstance(item, Mapping), item, way, "a mapping")
        return _struct(hint, item, way)
    return item


def _wanted(members: tuple[Any, ...]) -> Any:
    """A jsii field's hint is Union[Struct, Dict[str, Any], None]: the struct is what is meant."""
    return next(
        member
        for member in members
        if (member is not type(None) and get_origin(member) is not dict) or len(members) == 1
    )


def _expect(holds: bool, item: Any, way: str, what: str) -> None:
    if not holds:
        raise _RefusedError(f"{way} is {shown(item)} and must be {what}")


def _text(item: Any, way: str) -> str:
    _expect(isinstance(item, str), item, way, "a string")
    return str(item)


def _number(item: Any, way: str) -> int:
    _expect(isinstance(item, int) and not isinstance(item, bool) and abs(item) < 2**31, item, way, "an integer")
    return int(item)


def _boolean(item: Any, way: str) -> bool:
    _expect(isinstance(item, bool), item, way, "true or false")
    return bool(item)


def _quantity(item: Any, way: str) -> k8s.Quantity:
    _expect(isinstance(item, str) and not checks.quantity(item), item, way, "a quantity such as '500m' or '8Gi'")
    return quantity(item)


def _int_or_string(item: Any, way: str) -> k8s.IntOrString:
    _expect(isinstance(item, (int, str)) and not isinstance(item, bool), item, way, "a number or a string")
    return number(item) if isinstance(item, int) else named_port(item)


_SCALARS: Mapping[Any, Callable[[Any, str], Any]] = {
    str: _text,
    int: _number,
    float: _number,
    bool: _boolean,
    k8s.Quantity: _quantity,
    k8s.IntOrString: _int_or_string,
}
