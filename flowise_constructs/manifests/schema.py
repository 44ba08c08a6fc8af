"""Objects held against Kubernetes' own schema: fields that it doesn't know, and values of a wrong type.

`schema.json` is that schema, of the kinds that most YAML has; tests/kubernetes_schema.py makes it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from flowise_constructs.core.findings import Finding, shown
from flowise_constructs.core.json_schema import Definition, Fault, Reader
from flowise_constructs.core.plain import is_list, is_map
from flowise_constructs.manifests.objects import ObjectName, group_of, is_kubernetes_own, map_at

_LARGEST = {"int32": 2**31, "int64": 2**63}
_QUANTITY = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+|[KMGTPE]i|[numkMGTPE])?")
_SECRET_NAME = re.compile(r"(PASSWORD|PASSWD|SECRET|TOKEN|KEY|CREDENTIALS?|PASSPHRASE)(_|$)", re.IGNORECASE)


def schema_faults(name: ObjectName, item: Mapping[str, Any]) -> Iterator[Finding]:
    """What Kubernetes' schema says of an object. Custom resources are not judged."""
    where = str(name)
    served, version = _newest_of(str(item["kind"])), item.get("apiVersion")
    if served and not any(map_at(item, "metadata").get(key) for key in ("name", "generateName")):
        yield Finding(where, "metadata lacks name: give one")
    if not isinstance(version, str) or not version:
        yield Finding(where, f"lacks apiVersion: write {served or 'the one of its kind'}")
        return
    known = _schema()["kinds"].get(version)
    if known is None or item["kind"] not in known:
        yield from _unknown_kind(where, item, known)
    elif (definition := known[item["kind"]]) is not None:
        yield from (Finding(where, str(fault)) for fault in _faults(item, definition))


def _unknown_kind(where: str, item: Mapping[str, Any], known: Mapping[str, Any] | None) -> Iterator[Finding]:
    kind, version = str(item["kind"]), str(item["apiVersion"])
    told = f"apiVersion {shown(version)}"
    served = _newest_of(kind)
    if served and is_kubernetes_own(group_of(item)):
        yield Finding(where, f"{told} has no kind {kind} in Kubernetes {_schema()['kubernetes']}: write {served}")
    elif known is not None:
        near = get_close_matches(kind, known, 1)
        yield Finding(
            where, f"{told} has no kind {kind}: {f'did you mean {near[0]!r}?' if near else 'correct one of them'}"
        )


def _newest_of(kind: str) -> str:
    """The version to write; empty for a kind that is not Kubernetes' own."""
    versions = [version for version, kinds in _schema()["kinds"].items() if kind in kinds]
    newest = sorted(versions, key=lambda version: ("alpha" not in version and "beta" not in version, version))[-1:]
    return "".join(map(repr, newest))


def _faults(item: Mapping[str, Any], definition: str) -> Iterator[Fault]:
    reader = _reader()
    if item["kind"] == "Secret":
        reader = _reading(_not_shown)
    for fault in reader.read(reader.definitions[definition], item)[1]:
        yield _hidden(fault, item)


def _hidden(fault: Fault, item: Mapping[str, Any]) -> Fault:
    """The fault without the value of a variable whose name tells a secret."""
    if not re.fullmatch(r"[A-Za-z0-9.\[\]]+\.env\[[0-9]+\]\.value", fault.path):
        return fault
    entry: Any = item
    for word in re.findall(r"[A-Za-z0-9]+", fault.path)[:-1]:
        entry = entry[int(word)] if is_list(entry) else entry[word]
    name = entry.get("name") if is_map(entry) else None
    if not isinstance(name, str):
        return fault
    told = f"of {shown(name)} {fault.problem}"
    if _SECRET_NAME.search(name):
        told = f"of {shown(name)} is a value (not shown) and must be a string: put it in quotes"
    return Fault(fault.path, told)


@cache
def _schema() -> Mapping[str, Any]:
    text = (files("flowise_constructs.manifests") / "schema.json").read_text(encoding="utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


@cache
def _reader() -> Reader:
    return _reading(_shown)


def _reading(show: Callable[[object], str]) -> Reader:
    reader = Reader(
        definitions=_schema()["definitions"],
        scalars={},
        fields=_fields,
        unknown=_unknown,
        mend=_mend,
        show=show,
        takes_null=True,
    )
    expect = reader.expect

    def text(item: Any, definition: Definition) -> None:
        expect(isinstance(item, str), item, "a string")
        if definition.get("format") == "byte":
            expect(_is_base64(item), item, "base64")

    def integer(item: Any, definition: Definition) -> None:
        expect(_is_whole(item), item, "an integer")
        limit = _LARGEST[definition.get("format", "int64")]
        expect(-limit <= item < limit, item, f"an integer below {limit}")

    def quantity(item: Any, _: Definition) -> None:
        is_text = isinstance(item, str) and _QUANTITY.fullmatch(item) is not None
        expect(is_text or _is_number(item), item, "a quantity such as '500m' or '8Gi'")

    scalars: Mapping[str, Callable[[Any, Definition], None]] = {
        "string": text,
        "Time": text,
        "MicroTime": text,
        "integer": integer,
        "number": lambda item, _: expect(_is_number(item), item, "a number"),
        "boolean": lambda item, _: expect(isinstance(item, bool), item, "true or false"),
        "Quantity": quantity,
        "IntOrString": lambda item, _: expect(isinstance(item, str) or _is_whole(item), item, "an integer or a string"),
    }
    return replace(reader, scalars=scalars)


def _shown(given: object) -> str:
    """As YAML writes it."""
    return str(given).lower() if isinstance(given, bool) else shown(given)


def _not_shown(given: object) -> str:
    what = "a list" if is_list(given) else "a mapping" if is_map(given) else "text" if isinstance(given, str) else None
    return f"{what or 'a number, true or false'} (not shown)"


def _fields(given: object, _: Definition) -> Mapping[str, Any] | None:
    return {name: item for name, item in given.items() if item is not None} if is_map(given) else None


def _unknown(name: object, known: Iterable[str]) -> str:
    near = get_close_matches(str(name)[:100], list(known), 1)
    few = list(known)[:12]
    mend = (
        f"did you mean {near[0]!r}?"
        if near
        else f"remove it, or move it where it belongs; known here: {', '.join(few)}"
    )
    return f"has no field {shown(name)}: {mend}{'' if near or len(few) == len(list(known)) else ' and others'}"


def _mend(given: object, expected: str) -> str:
    if expected == "a string" and isinstance(given, bool):
        return ": put it in quotes, also a yes, no, on or off"
    if expected == "a string" and isinstance(given, (int, float)):
        return ": put it in quotes"
    if expected == "a list":
        return ": write each entry behind a '-' of its own"
    if expected == "a mapping" and is_list(given):
        return ": take the '-' away"
    if expected in ("an integer", "true or false", "a number") and isinstance(given, str):
        return ": without quotes" if re.fullmatch(r"-?[0-9.]+|true|false", given) else ""
    if expected == "base64":
        return ": encode it (printf %s VALUE | base64 -w0), or put it into stringData as it is"
    return ""


def _is_base64(text: str) -> bool:
    try:
        # Go's decoder, which the API server has, skips line ends and no other white space.
        base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_number(item: object) -> bool:
    return isinstance(item, (int, float)) and not isinstance(item, bool)


def _is_whole(item: object) -> bool:
    return _is_number(item) and item == item // 1  # type: ignore[operator]
