"""The key of a Google service account as a file of a pod: Google's clients take it no other way."""

from __future__ import annotations

from flowise_constructs.kubernetes import volumes
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.storage.values import GcsBucket, Storage
from flowise_constructs.storage.variables import GOOGLE_KEY, KEYS_DIRECTORY


def key_volumes(storage: Storage, name: str = GOOGLE_KEY) -> list[tuple[Manifest, Manifest]]:
    """Its volume, with its mount, where the storage has such a key."""
    if not isinstance(storage, GcsBucket) or storage.credentials is None:
        return []
    volume = volumes.secret_files(name, {"key.json": storage.credentials})
    return [(volume, volumes.mount(name, f"{KEYS_DIRECTORY}/{name}", read_only=True))]
