"""Objects as YAML reads them: what they are called, and ways into them that stop where nothing is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from flowise_constructs.core.findings import shown
from flowise_constructs.core.plain import is_list, is_map

_SHARED_KINDS = frozenset({"Service", "Ingress", "Secret", "ConfigMap", "Deployment", "Job", "Role", "Pod"})
"""Kinds of Kubernetes' own whose names custom resources take too, such as Knative's Service."""


class ObjectName(NamedTuple):
    """What an object is called. No namespace: the one of `kubectl`."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def flat(documents: Iterable[Any]) -> Iterator[Any]:
    """The documents, and in the place of a List what it lists. Empty ones are left out."""
    for document in documents:
        if is_map(document) and str(document.get("kind", "")).endswith("List") and is_list(document.get("items")):
            yield from flat(document["items"])
        elif document is not None:
            yield document


def is_object(document: object) -> bool:
    """Whether it says a kind."""
    return is_map(document) and isinstance(document.get("kind"), str) and bool(document["kind"])


def described(document: object) -> str:
    """What a document is that is no object."""
    if is_map(document) and document.get("kind"):
        return f"a mapping whose 'kind' is {shown(document['kind'])}"
    if is_map(document):
        return f"a mapping without 'kind' (its keys: {', '.join(map(shown, list(document)[:5])) or 'none'})"
    return "a list" if is_list(document) else shown(document)


def name_of(item: Mapping[str, Any]) -> ObjectName:
    """What the object is called; an empty name where the server is to make one, or where none is given."""
    metadata = map_at(item, "metadata")
    return ObjectName(_kind(item), str(metadata.get("namespace") or ""), str(metadata.get("name") or ""))


def _kind(item: Mapping[str, Any]) -> str:
    kind, group = str(item["kind"]), group_of(item)
    return f"{kind}.{group}" if kind in _SHARED_KINDS and not is_kubernetes_own(group) else kind


def group_of(item: Mapping[str, Any]) -> str:
    """The API group; empty for the core's."""
    return str(item.get("apiVersion") or "").rpartition("/")[0]


def is_kubernetes_own(group: str) -> bool:
    """Whether a group of that name is Kubernetes' own, and no custom resource's."""
    return "." not in group or group.endswith(".k8s.io")


def same_namespace(one: str, other: str) -> bool:
    """Whether two objects may be in one namespace: where none is said, `kubectl` chooses."""
    return one == other or not one or not other


def map_at(item: Mapping[str, Any], *way: str) -> Mapping[str, Any]:
    """The mapping at the end of the way; an empty one where there is none."""
    for word in way:
        below = item.get(word)
        item = below if is_map(below) else {}
    return item


def maps_at(item: Mapping[str, Any], *way: str) -> list[Mapping[str, Any]]:
    """The mappings of the list at the end of the way."""
    return [entry for _, entry in listed(item, *way)]


def listed(item: Mapping[str, Any], *way: str, at: str = "") -> list[tuple[str, Mapping[str, Any]]]:
    """The mappings of the list at the end of the way, each with its path, which begins with `at`."""
    entries = map_at(item, *way[:-1]).get(way[-1])
    path = ".".join([*([at] if at else []), *way])
    if not is_list(entries):
        return []
    return [(f"{path}[{index}]", entry) for index, entry in enumerate(entries) if is_map(entry)]
