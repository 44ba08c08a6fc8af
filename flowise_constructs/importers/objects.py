"""Extra objects beside the chart's, which are carried over as they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from flowise_constructs.core.findings import shown
from flowise_constructs.core.plain import is_map, is_sequence
from flowise_constructs.core.rules import texts
from flowise_constructs.importers.notes import Notes
from flowise_constructs.importers.release import Release

# The largest integer that a JavaScript number represents exactly.
_LARGEST = 2**53


def extra_manifests(release: Release, at: str) -> list[dict[str, Any]]:
    """The user's own manifests."""
    found: list[dict[str, Any]] = []
    for path, entry in release.entries(at):
        metadata = entry.get("metadata")
        named = is_map(metadata) and isinstance(metadata.get("name"), str)
        texts = all(isinstance(entry.get(key), str) and entry[key] for key in ("apiVersion", "kind"))
        if named and texts:
            found.append(entry)
        else:
            release.refuse(path, "must be a manifest with apiVersion, kind and metadata.name")
    return found


def labelled(item: dict[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """The object with these labels beside its own."""
    metadata = item["metadata"]
    if not labels:
        return item
    return {**item, "metadata": {**metadata, "labels": {**metadata.get("labels", {}), **labels}}}


def in_namespace(items: Sequence[dict[str, Any]], namespace: str | None) -> list[dict[str, Any]]:
    """The objects in this namespace, where they name none."""
    if namespace is None:
        return list(items)
    return [{**item, "metadata": {"namespace": namespace, **item["metadata"]}} for item in items]


def checked_objects(release: Notes, objects: list[dict[str, Any]], paths: str) -> list[dict[str, Any]]:
    """Returns all objects; refuses those that YAML or JavaScript can't represent, and a second one of the same name."""
    seen: set[tuple[str, ...]] = set()
    for item in objects:
        key = identity(item)
        if key in seen:
            release.refuse(paths, f"{key[1]} {key[3]!r} is there twice: remove one")
        seen.add(key)
        problem = problem_of(item)
        if problem is not None:
            release.refuse(paths, f"{key[1]} {key[3]!r} {problem}")
    return objects


def identity(item: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """What identifies an object: API version, kind, namespace, name."""
    metadata = item["metadata"]
    return str(item["apiVersion"]), str(item["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"])


def problem_of(value: Any) -> str | None:
    """Why YAML or JavaScript can't represent the data; None where they can."""
    if is_map(value):
        for key, item in value.items():
            if key.startswith("$jsii") or texts.unsafe(key):
                return f"has the key {shown(key)}, which YAML or JavaScript can't represent"
            if (problem := problem_of(item)) is not None:
                return problem
        return None
    if is_sequence(value):
        return next((problem for item in value if (problem := problem_of(item)) is not None), None)
    if isinstance(value, str):
        if texts.unsafe(value):
            return "contains control characters"
        problem = texts.misread(value)
        return f"contains {shown(value)}, which {problem}" if problem else None
    if isinstance(value, float) and not math.isfinite(value):
        return f"contains {value}, which is not a number"
    if isinstance(value, (int, float)) and abs(value) > _LARGEST:
        return f"contains {shown(value)}, which is too large a number: put it in quotes"
    return None
