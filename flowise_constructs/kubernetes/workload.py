"""What other code needs to know about a workload: a frozen view of the pods that it creates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest

Kind = Literal["Deployment", "StatefulSet", "CronJob", "Job"]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A Deployment, StatefulSet, CronJob or Job, as a feature such as a network policy sees it."""

    kind: Kind
    """Kind of the object that creates the pods."""
    identity: Identity
    """Name, selector, labels, namespace."""
    template: Manifest = field(repr=False)
    """The pod template as in the YAML, before the user's own patches."""
    makes_service_account: bool
    """Whether the service account is an object of this deployment."""

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return self.identity.name

    @property
    def selector(self) -> Mapping[str, str]:
        """The labels that select its pods, and no other pods of the deployment."""
        return self.identity.selector

    @property
    def service_account(self) -> str:
        """`serviceAccountName` of its pods."""
        return str(self.template["spec"]["serviceAccountName"])

    @property
    def ports(self) -> Mapping[str, int]:
        """The ports that its containers listen on, by name; by number where they have none."""
        found = [port for container in self._containers for port in container.get("ports") or ()]
        return {str(port.get("name", port["containerPort"])): int(port["containerPort"]) for port in found}

    @property
    def images(self) -> tuple[str, ...]:
        """The images of its containers, init containers first, each once."""
        return tuple(dict.fromkeys(str(container["image"]) for container in self._containers))

    @property
    def secrets(self) -> Mapping[str, frozenset[str]]:
        """The Secrets that its pods use, with their keys; no keys if a Secret is used as a whole."""
        return _gathered(_secrets(self.template["spec"]))

    @property
    def config_maps(self) -> Mapping[str, frozenset[str]]:
        """The ConfigMaps that its pods use, with their keys; no keys if a ConfigMap is used as a whole."""
        return _gathered(_config_maps(self.template["spec"]))

    @property
    def _containers(self) -> list[Manifest]:
        spec = self.template["spec"]
        return [*(spec.get("initContainers") or ()), *spec["containers"]]


def _gathered(uses: Iterator[tuple[str, str | None]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, key in uses:
        found.setdefault(name, set()).update([key] if key else [])
    return {name: frozenset(keys) for name, keys in sorted(found.items())}


def _secrets(spec: Manifest) -> Iterator[tuple[str, str | None]]:
    yield from ((str(entry["name"]), None) for entry in spec.get("imagePullSecrets") or ())
    yield from _uses(spec, variable="secretKeyRef", whole="secretRef", volume="secret", name="secretName")


def _config_maps(spec: Manifest) -> Iterator[tuple[str, str | None]]:
    yield from _uses(spec, variable="configMapKeyRef", whole="configMapRef", volume="configMap", name="name")


def _uses(node: Any, *, variable: str, whole: str, volume: str, name: str) -> Iterator[tuple[str, str | None]]:
    """References in variables and in volumes: a projected source has `name` where a Secret volume has `secretName`."""
    words = {"variable": variable, "whole": whole, "volume": volume, "name": name}
    if isinstance(node, (list, tuple)):
        for item in cast(Sequence[Any], node):
            yield from _uses(item, **words)
    elif isinstance(node, Mapping):
        for word, item in cast(Mapping[str, Any], node).items():
            if word == variable:
                yield str(item["name"]), str(item["key"])
            elif word == whole:
                yield str(item["name"]), None
            elif word == volume and isinstance(item, Mapping):
                yield from _files(cast(Mapping[str, Any], item), name)
            else:
                yield from _uses(item, **words)


def _files(source: Mapping[str, Any], name: str) -> Iterator[tuple[str, str | None]]:
    called = str(source.get(name) or source.get("name"))
    items = source.get("items") or ()
    yield from ((called, str(item["key"])) for item in items)
    if not items:
        yield called, None
