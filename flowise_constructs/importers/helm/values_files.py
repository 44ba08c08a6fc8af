"""Values files -> one mapping, as Helm reads and merges them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowise_constructs.core.findings import ConfigError, Finding, shown
from flowise_constructs.core.plain import is_list, is_map
from flowise_constructs.importers.helm.other_inputs import a_template, another_input, another_text
from flowise_constructs.importers.told_apart import ChartName
from flowise_constructs.manifests.yaml_files import UnreadableError, load_documents, read_text

Tree = dict[str, Any]


def read_values(names: Iterable[str], chart: ChartName | None = None) -> Tree:
    """The files merged in their order; `-` is standard input. Those of another chart than this one are refused."""
    merged: Tree = {}
    for name in names:
        documents = _documents(name, chart)
        if len(documents) > 1:
            raise UnreadableError(f"{name}: contains {len(documents)} YAML documents: Helm reads one")
        tree = documents[0] if documents else None
        if tree is None:
            continue
        if not is_map(tree):
            raise UnreadableError(
                f"{name}: contains {_kind(tree)}, but values are a mapping: give the release's values "
                "(helm get values RELEASE -o yaml)"
            )
        merged = merge(merged, tree)
    return merged


def _documents(name: str, chart: ChartName | None) -> list[Any]:
    """The documents of a file; ConfigError where it is another thing than a values file."""
    text = read_text(name)
    problem = another_text(text)
    documents: list[Any] = []
    if problem is None:
        try:
            documents = load_documents(text, name)
        except UnreadableError:
            if (problem := a_template(text)) is None:
                raise
    problem = problem or another_input([document for document in documents if document is not None], chart)
    if problem is not None:
        raise ConfigError([Finding(name, problem)])
    return documents


def _kind(tree: object) -> str:
    return "a list" if is_list(tree) else f"the text {shown(tree)}" if isinstance(tree, str) else shown(tree)


def merge(under: Tree, over: Tree) -> Tree:
    """Mappings are merged, everything else is replaced. A null stays, and removes the chart's default."""
    merged = dict(under)
    for key, item in over.items():
        below = merged.get(key)
        merged[key] = merge(below, item) if is_map(below) and is_map(item) else item
    return merged
