"""The Secrets of an import: what the files have of them, random values where any will do, placeholders elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs.flowise.auth import VARIABLES
from flowise_constructs.manifests.missing_secrets import fill, missing_secrets
from flowise_constructs.manifests.needed_secrets import NeededSecret
from flowise_constructs.manifests.references import Manifests
from flowise_constructs.manifests.yaml_files import load_documents

_ENCRYPTION_KEY = VARIABLES["encryption_key"]
_RANDOM = frozenset(VARIABLES.values()) - {_ENCRYPTION_KEY}


def secrets_of(yaml: str, known: Mapping[tuple[str, str], str]) -> list[NeededSecret]:
    """The Secrets that the YAML refers to. The encryption key is never made up: that would lose every credential."""
    found = missing_secrets(Manifests(load_documents(yaml, "the YAML")), None, _RANDOM)
    for secret in found:
        for key, missing in secret.keys.items():
            missing.value = known.get((secret.name.name, key))
    fill(found, [], ask=False)
    return found
