"""A chart's lists of variables, in the form that Kubernetes has for a container's `env`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowise_constructs import ConfigMapKey, EnvValue, PodField, SecretKey
from flowise_constructs.core.findings import shown
from flowise_constructs.core.plain import is_map
from flowise_constructs.core.rules import naming, texts
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.variables import Variables, looks_secret


def extra_env(release: Release, path: str) -> Variables:
    """The variables of the list at this path."""
    found = (_read(release, where, entry) for where, entry in release.entries(path))
    return Variables(release, path, {name: (where, value) for name, where, value in filter(None, found)})


def _read(release: Release, where: str, entry: Mapping[str, Any]) -> tuple[str, str, EnvValue] | None:
    release.only(entry, where, "name", "value", "valueFrom")
    name = entry.get("name")
    problem = naming.env_name(name) if isinstance(name, str) else "must be text"
    if problem is not None:
        release.refuse(f"{where}.name", f"{shown(name)} {problem}")
        return None
    source = entry.get("valueFrom")
    value = _literal(release, where, entry) if source is None else _from(release, where, source)
    return None if value is None else (str(name), where, value)


def _literal(release: Release, where: str, entry: Mapping[str, Any]) -> str | None:
    value, name = entry.get("value"), str(entry.get("name"))
    problem = texts.literal(value) if isinstance(value, str) else "must be text: put it in quotes"
    if problem is not None:
        release.refuse(f"{where}.value", f"of {name} {problem}")
        return None
    if looks_secret(name):
        release.remark(
            f"{where}.value",
            f"{name} looks like a secret and is in the YAML in plain text: use valueFrom.secretKeyRef",
        )
    return str(value)


def _from(release: Release, where: str, source: object) -> EnvValue | None:
    kinds: dict[str, Any] = source if is_map(source) else {}
    kind = next(iter(kinds)) if len(kinds) == 1 else ""
    reference = kinds.get(kind)
    if kind not in ("secretKeyRef", "configMapKeyRef", "fieldRef") or not is_map(reference):
        release.refuse(
            f"{where}.valueFrom",
            "must be one of secretKeyRef, configMapKeyRef and fieldRef; for anything else use a JSON patch",
        )
        return None
    return _reference(release, f"{where}.valueFrom.{kind}", kind, reference)


def _reference(release: Release, where: str, kind: str, reference: Mapping[str, Any]) -> EnvValue:
    if kind == "fieldRef":
        release.only(reference, where, "fieldPath", "apiVersion")
        paths = {"path": f"{where}.fieldPath"}
        return release.make(PodField, paths, PodField(path="metadata.name"), path=reference.get("fieldPath"))
    release.only(reference, where, "name", "key", "optional")
    if reference.get("optional"):
        release.remark(f"{where}.optional", "is not carried over: the Secret or ConfigMap must exist")
    name, key = reference.get("name"), reference.get("key")
    if kind == "secretKeyRef":
        paths, secret = (
            {"secret": f"{where}.name", "key": f"{where}.key"},
            SecretKey(secret="refused", key="refused"),
        )
        return release.make(SecretKey, paths, secret, secret=name, key=key)
    paths, otherwise = (
        {"config_map": f"{where}.name", "key": f"{where}.key"},
        ConfigMapKey(config_map="refused", key="refused"),
    )
    return release.make(ConfigMapKey, paths, otherwise, config_map=name, key=key)
