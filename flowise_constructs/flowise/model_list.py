"""The list of models that Flowise offers, where it comes from a ConfigMap."""

from __future__ import annotations

from flowise_constructs.flowise.directories import MODEL_LIST, MODELS_DIRECTORY
from flowise_constructs.flowise.settings import Settings
from flowise_constructs.kubernetes import volumes
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.references import ConfigMapKey

_VOLUME = "model-list"


def model_list_volume(settings: Settings) -> list[Manifest]:
    """The volume of the list; none where it is elsewhere."""
    given = settings.model_list
    if not isinstance(given, ConfigMapKey):
        return []
    items = [{"key": given.key, "path": MODEL_LIST}]
    return [{"name": _VOLUME, "configMap": {"name": given.config_map, "items": items}}]


def model_list_mount(settings: Settings) -> list[Manifest]:
    """Where the container sees it."""
    return [volumes.mount(_VOLUME, MODELS_DIRECTORY, read_only=True)] if model_list_volume(settings) else []
