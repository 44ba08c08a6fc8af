"""Secrets of the release: those whose content stands in the values files, and those that the chart made up."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flowise_constructs.importers.helm.release import Release


@dataclass(frozen=True, kw_only=True)
class _LeftSecret:
    """A Secret that stays as the cluster has it, because the values don't hold all of it."""

    name: str
    made_up: tuple[str, ...]
    inline: Mapping[str, str]
    instead: str

    def told(self) -> str:
        return f"{_listed(self.made_up)} of Secret {self.name!r}"


class InlineSecrets:
    """The Secrets that are written, because the values hold all of their content, and a word on the others.

    A Secret is written whole or not at all: on objects that `kubectl apply` or Argo CD made, the apply of one with some
    of its keys deletes the others.
    """

    def __init__(self, release: Release, labels: Mapping[str, str]) -> None:
        self._release = release
        self._labels = labels
        self._left: list[_LeftSecret] = []
        self.manifests: list[dict[str, Any]] = []

    def add(self, name: str, keys: Mapping[str, str], *, instead: str) -> None:
        """A Secret whose every key stands in the values; `keys` maps each to its path."""
        if not name or not all(self._release.text(path) for path in keys.values()):
            return
        self.manifests.append(self._manifest(name, keys))
        self._release.remark(
            ", ".join(sorted(keys.values())),
            f"becomes Secret {name!r} in the YAML, readable by everybody who reads it: better create the Secret apart, "
            f"name it in {instead}, and take the value out",
        )

    def own(self, name: str, keys: Mapping[str, str], *, instead: str) -> None:
        """A Secret of the release whose keys stand in the values, or were made up by the chart."""
        inline = {key: path for key, path in keys.items() if self._release.text(path)}
        made_up = tuple(sorted(set(keys) - set(inline)))
        if made_up:
            self._left.append(_LeftSecret(name=name, made_up=made_up, inline=inline, instead=instead))
        else:
            self.add(name, inline, instead=instead)

    def tell_of_left(self) -> None:
        """What to do about the Secrets that are not written, once for all of them."""
        for secret in self._left:
            if secret.inline:
                self._release.remark(
                    ", ".join(sorted(secret.inline.values())),
                    f"is not written: the chart made up {secret.told()}, and a Secret in part would delete what it "
                    "lacks. The live Secret holds the value already",
                )
        if not self._left:
            return
        names = " ".join(secret.name for secret in self._left)
        self._release.remark(
            ", ".join(secret.instead for secret in self._left),
            f"is empty: the chart made up {'; '.join(secret.told() for secret in self._left)}: only the cluster has "
            f"that. Back it up (kubectl get secret {names} -o yaml), and don't run helm uninstall, which deletes it, "
            "whatever kubectl annotate says: let Helm forget the release "
            f"(kubectl delete secret -l owner=helm,name={self._release.name}). Where a Secret is missing: "
            f"flowise-constructs secrets FILE{self._set()} | kubectl create -f -",
        )

    def _set(self) -> str:
        given = ((secret.name, key, path) for secret in self._left for key, path in secret.inline.items())
        return "".join(f" --set {name}.{key}='<{path}>'" for name, key, path in given)

    def _manifest(self, name: str, keys: Mapping[str, str]) -> dict[str, Any]:
        data = {key: base64.b64encode(self._release.text(path).encode()).decode() for key, path in keys.items()}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "labels": dict(self._labels)},
            "type": "Opaque",
            "data": data,
        }


def _listed(keys: Iterable[str]) -> str:
    keys = list(keys)
    return f"key {keys[0]!r}" if len(keys) == 1 else f"keys {', '.join(map(repr, keys))}"
