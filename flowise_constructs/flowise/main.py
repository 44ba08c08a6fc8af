"""`FlowiseMain`: the process that serves the UI and the API."""

from __future__ import annotations

from collections.abc import Mapping

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.edge.entrance import entrance, service_annotations
from flowise_constructs.edge.service import service_spec
from flowise_constructs.flowise import environment
from flowise_constructs.flowise.certificates import certificates_of
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
from flowise_constructs.flowise.probe_paths import PING, ready_path
from flowise_constructs.flowise.refusals import holds_one, refuse_contradictions, warn_of_open_registration
from flowise_constructs.flowise.roles import Main
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.flowise.variables import PORT
from flowise_constructs.kubernetes import pods, probes
from flowise_constructs.kubernetes.certificates import CERTIFICATES_SUFFIX
from flowise_constructs.kubernetes.claim_objects import claim_spec
from flowise_constructs.kubernetes.disruption_budget import disruption_budget
from flowise_constructs.kubernetes.identity import flowise_identity
from flowise_constructs.kubernetes.mounted_files import config_map, mounted_files
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta
from flowise_constructs.kubernetes.pod_options import ProbeNumbers
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY
from flowise_constructs.scaling.autoscaler import cpu_scaler
from flowise_constructs.scaling.values import runs_several, scaler_of
from flowise_constructs.storage.claims import CLAIM_SUFFIX, claim_name, data_claim
from flowise_constructs.storage.values import Claim, DataClaim

CONTAINER = "flowise"
LOST_CONNECTION_GRACE_SECONDS = 10
QUEUE_LIVENESS = ProbeNumbers(timeout_seconds=10)
STANDALONE_LIVENESS = ProbeNumbers(period_seconds=20, timeout_seconds=10)


class FlowiseMain(Construct):
    """Main: Deployment `{name}`, Service `{name}`, service account, scripts, a PodDisruptionBudget `{name}` if two pods
    can run (`.disruption_budget`), and, where asked for, claim and Ingress, HTTPRoutes or two doors (`.entrance`: the
    objects by their ids; GKE's BackendConfig or policies are among them), HorizontalPodAutoscaler (`.scaling`,
    likewise); ConfigMap `{name}-certificates` of the certificates that are given as text; the new claim of a
    `SharedVolume`.

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
        refuse_contradictions(flowise, main, data)
        warn_of_open_registration(flowise, main)
        self._identity = flowise_identity(names, names.main_component, version=flowise.image.tag)
        self._certificates = certificates_of(flowise, names)
        self.environment = environment_of(self, FlowiseMain)
        of_workers = WORKER_PROBES if flowise.queue else ()
        config_map(scripts or self, "Scripts", self._identity, SCRIPTS_SUFFIX, self._scripts(*of_workers))
        self.workload = flowise_workload(self, self._identity, flowise, self._process(), scaler_of(main.replicas))
        self.deployment = deployment(self, self.workload, main.pod, replicas=main.replicas, strategy=self._strategy())
        self.disruption_budget = disruption_budget(
            self, self._identity, main.disruption_budget, several=runs_several(main.replicas)
        )
        self.scaling = cpu_scaler(self, self._identity, main.replicas, CONTAINER)
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
        return entrance(
            self,
            self._identity,
            self.flowise.entrances,
            self.main.service.port,
            file_size_limit=self.flowise.settings.file_size_limit,
            health_path=ready_path(self.main),
        )

    def _scripts(self, *further: str) -> Mapping[str, str]:
        preloaded = environment.main_preloads(self.flowise, self.main)
        own = [*MAIN_PROBES[self.flowise.queue is not None], *preloaded, *further]
        return scripts_of(self.environment, self._certificates, own)

    def _strategy(self) -> Manifest:
        kind = self.main.strategy or ("Recreate" if holds_one(self.flowise, self.data, self.main) else "RollingUpdate")
        return pods.surge() if kind == "RollingUpdate" else {"type": kind}

    def _process(self) -> FlowiseProcess:
        main, queued = self.main, self.flowise.queue is not None
        return FlowiseProcess(
            role="main",
            container=CONTAINER,
            command=held_command("FlowiseMain", self.command()),
            environment=self.environment,
            scripts=mounted_files(self.names.name, SCRIPTS_SUFFIX, self._scripts()),
            resources=main.resources,
            sizes=main.sizes,
            options=main.pod,
            certificates=self._certificates,
            grace_seconds=main.pod.termination_grace_seconds or main.pre_stop_seconds + 15,
            startup=probes.http_probe(PING, main.startup),
            readiness=probes.http_probe(ready_path(main), main.readiness),
            liveness=_liveness(main, queued=queued),
            pre_stop=_pre_stop(main.pre_stop_seconds),
            ports=[{"name": "http", "containerPort": PORT}],
            claim=self._claim_name(),
            root=main.run_as_root,
            several=runs_several(main.replicas),
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
