"""An exporter: a Deployment of one small process that answers Prometheus, and how it is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.flowise.pod import deployment
from flowise_constructs.kubernetes import pods, probes, volumes
from flowise_constructs.kubernetes.further_containers import env_from
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.images import PinnedImage
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.pod_options import PodOptions, ProbeNumbers, Resources
from flowise_constructs.kubernetes.pod_template import pod_template
from flowise_constructs.kubernetes.security import Security
from flowise_constructs.kubernetes.workload import Workload
from flowise_constructs.monitoring.monitors import PORT_NAME, pod_monitor, scrape_annotations
from flowise_constructs.monitoring.values import Scrape

STARTUP = ProbeNumbers(period_seconds=2, failure_threshold=60)
PROBE = ProbeNumbers(period_seconds=20)


@dataclass(frozen=True, kw_only=True)
class ExporterProcess:
    """What differs between the exporters."""

    image: PinnedImage
    port: int
    probe_path: str
    uid: int
    variables: Sequence[Manifest]
    resources: Resources
    options: PodOptions
    command: Sequence[str] | None = None
    args: Sequence[str] | None = None
    volumes: Sequence[Manifest] = ()
    mounts: Sequence[Manifest] = ()
    checksums: Mapping[str, str] = field(default_factory=dict[str, str])
    before: Sequence[Manifest] = ()
    """Containers that run before it."""
    pull_secrets: Sequence[str] = ()
    """Of the images of those."""


class Exporter(Construct):
    """An exporter: Deployment, service account, and with the operator a PodMonitor."""

    monitor: ApiObject | None = None
    """The PodMonitor. None with `Scrape(by="annotations")`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        identity: Identity,
        process: ExporterProcess,
        security: Security,
        scrape: Scrape,
    ) -> None:
        super().__init__(scope, id)
        annotations = {**scrape_annotations(scrape, process.port), **process.options.annotations}
        options = replace(process.options, annotations=annotations)
        self.workload = Workload(
            kind="Deployment",
            identity=identity,
            template=_template(self, identity, options, process, security),
            makes_service_account=options.service_account.create,
        )
        # Two at once would count everything twice.
        self.deployment = deployment(self, self.workload, options, replicas=1, strategy={"type": "Recreate"})
        if scrape.by == "operator":
            self.monitor = pod_monitor(self, identity, scrape)


def _template(
    scope: Construct, identity: Identity, options: PodOptions, process: ExporterProcess, security: Security
) -> Manifest:
    secrets = dict.fromkeys((*process.image.pull_secrets, *process.pull_secrets))
    return pod_template(
        scope,
        identity,
        options,
        account=pods.service_account(scope, identity, options),
        containers=[*process.before, _container(identity, options, process)],
        own_volumes=process.volumes,
        security=security,
        security_context=pods.pod_security(process.uid, security),
        pull_secrets=[{"name": name} for name in secrets],
        checksums=process.checksums,
        ends=False,
    )


def _container(identity: Identity, options: PodOptions, process: ExporterProcess) -> Manifest:
    return {
        "name": identity.component,
        "image": process.image.reference,
        "imagePullPolicy": process.image.pull_policy,
        "command": process.command,
        "args": process.args,
        "ports": [{"name": PORT_NAME, "containerPort": process.port}],
        "env": list(process.variables),
        "envFrom": env_from(options),
        # Whether the server behind it answers is a figure, not a reason to stop the exporter that says so.
        "startupProbe": probes.http_probe(process.probe_path, STARTUP, port=PORT_NAME),
        "readinessProbe": probes.http_probe(process.probe_path, PROBE, port=PORT_NAME),
        "livenessProbe": probes.http_probe(process.probe_path, PROBE, port=PORT_NAME),
        "resources": pods.requirements(process.resources),
        "securityContext": pods.container_security(),
        "volumeMounts": volumes.mounts(options, list(process.mounts)) or None,
    }
