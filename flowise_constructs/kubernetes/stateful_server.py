"""What the bundled servers have in common: a StatefulSet of one pod with a claim, under the Helm chart's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.kubernetes import pods, probes, volumes
from flowise_constructs.kubernetes.claim_objects import claim_spec, make_claims
from flowise_constructs.kubernetes.claims import by_name
from flowise_constructs.kubernetes.further_containers import OwnPart, env_from, further_ports, init_containers
from flowise_constructs.kubernetes.identity import Identity, derived
from flowise_constructs.kubernetes.images import ServerImage
from flowise_constructs.kubernetes.labels import INSTANCE, NAME
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta
from flowise_constructs.kubernetes.pod_options import PodOptions, ProbeNumbers, Resources
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.kubernetes.security import Security
from flowise_constructs.kubernetes.workload import Workload

UID = 999
STARTUP = ProbeNumbers(period_seconds=5, failure_threshold=120)
READINESS = ProbeNumbers()
LIVENESS = ProbeNumbers(period_seconds=20, failure_threshold=6)


@dataclass(frozen=True, kw_only=True)
class ServerProcess:
    """What differs between the servers' pods."""

    container: str
    image: ServerImage
    port_name: str
    port: int
    environment: Mapping[str, EnvValue]
    probe: tuple[str, ...]
    resources: Resources
    options: PodOptions
    volumes: list[Manifest]
    mounts: list[Manifest]
    data_path: str
    size: str
    storage_class: str | None
    grace_seconds: int
    security: Security
    checksums: Mapping[str, str]
    command: list[str] | None = None
    args: list[str] | None = None


def server_workload(scope: Construct, identity: Identity, process: ServerProcess) -> Workload:
    """The server's pod. Creates its service account as a child of the scope."""
    return Workload(
        kind="StatefulSet",
        identity=identity,
        template=_template(scope, identity, process),
        makes_service_account=process.options.service_account.create,
    )


def stateful_set(scope: Construct, workload: Workload, process: ServerProcess, service_name: str) -> ApiObject:
    """The StatefulSet. Its selector, service name and claim template never change."""
    identity = workload.identity
    return api_object(
        scope,
        "Resource",
        api_version="apps/v1",
        kind="StatefulSet",
        metadata=object_meta(identity, annotations=pods.reloader(process.options)),
        spec={
            "replicas": 1,
            "serviceName": service_name,
            "selector": {"matchLabels": dict(identity.selector)},
            "template": workload.template,
            "volumeClaimTemplates": [_claim(identity, process)],
        },
    )


def service(
    scope: Construct, id: str, identity: Identity, process_port: tuple[str, int], *, suffix: str, headless: bool
) -> ApiObject:
    """A Service of a bundled server."""
    name, port = process_port
    return api_object(
        scope,
        id,
        api_version="v1",
        kind="Service",
        metadata=object_meta(identity, suffix=suffix),
        spec={
            "clusterIP": "None" if headless else None,
            "type": None if headless else "ClusterIP",
            # The pod's own DNS name resolves before the pod is ready.
            "publishNotReadyAddresses": True if headless else None,
            "selector": dict(identity.selector),
            "ports": [{"name": name, "port": port, "targetPort": name}],
        },
    )


def _template(scope: Construct, identity: Identity, process: ServerProcess) -> Manifest:
    options, container = process.options, _container(process)
    grace = options.termination_grace_seconds or process.grace_seconds
    all_volumes = volumes.all_of(options, process.volumes, identity, claims=("data",))
    own = OwnPart(
        init=(),
        container=container,
        volumes=["data", *(volume["name"] for volume in all_volumes)],
        security=process.security,
        grace_seconds=grace,
    )
    make_claims(scope, identity, by_name(options.claims))
    secrets = [{"name": name} for name in process.image.pull_secrets]
    return {
        "metadata": pods.template_meta(options, identity, process.checksums),
        "spec": {
            "serviceAccountName": pods.service_account(scope, identity, options),
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "imagePullSecrets": secrets or None,
            "securityContext": pods.pod_security(UID, process.security),
            "terminationGracePeriodSeconds": grace,
            "initContainers": init_containers(options, own),
            "containers": [further_ports(container, options)],
            "volumes": all_volumes,
            **pods.from_options(options, identity),
        },
    }


def _container(process: ServerProcess) -> Manifest:
    data = volumes.mount("data", process.data_path)
    return {
        "name": process.container,
        "image": process.image.reference,
        "imagePullPolicy": process.image.pull_policy,
        "command": process.command,
        "args": process.args,
        "ports": [{"name": process.port_name, "containerPort": process.port}],
        "env": pods.variables(process.environment) or None,
        "envFrom": env_from(process.options),
        "startupProbe": probes.exec_probe(process.probe, STARTUP),
        "readinessProbe": probes.exec_probe(process.probe, READINESS),
        "livenessProbe": probes.exec_probe(process.probe, LIVENESS),
        "resources": pods.requirements(process.resources),
        "securityContext": pods.container_security(),
        "volumeMounts": volumes.mounts(process.options, [data, *process.mounts]),
    }


def _claim(identity: Identity, process: ServerProcess) -> Manifest:
    labels = {label: identity.selector[label] for label in (NAME, INSTANCE)}
    return {
        "metadata": {"name": "data", "labels": labels},
        "spec": claim_spec("ReadWriteOnce", process.storage_class, process.size),
    }


def service_host(identity: Identity, suffix: str) -> str:
    """The Service's host name for pods in the same namespace."""
    return derived(identity.name, suffix)
