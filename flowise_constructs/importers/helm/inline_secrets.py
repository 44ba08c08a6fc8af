"""Secrets of the release: those whose content stands in the values files, and those that the chart made up."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from flowise_constructs.importers.helm.release import Release


class InlineSecrets:
    """The Secrets that are written, because the values hold their content, and a word on those that the chart made."""

    def __init__(self, release: Release, labels: Mapping[str, str]) -> None:
        self._release = release
        self._labels = labels
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
        made_up = sorted(set(keys) - set(inline))
        if inline:
            self.add(name, inline, instead=instead)
        if made_up:
            self._release.remark(
                instead,
                f"is empty: the chart made up {_listed(made_up)} of Secret {name!r}, which only the cluster has. "
                f"Back it up (kubectl get secret {name} -o yaml), and don't run helm uninstall, which deletes it, "
                "whatever kubectl annotate says: let Helm forget the release "
                f"(kubectl delete secret -l owner=helm,name={self._release.name})"
                + ("; kubectl apply leaves that key in place, kubectl replace would not" if inline else ""),
            )

    def _manifest(self, name: str, keys: Mapping[str, str]) -> dict[str, Any]:
        data = {key: base64.b64encode(self._release.text(path).encode()).decode() for key, path in keys.items()}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "labels": dict(self._labels)},
            "type": "Opaque",
            "data": data,
        }


def _listed(keys: list[str]) -> str:
    return f"key {keys[0]!r}" if len(keys) == 1 else f"keys {', '.join(map(repr, keys))}"
