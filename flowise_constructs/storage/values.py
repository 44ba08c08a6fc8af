"""Storage for uploads and documents: a volume, or a bucket of one of three clouds; and the claim for the volume."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlsplit

from flowise_constructs.core.findings import Finding
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
    """Static keys. None: the SDK's default credential chain, that is, the pod's identity. On EKS it is one of two: the
    role that `service_account_annotations` name (IRSA), or a Pod Identity association, which is made in AWS and leaves
    nothing in the YAML. The role must be given to each service account: `{instance}`, in queue mode
    `{instance}-worker`, with backups `{instance}-backup`, and `{instance}-drill` and `{instance}-restore` where there
    are such jobs. See `flowise-constructs docs s3-on-eks`."""
    service_account_annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Annotations for the service accounts of the pods that use the bucket, for IRSA and the like.
    Example: `{"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/flowise"}`."""

    @property
    def private_hosts(self) -> tuple[str, ...]:
        """Its endpoint's host, where that is in the cluster or in a private network."""
        host = urlsplit(self.endpoint).hostname if self.endpoint else None
        return (host,) if host and network.is_private(host) else ()


@dataclass(frozen=True, kw_only=True)
class GcsBucket(Value):
    """An existing bucket on Google Cloud Storage. `STORAGE_TYPE=gcs`. Flowise puts, gets, deletes and lists objects
    (`roles/storage.objectUser`); its logs go to Cloud Logging (`roles/logging.logWriter`), none to the bucket."""

    bucket: buckets.GoogleBucket
    """`GOOGLE_CLOUD_STORAGE_BUCKET_NAME`."""
    project: buckets.GoogleProject
    """`GOOGLE_CLOUD_STORAGE_PROJ_ID`: id of the project. Flowise refuses uploads without one (multer-cloud-storage).
    Example: `"acme-prod-123456"`."""
    credentials: SecretKey | None = None
    """JSON key of a Google service account, as a file: `GOOGLE_CLOUD_STORAGE_CREDENTIAL`. None: Google's application
    default credentials, that is, the pod's identity."""
    uniform_access: bool = True
    """Whether the bucket has uniform bucket-level access, Google's default: `GOOGLE_CLOUD_UNIFORM_BUCKET_ACCESS`.
    False: each upload gets an access list of its own, which a bucket with uniform access refuses."""
    service_account_annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Annotations for the service accounts of the pods that use the bucket.
    Example: `{"iam.gke.io/gcp-service-account": "flowise@acme-prod-123456.iam.gserviceaccount.com"}`."""

    @property
    def private_hosts(self) -> tuple[str, ...]:
        """Where the pod's identity comes from: the node's metadata server."""
        return () if self.credentials else ("metadata.google.internal", "169.254.169.254")


@dataclass(frozen=True, kw_only=True)
class AzureContainer(Value):
    """An existing container of Azure Blob Storage. `STORAGE_TYPE=azure`. Flowise puts, gets, deletes and lists blobs;
    its logs go to `logs/` in the same container. Flowise knows no managed identity here: it needs `account_key` or
    `connection_string`. Backups need neither: without them the pod's identity is used (AKS workload identity)."""

    container: buckets.AzureContainerName
    """`AZURE_BLOB_STORAGE_CONTAINER_NAME`."""
    account: buckets.AzureAccount | None = None
    """Storage account at `{account}.blob.core.windows.net`: `AZURE_BLOB_STORAGE_ACCOUNT_NAME`. With a connection string
    leave it out."""
    account_key: SecretKey | None = None
    """`AZURE_BLOB_STORAGE_ACCOUNT_KEY`."""
    connection_string: SecretKey | None = None
    """`AZURE_BLOB_STORAGE_CONNECTION_STRING`, with `AccountName` and `AccountKey`: for a national cloud, a domain of
    your own or an emulator. Backups take no shared access signature (`SharedAccessSignature`)."""
    service_account_annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Annotations for the service accounts of backup pods, which are then labelled `azure.workload.identity/use`.
    Example: `{"azure.workload.identity/client-id": "00000000-0000-0000-0000-000000000000"}`."""

    @property
    def private_hosts(self) -> tuple[str, ...]:
        """None that is known here: an endpoint of your own is in the connection string."""
        return ()

    def contradictions(self) -> Iterable[Finding]:
        if self.connection_string is None and self.account is None:
            yield self.finding("account", "None without connection_string: give one of them")
        if self.connection_string is not None and self.account is not None:
            yield self.finding("account", "is in the connection string already: leave it out")
        if self.connection_string is not None and self.account_key is not None:
            yield self.finding("account_key", "is in the connection string already: leave it out")
        if self.has_keys and self.service_account_annotations:
            problem = "an identity has no effect beside keys: leave it out, or the keys"
            yield self.finding("service_account_annotations", problem)

    @property
    def has_keys(self) -> bool:
        """Whether it is used with keys instead of the pod's identity."""
        return self.account_key is not None or self.connection_string is not None


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


Claim: TypeAlias = DataClaim | ExistingClaim
"""The claim for the data directory."""


@dataclass(frozen=True, kw_only=True)
class SharedVolume(Value):
    """Files on a ReadWriteMany claim that every main and worker of queue mode mounts at the data directory.
    `STORAGE_TYPE=local`; files are in `storage` below it, logs stay in each pod. Outside queue mode a claim
    is `data` of the chart, with `LocalStorage`."""

    claim: Claim
    """The claim. Example: `DataClaim(access_mode="ReadWriteMany", storage_class="nfs")`. Its files must be writable to
    group 1000; a driver that ignores `fsGroup`, as those of NFS do, must be set up so."""

    def contradictions(self) -> Iterable[Finding]:
        if self.claim.access_mode != "ReadWriteMany":
            problem = f"{self.claim.access_mode!r} can't be mounted by pods on several nodes"
            yield self.finding("claim", f"{problem}: use a claim with access_mode='ReadWriteMany', or a bucket")


ObjectStore: TypeAlias = S3Bucket | GcsBucket | AzureContainer
"""The supported object stores."""
Storage: TypeAlias = LocalStorage | ObjectStore | SharedVolume
"""The supported storage backends."""
