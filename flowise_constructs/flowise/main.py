"""`FlowiseMain`: the process that serves the UI and the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.core.findings import ConfigError, Finding, warn
from flowise_constructs.core.rules.paths import is_below
from flowise_constructs.database.values import SqliteDatabase
from flowise_constructs.edge.entrance import entrance, service_annotations
from flowise_constructs.edge.service import service_spec
from flowise_constructs.edge.tls import ends_tls
from flowise_constructs.flowise import environment
from flowise_constructs.flowise.certificates import certificates_of
from flowise_constructs.flowise.directories import DATA_DIRECTORY, HOME
from flowise_constructs.flowise.hooks import environment_of, held_command
from flowise_constructs.flowise.pod import (
    MAIN_PROBES,
    SCRIPTS_SUFFIX,
    WORKER_PROBES,
    FlowiseProcess,
    deployment,
    flowise_workload,
    scripts_of,
)
from flowise_constructs.flowise.roles import Main
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.flowise.variables import PORT, READINESS_SCRIPT
from flowise_constructs.kubernetes import pods, probes
from flowise_constructs.kubernetes.certificates import CERTIFICATES_SUFFIX
from flowise_constructs.kubernetes.claim_objects import claim_spec
from flowise_constructs.kubernetes.claims import ExtraClaim, LogClaim, by_name, of_one_pod
from flowise_constructs.kubernetes.identity import flowise_identity
from flowise_constructs.kubernetes.mounted_files import config_map, mounted_files
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta
from flowise_constructs.kubernetes.pod_options import ProbeNumbers, Volume
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY
from flowise_constructs.storage.claims import CLAIM_SUFFIX, claim_name, data_claim
from flowise_constructs.storage.values import Claim, DataClaim, LocalStorage, ObjectStore

PING = "/api/v1/ping"
OWNED = "/api/v1/owned"
"""The ping, once an owner exists: what `ready-when-owned.js` answers, and Flowise itself with 401."""
LOST_CONNECTION_GRACE_SECONDS = 10
QUEUE_LIVENESS = ProbeNumbers(timeout_seconds=10)
STANDALONE_LIVENESS = ProbeNumbers(period_seconds=20, timeout_seconds=10)


class FlowiseMain(Construct):
    """Main: Deployment `{name}`, Service `{name}`, service account, scripts, and, where asked for, claim and Ingress,
    HTTPRoutes or two doors (`.entrance`: the objects by their ids; GKE's BackendConfig or policies are among them);
    ConfigMap `{name}-certificates` of the certificates that are given as text; the new claim of a `SharedVolume`.

    Must exist already: the Secrets that `flowise` refers to, the database, and in queue mode Redis and the bucket.
    In standalone mode one main does everything. In queue mode it serves requests, and `FlowiseWorker` runs the flows.

    Hooks for a subclass: `env()` and `command()`. `.environment` is what the pods really get.

    Raises ConfigError for combinations that can't work: a claim of its own in queue mode; several mains outside queue
    mode; a rolling update with SQLite or a claim that one node holds.
    """

    @checked
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        flowise: Flowise,
        names: Names = Names(),
        main: Main = Main(),
        data: Claim | None = None,
        scripts: Construct | None = None,
    ) -> None:
        """`data` is the claim for the data directory; None: a directory that is deleted with the pod, or the claim of a
        `SharedVolume`. `scripts` is where the ConfigMap of scripts, which workers use too, is made; None: here."""
        super().__init__(scope, id)
        self.flowise, self.names, self.main, self.data = flowise, names, main, data
        _refuse_contradictions(flowise, main, data)
        _warn_of_open_registration(flowise, main)
        self._identity = flowise_identity(names, names.main_component, version=flowise.image.tag)
        self._certificates = certificates_of(flowise, names)
        self.environment = environment_of(self, FlowiseMain)
        of_workers = WORKER_PROBES if flowise.queue else ()
        config_map(scripts or self, "Scripts", self._identity, SCRIPTS_SUFFIX, self._scripts(*of_workers))
        self.workload = flowise_workload(self, self._identity, flowise, self._process())
        self.deployment = deployment(self, self.workload, main.pod, replicas=main.replicas, strategy=self._strategy())
        self.service = self._service()
        if texts := self._certificates.texts:
            config_map(self, "Certificates", self._identity, CERTIFICATES_SUFFIX, texts)
        self.claim = self._claim(claim) if isinstance(claim := self._data, DataClaim) else None
        self.entrance = self._entrance()

    def env(self) -> dict[str, EnvValue]:
        """Main's environment. Override to change it: `return {**super().env(), "NAME": "value"}`."""
        return environment.main_environment(self.flowise, self.main)

    def command(self) -> list[str]:
        """Main's command. Node must run as process 1, so that it gets the stop signal."""
        return ["flowise", "start"]

    @property
    def ingress(self) -> ApiObject | None:
        """The Ingress, where there is one; that of administrators, where there are two doors."""
        return self.entrance.get("Ingress")

    def _entrance(self) -> Mapping[str, ApiObject]:
        settings, port = self.flowise.settings, self.main.service.port
        return entrance(self, self._identity, self.flowise.entrances, port, settings.file_size_limit)

    def _scripts(self, *further: str) -> Mapping[str, str]:
        own = [*MAIN_PROBES[self.flowise.queue is not None], *([READINESS_SCRIPT] if self.main.awaits_owner else [])]
        return scripts_of(self.environment, self._certificates, [*own, *further])

    def _strategy(self) -> Manifest:
        kind = self.main.strategy or ("Recreate" if _holds_one(self.flowise, self.data, self.main) else "RollingUpdate")
        return pods.surge() if kind == "RollingUpdate" else {"type": kind}

    def _process(self) -> FlowiseProcess:
        main, queued = self.main, self.flowise.queue is not None
        return FlowiseProcess(
            role="main",
            container="flowise",
            command=held_command("FlowiseMain", self.command()),
            environment=self.environment,
            scripts=mounted_files(self.names.name, SCRIPTS_SUFFIX, self._scripts()),
            resources=main.resources,
            sizes=main.sizes,
            options=main.pod,
            certificates=self._certificates,
            grace_seconds=main.pod.termination_grace_seconds or main.pre_stop_seconds + 15,
            startup=probes.http_probe(PING, main.startup),
            readiness=probes.http_probe(OWNED if main.awaits_owner else PING, main.readiness),
            liveness=_liveness(main, queued=queued),
            pre_stop=_pre_stop(main.pre_stop_seconds),
            ports=[{"name": "http", "containerPort": PORT}],
            claim=self._claim_name(),
            root=main.run_as_root,
        )

    @property
    def _data(self) -> Claim | None:
        return data_claim(self.flowise.storage, self.data)

    def _claim_name(self) -> str | None:
        return None if self._data is None else claim_name(self.names, self._data)

    def _service(self) -> ApiObject:
        service = self.main.service
        of_controller = service_annotations(self.flowise.entrances, self._identity.name)
        return api_object(
            self,
            "Service",
            api_version="v1",
            kind="Service",
            metadata=object_meta(self._identity, annotations={**of_controller, **service.annotations}),
            spec={**service_spec(service), "selector": dict(self._identity.selector)},
        )

    def _claim(self, data: DataClaim) -> ApiObject:
        return api_object(
            self,
            "Claim",
            api_version="v1",
            kind="PersistentVolumeClaim",
            metadata=object_meta(self._identity, suffix=CLAIM_SUFFIX, annotations=data.annotations),
            spec=claim_spec(data.access_mode, data.storage_class, data.size),
        )


def _liveness(main: Main, *, queued: bool) -> Manifest:
    """In queue mode it also detects a lost connection to Redis, which the ping doesn't."""
    if not queued:
        return probes.http_probe(PING, main.liveness or STANDALONE_LIVENESS)
    alive = ("node", f"{SCRIPTS_DIRECTORY}/main-alive.js")
    return probes.exec_probe(alive, main.liveness or QUEUE_LIVENESS, grace_seconds=LOST_CONNECTION_GRACE_SECONDS)


def _pre_stop(seconds: int) -> Manifest | None:
    if seconds == 0:
        return None
    return {"preStop": {"exec": {"command": ["sleep", str(seconds)]}}}


def _holds_one(flowise: Flowise, data: Claim | None, main: Main) -> bool:
    """Whether a second pod would have to share with the first what can't be shared."""
    further = any(of_one_pod(by_name(main.pod.claims, main.sizes.logs)))
    of_data = data is not None and data.access_mode != "ReadWriteMany"
    return isinstance(flowise.database, SqliteDatabase) or of_data or further


def _refuse_contradictions(flowise: Flowise, main: Main, data: Claim | None) -> None:
    findings: list[Finding] = []
    if flowise.queue is not None and data is not None:
        findings.append(
            Finding(
                "FlowiseMain.data",
                "would be main's alone, and in queue mode workers need the files too: leave it out, and give "
                "Flowise.storage a bucket, or SharedVolume(claim=...)",
            )
        )
    if flowise.queue is None and main.replicas > 1:
        findings.append(
            Finding(
                "Main.replicas",
                f"{main.replicas} outside queue mode: each main would run every schedule; use 1, or queue mode",
            )
        )
    if main.strategy == "RollingUpdate" and _holds_one(flowise, data, main):
        held = "SQLite" if isinstance(flowise.database, SqliteDatabase) else "a claim that one node holds"
        findings.append(
            Finding(
                "Main.strategy",
                f"'RollingUpdate' with {held}: old and new pod would write at the same time; leave it out for Recreate",
            )
        )
    findings += _claims_of_one(flowise, main)
    if isinstance(flowise.database, SqliteDatabase) and data is None and not (main.pod.volumes or main.pod.claims):
        warn(
            "FlowiseMain.data: None with SQLite: the database, with all flows and credentials, goes with the pod; "
            "give a DataClaim, or a database server"
        )
    findings += _lost_directories(flowise, main, data)
    findings += _unsaid_tls(flowise, main)
    if findings:
        raise ConfigError(findings)


def _warn_of_open_registration(flowise: Flowise, main: Main) -> None:
    """Where main awaits no owner, whoever opens it first registers."""
    ways = [f"Flowise.{way}" for way in ("ingress", "route", "doors") if getattr(flowise, way) not in (None, ())]
    exposed = next(iter([*ways, *(["Service.type"] if main.service.type == "LoadBalancer" else [])]), None)
    if main.awaits_owner is None and exposed:
        warn(
            f"{exposed}: whoever opens a new installation first becomes its owner: give the chart an Owner, or set "
            "Main.awaits_owner, to True to register by kubectl port-forward, to False where an owner exists"
        )


def _unsaid_tls(flowise: Flowise, main: Main) -> Iterator[Finding]:
    """TLS that a load balancer in front of the Service ends, and cookies wouldn't know of."""
    if (flowise.public_url or "").startswith("https:"):
        return
    for name, value in main.service.annotations.items():
        if ends_tls(name, value):
            problem = "makes the load balancer serve https, which URL and cookies don't know of"
            yield Finding("Service.annotations", f"{name!r} {problem}: give Settings.app_url='https://...'")


def _claims_of_one(flowise: Flowise, main: Main) -> Iterator[Finding]:
    """Claims that can't be what they are for."""
    if isinstance(main.sizes.logs, LogClaim) and isinstance(flowise.storage, ObjectStore):
        problem = f"a LogClaim with {type(flowise.storage).__name__}: logs go there with the files; leave it out"
        yield Finding("WritableSizes.logs", problem)
    for name in of_one_pod(by_name(main.pod.claims, main.sizes.logs)):
        if main.replicas > 1:
            problem = f"{main.replicas} with the claim {name!r}, which one pod may use: access_mode='ReadWriteMany'"
            yield Finding("Main.replicas", problem)


def _lost_directories(flowise: Flowise, main: Main, data: Claim | None) -> Iterator[Finding]:
    """Directories on the read-only root file system, or that are deleted with the pod although there is a claim."""
    database, storage = flowise.database, flowise.storage
    chosen = {
        "SqliteDatabase.directory": database.directory if isinstance(database, SqliteDatabase) else None,
        "LocalStorage.path": storage.path if isinstance(storage, LocalStorage) else None,
    }
    further: list[Volume | ExtraClaim] = [*main.pod.volumes, *main.pod.claims]
    kept = [volume.mount_path for volume in further if volume.mount_path and not volume.read_only]
    kept.append(HOME if data is None else DATA_DIRECTORY)
    for where, directory in chosen.items():
        if directory is not None and not any(is_below(directory, path) for path in kept):
            fix = f"use one below {kept[-1]!r}, or mount a volume there that is not read-only"
            yield Finding(where, f"{directory!r} is not on a volume that keeps files: {fix}")
