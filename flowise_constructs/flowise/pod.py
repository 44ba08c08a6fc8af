"""The pod of a Flowise process, main or worker: writable directories, gate, container."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from cdk8s import ApiObject, Chart
from constructs import Construct

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.database import variables as database
from flowise_constructs.flowise.directories import DATA_DIRECTORY, HOME, LOG_DIRECTORY
from flowise_constructs.flowise.environment import gate_environment, server_references
from flowise_constructs.flowise.further_variables import lost_files
from flowise_constructs.flowise.model_list import model_list_mount, model_list_volume
from flowise_constructs.flowise.roles import WritableSizes
from flowise_constructs.flowise.settings import Settings
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.flowise.variables import CERTIFICATES_SCRIPT
from flowise_constructs.kubernetes import pods, volumes
from flowise_constructs.kubernetes.certificates import Certificates
from flowise_constructs.kubernetes.claim_objects import claim_volume, make_claims
from flowise_constructs.kubernetes.claims import LogClaim, by_name
from flowise_constructs.kubernetes.further_containers import OwnPart, env_from, further_ports, init_containers
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.mounted_files import MountedFiles
from flowise_constructs.kubernetes.objects import Manifest, api_object, chart_of, object_meta
from flowise_constructs.kubernetes.pod_options import PodOptions, Resources
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY, scripts
from flowise_constructs.kubernetes.workload import Workload
from flowise_constructs.queueing import variables as queueing
from flowise_constructs.scaling.values import Replicas, Scaler, written
from flowise_constructs.storage.files import key_volumes
from flowise_constructs.storage.values import ObjectStore
from flowise_constructs.storage.variables import GOOGLE_KEY

UID = 1000
GATE_DEADLINE_SECONDS = 300
SCRIPTS_SUFFIX = "-scripts"
MAIN_PROBES = {True: ("main-alive.js",), False: ()}
"""What main's probes run, in queue mode and outside it."""
WORKER_PROBES = ("worker-alive.js",)
_DEPLOYMENTS: WeakKeyDictionary[Chart, set[str]] = WeakKeyDictionary()
GATE_DATABASE_SCRIPTS = {
    "sqlite": ("gate-sqlite.js",),
    "postgres": ("gate-postgres.js",),
    "mysql": ("gate-mysql.js",),
    "mariadb": ("gate-mysql.js",),
}
"""The module that gate.js loads for each database type."""
GATE_QUEUE_SCRIPT = "gate-redis.js"
"""The module that it loads in queue mode."""


@dataclass(frozen=True, kw_only=True)
class FlowiseProcess:
    """What differs between the pods of main and worker."""

    role: str
    container: str
    command: list[str]
    environment: Mapping[str, EnvValue]
    scripts: MountedFiles
    resources: Resources
    sizes: WritableSizes
    options: PodOptions
    certificates: Certificates
    grace_seconds: int
    startup: Manifest
    liveness: Manifest
    readiness: Manifest | None = None
    pre_stop: Manifest | None = None
    ports: list[Manifest] | None = None
    claim: str | None = None
    root: bool = False
    several: bool = False
    """Whether there can be two of these pods."""


def flowise_workload(
    scope: Construct, identity: Identity, flowise: Flowise, process: FlowiseProcess, scaler: Scaler | None
) -> Workload:
    """The pods of a process. Creates the service account and the ConfigMap of scripts as children of the scope."""
    return Workload(
        kind="Deployment",
        identity=identity,
        template=_template(scope, identity, flowise, process),
        makes_service_account=process.options.service_account.create,
        scaler=scaler,
    )


def deployment(
    scope: Construct, workload: Workload, options: PodOptions, *, replicas: Replicas, strategy: Manifest
) -> ApiObject:
    """The Deployment of the pods; ConfigError where the same cdk8s chart has one of that name already."""
    identity = workload.identity
    called = _DEPLOYMENTS.setdefault(chart_of(scope), set())
    if (name := f"{identity.namespace}/{identity.name}") in called:
        problem = f"two deployments of one chart are called {identity.name!r}: give each Names(name=...) of its own"
        raise ConfigError([Finding("Names.name", problem)])
    called.add(name)
    return api_object(
        scope,
        "Resource",
        api_version="apps/v1",
        kind="Deployment",
        metadata=object_meta(identity, annotations=pods.reloader(options)),
        spec={
            "replicas": written(replicas),
            "selector": {"matchLabels": dict(identity.selector)},
            "strategy": strategy,
            "template": workload.template,
        },
    )


