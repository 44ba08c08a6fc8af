"""Flowise's five keys, of which the chart knows one."""

from __future__ import annotations

from typing import Any

from flowise_constructs import Auth, SecretKey
from flowise_constructs.flowise.auth import KEYS, VARIABLES
from flowise_constructs.importers.cowboysysop.names import full_name
from flowise_constructs.importers.pods import secret_key
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.variables import Variables

_NEW = "{}-auth"
"""The Secret of the keys that are in no Secret yet."""


def auth(release: Release, variables: Variables) -> Auth:
    """The keys from the Secrets that the values name, and the others from one that must be made."""
    name = _NEW.format(full_name(release))
    whom: dict[str, Any] = {}
    found: dict[str, SecretKey] = {}
    for field, variable in VARIABLES.items():
        if variables.has(variable):
            found[field] = variables.take_secret(variable) or SecretKey(secret="refused", key=KEYS[field])
    for variable, field in (("JWT_ISSUER", "jwt_issuer"), ("JWT_AUDIENCE", "jwt_audience")):
        if (text := variables.take_text(variable)) is not None:
            whom[field] = text
    missing = [field for field in KEYS if field not in found]
    _tell_of_missing(release, name, missing)
    at = "fullnameOverride" if release.text("fullnameOverride") else "--release"
    keys = {field: secret_key(release, name, at, KEYS[field], at) for field in missing}
    paths = {field: variables.where(variable) for field, variable in VARIABLES.items()}
    return release.make(Auth, paths, Auth.from_secret("refused"), **found, **keys, **whom)


def _tell_of_missing(release: Release, name: str, missing: list[str]) -> None:
    main = f"kubectl exec deployment/{full_name(release)} -c flowise --"
    if "encryption_key" in missing:
        secret = f"{name}.{KEYS['encryption_key']}"
        release.remark(
            "config.encryptionKey",
            "is empty, so the key that encrypts every stored credential is in /data/encryption.key alone"
            + ("" if release.flag("persistence.enabled") else ", which goes with each pod")
            + f": Secret {name!r} must hold it before the first apply, and another key loses them all: "
            f'flowise-constructs secrets FILE --set {secret}="$({main} cat /data/encryption.key)" | '
            "kubectl create -f -. Of the other keys it makes new ones, with which everybody logs in once more",
        )
    elif missing:
        held = ", ".join(repr(KEYS[field]) for field in missing)
        release.remark(
            "existingSecret",
            f"the chart knows one of the five keys: Secret {name!r} must hold {held} before the first apply: "
            "flowise-constructs secrets FILE | kubectl create -f - makes new ones, with which everybody logs in once "
            "more",
        )
