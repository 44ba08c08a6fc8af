"""How every pod looks: security, identity, scheduling, metadata, environment, volumes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from posixpath import normpath
from typing import Any

from cdk8s_plus_27 import k8s
from constructs import Construct

from flowise_constructs import checks
from flowise_constructs.labels import Identity, derived
from flowise_constructs.structs import named_port, number, quantity, struct
from flowise_constructs.values.pod import PodOptions, ProbeNumbers, Resources
from flowise_constructs.values.references import ConfigMapKey, EnvValue, SecretKey
from flowise_constructs.values.value import ConfigError, Finding, problem_with

# Structs that recur are made once: jsii checks the type of every field of every new one.
CONFIG_MAP_BYTES = 1024 * 1024
SCRIPTS_DIRECTORY = "/opt/flowise-constructs"


def object_meta(
    identity: Identity, *, suffix: str = "", annotations: Mapping[str, str] | None = None
) -> k8s.ObjectMeta:
    """Metadata of one of a workload's objects."""
    return k8s.ObjectMeta(
        name=derived(identity.name, suffix),
        namespace=identity.namespace,
        labels=identity.labels,
        annotations=dict(annotations) if annotations else None,
    )


def template_meta(options: PodOptions, identity: Identity, checksums: Mapping[str, str]) -> k8s.ObjectMeta:
    """Metadata of pods. The version is not among the labels, so that it alone replaces no pod."""
    taken = [label for label in options.labels if label in identity.selector]
    if taken:
        raise ConfigError(
            Finding("PodOptions.labels", f"{label!r} belongs to the selector: leave it out") for label in taken
        )
    told = {"flowise-constructs/rollout-token": options.rollout_token} if options.rollout_token is not None else {}
    annotations = {**checksums, **told, **options.annotations}
    return k8s.ObjectMeta(labels={**identity.selector, **options.labels}, annotations=annotations or None)


def reloader(options: PodOptions) -> dict[str, str]:
    """Annotations of the workload that Stakater's Reloader looks for."""
    return {"reloader.stakater.com/auto": "true"} if options.reloader else {}


@lru_cache(maxsize=1024)
def pod_security(uid: int, *, root: bool = False) -> k8s.PodSecurityContext:
    """Pod Security "restricted"; the volume's files are made the group's where they are not yet."""
    return k8s.PodSecurityContext(
        run_as_user=0 if root else uid,
        run_as_group=0 if root else uid,
        run_as_non_root=None if root else True,
        fs_group=uid,
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=k8s.SeccompProfile(type="RuntimeDefault"),
    )


@lru_cache(maxsize=1024)
def container_security() -> k8s.SecurityContext:
    """Pod Security "restricted", and a root file system that nobody writes to."""
    return k8s.SecurityContext(
        allow_privilege_escalation=False,
        capabilities=k8s.Capabilities(drop=["ALL"]),
        read_only_root_filesystem=True,
    )


@lru_cache(maxsize=1024)
def requirements(resources: Resources) -> k8s.ResourceRequirements:
    """Requests and limits."""
    cpu_limit = {"cpu": quantity(resources.cpu_limit)} if resources.cpu_limit else {}
    return k8s.ResourceRequirements(
        requests={
            "cpu": quantity(resources.cpu_request),
            "memory": quantity(resources.memory_request),
        },
        limits={**cpu_limit, "memory": quantity(resources.memory_limit)},
    )


def scheduling(options: PodOptions, identity: Identity) -> dict[str, Any]:
    """The scheduling fields of a PodSpec."""
    spread = [
        struct(
            k8s.TopologySpreadConstraint,
            {"labelSelector": {"matchLabels": dict(identity.selector)}, **constraint},
            "PodOptions.topology_spread_constraints",
        )
        for constraint in options.topology_spread_constraints
    ]
    tolerations = [struct(k8s.Toleration, toleration, "PodOptions.tolerations") for toleration in options.tolerations]
    return {
        "node_selector": dict(options.node_selector) or None,
        "tolerations": tolerations or None,
        "affinity": struct(k8s.Affinity, options.affinity, "PodOptions.affinity") if options.affinity else None,
        "topology_spread_constraints": spread or None,
        "priority_class_name": options.priority_class_name,
    }


def volumes(options: PodOptions, own: list[k8s.Volume], *, claims: tuple[str, ...] = ()) -> list[k8s.Volume]:
    """The construct's volumes and the user's; `claims` are those that a StatefulSet adds."""
    taken = {volume.name for volume in own} | set(claims)
    clashes = [
        Finding("PodOptions.volumes", f"{volume.name!r} is a volume of the construct: take another name")
        for volume in options.volumes
        if volume.name in taken
    ]
    if clashes:
        raise ConfigError(clashes)
    further = [
        struct(k8s.Volume, {"name": volume.name, **volume.source}, f"PodOptions.volumes[{volume.name!r}].source")
        for volume in options.volumes
    ]
    return [*own, *further]


def mounts(options: PodOptions, own: list[k8s.VolumeMount]) -> list[k8s.VolumeMount]:
    """The construct's mounts and the user's."""
    taken = {normpath(mount.mount_path): mount.name for mount in own}
    findings: list[Finding] = []
    for volume in options.volumes:
        path = normpath(volume.mount_path)
        if path in taken:
            findings.append(
                Finding("PodOptions.volumes", f"{path!r} is where {taken[path]!r} is mounted: take another path")
            )
        taken[path] = volume.name
    if findings:
        raise ConfigError(findings)
    return [
        *own,
        *(
            mount(volume.name, volume.mount_path, sub_path=volume.sub_path, read_only=volume.read_only)
            for volume in options.volumes
        ),
    ]


