"""Variables of a source: those that a value sets go to that value, the others are carried over unchanged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from flowise_constructs import ConfigMapKey, EnvValue, SecretKey
from flowise_constructs.core.findings import shown
from flowise_constructs.flowise.environment import OWNED
from flowise_constructs.importers.notes import Notes

_SECRET_NAME = re.compile(r"(PASSWORD|SECRET|TOKEN|API_?KEY|CREDENTIALS?|PASSPHRASE)(_|$)")


class Variables:
    """The variables of one role. A variable that is taken for a value is removed from them."""

    def __init__(
        self,
        notes: Notes,
        path: str,
        found: Mapping[str, tuple[str, EnvValue]],
        *,
        otherwise: str = "is set by another key of the chart, or by {value} in the Python of --format python: set "
        "that, and remove the variable",
    ) -> None:
        self._notes = notes
        self.path = path
        self._found = dict(found)
        self._otherwise = otherwise

    def where(self, name: str) -> str:
        """The path of a variable."""
        return self._found[name][0] if name in self._found else self.path

    def has(self, name: str) -> bool:
        """Whether the list still has the variable."""
        return name in self._found

    def value(self, name: str) -> EnvValue | None:
        """The variable, which stays in the list."""
        return self._found[name][1] if name in self._found else None

    def found(self) -> dict[str, tuple[str, EnvValue]]:
        """All that it still has, each with its path."""
        return dict(self._found)

    def take(self, name: str) -> EnvValue | None:
        """Takes the variable, a literal or a reference."""
        found = self._found.pop(name, None)
        return found[1] if found else None

    def take_text(self, name: str) -> str | None:
        """Takes the variable as text; a reference is refused."""
        where, value = self.where(name), self.take(name)
        if value is None or isinstance(value, str):
            return value
        self._notes.refuse(where, f"{name} must be a literal: this library doesn't accept a reference for it")
        return None

    def take_url(self, name: str) -> EnvValue | None:
        """Takes the variable as a URL, or a key of a Secret that holds it. A source that knows Secrets puts one with a
        login there."""
        return self.take(name) if isinstance(self.value(name), SecretKey) else self.take_text(name)

    def take_flag(self, name: str) -> bool | None:
        """Takes the variable as true or false, the only values that Flowise distinguishes."""
        where, text = self.where(name), self.take_text(name)
        if text is not None and text not in ("true", "false"):
            self._notes.refuse(where, f"{name} is {shown(text)} and must be 'true' or 'false'")
        return None if text is None else text == "true"

    def take_number(self, name: str) -> int | None:
        """Takes the variable as a whole number."""
        where, text = self.where(name), self.take_text(name)
        if text is None:
            return None
        if not re.fullmatch(r"[0-9]{1,12}", text):
            self._notes.refuse(where, f"{name} is {shown(text)} and must be a whole number")
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
        self._notes.refuse(where, f"{name} must come from a Secret: use valueFrom.secretKeyRef")
        return None

    def take_reference(self, name: str) -> SecretKey | ConfigMapKey | None:
        """Takes the variable where it comes from a Secret or ConfigMap; a literal stays among them."""
        value = self.value(name)
        if not isinstance(value, (SecretKey, ConfigMapKey)):
            return None
        self._found.pop(name)
        return value

    def add(self, name: str, where: str, value: EnvValue | None) -> None:
        """Adds a variable from the other role's list."""
        if value is not None:
            self._found[name] = (where, value)

    def drop(self, names: Iterable[str], reason: str) -> None:
        """Drops the variables with one remark."""
        found = [name for name in names if self.has(name)]
        if not found:
            return
        self._notes.remark(", ".join([self.where(found[0]), *found[1:]]), f"is not carried over: {reason}", "left out")
        for name in found:
            self.take(name)

    def rename(self, name: str, to: str) -> None:
        """Gives a variable the name of another that means the same; drops it where that one is there."""
        if self.has(name) and self.has(to):
            self.drop([name], f"{to} says it")
        elif self.has(name):
            self._found[to] = self._found.pop(name)

    def rest(self) -> dict[str, EnvValue]:
        """The variables that no value took. Those that a value sets otherwise are refused; those that are derived are
        dropped."""
        rest: dict[str, EnvValue] = {}
        for name, (where, value) in self._found.items():
            if name in OWNED and OWNED[name].follows:
                self._notes.remark(where, f"{name} is not carried over: {OWNED[name].follows}", "left out")
            elif name in OWNED:
                self._notes.refuse(where, f"{name} {self._otherwise.format(value=OWNED[name].value)}")
            else:
                rest[name] = value
        return rest


def agree(notes: Notes, main: Variables, worker: Variables) -> None:
    """Main and workers share what a value sets: the workers' variables are moved to main's list, or refused."""
    for name in sorted(OWNED):
        if not worker.has(name) or OWNED[name].follows or name == "WORKER_CONCURRENCY":
            continue
        where, value = worker.where(name), worker.take(name)
        if not main.has(name):
            main.add(name, where, value)
            notes.remark(where, f"{name} applies to both main and workers here")
        elif main.value(name) != value:
            notes.refuse(
                where, f"{name} differs from main's in {main.where(name)}: both share one value; set both to the same"
            )


def looks_secret(name: str) -> bool:
    """Whether a variable of this name is likely to hold a secret."""
    return _SECRET_NAME.search(name) is not None


def split(text: str) -> list[str]:
    """A list as Flowise splits it."""
    return [part.strip() for part in text.split(",") if part.strip()]
