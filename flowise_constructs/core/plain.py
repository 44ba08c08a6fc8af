"""Plain data, as YAML has it: what it is, by guards that tell type checkers the types of its items, and as it is
written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard, cast


def is_map(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is a mapping; the YAML reader makes sure that every key is a string."""
    return isinstance(value, dict)


def is_sequence(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether it is a list, or the tuple that a frozen value turns it into."""
    return isinstance(value, (list, tuple))


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a list."""
    return isinstance(value, list)


def plain_data(item: Any) -> Any:
    """A copy, sorted, as cdk8s sorts what it renders itself, and without fields that are None."""
    if isinstance(item, str):
        return item
    if isinstance(item, (list, tuple)):
        return [plain_data(entry) for entry in cast(list[Any], item)]
    if isinstance(item, Mapping):
        pairs = cast(Mapping[str, Any], item)
        return {key: plain_data(pairs[key]) for key in sorted(pairs) if pairs[key] is not None}
    return item