@lru_cache(maxsize=1024)
def mount(name: str, path: str, *, sub_path: str | None = None, read_only: bool | None = None) -> k8s.VolumeMount:
    """Where a container sees a volume."""
    return k8s.VolumeMount(name=name, mount_path=path, sub_path=sub_path, read_only=read_only)


@lru_cache(maxsize=1024)
def empty_dir(name: str, size: str | None, *, medium: str | None = None) -> k8s.Volume:
    """A directory that lives as long as the pod, and no larger than told."""
    limit = quantity(size) if size else None
    return k8s.Volume(name=name, empty_dir=k8s.EmptyDirVolumeSource(size_limit=limit, medium=medium))


def variables(environment: Mapping[str, EnvValue]) -> list[k8s.EnvVar]:
    """Environment values as Kubernetes takes them. A hook may have made them, so they are checked here."""
    findings = [
        Finding(f"env[{name!r}]", problem)
        for name, value in environment.items()
        if (problem := checks.env_name(name) or problem_with(EnvValue, value)) is not None
    ]
    if findings:
        raise ConfigError(findings)
    return [_variable(name, value) for name, value in environment.items()]


@lru_cache(maxsize=4096)
def _variable(name: str, value: EnvValue) -> k8s.EnvVar:
    if isinstance(value, str):
        return k8s.EnvVar(name=name, value=value)
    if isinstance(value, SecretKey):
        source = k8s.EnvVarSource(secret_key_ref=k8s.SecretKeySelector(name=value.secret, key=value.key))
    elif isinstance(value, ConfigMapKey):
        source = k8s.EnvVarSource(config_map_key_ref=k8s.ConfigMapKeySelector(name=value.config_map, key=value.key))
    else:
        source = k8s.EnvVarSource(field_ref=k8s.ObjectFieldSelector(field_path=value.path))
    return k8s.EnvVar(name=name, value_from=source)


@lru_cache(maxsize=1024)
def exec_probe(command: tuple[str, ...], numbers: ProbeNumbers, *, grace_seconds: int | None = None) -> k8s.Probe:
    """A probe that runs a command in the container."""
    return k8s.Probe(
        exec=k8s.ExecAction(command=list(command)), termination_grace_period_seconds=grace_seconds, **_numbers(numbers)
    )


@lru_cache(maxsize=1024)
def http_probe(path: str, numbers: ProbeNumbers) -> k8s.Probe:
    """A probe that asks the port called `http`."""
    return k8s.Probe(http_get=k8s.HttpGetAction(path=path, port=named_port("http")), **_numbers(numbers))


def _numbers(numbers: ProbeNumbers) -> dict[str, Any]:
    return {
        "period_seconds": numbers.period_seconds,
        "timeout_seconds": numbers.timeout_seconds,
        "failure_threshold": numbers.failure_threshold,
    }


@lru_cache(maxsize=1024)
def surge() -> k8s.DeploymentStrategy:
    """A roll-out that never serves with fewer pods than asked for."""
    one, none = number(1), number(0)
    return k8s.DeploymentStrategy(
        type="RollingUpdate",
        rolling_update=k8s.RollingUpdateDeployment(max_surge=one, max_unavailable=none),
    )


def service_account(
    scope: Construct, identity: Identity, options: PodOptions, annotations: Mapping[str, str] | None = None
) -> str:
    """The pod's own service account, as the child `ServiceAccount`, or the one that is named. Returns its name."""
    account = options.service_account
    if not account.create:
        assert account.name is not None
        return account.name
    name = account.name or identity.name
    k8s.KubeServiceAccount(
        scope,
        "ServiceAccount",
        metadata=k8s.ObjectMeta(
            name=name,
            namespace=identity.namespace,
            labels=identity.labels,
            annotations={**(annotations or {}), **account.annotations} or None,
        ),
        automount_service_account_token=False,
    )
    return name


@lru_cache(maxsize=1024)
def config_volume(name: str, config_map: str, mode: int | None) -> k8s.Volume:
    """A ConfigMap as a volume."""
    return k8s.Volume(name=name, config_map=k8s.ConfigMapVolumeSource(name=config_map, default_mode=mode))


@dataclass(frozen=True)
class MountedFiles:
    """A ConfigMap of ours and the checksum that replaces pods when its content changes."""

    config_map: str
    checksum: Mapping[str, str]

    def volume(self, name: str, *, mode: int | None = None) -> k8s.Volume:
        """The ConfigMap as a volume."""
        return config_volume(name, self.config_map, mode)


def config_map(scope: Construct, id: str, identity: Identity, suffix: str, content: Mapping[str, str]) -> MountedFiles:
    """A ConfigMap that pods mount."""
    if sum(len(text.encode()) for text in content.values()) > CONFIG_MAP_BYTES:
        raise ConfigError([Finding(derived(identity.name, suffix), "would hold more than a ConfigMap can: 1 MiB")])
    k8s.KubeConfigMap(scope, id, metadata=object_meta(identity, suffix=suffix), data=dict(content))
    told = "\0".join(f"{name}\0{text}" for name, text in sorted(content.items()))
    digest = hashlib.sha256(told.encode()).hexdigest()[:16]
    return MountedFiles(derived(identity.name, suffix), {f"checksum/{suffix.lstrip('-')}": digest})


@lru_cache(maxsize=64)
def scripts(*names: str) -> Mapping[str, str]:
    """Files of `scripts/`, with the modules of ours that they require, in alphabetical order."""
    found: dict[str, str] = {}
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = script(name)
            wanted += [f"{module}.js" for module in re.findall(r"require\('\./([-\w]+)'\)", found[name])]
    return dict(sorted(found.items()))


@lru_cache(maxsize=64)
def script(name: str) -> str:
    """A file of `scripts/`."""
    return (files("flowise_constructs") / "scripts" / name).read_text(encoding="utf-8")
