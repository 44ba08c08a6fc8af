"""Data that is passed through to Kubernetes: plain data, or a cdk8s struct, checked against Kubernetes' own schema.

`schema.json` is that schema, reduced to the kinds that are passed through; tests/kubernetes_schema.py generates it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, TypeGuard, cast

from flowise_constructs.core.checking import ProblemError, own
from flowise_constructs.core.findings import shown
from flowise_constructs.core.rules import quantities, texts

# The largest integer that a JavaScript number, which cdk8s turns it into, represents exactly.
_INTEGERS = {"int32": 2**31, "int64": 2**53}

Definition = Mapping[str, Any]


class Passed:
    """Annotation for a field that is passed through: `Annotated[..., Passed("Toleration")]`."""

    def __init__(self, kind: str, *, without: str | None = None) -> None:
        """`kind` is its name in Kubernetes; `without` names a field that is set elsewhere."""
        self.kind = kind
        self.without = without

    def plain(self, given: object) -> Any:
        """Plain data under Kubernetes' names; ProblemError with the path to what doesn't fit."""
        definition = _definitions()[self.kind]
        if self.without is not None:
            definition = _lacking(definition, self.without)
        if not (_is_mapping(given) or _is_struct(given, definition)):
            raise ProblemError(f"{shown(given)} must be a mapping", type_is_wrong=True)
        try:
            return own(_object(definition, given, ""))
        except ProblemError as error:
            raise ProblemError(f"{shown(given)}: {error.problem}") from None


def plain(passed: object) -> Any:
    """For type checkers: the plain data in a passed-through field, once the value is created."""
    return passed


@cache
def _definitions() -> Mapping[str, Definition]:
    text = (files("flowise_constructs.kubernetes") / "schema.json").read_text(encoding="utf-8")
    definitions: Mapping[str, Definition] = json.loads(text)["definitions"]
    return definitions


def _lacking(definition: Definition, field: str) -> Definition:
    properties = {name: item for name, item in definition["properties"].items() if name != field}
    return {"properties": properties, "required": [name for name in definition["required"] if name != field]}


def _is_mapping(given: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(given, Mapping)


def _is_struct(given: object, definition: Definition) -> bool:
    """Whether it is a struct with the fields of that kind, as in cdk8s-plus and in the output of `cdk8s import k8s`."""
    return any(
        isinstance(getattr(type(given), attribute_of(name), None), property) for name in definition["properties"]
    )


def attribute_of(field: str) -> str:
    """The name of a field in those structs: `downwardAPI` is `downward_api` there, `targetWWNs` is `target_ww_ns`."""
    parted = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", field)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", parted).lower()


def _fields_of(given: object, definition: Definition, path: str) -> Mapping[str, Any]:
    """The given fields by Kubernetes' names, without those that are None."""
    if _is_mapping(given):
        return {name: item for name, item in given.items() if item is not None}
    if not _is_struct(given, definition):
        raise ProblemError(f"{path} is {shown(given)} and must be a mapping")
    names = {attribute_of(name): name for name in definition["properties"]}
    found = {attribute: getattr(given, attribute) for attribute in dir(type(given)) if not attribute.startswith("_")}
    return {names.get(attribute, attribute): item for attribute, item in found.items() if item is not None}


def _object(definition: Definition, given: object, path: str) -> dict[str, Any]:
    known: Mapping[str, Definition] = definition["properties"]
    fields = _fields_of(given, definition, path)
    for name in fields:
        if name not in known:
            raise ProblemError(f"{path or 'it'} has no field {shown(name)}; it knows {', '.join(sorted(known))}")
    missing = sorted(name for name in definition.get("required", ()) if name not in fields)
    if missing:
        raise ProblemError(f"{path or 'it'} lacks {', '.join(missing)}")
    return {name: _item(known[name], item, f"{path}.{name}".lstrip(".")) for name, item in fields.items()}


def _item(definition: Definition, item: Any, path: str) -> Any:
    if "$ref" in definition:
        reference: str = definition["$ref"]
        if reference in _SCALARS:
            return _SCALARS[reference](item, path)
        target = _definitions()[reference]
        return _object(target, item, path) if "properties" in target else _item(target, item, path)
    kind = definition["type"]
    if kind == "integer":
        return _integer(item, path, _INTEGERS[definition.get("format", "int64")])
    if kind in _SCALARS:
        return _SCALARS[kind](item, path)
    return _list(definition, item, path) if kind == "array" else _map(definition, item, path)


def _list(definition: Definition, item: Any, path: str) -> list[Any]:
    _expect(isinstance(item, (list, tuple)), item, path, "a list")
    return [
        _item(definition["items"], entry, f"{path}[{index}]") for index, entry in enumerate(cast(Sequence[Any], item))
    ]


def _map(definition: Definition, item: Any, path: str) -> dict[str, Any]:
    _expect(isinstance(item, Mapping), item, path, "a mapping")
    inner: Definition = definition.get("additionalProperties", {"type": "string"})
    return {_text(name, path): _item(inner, entry, f"{path}.{name}") for name, entry in item.items()}


def _expect(holds: bool, item: Any, path: str, what: str) -> None:
    if not holds:
        raise ProblemError(f"{path} is {shown(item)} and must be {what}")


def _text(item: Any, path: str) -> str:
    _expect(isinstance(item, str), item, path, "a string")
    if any(texts.unsafe(character) for character in item):
        raise ProblemError(f"{path} holds control characters")
    if (problem := texts.misread(item)) is not None:
        raise ProblemError(f"{path} is {shown(item)}, which {problem}")
    return str(item)


def _integer(item: Any, path: str, limit: int) -> int:
    _expect(isinstance(item, (int, float)) and not isinstance(item, bool), item, path, "an integer")
    # jsii turns a struct's number into a float.
    _expect(item == item // 1 and -limit <= item < limit, item, path, "an integer")
    return int(item)


def _boolean(item: Any, path: str) -> bool:
    _expect(isinstance(item, bool), item, path, "true or false")
    return bool(item)


def _quantity(item: Any, path: str) -> str:
    text = getattr(item, "value", item)
    _expect(isinstance(text, str) and not quantities.quantity(text), text, path, "a quantity such as '500m' or '8Gi'")
    return str(text)


_SCALARS: Mapping[str, Callable[[Any, str], Any]] = {
    "string": _text,
    "boolean": _boolean,
    "Quantity": _quantity,
}
