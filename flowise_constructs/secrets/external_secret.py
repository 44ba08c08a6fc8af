"""The body of an ExternalSecret, with the operator's defaults written out, so that Argo CD sees no difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowise_constructs.manifests.needed_secrets import OPAQUE
from flowise_constructs.secrets.values import RemoteRef, StoreRef, SyncPolicy

API_VERSION = "external-secrets.io/v1"
GENERATOR_API_VERSION = "generators.external-secrets.io/v1alpha1"
GENERATED = SyncPolicy(refresh="CreatedOnce", creation="Orphan")
"""For generated values: never a second one while the Secret is there, which outlives its ExternalSecret."""
_GENERATED_KEY = "password"


def remote_ref(keys: str, properties: str | None, *, secret: str, key: str) -> RemoteRef:
    """What the patterns give for one key."""
    names = {"secret": secret, "key": key}
    return RemoteRef(key=keys.format(**names), property=properties.format(**names) if properties else None)


def spec(
    secret: str,
    keys: Mapping[str, RemoteRef],
    *,
    store: StoreRef,
    policy: SyncPolicy,
    type: str = OPAQUE,
    whole: RemoteRef | None = None,
) -> dict[str, Any]:
    """`spec` for a Secret out of a store; `whole` is an entry each of whose fields becomes a key."""
    return {
        **_policy(policy),
        "secretStoreRef": {"kind": store.kind, "name": store.name},
        "target": _target(secret, policy, type),
        "data": [{"secretKey": key, "remoteRef": _remote(keys[key])} for key in sorted(keys)] or None,
        "dataFrom": [{"extract": _remote(whole)}] if whole else None,
    }


def generated_spec(secret: str, keys: Sequence[str], *, generator: str) -> dict[str, Any]:
    """`spec` for a Secret of passwords that the operator makes."""
    reference = {"apiVersion": GENERATOR_API_VERSION, "kind": "Password", "name": generator}
    return {
        **_policy(GENERATED),
        "target": _target(secret, GENERATED, OPAQUE),
        "dataFrom": [
            {
                "sourceRef": {"generatorRef": reference},
                "rewrite": [{"regexp": {"source": f"^{_GENERATED_KEY}$", "target": key}}],
            }
            for key in sorted(keys)
        ],
    }


def password_spec() -> dict[str, Any]:
    """`spec` of the generator. Letters and digits alone: a value that needs no quoting anywhere."""
    return {"length": 48, "digits": 12, "symbols": 0, "noUpper": False, "allowRepeat": True}


def _policy(policy: SyncPolicy) -> dict[str, Any]:
    return {"refreshPolicy": policy.refresh, "refreshInterval": _duration(policy.refresh_seconds)}


def _duration(seconds: int) -> str:
    """As Go writes it."""
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{seconds % 60}s"


def _target(secret: str, policy: SyncPolicy, type: str) -> dict[str, Any]:
    # Without data in it, a template passes on what was fetched.
    template = {"engineVersion": "v2", "mergePolicy": "Replace", "type": type}
    return {
        "name": secret,
        "creationPolicy": policy.creation,
        "deletionPolicy": policy.deletion,
        "template": template if type != OPAQUE else None,
    }


def _remote(reference: RemoteRef) -> dict[str, Any]:
    return {
        "key": reference.key,
        "property": reference.property,
        "version": reference.version,
        "conversionStrategy": "Default",
        "decodingStrategy": reference.decoding,
        "metadataPolicy": "None",
    }
