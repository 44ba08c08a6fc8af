"""Values of a chart, one key changed at a time."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from flowise_constructs.importers.tables import ANY_SCALAR, ANYTHING

Tree = dict[str, Any]


def leaves(tree: Tree, way: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*way, key))
        else:
            yield (*way, key), value


def another(value: Any) -> Any:
    if value is ANY_SCALAR or value is ANYTHING:
        return 7
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [{"name": "x", "key": "z"}]
    return {"a.example/b": "c"} if isinstance(value, dict) else "other"


def put(tree: Tree, way: tuple[str, ...], value: Any) -> Tree:
    tree = copy.deepcopy(tree)
    section = tree
    for key in way[:-1]:
        section = section.setdefault(key, {})
    section[way[-1]] = value
    return tree
