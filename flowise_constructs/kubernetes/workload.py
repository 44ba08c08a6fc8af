"""What other code needs to know about a workload: a frozen view of the pods that it creates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from flowise_constructs.core.plain import plain_data
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.manifests.pods import POD_TEMPLATES
from flowise_constructs.manifests.references import Manifests, Reference

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
    scaler: Literal["ScaledObject", "HorizontalPodAutoscaler", "External"] | None = None
    """What sets the number of pods: an object of this deployment, of that kind, or somebody else. None: the YAML."""

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
    def has_token(self) -> bool:
        """Whether its pods get a token for the API server."""
        volumes = self.template["spec"].get("volumes") or ()
        sources = [source for volume in volumes for source in volume.get("projected", {}).get("sources", ())]
        tokens = [source["serviceAccountToken"] for source in sources if "serviceAccountToken" in source]
        return any("audience" not in token for token in tokens)

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
    def references(self) -> Sequence[Reference]:
        """What its pods refer to, such as a key of a Secret, and in which variable or volume."""
        metadata = {"name": self.name, "namespace": self.identity.namespace}
        owner: Manifest = plain_data(self.template)
        for word in reversed(POD_TEMPLATES[self.kind]):
            owner = {word: owner}
        return Manifests([{"kind": self.kind, "metadata": metadata, **owner}]).references

    @property
    def secrets(self) -> Mapping[str, frozenset[str]]:
        """The Secrets that its pods use, with their keys; no keys if a Secret is used as a whole."""
        return self._keys_of("Secret")

    @property
    def config_maps(self) -> Mapping[str, frozenset[str]]:
        """The ConfigMaps that its pods use, with their keys; no keys if a ConfigMap is used as a whole."""
        return self._keys_of("ConfigMap")

    def _keys_of(self, kind: str) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for reference in self.references:
            if reference.to.kind == kind:
                found.setdefault(reference.to.name, set()).update([reference.key] if reference.key else [])
        return {name: frozenset(keys) for name, keys in sorted(found.items())}

    @property
    def _containers(self) -> list[Manifest]:
        spec = self.template["spec"]
        return [*(spec.get("initContainers") or ()), *spec["containers"]]
