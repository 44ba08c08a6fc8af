"""The data that the pods of backups, restores and drills are built from, and what can't be backed up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flowise_constructs.backup.engines import Engine, engine_of
from flowise_constructs.backup.remotes import (
    AZURE_SCRIPT,
    RCLONE,
    STORAGE,
    TARGET,
    are_one_remote,
    key_volume,
    mirror,
    place,
    remote,
)
from flowise_constructs.backup.values import Backup
from flowise_constructs.core.rules import quantities
from flowise_constructs.database.servers import PostgresDatabase
from flowise_constructs.database.variables import ADDRESS, CA_FILE, PASSWORD, PREFIX, TYPE, database_environment
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
from flowise_constructs.kubernetes.references import EnvValue, PodField, SecretKey, references_of
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY
from flowise_constructs.storage.files import key_volumes
from flowise_constructs.storage.values import AzureContainer, LocalStorage, ObjectStore, SharedVolume
from flowise_constructs.storage.variables import storage_directory

SCRATCH = "/backup"
SECRETS = "/run/secrets/backup"
S3_CA = "/run/secrets/s3-ca"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
OWN_AUTHORITIES = "/authorities"
REFERENCES_SCRIPT = "backup-references.sh"
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
        if not isinstance(storage, (LocalStorage, SharedVolume)) or not self._files:
            return None
        return storage_directory(storage, DATA_DIRECTORY)

    @property
    def mirrored(self) -> ObjectStore | None:
        """The bucket that is mirrored beside the database."""
        storage = self.flowise.storage
        return storage if isinstance(storage, ObjectStore) and self._files else None

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
            **({"REFERENCES": self.references} if self.references else {}),
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
    def references(self) -> str:
        """Where the parts of the database's address are that the YAML doesn't know; empty if it knows them all."""
        return references_of(self.connection, ADDRESS)

    def command(self, name: str, script: str) -> list[str]:
        """The command of a step that connects to the database; `name` is what its log calls it."""
        if not self.references:
            return self.engine.command(script)
        return [*self.engine.command(REFERENCES_SCRIPT), name, script]

    def scripts(self, script: str) -> list[str]:
        """The scripts of that step."""
        return [*([REFERENCES_SCRIPT] if self.references else []), script]

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
            "TARGET": f"target:{place(backup.target)}/{self._prefix}",
            "INSTALLATION": self.names.name,
            "FLOWISE_RELEASE": self.flowise.image.flowise.tag,
            TYPE: self.connection[TYPE],
            **self.authorities(),
            **self.proxy(),
            **RCLONE,
            **remote(TARGET, backup.target, backup.encryption),
            **({"S3_CA_FILE": self._ca_file()} if backup.ca else {}),
        }

    def buckets(self) -> dict[str, EnvValue]:
        """The backup bucket, and the mirrored one if there is one."""
        files = mirror(self.backup.target, self._prefix, self.mirrored) if self.mirrored else {}
        return {**self.bucket(), **files}

    @property
    def _prefix(self) -> str:
        return self.backup.prefix or self.names.name

    def _ca_file(self) -> str:
        return f"{SCRIPTS_DIRECTORY}/s3-ca.pem" if isinstance(self.backup.ca, str) else f"{S3_CA}/ca.pem"

    def ca_script(self) -> dict[str, str]:
        """The object store's CA as one of the scripts' files, if it is given as text."""
        return {"s3-ca.pem": self.backup.ca} if isinstance(self.backup.ca, str) else {}

    def store_volumes(self, *, files: bool = False) -> list[tuple[Manifest, Manifest]]:
        """What a step on the way to the backup bucket has mounted, and with `files` one to the mirrored bucket."""
        mirrored = self.mirrored if files else None
        apart = mirrored is not None and not are_one_remote(self.backup.target, mirrored)
        keys = key_volumes(mirrored, key_volume(STORAGE)) if mirrored is not None and apart else []
        return [*self._ca_volumes(), *key_volumes(self.backup.target, key_volume(TARGET)), *keys]

    def store_script(self, script: str, *, files: bool = False) -> list[str]:
        """A script on that way; connection strings, which rclone doesn't know, go through one in front of it."""
        stores = [self.backup.target, *([self.mirrored] if files and self.mirrored else [])]
        connected = any(isinstance(store, AzureContainer) and store.connection_string for store in stores)
        return [AZURE_SCRIPT, script] if connected else [script]

    def _ca_volumes(self) -> list[tuple[Manifest, Manifest]]:
        """Authorities as volumes, the object store's where it is given by reference."""
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

    def identity_labels(self) -> dict[str, str]:
        """The label by which AKS knows pods that use their identity."""
        stores = [self.backup.target, *([self.mirrored] if self.mirrored else [])]
        by_identity = any(isinstance(store, AzureContainer) and not store.has_keys for store in stores)
        return {"azure.workload.identity/use": "true"} if by_identity else {}
