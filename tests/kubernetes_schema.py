"""Makes the data of `flowise_constructs/kubernetes/schema.py` and of `flowise_constructs/manifests/schema.py`:
Kubernetes' schema of what is passed through, and of the objects that `check` judges.

    python tests/kubernetes_schema.py

The schema is the newest that the package kubernetes-validate holds; without descriptions, and of these kinds alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import kubernetes_validate

PACKAGE = Path(__file__).parent.parent / "flowise_constructs"
DATA = PACKAGE / "kubernetes" / "schema.json"
OBJECTS = PACKAGE / "manifests" / "schema.json"
KINDS = (
    *("Affinity", "Container", "ContainerPort", "EnvFromSource", "HostAlias", "PodDNSConfig", "Toleration"),
    *("TopologySpreadConstraint", "Volume"),
)
WORKLOADS = ("Pod", "PodTemplate", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")
NETWORK = ("Service", "Ingress", "IngressClass", "NetworkPolicy")
CONTENT = ("ConfigMap", "Secret", "PersistentVolumeClaim", "PersistentVolume", "StorageClass")
ROLES = ("ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")
LIMITS = ("Namespace", "LimitRange", "ResourceQuota", "PriorityClass", "PodDisruptionBudget", "HorizontalPodAutoscaler")
OBJECT_KINDS = frozenset([*WORKLOADS, *NETWORK, *CONTENT, *ROLES, *LIMITS])
SCALARS = ("Quantity", "IntOrString", "Time", "MicroTime")
FREE = ("status", "managedFields")
"""What the server writes, and people's YAML holds when it was read from a cluster."""
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


def objects() -> dict[str, Any]:
    """Every kind of every version that the server knows, and the definitions of those that are judged."""
    version, definitions = newest()
    kinds: dict[str, dict[str, str | None]] = {}
    for name, definition in definitions.items():
        # An object has metadata; what only requests hold, such as DeleteOptions, has none.
        if "x-kubernetes-group-version-kind" in definition and "metadata" in definition.get("properties", {}):
            [*_, last] = identities = definition["x-kubernetes-group-version-kind"]
            group_version = "/".join(filter(None, (last["group"], last["version"])))
            is_judged = len(identities) == 1 and last["kind"] in OBJECT_KINDS
            kinds.setdefault(group_version, {})[last["kind"]] = _long(name) if is_judged else None
    by_name = {_long(name): definition for name, definition in definitions.items()}
    judged = {name for of_version in kinds.values() for name in of_version.values() if name}
    found: dict[str, Any] = {}
    waiting = sorted(judged)
    while waiting:
        name = waiting.pop()
        if name not in found and name not in SCALARS:
            found[name] = _slim(_without_free(by_name[name]), _long)
            waiting += _references(found[name])
    ordered = {group_version: dict(sorted(of_version.items())) for group_version, of_version in sorted(kinds.items())}
    return {"kubernetes": version, "kinds": ordered, "definitions": dict(sorted(found.items()))}


def _without_free(definition: dict[str, Any]) -> dict[str, Any]:
    if "properties" not in definition:
        return definition
    properties = {name: {} if name in FREE else item for name, item in definition["properties"].items()}
    return {**definition, "properties": properties}


def written(content: dict[str, Any]) -> str:
    """As the file has it: a version or definition a line."""
    sections = {name: section for name, section in content.items() if name != "kubernetes"}
    told = [f'{{"kubernetes": "{content["kubernetes"]}"']
    for name, section in sections.items():
        lines = [f"{json.dumps(key)}: {json.dumps(item, sort_keys=True)}" for key, item in section.items()]
        told.append(f'"{name}": {{\n' + ",\n".join(lines) + "\n}")
    return ",\n".join(told) + "}\n"


def _long(name: str) -> str:
    """The name with its group and version, without which two definitions may share one."""
    short = _short(name)
    return short if short in SCALARS else ".".join(name.rpartition("/")[2].split(".")[-3:])


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _slim(node: dict[str, Any], called: Callable[[str], str] = _short) -> dict[str, Any]:
    if "$ref" in node:
        return {"$ref": called(node["$ref"])}
    slim = {word: node[word] for word in _KEPT if word in node and node[word] is not False}
    if isinstance(slim.get("type"), list):
        slim["type"] = next(kind for kind in slim["type"] if kind != "null")
    for word in ("items", "additionalProperties"):
        if isinstance(slim.get(word), dict):
            slim[word] = _slim(slim[word], called)
    if "oneOf" in slim:
        slim["oneOf"] = [_slim(choice, called) for choice in slim["oneOf"]]
    if "properties" in node:
        slim["properties"] = {name: _slim(item, called) for name, item in node["properties"].items()}
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
    OBJECTS.write_text(written(objects()), encoding="utf-8")
