"""ConfigMaps that pods mount."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from constructs import Construct

from flowise_constructs.kubernetes.identity import Identity, derived
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta


@dataclass(frozen=True)
class MountedFiles:
    """One of our ConfigMaps, and the checksum that rolls the pods when its content changes."""

    config_map: str
    checksum: Mapping[str, str]

    def volume(self, name: str) -> Manifest:
        """The ConfigMap as a volume. Kubernetes' default mode, 0644, is enough: programs of the image read them."""
        return {"name": name, "configMap": {"name": self.config_map}}


def mounted_files(name: str, suffix: str, content: Mapping[str, str]) -> MountedFiles:
    """The part of a ConfigMap that a pod uses; the ConfigMap is made elsewhere."""
    return MountedFiles(derived(name, suffix), checksum_of(suffix.lstrip("-"), content))


def config_map(scope: Construct, id: str, identity: Identity, suffix: str, content: Mapping[str, str]) -> MountedFiles:
    """A ConfigMap that pods mount."""
    api_object(
        scope,
        id,
        api_version="v1",
        kind="ConfigMap",
        metadata=object_meta(identity, suffix=suffix),
        data=dict(content),
    )
    return mounted_files(identity.name, suffix, content)


def checksum_of(name: str, content: Mapping[str, str]) -> dict[str, str]:
    """A pod annotation that changes with the content."""
    whole = "\0".join(f"{file}\0{text}" for file, text in sorted(content.items()))
    return {f"checksum/{name}": hashlib.sha256(whole.encode()).hexdigest()[:16]}
