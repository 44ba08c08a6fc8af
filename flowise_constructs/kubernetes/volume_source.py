"""Rules of the API server for volumes that its schema doesn't contain. A wrong type is reported later, by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from flowise_constructs.core.rules import naming

_HOST_PATH_TYPES = ("", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice")
_NAMED = {"configMap": "name", "secret": "secretName", "persistentVolumeClaim": "claimName"}
_TOKEN_SECONDS = 600


def volume_source(value: Mapping[str, Any]) -> str | None:
    """A volume without its name."""
    kinds = [kind for kind, source in value.items() if isinstance(source, Mapping)]
    if len(value) != 1 or len(kinds) != 1 or kinds == ["name"]:
        return "must hold exactly one kind of volume, such as 'configMap', with a mapping"
    return next(_wrong(kinds[0], cast(Mapping[str, Any], value[kinds[0]])), None)


def _wrong(kind: str, source: Mapping[str, Any]) -> Iterator[str]:
    name = source.get(_NAMED.get(kind, ""), "")
    if kind in _NAMED and isinstance(name, str) and naming.dns_subdomain(name):
        yield f"has {_NAMED[kind]} {name!r}, which is no name of an object"
    if kind == "hostPath" and (not _text(source, "path") or ".." in _text(source, "path").split("/")):
        yield "has no path, or one with '..'"
    if kind == "hostPath" and _text(source, "type") not in _HOST_PATH_TYPES:
        yield f"has type {source['type']!r}: one of {', '.join(_HOST_PATH_TYPES[1:])}"
    if kind == "nfs" and not (_text(source, "server") and _text(source, "path").startswith("/")):
        yield "lacks a server or an absolute path"
    if kind == "csi" and not _text(source, "driver"):
        yield "lacks a driver"
    if kind == "ephemeral" and not source.get("volumeClaimTemplate"):
        yield "lacks a volumeClaimTemplate"
    medium = _text(source, "medium")
    if kind == "emptyDir" and medium not in ("", "Memory") and not medium.startswith("HugePages"):
        yield f"has medium {medium!r}: leave it out, or Memory"
    yield from _files(source)
    for entry in _mappings(source, "sources"):
        yield from _projected(entry)


def _projected(entry: Mapping[str, Any]) -> Iterator[str]:
    parts: dict[str, Mapping[str, Any]] = {
        kind: cast(Mapping[str, Any], part) for kind, part in entry.items() if isinstance(part, Mapping)
    }
    if len(parts) != 1:
        yield "has a source that is not exactly one kind, such as 'secret'"
    for kind, part in parts.items():
        if kind in ("configMap", "secret") and naming.dns_subdomain(_text(part, "name")):
            yield f"has a {kind} without a right name"
        if kind == "serviceAccountToken" and not _plain(_text(part, "path")):
            yield "has a serviceAccountToken without a relative path"
        seconds = part.get("expirationSeconds")
        if isinstance(seconds, int) and seconds < _TOKEN_SECONDS:
            yield f"has expirationSeconds below {_TOKEN_SECONDS}"
        yield from _files(part)


def _files(source: Mapping[str, Any]) -> Iterator[str]:
    """Modes and items, which several kinds of volume have."""
    for holder, word in ((source, "defaultMode"), *((item, "mode") for item in _mappings(source, "items"))):
        mode = holder.get(word)
        if isinstance(mode, int) and not 0 <= mode <= 0o777:
            yield f"has {word} {mode}: 0 to 511, which is 0o777"
    for item in _mappings(source, "items"):
        if not _plain(_text(item, "path")):
            yield f"has an item with path {item.get('path')!r}, which is not relative or holds '..'"
        if item.get("key") == "":
            yield "has an item without key"


def _plain(path: str) -> bool:
    return path != "" and not path.startswith("/") and ".." not in path.split("/")


def _text(source: Mapping[str, Any], word: str) -> str:
    found = source.get(word)
    return found if isinstance(found, str) else ""


def _mappings(source: Mapping[str, Any], word: str) -> list[Mapping[str, Any]]:
    found = source.get(word)
    entries = cast("list[Any]", found) if isinstance(found, (list, tuple)) else []
    return [cast("Mapping[str, Any]", entry) for entry in entries if isinstance(entry, Mapping)]
