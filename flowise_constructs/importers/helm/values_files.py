"""Values files -> one mapping, as Helm reads and merges them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowise_constructs.core.plain import is_map
from flowise_constructs.manifests.yaml_files import UnreadableError, read_documents

Tree = dict[str, Any]


def read_values(names: Iterable[str]) -> Tree:
    """The files merged in their order; `-` is standard input."""
    merged: Tree = {}
    for name in names:
        documents = read_documents(name)
        if len(documents) > 1:
            raise UnreadableError(f"{name}: contains {len(documents)} YAML documents: Helm reads one")
        tree = documents[0] if documents else None
        if tree is None:
            continue
        if not is_map(tree):
            raise UnreadableError(f"{name}: contains a {type(tree).__name__}, but values are a mapping")
        merged = merge(merged, tree)
    return merged


def merge(under: Tree, over: Tree) -> Tree:
    """Mappings are merged, everything else is replaced. A null stays, and removes the chart's default."""
    merged = dict(under)
    for key, item in over.items():
        below = merged.get(key)
        merged[key] = merge(below, item) if is_map(below) and is_map(item) else item
    return merged
