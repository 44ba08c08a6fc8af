"""What the bundled servers have in common: a StatefulSet of one pod with a claim, in the Helm chart's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cdk8s_plus_27 import k8s
from constructs import Construct

from flowise_constructs import pod
from flowise_constructs.labels import INSTANCE, NAME, Identity, derived
from flowise_constructs.structs import named_port, quantity
from flowise_constructs.values.image import ServerImage
from flowise_constructs.values.pod import PodOptions, ProbeNumbers, Resources
from flowise_constructs.values.references import EnvValue

UID = 999
STARTUP = ProbeNumbers(period_seconds=5, failure_threshold=120)
READINESS = ProbeNumbers()
LIVENESS = ProbeNumbers(period_seconds=20, failure_threshold=6)


@dataclass(frozen=True, kw_only=True)
class ServerProcess:
    """What differs between the pods of the servers."""

    container: str
    image: ServerImage
    port_name: str
    port: int
    environment: Mapping[str, EnvValue]
    probe: tuple[str, ...]
    resources: Resources
    options: PodOptions
    volumes: list[k8s.Volume]
    mounts: list[k8s.VolumeMount]
    data_path: str
    size: str
    storage_class: str | None
    grace_seconds: int
    checksums: Mapping[str, str]
    command: list[str] | None = None
    args: list[str] | None = None


def stateful_set(
    scope: Construct, identity: Identity, process: ServerProcess, service_name: str
) -> k8s.KubeStatefulSet:
    """The StatefulSet, with its service account as a sibling. Selector, service name, claim template never change."""
    return k8s.KubeStatefulSet(
        scope,
        "Resource",
        metadata=pod.object_meta(identity, annotations=pod.reloader(process.options)),
        spec=k8s.StatefulSetSpec(
            replicas=1,
            service_name=service_name,
            selector=k8s.LabelSelector(match_labels=dict(identity.selector)),
            template=_template(scope, identity, process),
            volume_claim_templates=[_claim(identity, process)],
        ),
    )


def service(
    scope: Construct, id: str, identity: Identity, process_port: tuple[str, int], *, suffix: str, headless: bool
) -> k8s.KubeService:
    """A Service of a bundled server."""
    name, port = process_port
    return k8s.KubeService(
        scope,
        id,
        metadata=pod.object_meta(identity, suffix=suffix),
        spec=k8s.ServiceSpec(
            cluster_ip="None" if headless else None,
            type=None if headless else "ClusterIP",
            # The pod's own DNS name is there before the pod is ready.
            publish_not_ready_addresses=True if headless else None,
            selector=dict(identity.selector),
            ports=[_service_port(name, port)],
        ),
    )


@lru_cache(maxsize=64)
def _service_port(name: str, port: int) -> k8s.ServicePort:
    return k8s.ServicePort(name=name, port=port, target_port=named_port(name))


def _template(scope: Construct, identity: Identity, process: ServerProcess) -> k8s.PodTemplateSpec:
    options = process.options
    secrets = [k8s.LocalObjectReference(name=name) for name in process.image.pull_secrets]
    return k8s.PodTemplateSpec(
        metadata=pod.template_meta(options, identity, process.checksums),
        spec=k8s.PodSpec(
            service_account_name=pod.service_account(scope, identity, options),
            automount_service_account_token=False,
            enable_service_links=False,
            image_pull_secrets=secrets or None,
            security_context=pod.pod_security(UID),
            termination_grace_period_seconds=process.grace_seconds,
            containers=[_container(process)],
            volumes=pod.volumes(options, process.volumes, claims=("data",)),
            **pod.scheduling(options, identity),
        ),
    )


def _container(process: ServerProcess) -> k8s.Container:
    data = pod.mount("data", process.data_path)
    return k8s.Container(
        name=process.container,
        image=process.image.reference,
        image_pull_policy=process.image.pull_policy,
        command=process.command,
        args=process.args,
        ports=[k8s.ContainerPort(name=process.port_name, container_port=process.port)],
        env=pod.variables(process.environment) or None,
        startup_probe=pod.exec_probe(process.probe, STARTUP),
        readiness_probe=pod.exec_probe(process.probe, READINESS),
        liveness_probe=pod.exec_probe(process.probe, LIVENESS),
        resources=pod.requirements(process.resources),
        security_context=pod.container_security(),
        volume_mounts=pod.mounts(process.options, [data, *process.mounts]),
    )


def _claim(identity: Identity, process: ServerProcess) -> k8s.KubePersistentVolumeClaimProps:
    labels = {label: identity.selector[label] for label in (NAME, INSTANCE)}
    return k8s.KubePersistentVolumeClaimProps(
        metadata=k8s.ObjectMeta(name="data", labels=labels),
        spec=k8s.PersistentVolumeClaimSpec(
            access_modes=["ReadWriteOnce"],
            storage_class_name=process.storage_class,
            resources=k8s.ResourceRequirements(requests={"storage": quantity(process.size)}),
        ),
    )


def service_host(identity: Identity, suffix: str) -> str:
    """What pods of the same namespace call the Service."""
    return derived(identity.name, suffix)
