"""`FlowiseWorker`: the processes that run the flows in queue mode."""

from __future__ import annotations

from collections.abc import Mapping

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.flowise import environment
from flowise_constructs.flowise.certificates import certificates_of
from flowise_constructs.flowise.hooks import environment_of, held_command
from flowise_constructs.flowise.pod import (
    SCRIPTS_SUFFIX,
    WORKER_PROBES,
    FlowiseProcess,
    deployment,
    flowise_workload,
    scripts_of,
)
from flowise_constructs.flowise.roles import Worker
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.kubernetes import pods, probes
from flowise_constructs.kubernetes.disruption_budget import disruption_budget
from flowise_constructs.kubernetes.identity import flowise_identity
from flowise_constructs.kubernetes.mounted_files import mounted_files
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY
from flowise_constructs.scaling.queues import Queues, queue_scaler
from flowise_constructs.scaling.values import QueueScaling, runs_several, scaler_of
from flowise_constructs.storage.claims import claim_name, data_claim


class FlowiseWorker(Construct):
    """Workers: Deployment `{name}-worker`, service account, a PodDisruptionBudget if two pods can run
    (`.disruption_budget`); the scripts are in main's ConfigMap. They have no port.
    With a `QueueScaling` KEDA's ScaledObject and TriggerAuthentication of that name, or a HorizontalPodAutoscaler
    (`.scaling`: the objects by their ids).

    Must exist already: what main needs, and main itself, created with the same `Flowise` value.

    Hooks for a subclass: `env()` and `command()`. `.environment` is what the pods really get.

    Raises ConfigError outside queue mode, and for a Redis that KEDA can't ask.
    """

    @checked
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        flowise: Flowise,
        names: Names = Names(),
        worker: Worker = Worker(),
    ) -> None:
        """`flowise` and `names` must be the same values that main was given."""
        super().__init__(scope, id)
        self.flowise, self.names, self.worker = flowise, names, worker
        if flowise.queue is None:
            raise ConfigError(
                [Finding("FlowiseWorker.flowise", "has no queue: workers are for queue mode; give Flowise(queue=...)")]
            )
        self._identity = flowise_identity(names, "worker", suffix="-worker", version=flowise.image.tag)
        self.environment = environment_of(self, FlowiseWorker)
        self.workload = flowise_workload(self, self._identity, flowise, self._process(), scaler_of(worker.replicas))
        self.deployment = deployment(self, self.workload, worker.pod, replicas=worker.replicas, strategy=pods.surge())
        self.disruption_budget = disruption_budget(
            self, self._identity, worker.disruption_budget, several=runs_several(worker.replicas)
        )
        self.scaling = self._scaling()

    def env(self) -> dict[str, EnvValue]:
        """The worker's environment. Override to change it: `return {**super().env(), "NAME": "value"}`."""
        return environment.worker_environment(self.flowise, self.worker)

    def command(self) -> list[str]:
        """The worker's command. Node must run as process 1, so that it gets the stop signal and finishes its jobs."""
        return ["flowise", "worker"]

    def _scaling(self) -> Mapping[str, ApiObject]:
        scaling, queue = self.worker.replicas, self.flowise.queue
        if queue is None or not isinstance(scaling, QueueScaling):
            return {}
        queues = Queues(
            queue=queue,
            kinds=self.flowise.image.flowise.queues,
            concurrency=self.worker.concurrency,
            authorities=self.flowise.settings.authorities,
            certificates=certificates_of(self.flowise, self.names),
        )
        return queue_scaler(self, self._identity, scaling, queues)

    def _process(self) -> FlowiseProcess:
        worker, shared = self.worker, data_claim(self.flowise.storage, None)
        alive = ("node", f"{SCRIPTS_DIRECTORY}/worker-alive.js")
        certificates = certificates_of(self.flowise, self.names)
        content = scripts_of(self.environment, certificates, WORKER_PROBES)
        return FlowiseProcess(
            role="worker",
            container="flowise-worker",
            command=held_command("FlowiseWorker", self.command()),
            environment=self.environment,
            scripts=mounted_files(self.names.name, SCRIPTS_SUFFIX, content),
            resources=worker.resources,
            sizes=worker.sizes,
            options=worker.pod,
            certificates=certificates,
            grace_seconds=worker.grace_seconds,
            startup=probes.exec_probe((*alive, "startup"), worker.startup),
            liveness=probes.exec_probe(alive, worker.liveness),
            claim=claim_name(self.names, shared) if shared else None,
            several=runs_several(worker.replicas),
        )
