"""Data that is passed through to Kubernetes: plain data, or a cdk8s struct, checked against Kubernetes' own schema.

`schema.json` is that schema, reduced to the kinds that are passed through; tests/kubernetes_schema.py generates it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, TypeGuard

from flowise_constructs.core.checking import ProblemError, own
from flowise_constructs.core.findings import shown
from flowise_constructs.core.json_schema import Definition, Reader
from flowise_constructs.core.rules import quantities, texts

# The largest integer that a JavaScript number, which cdk8s turns it into, represents exactly.
_INTEGERS = {"int32": 2**31, "int64": 2**53}


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
        made, faults = _reader().read(definition, given)
        if faults:
            raise ProblemError(f"{shown(given)}: {faults[0]}")
        return own(made)


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


def _fields(given: object, definition: Definition) -> Mapping[Any, Any] | None:
    """What is given, by Kubernetes' names; what is None is left out."""
    if _is_mapping(given):
        return {name: item for name, item in given.items() if item is not None}
    if not _is_struct(given, definition):
        return None
    names = {attribute_of(name): name for name in definition["properties"]}
    found = {attribute: getattr(given, attribute) for attribute in dir(type(given)) if not attribute.startswith("_")}
    return {names.get(attribute, attribute): item for attribute, item in found.items() if item is not None}


def _unknown(name: object, known: Iterable[str]) -> str:
    return f"has no field {shown(name)}; it knows {', '.join(sorted(known))}"


def _text(item: Any, _: Definition) -> str:
    _reader().expect(isinstance(item, str), item, "a string")
    if texts.unsafe(item):
        raise ProblemError("holds control characters")
    if (problem := texts.misread(item)) is not None:
        raise ProblemError(f"is {shown(item)}, which {problem}")
    return str(item)


def _integer(item: Any, definition: Definition) -> int:
    limit = _INTEGERS[definition.get("format", "int64")]
    _reader().expect(isinstance(item, (int, float)) and not isinstance(item, bool), item, "an integer")
    # jsii makes a float of a struct's number.
    _reader().expect(item == item // 1 and -limit <= item < limit, item, "an integer")
    return int(item)


def _boolean(item: Any, _: Definition) -> bool:
    _reader().expect(isinstance(item, bool), item, "true or false")
    return bool(item)


def _quantity(item: Any, _: Definition) -> str:
    text = getattr(item, "value", item)
    fits = isinstance(text, str) and not quantities.quantity(text)
    _reader().expect(fits, text, "a quantity such as '500m' or '8Gi'")
    return str(text)


def _integer_or_text(item: Any, definition: Definition) -> Any:
    held = getattr(item, "value", item)
    return _text(held, definition) if isinstance(held, str) else _integer(held, {"format": "int32"})


@cache
def _reader() -> Reader:
    scalars: dict[str, Callable[[Any, Definition], Any]] = {
        **{"string": _text, "boolean": _boolean, "integer": _integer},
        **{"Quantity": _quantity, "IntOrString": _integer_or_text},
    }
    return Reader(definitions=_definitions(), scalars=scalars, fields=_fields, unknown=_unknown)
