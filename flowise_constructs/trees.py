"""What was read from YAML, told apart for type checkers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard


def is_tree(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is a mapping. Keys that are no text were refused when the file was read, or are none of ours."""
    return isinstance(value, dict)


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Whether it is a mapping of any kind."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a list."""
    return isinstance(value, list)


def is_sequence(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether it is a list or a tuple."""
    return isinstance(value, (list, tuple))
