"""The variables of one role: to values, to Secrets, dropped with a word, or passed on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flowise_constructs import EnvValue, SecretKey
from flowise_constructs.core.findings import shown
from flowise_constructs.core.rules import naming, texts
from flowise_constructs.core.rules.secrets import guessable, looks_like_a_secret
from flowise_constructs.flowise.environment import OWNED
from flowise_constructs.flowise.further_variables import useless
from flowise_constructs.flowise.releases import Release
from flowise_constructs.flowise.unread_variables import unread
from flowise_constructs.importers.directories import moved
from flowise_constructs.importers.env.reading import Entries
from flowise_constructs.importers.env.tables import (
    AFTER,
    CHANGE,
    CHOSEN,
    DROPPED,
    NO_SECRETS,
    OF_COMPOSE,
    REPLACEABLE,
    SAMPLES,
    SECRETS,
    UNUSED,
)
from flowise_constructs.importers.notes import Notes, Weight
from flowise_constructs.importers.variables import Variables


@dataclass
class Known:
    """The contents of Secrets that the files have: by name and key."""

    prefix: str
    values: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def keep(self, suffix: str, key: str, value: str) -> SecretKey:
        """Keeps the value, and returns where it will be."""
        secret = f"{self.prefix}-{suffix}"
        self.values[secret, key] = value
        return SecretKey(secret=secret, key=key)


class EnvironmentVariables(Variables):
    """The variables of a file. A secret becomes a key of a Secret."""

    def __init__(self, notes: Notes, entries: Entries, secrets: Known, *, suffix: str = "env") -> None:
        super().__init__(notes, "", {name: (item.where, item.value) for name, item in entries.items()})
        self._secrets = secrets
        self._suffix = suffix

    def where(self, name: str) -> str:
        """The place of a variable, or its name."""
        return self._found[name][0] if name in self._found else name

    def take_secret(self, name: str) -> SecretKey | None:
        """Takes the variable as a key of a Secret, which will hold its value."""
        where, value = self.where(name), self.take(name)
        if not isinstance(value, str):
            return value if isinstance(value, SecretKey) else None
        self.judge(name, where, value)
        return self._secrets.keep(*SECRETS.get(name, (self._suffix, name)), value)

    def judge(self, name: str, where: str, value: str) -> None:
        """Says what is weak about a secret that the installation itself has chosen."""
        weak = guessable(value, CHOSEN[name]) if name in CHOSEN else None
        if value in SAMPLES.get(name, ()):
            weak = "has the sample's value, which everybody knows"
        if weak is not None:
            weight: Weight = "do" if name in REPLACEABLE else "know"
            self._notes.remark(where, f"{weak}: {AFTER.get(name, CHANGE)}", weight)

    def take_file(self, name: str, suffix: str, key: str) -> SecretKey | None:
        """Takes the path of a file, whose content the user puts into the key of a Secret."""
        where, path = self.where(name), self.take(name)
        if path is None:
            return None
        secret = SecretKey(secret=f"{self._secrets.prefix}-{suffix}", key=key)
        self._notes.remark(where, f"is a file: put its content into key {key!r} of the Secret {secret.secret!r}", "do")
        return secret

    def take_url(self, name: str) -> str | SecretKey | None:
        """Takes the variable as a URL; one with a login becomes a key of a Secret."""
        value = self.value(name)
        with_login = isinstance(value, str) and "@" in value
        return self.take_secret(name) if with_login else self.take_text(name)

    def names(self) -> list[str]:
        """The variables that are left."""
        return list(self._found)

    def passed_on(self) -> dict[str, EnvValue]:
        """The variables that no value took, as they are passed on."""
        self._drop_unused()
        passed: dict[str, EnvValue] = {}
        for name in self.names():
            where, value = self.where(name), self.take(name)
            if isinstance(value, str):
                passed[name] = self._passed(name, where, value)
        return passed

    def _drop_unused(self) -> None:
        for names, reason in UNUSED:
            self.drop([name for name in self.names() if name in OWNED and names(name)], reason)
        for name in self.names():
            if name in DROPPED:
                self.drop([name], DROPPED[name])
            elif name in OWNED:
                self.drop([name], OWNED[name].follows or f"{OWNED[name].value} says it here")

    def _passed(self, name: str, where: str, value: str) -> EnvValue:
        if _is_secret(name, value):
            problem = "holds a character that no variable can hold" if "\0" in value else None
            secret = self._secrets.keep(self._suffix, name, value)
        else:
            problem, secret = texts.literal(value), None
        if problem is not None:
            self._notes.refuse(where, f"the value (not shown) {problem}")
            return ""
        if secret is not None:
            return secret
        if moved(value) != value:
            self._notes.remark(where, f"is {shown(moved(value))} here, where the volume is mounted")
        return moved(value)


def clean(variables: EnvironmentVariables, notes: Notes, release: Release) -> None:
    """Drops what is empty and what nothing reads, refuses what is no variable."""
    named = {name: variables.value(name) for name in variables.names()}
    variables.drop(
        [name for name, value in named.items() if isinstance(value, str) and not value.strip()],
        "it is empty, as if it were not set",
    )
    for name in variables.names():
        if (problem := naming.env_name(name)) is not None:
            notes.refuse(variables.where(name), f"{shown(name)} {problem}")
            variables.take(name)
        elif (reason := _dropped(name, release)) is not None:
            variables.drop([name], reason)


def _dropped(name: str, release: Release) -> str | None:
    if name.startswith(OF_COMPOSE):
        return "it is Docker Compose's own"
    sentence = unread(name, release, "main") if name in release.dead else useless(name)
    return None if sentence is None else f"it {re.sub(rf'^.?{name}.? ', '', sentence).rstrip('.')}"


def _is_secret(name: str, value: str) -> bool:
    if name in NO_SECRETS:
        return False
    # The name alone tells, whatever the value looks like.
    return looks_like_a_secret(name, "any value") or looks_like_a_secret(name, value) or name in SECRETS
