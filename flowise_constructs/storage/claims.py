"""The claim that a deployment has its data directory on."""

from __future__ import annotations

from flowise_constructs.kubernetes.identity import derived
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.storage.values import Claim, DataClaim, SharedVolume, Storage

CLAIM_SUFFIX = "-data"


def claim_name(names: Names, data: Claim) -> str:
    """Name of the claim, ours or an existing one."""
    return derived(names.name, CLAIM_SUFFIX) if isinstance(data, DataClaim) else data.name


def data_claim(storage: Storage, data: Claim | None) -> Claim | None:
    """The claim at the data directory: the one that all pods share, or main's own."""
    return storage.claim if isinstance(storage, SharedVolume) else data
