"""Certificates as files of a pod: from Secrets and ConfigMaps that hold PEM, and from text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field

from flowise_constructs.kubernetes import volumes
from flowise_constructs.kubernetes.environment import CERTIFICATES_DIRECTORY
from flowise_constructs.kubernetes.mounted_files import checksum_of
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.references import Pem, SecretKey

CERTIFICATES_SUFFIX = "-certificates"
VOLUME = "certificates"


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """Files by their names, and the ConfigMap of those that are given as text, which is made once a deployment."""

    files: Mapping[str, Pem]
    config_map: str
    keys: Mapping[str, str] = field(init=False)
    """Texts, each with its key in the ConfigMap: one that several files have stands there once."""
    of: InitVar[Certificates | None] = None

    def __post_init__(self, of: Certificates | None) -> None:
        keys: dict[str, str] = {}
        for name, pem in self.files.items():
            if isinstance(pem, str):
                keys.setdefault(pem, name)
        object.__setattr__(self, "keys", of.keys if of else keys)

    def __bool__(self) -> bool:
        return bool(self.files)

    @property
    def texts(self) -> dict[str, str]:
        """What the ConfigMap holds."""
        return {self.keys[pem]: pem for pem in self.files.values() if isinstance(pem, str)}

    @property
    def checksum(self) -> Mapping[str, str]:
        """A pod annotation that replaces the pods when a text changes."""
        return checksum_of(VOLUME, self.texts) if self.texts else {}

    def only(self, *names: str) -> Certificates:
        """Some of the files."""
        files = {name: pem for name, pem in self.files.items() if name in names}
        return Certificates(files=files, config_map=self.config_map, of=self)

    def volume(self) -> list[Manifest]:
        """The volume; none without files."""
        if not self.files:
            return []
        sources = [self._source(name, pem) for name, pem in self.files.items()]
        return [{"name": VOLUME, "projected": {"sources": sources}}]

    def mount(self) -> list[Manifest]:
        """Where a container sees them."""
        return [volumes.mount(VOLUME, CERTIFICATES_DIRECTORY, read_only=True)] if self.files else []

    def _source(self, name: str, pem: Pem) -> Manifest:
        if isinstance(pem, SecretKey):
            return {"secret": {"name": pem.secret, "items": [{"key": pem.key, "path": name}]}}
        config_map, key = (self.config_map, self.keys[pem]) if isinstance(pem, str) else (pem.config_map, pem.key)
        return {"configMap": {"name": config_map, "items": [{"key": key, "path": name}]}}
