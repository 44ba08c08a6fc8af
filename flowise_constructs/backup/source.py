"""The data that the pods of backups, restores and drills are built from, and what can't be backed up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flowise_constructs.backup.engines import Engine, engine_of
from flowise_constructs.backup.values import Backup, BucketEncryption
from flowise_constructs.core.rules import quantities
from flowise_constructs.database.values import PostgresDatabase
from flowise_constructs.database.variables import CA_FILE, PASSWORD, PREFIX, TYPE, database_environment
from flowise_constructs.flowise.certificates import certificates_of
from flowise_constructs.flowise.directories import DATA_DIRECTORY
from flowise_constructs.flowise.image import Image
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.flowise.variables import AUTHORITIES_FILE, proxy_variables
from flowise_constructs.kubernetes import volumes
from flowise_constructs.kubernetes.certificates import Certificates
from flowise_constructs.kubernetes.environment import Environment, certificate_file
from flowise_constructs.kubernetes.images import ServerImage
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.references import EnvValue, PodField, SecretKey
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY
from flowise_constructs.storage.values import LocalStorage, S3Bucket, Storage
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
    environment: Mapping[str, EnvValue] | None = None
    """What main really gets, where a hook may have changed it."""
    with_files: bool = True
    with_database: bool = True
    """Whether its pods connect to the installation's own database."""

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
    def stores(self) -> tuple[Storage, ...]:
        """The object stores of a backup and a restore."""
        return (self.backup.target, *([self.mirrored] if self.mirrored else []))

    @property
    def _files(self) -> bool:
        return self.backup.files and self.with_files

    @property
    def certificates(self) -> Certificates:
        """The installation's certificates that its pods need: authorities, and the database's."""
        of_the_database = [CA_FILE] if self.with_database else []
        return certificates_of(self.flowise, self.names).only(AUTHORITIES_FILE, *of_the_database)

    def certificate_volumes(self) -> list[tuple[Manifest, Manifest]]:
        """Their volume, with its mount."""
        return list(zip(self.certificates.volume(), self.certificates.mount(), strict=True))

    def authorities(self) -> dict[str, EnvValue]:
        """Authorities that are trusted beside the public ones."""
        given = AUTHORITIES_FILE in self.certificates.files
        return {"FURTHER_AUTHORITIES": certificate_file(AUTHORITIES_FILE)} if given else {}

    def proxy(self) -> Environment:
        """The proxy on the way to the buckets."""
        settings = self.flowise.settings
        hosts = (*self.flowise.server_hosts, *self.backup.target.private_hosts)
        return proxy_variables(settings.proxy, hosts) if settings.proxy else {}

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
        authorities = {"AUTHORITIES": f"{OWN_AUTHORITIES}/ca-certificates.crt"} if self.wants_authorities else {}
        return {
            **self.common(),
            **{name: value for name, value in self.connection.items() if name != PASSWORD},
            **({f"{PASSWORD}_FILE": f"{SECRETS}/database-password"} if self.password else {}),
            **authorities,
            **self.authorities(),
            "EXPECTED_TABLES": EXPECTED_TABLES,
            **({"WITHOUT_ROWS_OF": " ".join(self.backup.without_rows_of)} if self.backup.without_rows_of else {}),
        }

    @property
    def connection(self) -> Environment:
        """How main reaches the database."""
        if self.environment is None:
            return database_environment(self.flowise.database, DATA_DIRECTORY)
        return {name: value for name, value in self.environment.items() if name.startswith(PREFIX)}

    @property
    def password(self) -> dict[str, SecretKey]:
        """The database's password, as a file of a step."""
        password = self.connection.get(PASSWORD)
        return {"database-password": password} if isinstance(password, SecretKey) else {}

    @property
    def encryption_key(self) -> dict[str, SecretKey]:
        """The encryption key, as a file of a step."""
        return {"encryption-key": self.flowise.auth.encryption_key}

    @property
    def wants_authorities(self) -> bool:
        """Whether the database's certificate is checked against public CAs, which its image doesn't have."""
        database = self.flowise.database
        return isinstance(database, PostgresDatabase) and database.tls is not None and not database.tls.has_ca

    def bucket(self) -> dict[str, EnvValue]:
        """The backup bucket as rclone's remote, and the installation whose backups are there."""
        backup = self.backup
        return {
            **self.common(),
            "AUTHORITIES": AUTHORITIES,
            "TARGET": f"target:{backup.target.bucket}/{self._prefix}",
            "INSTALLATION": self.names.name,
            "FLOWISE_RELEASE": self.flowise.image.flowise.tag,
            TYPE: self.connection[TYPE],
            **self.authorities(),
            **self.proxy(),
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
        """The object store's authority as a volume, where it is given by reference."""
        ca, certificates = self.backup.ca, self.certificate_volumes()
        if ca is None or isinstance(ca, str):
            return certificates
        items = [{"key": ca.key, "path": "ca.pem"}]
        volume = (
            {"name": "s3-ca", "secret": {"secretName": ca.secret, "items": items}}
            if isinstance(ca, SecretKey)
            else {"name": "s3-ca", "configMap": {"name": ca.config_map, "items": items}}
        )
        return [*certificates, (volume, volumes.mount("s3-ca", S3_CA, read_only=True))]

    def authorities_volumes(self) -> list[tuple[Manifest, Manifest]]:
        """The volume through which one step passes the CAs to the next."""
        if not self.wants_authorities:
            return []
        mount = volumes.mount("authorities", OWN_AUTHORITIES)
        return [(volumes.empty_dir("authorities", "4Mi"), mount)]

    def database_volumes(self) -> list[tuple[Manifest, Manifest]]:
        """What a client of the database has mounted."""
        return [*self.authorities_volumes(), *(self.certificate_volumes() if self.engine.is_a_server else [])]

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
