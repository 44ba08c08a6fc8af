"""An app's traceback -> a message: refusals, and JSON patches that don't fit."""

from __future__ import annotations

import json
import re
from typing import Any

from flowise_constructs.core.findings import shown
from flowise_constructs.core.plain import is_map, is_sequence

_LAST_EXCEPTION = re.compile(r"^([\w.]+): (.*)\Z", re.MULTILINE | re.DOTALL)
_SERIALIZING = re.compile(
    r"Error: Failed serializing construct at path '(?P<path>[^']*)' with name '(?P<name>[^']*)': (?P<rest>.*)",
    re.DOTALL,
)
_NO_PARENT = re.compile(
    r"TypeError: Cannot (?:set|read) propert\w+ of (?:undefined|null) \((?:setting|reading) '([^']*)'\)"
)
_MISSING = object()


def explained(output: str) -> str | None:
    """The message of a refusal, or of a JSON patch that failed; None if the output ends with anything else."""
    last = output.rpartition("Traceback (most recent call last):\n")[2]
    exception = _LAST_EXCEPTION.search(last)
    if exception is None:
        return None
    kind, text = exception[1].rpartition(".")[2], exception[2].rstrip("\n")
    if kind == "ConfigError":
        return text
    failed = _SERIALIZING.match(text) if kind == "RuntimeError" else None
    return _of_patch(failed["path"], failed["name"], failed["rest"]) if failed else None


def _of_patch(path: str, name: str, reason: str) -> str:
    where = f"{path}: the object {name!r}"
    if "TEST_OPERATION_FAILED" in reason:
        return f"{where}: {_of_test(_json(reason, 'operation'), _json(reason, 'tree'))}"
    if (child := _NO_PARENT.match(reason)) is not None:
        problem = f"in the path of a JsonPatch, what stands above {child[1]!r} isn't in the object"
        return f"{where}: {problem}: correct the path, or add that part first, with JsonPatch.add"
    return f"{where} can't be written: {reason.partition(chr(10))[0]}"


def _of_test(operation: dict[str, Any], tree: object) -> str:
    pointer, expected = str(operation.get("path", "")), operation.get("value")
    found = _at(tree, pointer)
    finds = "nothing is there" if found is _MISSING else f"{shown(found)} is there"
    mend = "correct the value that the test expects, or the patch that it guards"
    return f"JsonPatch.test({pointer!r}, {shown(expected)}) failed, because {finds}: {mend}"


def _json(text: str, label: str) -> Any:
    """The JSON behind `label: `."""
    start = text.find(f"\n{label}: ")
    try:
        return json.JSONDecoder().raw_decode(text, start + len(label) + 3)[0] if start >= 0 else {}
    except ValueError:
        return {}


def _at(tree: object, pointer: str) -> object:
    """What a JSON pointer names, or _MISSING."""
    for token in pointer.split("/")[1:]:
        tree = _child(tree, token.replace("~1", "/").replace("~0", "~"))
    return tree


def _child(item: object, key: str) -> object:
    if is_map(item):
        return item.get(key, _MISSING)
    if is_sequence(item) and key.isdecimal() and int(key) < len(item):
        return item[int(key)]
    return _MISSING
