"""The name of the data directory's claim."""

from __future__ import annotations

from flowise_constructs.kubernetes.identity import derived
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.storage.values import Claim, DataClaim

CLAIM_SUFFIX = "-data"


def claim_name(names: Names, data: Claim) -> str:
    """Name of the claim, ours or an existing one."""
    return derived(names.name, CLAIM_SUFFIX) if isinstance(data, DataClaim) else data.name
