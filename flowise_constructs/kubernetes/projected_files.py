"""Rules of the API server for files that Kubernetes makes of other objects: in volumes of one kind, and of several."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from pathlib import PurePosixPath

from flowise_constructs.core.findings import shown
from flowise_constructs.core.rules import naming
from flowise_constructs.kubernetes.selectors import Fields, label_selector, wrong

DIRECTORIES = ("configMap", "secret", "downwardAPI", "projected")
"""Kinds of volumes that are directories of such files."""
_POD_FIELDS = tuple(f"metadata.{word}" for word in ("annotations", "labels", "name", "namespace", "uid"))
_ENTRY = re.compile(r"metadata\.(?:annotations|labels)\['(.*)'\]")
_RESOURCE = re.compile(r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)")
_TOKEN_SECONDS = (600, 2**32)


def files(kind: str, source: Fields) -> Iterator[str]:
    """What is wrong in a volume of this kind."""
    parts = [part for entry in source.get("sources", ()) for part in entry.values()]
    if kind == "projected":
        yield from _sources(source)
    else:
        yield from _items(kind, source)
    yield from _overlaps([path for part in (*parts, source) for path in _paths(part)])


def mode(holder: Fields, word: str) -> Iterator[str]:
    """The permissions of a file."""
    if word in holder and not 0 <= holder[word] <= 0o777:
        yield f"has {word} {holder[word]}: 0 to 511, which is 0o777"


def _sources(source: Fields) -> Iterator[str]:
    for entry in source.get("sources", ()):
        if len(entry) != 1:
            yield "has a source that is not exactly one kind, such as 'secret'"
        for kind, part in entry.items():
            if kind in ("configMap", "secret"):
                yield from wrong(f"a {kind} with name", part.get("name", ""), naming.dns_subdomain)
            yield from _PARTS[kind](part) if kind in _PARTS else _items(kind, part)


def _items(kind: str, part: Fields) -> Iterator[str]:
    for item in part.get("items", ()):
        yield from mode(item, "mode")
        yield from _path("an item", item["path"])
        if kind == "downwardAPI":
            yield from _downward(item)
        elif not item["key"]:
            yield "has an item without key"


def _path(what: str, path: str) -> Iterator[str]:
    if not path or path.startswith(("/", "..")) or ".." in path.split("/"):
        yield f"has {what} with path {shown(path)}: give a relative one without '..'"


def _downward(item: Fields) -> Iterator[str]:
    if ("fieldRef" in item) == ("resourceFieldRef" in item):
        yield f"has an item with path {shown(item['path'])}, which needs either fieldRef or resourceFieldRef"
    elif "fieldRef" in item:
        yield from _pod_field(item["fieldRef"]["fieldPath"])
    else:
        yield from _resource(item["resourceFieldRef"])


def _pod_field(path: str) -> Iterator[str]:
    entry = _ENTRY.fullmatch(path)
    if path not in _POD_FIELDS and (entry is None or naming.label_key(entry[1])):
        known = f"{', '.join(_POD_FIELDS)}, or \"metadata.labels['team']\""
        yield f"has fieldPath {shown(path)}, which a file can't hold: one of {known}"


def _resource(reference: Fields) -> Iterator[str]:
    if not reference.get("containerName"):
        yield f"has {shown(reference['resource'])} without containerName: say whose it is"
    if not _RESOURCE.fullmatch(reference["resource"]):
        yield f"has resource {shown(reference['resource'])}: limits or requests of cpu, memory or ephemeral-storage"


def _token(part: Fields) -> Iterator[str]:
    yield from _path("a serviceAccountToken", part["path"])
    low, high = _TOKEN_SECONDS
    seconds = part.get("expirationSeconds", low)
    if not low <= seconds <= high:
        yield f"has expirationSeconds {seconds}: {low} to {high}"


def _trust_bundle(part: Fields) -> Iterator[str]:
    yield from _path("a clusterTrustBundle", part["path"])
    if bool(part.get("name")) == bool(part.get("signerName")):
        yield "has a clusterTrustBundle, which needs either name or signerName"
    yield from label_selector(part.get("labelSelector", {}))


def _paths(part: Fields) -> Iterator[str]:
    if "path" in part:
        yield part["path"]
    for item in part.get("items", ()):
        yield item["path"]


def _overlaps(paths: list[str]) -> Iterator[str]:
    """One file at two paths is fine; two files at one, or one that is the other's directory, are not."""
    for one, other in combinations(paths, 2):
        shorter, longer = sorted((PurePosixPath(one).parts, PurePosixPath(other).parts), key=len)
        if longer[: len(shorter)] == shorter:
            yield f"has two files at {shown(one)} and {shown(other)}: give each a path of its own"


_PARTS: Mapping[str, Callable[[Fields], Iterator[str]]] = {
    "serviceAccountToken": _token,
    "clusterTrustBundle": _trust_bundle,
}
