"""The objects of a pod's further claims."""

from __future__ import annotations

from collections.abc import Mapping

from constructs import Construct

from flowise_constructs.kubernetes.claims import ExtraClaim, LogClaim
from flowise_constructs.kubernetes.identity import Identity, derived
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta


def make_claims(scope: Construct, identity: Identity, claims: Mapping[str, LogClaim | ExtraClaim]) -> None:
    """Creates the claims, `{workload}-{name}`, as children of the scope."""
    for name, claim in claims.items():
        api_object(
            scope,
            f"Claim-{name}",
            api_version="v1",
            kind="PersistentVolumeClaim",
            metadata=object_meta(identity, suffix=f"-{name}", annotations=claim.annotations),
            spec=claim_spec(claim.access_mode, claim.storage_class, claim.size),
        )


def claim_spec(access_mode: str, storage_class: str | None, size: str) -> Manifest:
    """The spec of a claim."""
    return {
        "accessModes": [access_mode],
        "storageClassName": storage_class,
        "resources": {"requests": {"storage": size}},
    }


def claim_volume(identity: Identity, name: str) -> Manifest:
    """A claim of the workload as a volume of its pod."""
    return {"name": name, "persistentVolumeClaim": {"claimName": derived(identity.name, f"-{name}")}}
