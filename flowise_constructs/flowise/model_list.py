"""The list of models that Flowise offers: from the image, a ConfigMap or a URL, in the place of upstream's."""

from __future__ import annotations

from flowise_constructs.flowise.settings import Settings
from flowise_constructs.kubernetes import volumes
from flowise_constructs.kubernetes.environment import Environment
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.references import ConfigMapKey

VARIABLE = "MODEL_LIST_CONFIG_JSON"
_VOLUME, _DIRECTORY, _FILE = "model-list", "/etc/flowise-constructs/models", "models.json"


def model_list_environment(settings: Settings) -> Environment:
    """Flowise takes the image's own list when the variable is neither a URL nor a file that exists; only without the
    variable does it ask GitHub (packages/components/src/modelLoader.ts)."""
    given = settings.model_list
    if given is None:
        return {}
    return {VARIABLE: f"{_DIRECTORY}/{_FILE}" if isinstance(given, ConfigMapKey) else given}


def model_list_volume(settings: Settings) -> list[Manifest]:
    """The volume of the list, where it is in a ConfigMap."""
    given = settings.model_list
    if not isinstance(given, ConfigMapKey):
        return []
    items = [{"key": given.key, "path": _FILE}]
    return [{"name": _VOLUME, "configMap": {"name": given.config_map, "items": items}}]


def model_list_mount(settings: Settings) -> list[Manifest]:
    """Where the container sees it."""
    return [volumes.mount(_VOLUME, _DIRECTORY, read_only=True)] if model_list_volume(settings) else []