def _template(scope: Construct, identity: Identity, flowise: Flowise, process: FlowiseProcess) -> Manifest:
    options, image, storage = process.options, flowise.image, flowise.storage
    pods.mesh_refusals(options, flowise.server_ports, ends=False)
    identity_annotations = storage.service_account_annotations if isinstance(storage, ObjectStore) else None
    secrets = [{"name": name} for name in image.pull_secrets]
    keys = key_volumes(storage)
    mounts = volumes.mounts(options, [*_mounts(process, flowise.settings), *(mount for _, mount in keys)])
    variables = pods.variables(process.environment)
    if lost := list(lost_files(process.environment, [str(mount["mountPath"]) for mount in mounts])):
        raise ConfigError(lost)
    gate = _gate(flowise, process, [mount for mount in mounts if mount["name"] != GOOGLE_KEY])
    container = _container(flowise, process, variables, mounts)
    own_volumes = [*_volumes(process, flowise.settings, identity), *(volume for volume, _ in keys)]
    all_volumes = volumes.all_of(options, own_volumes, identity)
    own = OwnPart(
        init=[gate],
        container=container,
        volumes=[volume["name"] for volume in all_volumes],
        security=flowise.security,
        grace_seconds=process.grace_seconds,
        has_gate=True,
    )
    make_claims(scope, identity, by_name(options.claims, process.sizes.logs))
    checksums = {**process.scripts.checksum, **process.certificates.checksum}
    return {
        "metadata": pods.template_meta(options, identity, checksums),
        "spec": {
            "serviceAccountName": pods.service_account(
                scope, identity, options, identity_annotations, annotated_by=type(storage).__name__
            ),
            "automountServiceAccountToken": False,
            # Otherwise a Service called `redis` would put REDIS_PORT=tcp://... into the environment.
            "enableServiceLinks": False,
            "imagePullSecrets": secrets or None,
            "securityContext": pods.pod_security(UID, flowise.security, root=process.root),
            "terminationGracePeriodSeconds": process.grace_seconds,
            "initContainers": init_containers(options, own),
            "containers": [further_ports(container, options)],
            "volumes": all_volumes,
            **pods.from_options(options, identity, several=process.several),
        },
    }


def scripts_of(
    environment: Mapping[str, EnvValue], certificates: Certificates, probe_scripts: Sequence[str]
) -> Mapping[str, str]:
    """The scripts that a process of that environment loads."""
    kind = environment.get(database.TYPE)
    own = GATE_DATABASE_SCRIPTS.get(kind, ()) if isinstance(kind, str) else ()
    queue = (GATE_QUEUE_SCRIPT,) if queueing.MODE in environment else ()
    preload = [CERTIFICATES_SCRIPT] if certificates else []
    return scripts(_gate_script(environment), *own, *queue, *probe_scripts, *preload)


def _gate_script(environment: Mapping[str, EnvValue]) -> str:
    return "gate-references.js" if server_references(environment) else "gate.js"


def _gate(flowise: Flowise, process: FlowiseProcess, mounts: list[Manifest]) -> Manifest:
    """Waits for the servers, then migrates the schema while it holds a lock in the database."""
    return {
        "name": "gate",
        "image": flowise.image.reference,
        "imagePullPolicy": flowise.image.pull_policy,
        "command": ["node", f"{SCRIPTS_DIRECTORY}/{_gate_script(process.environment)}", process.role],
        "env": pods.variables(gate_environment(process.environment, flowise.image, GATE_DEADLINE_SECONDS)),
        "envFrom": env_from(process.options),
        "resources": pods.requirements(process.resources),
        "securityContext": pods.container_security(),
        # The gate's last line says what is wrong; so it is in `kubectl describe pod`.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts,
    }


def _container(
    flowise: Flowise, process: FlowiseProcess, variables: list[Manifest], mounts: list[Manifest]
) -> Manifest:
    return {
        "name": process.container,
        "image": flowise.image.reference,
        "imagePullPolicy": flowise.image.pull_policy,
        "command": process.command,
        "ports": process.ports,
        "env": variables,
        "envFrom": env_from(process.options),
        "startupProbe": process.startup,
        "readinessProbe": process.readiness,
        "livenessProbe": process.liveness,
        "lifecycle": process.pre_stop,
        "resources": pods.requirements(process.resources),
        "securityContext": pods.container_security(),
        "volumeMounts": mounts,
    }


def _mounts(process: FlowiseProcess, settings: Settings) -> list[Manifest]:
    data = [volumes.mount("data", DATA_DIRECTORY)] if process.claim else []
    shm = [volumes.mount("shm", "/dev/shm")] if process.sizes.shm else []
    return [
        volumes.mount("home", HOME),
        *data,
        volumes.mount("logs", LOG_DIRECTORY),
        volumes.mount("tmp", "/tmp"),
        *shm,
        volumes.mount("scripts", SCRIPTS_DIRECTORY, read_only=True),
        *process.certificates.mount(),
        *model_list_mount(settings),
    ]


def _volumes(process: FlowiseProcess, settings: Settings, identity: Identity) -> list[Manifest]:
    sizes = process.sizes
    kept = isinstance(sizes.logs, LogClaim)
    data = [{"name": "data", "persistentVolumeClaim": {"claimName": process.claim}}] if process.claim else []
    return [
        volumes.empty_dir("home", sizes.home),
        *data,
        claim_volume(identity, "logs") if kept else volumes.empty_dir("logs", str(sizes.logs)),
        volumes.empty_dir("tmp", sizes.tmp),
        *([volumes.empty_dir("shm", sizes.shm, medium="Memory")] if sizes.shm else []),
        process.scripts.volume("scripts"),
        *process.certificates.volume(),
        *model_list_volume(settings),
    ]
