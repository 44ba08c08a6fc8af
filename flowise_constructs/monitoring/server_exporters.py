"""The exporters of the bundled servers."""

from __future__ import annotations

from constructs import Construct

from flowise_constructs.database.postgres import admin_password
from flowise_constructs.database.servers import PostgresDatabase
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.flowise.pod import UID
from flowise_constructs.kubernetes import pods, volumes
from flowise_constructs.kubernetes.identity import flowise_identity
from flowise_constructs.kubernetes.mounted_files import config_map
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.references import EnvValue, SecretKey
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY, scripts
from flowise_constructs.kubernetes.workload import Workload
from flowise_constructs.monitoring.exporter import Exporter, ExporterProcess
from flowise_constructs.monitoring.values import PostgresExporter, RedisExporter, Scrape
from flowise_constructs.queueing.values import Redis
from flowise_constructs.queueing.variables import exporter_environment

REDIS = "redis-exporter"
POSTGRES = "postgresql-exporter"
REDIS_PORT = 9121
POSTGRES_PORT = 9187
ROLE_SCRIPT = "postgres-monitoring-role.sh"


def redis_exporter(
    scope: Construct, id: str, *, deployment: Deployment, values: RedisExporter, scrape: Scrape
) -> Exporter:
    """Deployment `{name}-redis-exporter` and its service account."""
    queue = deployment.flowise.queue
    assert queue is not None
    assert isinstance(queue.redis, Redis)
    identity = flowise_identity(deployment.names, REDIS, suffix=f"-{REDIS}", version=values.image.tag)
    process = ExporterProcess(
        image=values.image,
        port=REDIS_PORT,
        probe_path="/",
        uid=UID,
        args=[f"-web.listen-address=:{REDIS_PORT}", "-include-system-metrics"],
        variables=pods.variables(exporter_environment(queue.redis)),
        resources=values.resources,
        options=values.pod,
    )
    return Exporter(scope, id, identity=identity, process=process, security=deployment.flowise.security, scrape=scrape)


def postgres_exporter(
    scope: Construct, id: str, *, deployment: Deployment, server: Workload, values: PostgresExporter, scrape: Scrape
) -> Exporter:
    """Deployment `{name}-postgresql-exporter`, the ConfigMap of its script and its service account."""
    database = deployment.flowise.database
    assert isinstance(database, PostgresDatabase)
    password = values.password or SecretKey(secret=f"{server.name}-auth", key="monitoring-password")
    identity = flowise_identity(deployment.names, POSTGRES, suffix=f"-{POSTGRES}", version=values.image.tag)
    files = config_map(scope, f"{id}Scripts", identity, "-scripts", scripts(ROLE_SCRIPT))
    process = ExporterProcess(
        image=values.image,
        port=POSTGRES_PORT,
        probe_path="/",
        uid=UID,
        args=[f"--web.listen-address=:{POSTGRES_PORT}"],
        variables=pods.variables(_data_source(database, values.role, password)),
        resources=values.resources,
        options=values.pod,
        volumes=[files.volume("scripts")],
        checksums=files.checksum,
        before=[_role(database, server, values, password)],
        pull_secrets=[item["name"] for item in server.template["spec"].get("imagePullSecrets") or ()],
    )
    return Exporter(scope, id, identity=identity, process=process, security=deployment.flowise.security, scrape=scrape)


def _data_source(database: PostgresDatabase, role: str, password: SecretKey) -> dict[str, EnvValue]:
    return {
        "DATA_SOURCE_URI": f"{database.host}:{database.port}/{database.name}?sslmode=disable",
        "DATA_SOURCE_USER": role,
        "DATA_SOURCE_PASS": password,
    }


def _role(database: PostgresDatabase, server: Workload, values: PostgresExporter, password: SecretKey) -> Manifest:
    """Makes the role, with the server's own client."""
    [container] = server.template["spec"]["containers"]
    environment: dict[str, EnvValue] = {
        "PGHOST": str(database.host),
        "PGPORT": str(database.port),
        "PGDATABASE": str(database.name),
        "PGUSER": "postgres",
        "PGPASSWORD": admin_password(server.template),
        "MONITORING_ROLE": values.role,
        "MONITORING_PASSWORD": password,
    }
    return {
        "name": "monitoring-role",
        "image": container["image"],
        "imagePullPolicy": container.get("imagePullPolicy"),
        "command": ["sh", f"{SCRIPTS_DIRECTORY}/{ROLE_SCRIPT}"],
        "env": pods.variables(environment),
        # The last line says what is wrong; so it is in `kubectl describe pod`.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "resources": pods.requirements(values.resources),
        "securityContext": pods.container_security(),
        "volumeMounts": [volumes.mount("scripts", SCRIPTS_DIRECTORY, read_only=True)],
    }
