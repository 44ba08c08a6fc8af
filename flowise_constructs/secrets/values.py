"""Stores that Secrets come from, and the change of the encryption key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter
from typing import Annotated, Literal

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import naming, quantities, texts
from flowise_constructs.core.value import Value
from flowise_constructs.kubernetes.pod_options import PodOptions, Resources
from flowise_constructs.kubernetes.references import SecretKey


def _pattern(value: str) -> str | None:
    """A text with `{secret}` and `{key}` in it."""
    mend = "must be a text in which {secret} and {key} stand for the names, such as 'flowise/prod/{secret}/{key}'"
    if not value.strip() or not value.isprintable():
        return mend
    try:
        parts = list(Formatter().parse(value))
    except ValueError:
        return mend
    plain = all(name in (None, "secret", "key") and not form and not how for _, name, form, how in parts)
    return None if plain else mend


Pattern = Annotated[str, _pattern]
DecodingStrategy = Literal["None", "Base64", "Base64URL", "Auto"]


@dataclass(frozen=True, kw_only=True)
class StoreRef(Value):
    """A store of the External Secrets Operator, which must exist."""

    name: naming.ObjectName
    """Its name. Example: `"vault"`."""
    kind: Literal["SecretStore", "ClusterSecretStore"] = "SecretStore"
    """`SecretStore`, in the namespace of the deployment, or `ClusterSecretStore`."""


@dataclass(frozen=True, kw_only=True)
class RemoteRef(Value):
    """Where a value is in the store: `remoteRef`."""

    key: texts.Text
    """Its name or path there. Example: `"flowise/prod/database"`."""
    property: texts.Text | None = None
    """A field of what is found there. Example: `"password"`."""
    version: texts.Text | None = None
    """Its version. None: the store's newest."""
    decoding: DecodingStrategy = "None"
    """`decodingStrategy`: how the store's text becomes the value."""


@dataclass(frozen=True, kw_only=True)
class SyncPolicy(Value):
    """How the Secrets in the cluster follow the store."""

    refresh: Literal["Periodic", "OnChange", "CreatedOnce"] = "Periodic"
    """`refreshPolicy`. `OnChange`: when the ExternalSecret changes. `CreatedOnce`: while there is no Secret."""
    refresh_seconds: quantities.Positive = 3600
    """`refreshInterval`, with `Periodic`. Pods see a new value when they are replaced: `PodOptions.rollout_token`,
    `PodOptions.reloader`."""
    creation: Literal["Owner", "Orphan"] = "Owner"
    """`creationPolicy`. `Owner`: the Secret goes with its ExternalSecret. `Orphan`: it stays."""
    deletion: Literal["Retain", "Delete", "Merge"] = "Retain"
    """`deletionPolicy`: what happens when a value is gone from the store. `Retain`: the Secret keeps it. `Delete`: the
    Secret goes. `Merge`: the key goes."""

    def contradictions(self) -> Iterable[Finding]:
        if self.creation == "Orphan" and self.deletion == "Delete":
            yield self.finding("deletion", "'Delete' needs creation='Owner': an orphan isn't deleted")
        if self.refresh != "Periodic" and self.refresh_seconds != SyncPolicy.refresh_seconds:
            yield self.finding("refresh_seconds", f"has no effect with {self.refresh!r}: leave it out")


@dataclass(frozen=True, kw_only=True)
class KeyRotation(Value):
    """A new encryption key for what Flowise keeps encrypted in its database. Flowise must be stopped:
    `Main(replicas=0)`, `Worker(replicas=0)`."""

    new_key: SecretKey
    """The new key: 32 characters or more, without a line end. Example:
    `SecretKey(secret="flowise-auth-secrets", key="encryption-key-2027")`."""
    old_key: SecretKey | None = None
    """The key that the data has now. Default: `Auth.encryption_key` of the deployment. A key that Flowise kept in a
    file `encryption.key` or in AWS Secrets Manager must be put into a Secret first, byte for byte."""
    leave_unreadable: bool = False
    """Whether values that neither key decrypts, lost before, are left as they are. False: the Job refuses, and names
    them."""
    wait_seconds: quantities.Positive = 300
    """How long to wait for a database that doesn't answer yet, and for Flowise's pods to end."""
    deadline_seconds: quantities.Positive = 3600
    """`activeDeadlineSeconds`. A Job that exceeds it has changed nothing."""
    resources: Resources = Resources(cpu_request="100m", memory_request="256Mi", memory_limit="1Gi")
    """Requests and limits. All encrypted values together are held in memory."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations, volumes."""

    def contradictions(self) -> Iterable[Finding]:
        if self.new_key == self.old_key:
            yield self.finding("new_key", "is the old key: put the new one under a name of its own")
        if self.wait_seconds > self.deadline_seconds:
            problem = f"{self.wait_seconds} is above deadline_seconds {self.deadline_seconds}: give less"
            yield self.finding("wait_seconds", problem)
