"""What jsii says of a JSON patch that doesn't fit its object -> a finding."""

from __future__ import annotations

import json
import re
from typing import Any

from flowise_constructs.core.findings import Finding, shown
from flowise_constructs.core.plain import is_map, is_sequence

_SERIALIZING = re.compile(
    r"Error: Failed serializing construct at path '(?P<path>[^']*)' with name '(?P<name>[^']*)': (?P<rest>.*)",
    re.DOTALL,
)
_NO_PARENT = re.compile(
    r"TypeError: Cannot (?:set|read) propert\w+ of (?:undefined|null) \((?:setting|reading) '([^']*)'\)"
)
_MISSING = object()


def unfit_patch(text: str) -> Finding | None:
    """What jsii's text says of an object that can't be written; None if it is about anything else."""
    failed = _SERIALIZING.match(text)
    if failed is None:
        return None
    return Finding(failed["path"], f"the object {failed['name']!r}{_reason(failed['rest'])}")


def _reason(reason: str) -> str:
    if "TEST_OPERATION_FAILED" in reason:
        return f": {_of_test(_json(reason, 'operation'), _json(reason, 'tree'))}"
    if (child := _NO_PARENT.match(reason)) is not None:
        problem = f"in the path of a JsonPatch, what stands above {child[1]!r} isn't in the object"
        return f": {problem}: correct the path, or add that part first, with JsonPatch.add"
    return f" can't be written: {reason.partition(chr(10))[0]}"


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
