"""Rules of the API server for variables, mounts and resources of a container."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import normpath

from flowise_constructs.core.findings import shown, warn
from flowise_constructs.core.rules import naming, paths, quantities
from flowise_constructs.core.rules.secrets import looks_like_a_secret
from flowise_constructs.kubernetes.references import pod_field
from flowise_constructs.kubernetes.selectors import Fields, wrong

_REFERENCES = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef")
_OWN = ("cpu", "memory", "ephemeral-storage")
_RESOURCE = re.compile(r"(limits|requests)\.(cpu|memory|ephemeral-storage)")
_NOT_TAKEN = ("bindMountOptions", "recursiveReadOnly")


def environment(values: Iterable[Fields]) -> Iterator[str]:
    """`env`."""
    seen: set[str] = set()
    for each in values:
        name = each["name"]
        yield from wrong("the variable", name, naming.env_name)
        if name in seen:
            yield f"has the variable {shown(name)} twice"
        seen.add(name)
        if "valueFrom" in each:
            yield from _variable(each)
        elif looks_like_a_secret(name, each.get("value", "")):
            warn(f"{name} of a further container looks like a secret and stands in the YAML: use valueFrom")


def _variable(each: Fields) -> Iterator[str]:
    source: Mapping[str, Fields] = each["valueFrom"]
    if len(source) != 1 or "value" in each or next(iter(source)) not in _REFERENCES:
        yield f"has the variable {shown(each['name'])}, which needs either value or one of {', '.join(_REFERENCES)}"
        return
    [(kind, reference)] = source.items()
    if kind in ("secretKeyRef", "configMapKeyRef"):
        yield from wrong(f"a {kind} with name", reference.get("name", ""), naming.dns_subdomain)
        yield from wrong(f"a {kind} with key", reference["key"], naming.data_key)
    elif kind == "fieldRef":
        yield from wrong("fieldPath", reference["fieldPath"], pod_field)
    elif not _RESOURCE.fullmatch(reference["resource"]):
        yield f"has resource {shown(reference['resource'])}: limits or requests of {', '.join(_OWN)}"


def sources(values: Iterable[Fields]) -> Iterator[str]:
    """`envFrom`."""
    for each in values:
        kinds = [kind for kind in ("secretRef", "configMapRef") if kind in each]
        if len(kinds) != 1:
            yield "needs either secretRef or configMapRef"
        for kind in kinds:
            yield from wrong(f"a {kind} with name", each[kind].get("name", ""), naming.dns_subdomain)
        if "prefix" in each:
            yield from wrong("prefix", each["prefix"], naming.env_name)


def mounts(values: Iterable[Fields]) -> Iterator[str]:
    """`volumeMounts`; whether the pod has those volumes is asked where the pod is known."""
    seen: set[str] = set()
    for each in values:
        path = normpath(each["mountPath"])
        yield from wrong("mountPath", each["mountPath"], paths.directory)
        if path in seen:
            yield f"has two volumes mounted at {shown(path)}"
        seen.add(path)
        yield from _below(each)
        if each.get("mountPropagation", "None") not in ("None", "HostToContainer"):
            yield f"has mountPropagation {shown(each['mountPropagation'])}: None or HostToContainer"
        for word in _NOT_TAKEN:
            if word in each:
                yield f"has {word} in a mount, which is not taken here: add it with a JSON patch"


def _below(mount: Fields) -> Iterator[str]:
    for word in ("subPath", "subPathExpr"):
        path = mount.get(word, "")
        if path.startswith("/") or ".." in path.split("/"):
            yield f"has {word} {shown(path)}: give a relative path without '..'"
    if mount.get("subPath") and mount.get("subPathExpr"):
        yield "has subPath and subPathExpr in one mount: give one of them"


def wanted(resources: Fields) -> Iterator[str]:
    """`resources`."""
    if "claims" in resources:
        yield "has resources.claims, which are not taken here: add them, and the pod's, with JSON patches"
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    for word, amounts in (("requests", requests), ("limits", limits)):
        for name, amount in amounts.items():
            yield from _amount(f"resources.{word}[{shown(name)}]", name, amount)
    # Only of amounts that could be read: the first problem is the one that is shown.
    for name in {**requests, **limits}:
        yield from _pair(name, requests.get(name), limits.get(name))


def _amount(where: str, name: str, amount: str) -> Iterator[str]:
    if name == "cpu":
        yield from wrong(where, amount, quantities.quantity)
    elif name in _OWN:
        yield from wrong(where, amount, quantities.size)
    elif "/" not in name or naming.label_key(name) or name.startswith(("kubernetes.io/", "requests.")):
        yield f"has {where}: {', '.join(_OWN)}, or a device such as 'nvidia.com/gpu'"
    elif not amount.isdigit():
        yield f"has {where} {shown(amount)}: a whole number of devices"


def _pair(name: str, request: str | None, limit: str | None) -> Iterator[str]:
    if name in _OWN:
        if request is not None and limit is not None and quantities.amount(request) > quantities.amount(limit):
            yield f"has {name} {shown(request)} in requests, above {shown(limit)} in limits"
    elif limit is None or request not in (None, limit):
        yield f"has {shown(name)}, which needs a limit, and a request only if it is the same"
