"""Makes the data of `flowise_constructs/kubernetes/schema.py`: Kubernetes' schema of what is passed through.

    python tests/kubernetes_schema.py

The schema is the newest that the package kubernetes-validate holds; without descriptions, and of these kinds alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import kubernetes_validate

DATA = Path(__file__).parent.parent / "flowise_constructs" / "kubernetes" / "schema.json"
KINDS = ("Affinity", "Toleration", "TopologySpreadConstraint", "Volume")
_KEPT = ("type", "format", "items", "additionalProperties", "required", "oneOf")


def newest() -> tuple[str, dict[str, Any]]:
    """The newest version of Kubernetes that is known, and its definitions."""
    known = max(tuple(map(int, version.split(".")[:2])) for version in kubernetes_validate.utils.all_versions())
    version = ".".join(map(str, known))
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    return version, json.loads((folder / "_definitions.json").read_text())["$defs"]


def schema() -> dict[str, Any]:
    """The kinds, and all that they are made of."""
    version, definitions = newest()
    by_name = {_short(name): definition for name, definition in definitions.items() if ".core.v1." in name}
    by_name |= {_short(name): definition for name, definition in definitions.items() if ".apimachinery." in name}
    found: dict[str, Any] = {}
    waiting = list(KINDS)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _slim(by_name[name])
            waiting += _references(found[name])
    return {"kubernetes": version, "definitions": dict(sorted(found.items()))}


def written(content: dict[str, Any]) -> str:
    """As the file has it: a definition a line."""
    lines = [f"{json.dumps(name)}: {json.dumps(item, sort_keys=True)}" for name, item in content["definitions"].items()]
    return f'{{"kubernetes": "{content["kubernetes"]}",\n"definitions": {{\n' + ",\n".join(lines) + "\n}}\n"


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _slim(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        return {"$ref": _short(node["$ref"])}
    slim = {word: node[word] for word in _KEPT if word in node and node[word] is not False}
    if isinstance(slim.get("type"), list):
        slim["type"] = next(kind for kind in slim["type"] if kind != "null")
    for word in ("items", "additionalProperties"):
        if isinstance(slim.get(word), dict):
            slim[word] = _slim(slim[word])
    if "oneOf" in slim:
        slim["oneOf"] = [_slim(choice) for choice in slim["oneOf"]]
    if "properties" in node:
        slim["properties"] = {name: _slim(item) for name, item in node["properties"].items()}
    return slim


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for word, item in node.items():
            yield from [item] if word == "$ref" and isinstance(item, str) else _references(item)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)


if __name__ == "__main__":
    DATA.write_text(written(schema()), encoding="utf-8")
