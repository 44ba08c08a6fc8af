"""Storage for uploads and documents: a volume or a bucket; and the claim for the volume."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlsplit

from flowise_constructs.core.rules import buckets, naming, network, paths, quantities
from flowise_constructs.core.value import Value
from flowise_constructs.kubernetes.claims import AccessMode
from flowise_constructs.kubernetes.references import SecretKey


@dataclass(frozen=True, kw_only=True)
class LocalStorage(Value):
    """Files on the data volume of the single main. `STORAGE_TYPE=local`."""

    path: paths.Directory | None = None
    """`BLOB_STORAGE_PATH`. Default: `storage` in the data directory."""


@dataclass(frozen=True, kw_only=True)
class S3Credentials(Value):
    """Static keys for a bucket."""

    access_key_id: SecretKey
    """`S3_STORAGE_ACCESS_KEY_ID`."""
    secret_access_key: SecretKey
    """`S3_STORAGE_SECRET_ACCESS_KEY`."""

    @staticmethod
    def from_secret(
        secret: str, *, access_key_id: str = "access-key", secret_access_key: str = "secret-key"
    ) -> S3Credentials:
        """Both keys from one Secret. The default key names are the Helm chart's."""
        return S3Credentials(
            access_key_id=SecretKey(secret=secret, key=access_key_id),
            secret_access_key=SecretKey(secret=secret, key=secret_access_key),
        )


@dataclass(frozen=True, kw_only=True)
class S3Bucket(Value):
    """An existing bucket, on S3 or an S3-compatible store. `STORAGE_TYPE=s3`. Flowise puts, gets, deletes and lists
    objects; its logs go to `logs/` in the same bucket."""

    bucket: buckets.Bucket
    """`S3_STORAGE_BUCKET_NAME`."""
    region: buckets.Region = "us-east-1"
    """`S3_STORAGE_REGION`; any value for MinIO and similar stores."""
    endpoint: network.Url | None = None
    """`S3_ENDPOINT_URL`. Default: AWS's endpoint for the region."""
    path_style: bool = False
    """`S3_FORCE_PATH_STYLE`: the bucket name is in the URL's path, as MinIO needs it."""
    credentials: S3Credentials | None = None
    """Static keys. None: the SDK's default credential chain, that is, the pod's identity."""
    service_account_annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Annotations for the service accounts of the pods that use the bucket.
    Example: `{"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/flowise"}`."""

    @property
    def private_hosts(self) -> tuple[str, ...]:
        """Its endpoint's host, where that is in the cluster or in a private network."""
        host = urlsplit(self.endpoint).hostname if self.endpoint else None
        return (host,) if host and network.is_private(host) else ()


@dataclass(frozen=True, kw_only=True)
class DataClaim(Value):
    """A new claim for the data directory, `{name}-data`."""

    size: quantities.Size = "10Gi"
    """`resources.requests.storage`."""
    storage_class: naming.ObjectName | None = None
    """`storageClassName`. Default: left out, the cluster's default class."""
    access_mode: AccessMode = "ReadWriteOnce"
    """`accessModes`. With any mode except `ReadWriteMany` a rollout stops the old pod first."""
    annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Annotations of the claim. Those that keep it when its manifest goes: Argo CD
    `{"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}`, Flux
    `{"kustomize.toolkit.fluxcd.io/prune": "disabled"}`, Helm `{"helm.sh/resource-policy": "keep"}`."""


@dataclass(frozen=True, kw_only=True)
class ExistingClaim(Value):
    """An existing claim for the data directory."""

    name: naming.ObjectName
    """Its name, in the pod's namespace."""
    access_mode: AccessMode = "ReadWriteOnce"
    """Its access mode, which decides how a rollout is done."""


Storage: TypeAlias = LocalStorage | S3Bucket
"""The supported storage backends."""
Claim: TypeAlias = DataClaim | ExistingClaim
"""The claim for the data directory."""
