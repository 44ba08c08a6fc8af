"""`PostgresServer` and `PostgresBootstrap`: the bundled PostgreSQL."""

from __future__ import annotations

from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.core.rules import quantities
from flowise_constructs.database.servers import PostgresDatabase
from flowise_constructs.database.values import BundledPostgres
from flowise_constructs.kubernetes import volumes
from flowise_constructs.kubernetes.identity import server_identity
from flowise_constructs.kubernetes.mounted_files import MountedFiles, config_map
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.references import SecretKey
from flowise_constructs.kubernetes.scripts import script
from flowise_constructs.kubernetes.stateful_server import (
    ServerProcess,
    server_workload,
    service,
    service_host,
    stateful_set,
)

PORT = 5432
DATA_PATH = "/var/lib/postgresql/data"
CONFIG_PATH = "/etc/postgresql/generated"
SECRETS_PATH = "/run/secrets/postgresql"
ADMIN_PASSWORD = "admin-password"


class PostgresBootstrap(Construct):
    """What PostgreSQL needs before Flowise's first migration: the role, its database, and the extension `uuid-ossp`.

    For the bundled server: ConfigMap `{instance}-postgresql-initdb`, whose scripts the image's entrypoint runs once, on
    an empty data directory. On an existing server the gate before main and workers runs the same idempotent statement,
    and says whom to ask if the role may not create extensions.
    """

    files: MountedFiles
    """The ConfigMap, to mount at `/docker-entrypoint-initdb.d`."""

    @checked
    def __init__(self, scope: Construct, id: str, *, names: Names = Names(), version: str | None = None) -> None:
        """`version` is the server image's tag, for a label."""
        super().__init__(scope, id)
        scripts = {
            "10-application-role.sh": script("10-application-role.sh"),
            "20-uuid-ossp.sql": script("uuid-ossp.sql"),
        }
        self.files = config_map(self, "Resource", server_identity(names, "postgresql", version), "-initdb", scripts)


class PostgresServer(Construct):
    """PostgreSQL: StatefulSet and Service `{instance}-postgresql`, headless Service `-primary-headless`, ConfigMaps
    `-config` and `-initdb`, service account; claim `data-{instance}-postgresql-0`. Exposes `.database`.

    Must exist already: Secret `{instance}-postgresql-auth` with keys `postgres-password` and `user-password`, unless
    `BundledPostgres` names others. The passwords reach the server as files.

    Names, selectors and paths are the Helm chart's, so that its data is found.
    """

    database: PostgresDatabase
    """The application's database, for `Flowise.database`."""

    @checked
    def __init__(
        self, scope: Construct, id: str, *, server: BundledPostgres = BundledPostgres(), names: Names = Names()
    ) -> None:
        super().__init__(scope, id)
        self._server = server
        self._identity = identity = server_identity(names, "postgresql", server.image.tag)
        self._password = server.password or SecretKey(secret=f"{identity.name}-auth", key="user-password")
        self._admin_password = server.admin_password or SecretKey(
            secret=f"{identity.name}-auth", key="postgres-password"
        )
        self.bootstrap = PostgresBootstrap(self, "Bootstrap", names=names, version=server.image.tag)
        self._config = config_map(self, "Config", identity, "-config", _config(server))
        self.headless_service = service(
            self, "HeadlessService", identity, ("postgres", PORT), suffix="-primary-headless", headless=True
        )
        self.service = service(self, "Service", identity, ("postgres", PORT), suffix="", headless=False)
        process = self._process()
        self.workload = server_workload(self, identity, process)
        self.stateful_set = stateful_set(self, self.workload, process, service_host(identity, "-primary-headless"))
        self.database = PostgresDatabase(
            host=identity.name, port=PORT, name=server.database, user=server.user, password=self._password
        )

    def _process(self) -> ServerProcess:
        server = self._server
        return ServerProcess(
            container="postgresql",
            image=server.image,
            port_name="postgres",
            port=PORT,
            args=[
                "postgres",
                "-c",
                f"config_file={CONFIG_PATH}/postgresql.conf",
                "-c",
                f"hba_file={CONFIG_PATH}/pg_hba.conf",
            ],
            environment={
                "PGDATA": f"{DATA_PATH}/pgdata",
                "POSTGRES_USER": "postgres",
                "POSTGRES_PASSWORD_FILE": f"{SECRETS_PATH}/{ADMIN_PASSWORD}",
                "POSTGRES_DB": server.database,
                "APPLICATION_ROLE": server.user,
                "APPLICATION_PASSWORD_FILE": f"{SECRETS_PATH}/user-password",
            },
            # Needs no password and changes nothing. Over TCP, where the entrypoint's temporary server doesn't listen.
            probe=("pg_isready", "--quiet", "--host=127.0.0.1", "--username=postgres", "--dbname=postgres"),
            resources=server.resources,
            options=server.pod,
            volumes=self._volumes(),
            mounts=[
                volumes.mount("config", CONFIG_PATH, read_only=True),
                volumes.mount("initdb", "/docker-entrypoint-initdb.d", read_only=True),
                volumes.mount("passwords", SECRETS_PATH, read_only=True),
                volumes.mount("run", "/var/run/postgresql"),
                volumes.mount("tmp", "/tmp"),
                volumes.mount("shm", "/dev/shm"),
            ],
            data_path=DATA_PATH,
            size=server.size,
            storage_class=server.storage_class,
            grace_seconds=120,
            security=server.security,
            checksums=self._config.checksum,
        )

    def _volumes(self) -> list[Manifest]:
        passwords = {ADMIN_PASSWORD: self._admin_password, "user-password": self._password}
        return [
            self._config.volume("config"),
            self.bootstrap.files.volume("initdb"),
            volumes.secret_files("passwords", passwords),
            volumes.empty_dir("run", "16Mi"),
            volumes.empty_dir("tmp", "1Gi"),
            volumes.empty_dir("shm", "256Mi", medium="Memory"),
        ]


def admin_password(template: Manifest) -> SecretKey:
    """Where the superuser's password is, by the server's pod template."""
    projected = [volume["projected"] for volume in template["spec"]["volumes"] if "projected" in volume]
    secrets = [source["secret"] for volume in projected for source in volume["sources"] if "secret" in source]
    [secret] = [item for item in secrets if item["items"][0]["path"] == ADMIN_PASSWORD]
    return SecretKey(secret=secret["name"], key=secret["items"][0]["key"])


def _config(server: BundledPostgres) -> dict[str, str]:
    settings = {
        "listen_addresses": "*",
        "password_encryption": "scram-sha-256",
        "max_connections": "200",
        "shared_buffers": f"{quantities.mebibytes(server.resources.memory_limit) // 4}MB",
        **server.config,
    }
    lines = [f"{name} = {_quoted(value)}" for name, value in settings.items()]
    rules = ["local all all scram-sha-256", "host all all all scram-sha-256"]
    return {"postgresql.conf": "\n".join(lines) + "\n", "pg_hba.conf": "\n".join(rules) + "\n"}


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
