"""The chart's `extraEnv` lists: variables that a value sets go to that value, the others are carried over unchanged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flowise_constructs import ConfigMapKey, EnvValue, PodField, SecretKey
from flowise_constructs.core.findings import shown
from flowise_constructs.core.plain import is_map
from flowise_constructs.core.rules import naming, texts
from flowise_constructs.flowise.environment import OWNED
from flowise_constructs.importers.helm.release import Release

_SECRET_NAME = re.compile(r"(PASSWORD|SECRET|TOKEN|API_?KEY|CREDENTIALS?|PASSPHRASE)(_|$)")


class Variables:
    """One `extraEnv` list. A variable that is taken for a value is removed from it."""

    def __init__(self, release: Release, path: str) -> None:
        self._release = release
        self.path = path
        self._found: dict[str, tuple[str, EnvValue]] = {}
        for where, entry in release.entries(path):
            self._read(where, entry)

    def where(self, name: str) -> str:
        """The path of a variable."""
        return self._found[name][0] if name in self._found else self.path

    def has(self, name: str) -> bool:
        """Whether the list still has the variable."""
        return name in self._found

    def value(self, name: str) -> EnvValue | None:
        """The variable, which stays in the list."""
        return self._found[name][1] if name in self._found else None

    def take(self, name: str) -> EnvValue | None:
        """Takes the variable, a literal or a reference."""
        found = self._found.pop(name, None)
        return found[1] if found else None

    def take_text(self, name: str) -> str | None:
        """Takes the variable as text; a reference is refused."""
        where, value = self.where(name), self.take(name)
        if value is None or isinstance(value, str):
            return value
        self._release.refuse(where, f"{name} must be a literal: this library doesn't accept a reference for it")
        return None

    def take_flag(self, name: str) -> bool | None:
        """Takes the variable as true or false, the only values that Flowise distinguishes."""
        where, text = self.where(name), self.take_text(name)
        if text is not None and text not in ("true", "false"):
            self._release.refuse(where, f"{name} is {shown(text)} and must be 'true' or 'false'")
        return None if text is None else text == "true"

    def take_number(self, name: str) -> int | None:
        """Takes the variable as a whole number."""
        where, text = self.where(name), self.take_text(name)
        if text is None:
            return None
        if not re.fullmatch(r"[0-9]{1,12}", text):
            self._release.refuse(where, f"{name} is {shown(text)} and must be a whole number")
            return None
        return int(text)

    def take_list(self, name: str) -> list[str] | None:
        """Takes the variable as a list, split at its commas."""
        text = self.take_text(name)
        return None if text is None else split(text)

    def take_secret(self, name: str) -> SecretKey | None:
        """Takes the variable as a key of a Secret; a literal is refused."""
        where, value = self.where(name), self.take(name)
        if value is None or isinstance(value, SecretKey):
            return value
        self._release.refuse(where, f"{name} must come from a Secret: use valueFrom.secretKeyRef")
        return None

    def take_reference(self, name: str) -> SecretKey | ConfigMapKey | None:
        """Takes the variable where it comes from a Secret or ConfigMap; a literal stays in the list."""
        value = self.value(name)
        if not isinstance(value, (SecretKey, ConfigMapKey)):
            return None
        self._found.pop(name)
        return value

    def add(self, name: str, where: str, value: EnvValue | None) -> None:
        """Adds a variable from the other role's list."""
        if value is not None:
            self._found[name] = (where, value)

    def rest(self) -> dict[str, EnvValue]:
        """The variables that no value took. Those that a value sets otherwise are refused; those that are derived are
        dropped."""
        rest: dict[str, EnvValue] = {}
        for name, (where, value) in self._found.items():
            if name in OWNED and OWNED[name].follows:
                self._release.remark(where, f"{name} is not carried over: {OWNED[name].follows}")
            elif name in OWNED:
                self._release.refuse(
                    where, f"{name} is set by another key of the chart: set that key, and remove the variable"
                )
            else:
                rest[name] = value
        return rest

    def _read(self, where: str, entry: Mapping[str, Any]) -> None:
        self._release.only(entry, where, "name", "value", "valueFrom")
        name = entry.get("name")
        problem = naming.env_name(name) if isinstance(name, str) else "must be text"
        if problem is not None:
            self._release.refuse(f"{where}.name", f"{shown(name)} {problem}")
            return
        value = (
            self._from(where, entry["valueFrom"]) if entry.get("valueFrom") is not None else self._literal(where, entry)
        )
        if value is not None:
            self._found[str(name)] = (where, value)

    def _literal(self, where: str, entry: Mapping[str, Any]) -> str | None:
        value, name = entry.get("value"), str(entry.get("name"))
        problem = texts.literal(value) if isinstance(value, str) else "must be text: put it in quotes"
        if problem is not None:
            self._release.refuse(f"{where}.value", f"of {name} {problem}")
            return None
        if _SECRET_NAME.search(name):
            self._release.remark(
                f"{where}.value",
                f"{name} looks like a secret and is in the YAML in plain text: use valueFrom.secretKeyRef",
            )
        return str(value)

    def _from(self, where: str, source: object) -> EnvValue | None:
        kinds: dict[str, Any] = source if is_map(source) else {}
        kind = next(iter(kinds)) if len(kinds) == 1 else ""
        reference = kinds.get(kind)
        if kind not in ("secretKeyRef", "configMapKeyRef", "fieldRef") or not is_map(reference):
            self._release.refuse(
                f"{where}.valueFrom",
                "must be one of secretKeyRef, configMapKeyRef and fieldRef; for anything else use a JSON patch",
            )
            return None
        return self._reference(f"{where}.valueFrom.{kind}", kind, reference)

    def _reference(self, where: str, kind: str, reference: Mapping[str, Any]) -> EnvValue:
        if kind == "fieldRef":
            self._release.only(reference, where, "fieldPath", "apiVersion")
            paths = {"path": f"{where}.fieldPath"}
            return self._release.make(PodField, paths, PodField(path="metadata.name"), path=reference.get("fieldPath"))
        self._release.only(reference, where, "name", "key", "optional")
        if reference.get("optional"):
            self._release.remark(f"{where}.optional", "is not carried over: the Secret or ConfigMap must exist")
        name, key = reference.get("name"), reference.get("key")
        if kind == "secretKeyRef":
            paths, secret = (
                {"secret": f"{where}.name", "key": f"{where}.key"},
                SecretKey(secret="refused", key="refused"),
            )
            return self._release.make(SecretKey, paths, secret, secret=name, key=key)
        paths, otherwise = (
            {"config_map": f"{where}.name", "key": f"{where}.key"},
            ConfigMapKey(config_map="refused", key="refused"),
        )
        return self._release.make(ConfigMapKey, paths, otherwise, config_map=name, key=key)


def agree(release: Release, main: Variables, worker: Variables) -> None:
    """Main and workers share what a value sets: the workers' variables are moved to main's list, or refused."""
    for name in sorted(OWNED):
        if not worker.has(name) or OWNED[name].follows or name == "WORKER_CONCURRENCY":
            continue
        where, value = worker.where(name), worker.take(name)
        if not main.has(name):
            main.add(name, where, value)
            release.remark(where, f"{name} applies to both main and workers here")
        elif main.value(name) != value:
            release.refuse(
                where, f"{name} differs from main's in {main.where(name)}: both share one value; set both to the same"
            )


def split(text: str) -> list[str]:
    """A list as Flowise splits it."""
    return [part.strip() for part in text.split(",") if part.strip()]
