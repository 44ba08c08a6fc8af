"""What is passed through to Kubernetes, held against its schema."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from flowise_constructs import checks
from flowise_constructs.manifest import Manifest
from flowise_constructs.values.value import ConfigError, Finding, shown

# jsii's spelling of fields that pods can have -> Kubernetes'.
_KUBERNETES_SPELLING = {
    "datasetUuid": "datasetUUID",
    "diskUri": "diskURI",
    "downwardApi": "downwardAPI",
    "pdId": "pdID",
    "scaleIo": "scaleIO",
    "storagePolicyId": "storagePolicyID",
    "targetWwNs": "targetWWNs",
    "volumeId": "volumeID",
}


class _RefusedError(Exception):
    """What is wrong, with the way to it."""


def conforming(kind: str, data: Mapping[str, Any], where: str) -> Manifest:
    """The data of a kind such as `Toleration`; ConfigError that names `where` and the way to what doesn't fit."""
    try:
        return _struct(_kinds()[kind], data, "")
    except _RefusedError as refused:
        raise ConfigError([Finding(where, str(refused))]) from None


@cache
def _kinds() -> Mapping[str, Any]:
    # It takes as long to import as a synthesis, and few pass anything through.
    from cdk8s_plus_27 import k8s  # noqa: PLC0415

    return vars(k8s)


@cache
def _fields(kind: type) -> dict[str, tuple[Any, bool]]:
    """Kubernetes' name of each field -> its type, and whether it must be there."""
    initializer = vars(kind)["__init__"]
    hints = get_type_hints(initializer, dict(_kinds()))
    optional: Mapping[str, object] = initializer.__kwdefaults__ or {}
    mapping: Mapping[str, str] = getattr(kind, "__jsii_name_mapping__")  # noqa: B009
    return {
        _KUBERNETES_SPELLING.get(spelled, spelled): (hints[python], python not in optional)
        for python, spelled in mapping.items()
    }


def _struct(kind: type, data: Mapping[str, Any], way: str) -> Manifest:
    known = _fields(kind)
    for key in data:
        if key not in known:
            raise _RefusedError(f"{way or 'it'} has no field {key!r}; it knows {', '.join(sorted(known))}")
    missing = sorted(key for key, (_, required) in known.items() if required and data.get(key) is None)
    if missing:
        raise _RefusedError(f"{way or 'it'} lacks {', '.join(missing)}")
    return {
        key: _convert(known[key][0], item, f"{way}.{key}".lstrip(".")) for key, item in data.items() if item is not None
    }


def _convert(hint: Any, item: Any, way: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        return _convert(_wanted(get_args(hint)), item, way)
    origin = get_origin(hint)
    rule = _SCALARS.get(getattr(hint, "__name__", ""))
    if rule is not None:
        return rule(item, way)
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


def _quantity(item: Any, way: str) -> str:
    _expect(isinstance(item, str) and not checks.quantity(item), item, way, "a quantity such as '500m' or '8Gi'")
    return str(item)


def _int_or_string(item: Any, way: str) -> int | str:
    _expect(isinstance(item, (int, str)) and not isinstance(item, bool), item, way, "a number or a string")
    return int(item) if isinstance(item, int) else str(item)


_SCALARS: Mapping[str, Callable[[Any, str], Any]] = {
    "str": _text,
    "int": _number,
    "float": _number,
    "bool": _boolean,
    "Quantity": _quantity,
    "IntOrString": _int_or_string,
}
