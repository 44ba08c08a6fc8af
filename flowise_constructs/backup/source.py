"""The data that the pods of backups, restores and drills are built from, and what can't be backed up."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flowise_constructs.backup.engines import Engine, engine_of
from flowise_constructs.backup.values import Backup, BucketEncryption
from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.core.rules import quantities
from flowise_constructs.core.rules.paths import is_below
from flowise_constructs.database.values import PostgresDatabase, SqliteDatabase
from flowise_constructs.database.variables import PASSWORD, TYPE, database_environment
from flowise_constructs.flowise.directories import DATA_DIRECTORY
from flowise_constructs.flowise.image import Image
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.kubernetes import volumes
from flowise_constructs.kubernetes.images import ServerImage
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.pod_options import PodOptions
from flowise_constructs.kubernetes.references import EnvValue, PodField, SecretKey
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY
from flowise_constructs.storage.values import Claim, LocalStorage, S3Bucket
from flowise_constructs.storage.variables import storage_directory

SCRATCH = "/backup"
SECRETS = "/run/secrets/backup"
S3_CA = "/run/secrets/s3-ca"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
OWN_AUTHORITIES = "/authorities"
EXPECTED_TABLES = "chat_flow chat_message credential document_store migrations organization tool user workspace"


@dataclass(frozen=True, kw_only=True)
class Source:
    """The data that the backup pods of one installation are built from."""

    backup: Backup
    flowise: Flowise
    names: Names
    with_files: bool = True

    @property
    def engine(self) -> Engine:
        """The database family."""
        return engine_of(self.flowise.database)

    @property
    def database_image(self) -> Image | ServerImage:
        """The image with the database's tools."""
        return self.backup.dump_image or self.engine.image or self.flowise.image

    @property
    def storage_directory(self) -> str | None:
        """The directory on a volume that is backed up beside the database."""
        storage = self.flowise.storage
        if not isinstance(storage, LocalStorage) or not self._files:
            return None
        return storage_directory(storage, DATA_DIRECTORY)

    @property
    def mirrored(self) -> S3Bucket | None:
        """The bucket that is mirrored beside the database."""
        storage = self.flowise.storage
        return storage if isinstance(storage, S3Bucket) and self._files else None

    @property
    def _files(self) -> bool:
        return self.backup.files and self.with_files

    def common(self) -> dict[str, EnvValue]:
        """The variables of every step."""
        return {
            "TMPDIR": "/tmp",
            "HOME": "/tmp",
            "SCRATCH": SCRATCH,
            # The volume's own limit catches what exceeds this one: the kubelet then evicts the pod.
            "SCRATCH_BYTES": str(int(quantities.amount(self.backup.scratch_size) * 95 // 100)),
            "POD_NAME": PodField(path="metadata.name"),
        }

    def database(self) -> dict[str, EnvValue]:
        """The application's own connection; its password is a file."""
        connection = database_environment(self.flowise.database, DATA_DIRECTORY)
        authorities = {"AUTHORITIES": f"{OWN_AUTHORITIES}/ca-certificates.crt"} if self.wants_authorities else {}
        return {
            **self.common(),
            **{name: value for name, value in connection.items() if name != PASSWORD},
            **({f"{PASSWORD}_FILE": f"{SECRETS}/database-password"} if self.password else {}),
            **authorities,
            "EXPECTED_TABLES": EXPECTED_TABLES,
            **({"WITHOUT_ROWS_OF": " ".join(self.backup.without_rows_of)} if self.backup.without_rows_of else {}),
        }

    @property
    def password(self) -> dict[str, SecretKey]:
        """The database's password, as a file of a step."""
        database = self.flowise.database
        return {} if isinstance(database, SqliteDatabase) else {"database-password": database.password}

    @property
    def encryption_key(self) -> dict[str, SecretKey]:
        """The encryption key, as a file of a step."""
        return {"encryption-key": self.flowise.auth.encryption_key}

    @property
    def wants_authorities(self) -> bool:
        """Whether the database's certificate is checked against public CAs, which its image doesn't have."""
        database = self.flowise.database
        return isinstance(database, PostgresDatabase) and database.tls is not None and database.tls.ca is None

    def bucket(self) -> dict[str, EnvValue]:
        """The backup bucket as rclone's remote, and the installation whose backups are there."""
        backup = self.backup
        return {
            **self.common(),
            "AUTHORITIES": AUTHORITIES,
            "TARGET": f"target:{backup.target.bucket}/{self._prefix}",
            "INSTALLATION": self.names.name,
            "FLOWISE_RELEASE": self.flowise.image.flowise.tag,
            TYPE: database_environment(self.flowise.database, DATA_DIRECTORY)[TYPE],
            **_RCLONE,
            **_remote("TARGET", backup.target, backup.encryption),
            **({"S3_CA_FILE": self._ca_file()} if backup.ca else {}),
        }

    def buckets(self) -> dict[str, EnvValue]:
        """The backup bucket, and the mirrored one if there is one."""
        mirror = _mirror(self.backup.target, self._prefix, self.mirrored) if self.mirrored else {}
        return {**self.bucket(), **mirror}

    @property
    def _prefix(self) -> str:
        return self.backup.prefix or self.names.name

    def _ca_file(self) -> str:
        return f"{SCRIPTS_DIRECTORY}/s3-ca.pem" if isinstance(self.backup.ca, str) else f"{S3_CA}/ca.pem"

    def ca_script(self) -> dict[str, str]:
        """The object store's CA as one of the scripts' files, if it is given as text."""
        return {"s3-ca.pem": self.backup.ca} if isinstance(self.backup.ca, str) else {}

    def ca_volumes(self) -> list[tuple[Manifest, Manifest]]:
        """The object store's CA as a volume, if it is given by reference."""
        ca = self.backup.ca
        if ca is None or isinstance(ca, str):
            return []
        items = [{"key": ca.key, "path": "ca.pem"}]
        volume = (
            {"name": "s3-ca", "secret": {"secretName": ca.secret, "items": items}}
            if isinstance(ca, SecretKey)
            else {"name": "s3-ca", "configMap": {"name": ca.config_map, "items": items}}
        )
        return [
            (
                volume,
                volumes.mount("s3-ca", S3_CA, read_only=True),
            )
        ]

    def authorities_volumes(self) -> list[tuple[Manifest, Manifest]]:
        """The volume through which one step passes the CAs to the next."""
        if not self.wants_authorities:
            return []
        mount = volumes.mount("authorities", OWN_AUTHORITIES)
        return [(volumes.empty_dir("authorities", "4Mi"), mount)]

    def identity_annotations(self) -> dict[str, str]:
        """The annotations that give the pod its identity for the buckets."""
        mirrored = dict(self.mirrored.service_account_annotations) if self.mirrored else dict[str, str]()
        return {**mirrored, **self.backup.target.service_account_annotations}


_RCLONE: dict[str, EnvValue] = {
    "RCLONE_CONFIG": "/notfound",
    "RCLONE_CACHE_DIR": "/tmp",
    "RCLONE_CONTIMEOUT": "15s",
    "RCLONE_TIMEOUT": "2m",
    "RCLONE_LOW_LEVEL_RETRIES": "5",
    "RCLONE_RETRIES": "3",
    "RCLONE_TRANSFERS": "2",
    "RCLONE_BUFFER_SIZE": "4M",
}


def _remote(name: str, bucket: S3Bucket, encryption: BucketEncryption | None = None) -> dict[str, EnvValue]:
    keys = bucket.credentials
    settings: dict[str, EnvValue] = {
        "TYPE": "s3",
        # rclone never uses path style for AWS; for other stores it uses the style that is set.
        "PROVIDER": "AWS" if bucket.endpoint is None and not bucket.path_style else "Other",
        "REGION": bucket.region,
        **({"ENDPOINT": bucket.endpoint} if bucket.endpoint else {}),
        "FORCE_PATH_STYLE": "true" if bucket.path_style else "false",
        **({"ACCESS_KEY_ID": keys.access_key_id, "SECRET_ACCESS_KEY": keys.secret_access_key} if keys else {}),
        **({} if keys else {"ENV_AUTH": "true"}),
        "NO_CHECK_BUCKET": "true",
        "CHUNK_SIZE": "16M",
        "UPLOAD_CONCURRENCY": "2",
        "UPLOAD_CUTOFF": "200M",
        **({"SERVER_SIDE_ENCRYPTION": encryption.method} if encryption else {}),
        **({"SSE_KMS_KEY_ID": encryption.kms_key} if encryption and encryption.kms_key else {}),
    }
    return {f"RCLONE_CONFIG_{name}_{key}": value for key, value in settings.items()}


def _mirror(target: S3Bucket, prefix: str, mirrored: S3Bucket) -> dict[str, EnvValue]:
    """Buckets with the same keys are one remote, and the store itself copies between its buckets."""
    one_remote = replace(mirrored, bucket=target.bucket) == target
    same_bucket = (mirrored.bucket, mirrored.endpoint) == (target.bucket, target.endpoint)
    return {
        "FILES_SOURCE": f"{'target' if one_remote else 'storage'}:{mirrored.bucket}",
        **({"FILES_EXCLUDED": f"/{prefix}/**"} if same_bucket else {}),
        **({} if one_remote else _remote("STORAGE", mirrored)),
    }


def _directories(source: Source) -> dict[str, str]:
    """The directories that a pod of this installation must mount: the value that sets it -> directory."""
    database, storage = source.flowise.database, source.storage_directory
    directories = {"LocalStorage": storage} if storage else {}
    if isinstance(database, SqliteDatabase):
        directories["SqliteDatabase"] = database.directory or DATA_DIRECTORY
    return directories


def reads_claim(source: Source) -> bool:
    """Whether a pod of this installation mounts main's data claim."""
    return any(is_below(path, DATA_DIRECTORY) for path in _directories(source).values())


def refuse_contradictions(source: Source, data: Claim | None, options: PodOptions) -> None:
    """Raises ConfigError for what can't be backed up or restored."""
    findings = [*_unreachable(source, data, options), *_useless(source)]
    if findings:
        raise ConfigError(findings)


def _unreachable(source: Source, data: Claim | None, options: PodOptions) -> list[Finding]:
    findings: list[Finding] = []
    for where, path in _directories(source).items():
        fix = "give the claim" if where == "SqliteDatabase" else "give the claim, or Backup(files=False)"
        if is_below(path, DATA_DIRECTORY):
            if data is None:
                findings.append(
                    Finding("data", f"None, but the {where} is in {path!r}, which is deleted with main's pod: {fix}")
                )
        elif not any(is_below(path, volume.mount_path) for volume in options.volumes):
            findings.append(
                Finding(
                    "PodOptions.volumes",
                    f"no volume at {path!r}, where the {where} is: mount it in the pod as main does",
                )
            )
    return findings


def _useless(source: Source) -> list[Finding]:
    backup, mirrored = source.backup, source.mirrored
    findings: list[Finding] = []
    if backup.dump_arguments and isinstance(source.flowise.database, SqliteDatabase):
        findings.append(
            Finding("Backup.dump_arguments", "have no effect with SQLite, which has no dump program: leave them out")
        )
    ours = backup.target.service_account_annotations
    theirs = mirrored.service_account_annotations if mirrored else dict[str, str]()
    for name in sorted(set(ours) & set(theirs)):
        if ours[name] != theirs[name]:
            problem = f"{name!r} differs between the backup bucket and the storage bucket, and a pod has one identity"
            findings.append(Finding("S3Bucket.service_account_annotations", f"{problem}: use one that may use both"))
    return findings


def refuse_shared_claim(source: Source, data: Claim | None) -> None:
    """Raises ConfigError if the pod would wait forever for a claim that main holds."""
    if data is not None and data.access_mode == "ReadWriteOncePod" and reads_claim(source):
        problem = "'ReadWriteOncePod' lets only main mount it, not the backup: use 'ReadWriteOnce'"
        raise ConfigError([Finding(f"{type(data).__name__}.access_mode", problem)])
