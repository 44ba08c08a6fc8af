"""How every pod looks: security, identity, scheduling, metadata, environment, volumes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from posixpath import normpath

from constructs import Construct

from flowise_constructs.core.checking import problem_with
from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.core.rules import naming
from flowise_constructs.kubernetes.schema import plain
from flowise_constructs.labels import Identity, derived
from flowise_constructs.manifest import Manifest, api_object
from flowise_constructs.values.pod import PodOptions, ProbeNumbers, Resources
from flowise_constructs.values.references import ConfigMapKey, EnvValue, SecretKey

CONFIG_MAP_BYTES = 1024 * 1024
SCRIPTS_DIRECTORY = "/opt/flowise-constructs"


def object_meta(identity: Identity, *, suffix: str = "", annotations: Mapping[str, str] | None = None) -> Manifest:
    """Metadata of one of a workload's objects."""
    return {
        "name": derived(identity.name, suffix),
        "namespace": identity.namespace,
        "labels": identity.labels,
        "annotations": dict(annotations) if annotations else None,
    }


def template_meta(options: PodOptions, identity: Identity, checksums: Mapping[str, str]) -> Manifest:
    """Metadata of pods. The version is not among the labels, so that it alone replaces no pod."""
    taken = [label for label in options.labels if label in identity.selector]
    if taken:
        raise ConfigError(
            Finding("PodOptions.labels", f"{label!r} belongs to the selector: leave it out") for label in taken
        )
    told = {"flowise-constructs/rollout-token": options.rollout_token} if options.rollout_token is not None else {}
    annotations = {**checksums, **told, **options.annotations}
    return {"labels": {**identity.selector, **options.labels}, "annotations": annotations or None}


def reloader(options: PodOptions) -> dict[str, str]:
    """Annotations of the workload that Stakater's Reloader looks for."""
    return {"reloader.stakater.com/auto": "true"} if options.reloader else {}


def pod_security(uid: int, *, root: bool = False) -> Manifest:
    """Pod Security "restricted"; the volume's files are made the group's where they are not yet."""
    return {
        "runAsUser": 0 if root else uid,
        "runAsGroup": 0 if root else uid,
        "runAsNonRoot": None if root else True,
        "fsGroup": uid,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> Manifest:
    """Pod Security "restricted", and a root file system that nobody writes to."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


def requirements(resources: Resources) -> Manifest:
    """Requests and limits."""
    cpu_limit = {"cpu": resources.cpu_limit} if resources.cpu_limit else {}
    return {
        "requests": {
            "cpu": resources.cpu_request,
            "memory": resources.memory_request,
        },
        "limits": {**cpu_limit, "memory": resources.memory_limit},
    }


def scheduling(options: PodOptions, identity: Identity) -> Manifest:
    """The scheduling fields of a PodSpec."""
    spread: list[Manifest] = [
        {"labelSelector": {"matchLabels": dict(identity.selector)}, **constraint}
        for constraint in plain(options.topology_spread_constraints)
    ]
    return {
        "nodeSelector": dict(options.node_selector) or None,
        "tolerations": plain(options.tolerations) or None,
        "affinity": options.affinity or None,
        "topologySpreadConstraints": spread or None,
        "priorityClassName": options.priority_class_name,
    }


def volumes(options: PodOptions, own: list[Manifest], *, claims: tuple[str, ...] = ()) -> list[Manifest]:
    """The construct's volumes and the user's; `claims` are those that a StatefulSet adds."""
    taken = {volume["name"] for volume in own} | set(claims)
    clashes = [
        Finding("PodOptions.volumes", f"{volume.name!r} is a volume of the construct: take another name")
        for volume in options.volumes
        if volume.name in taken
    ]
    if clashes:
        raise ConfigError(clashes)
    further = [{"name": volume.name, **volume.source} for volume in options.volumes]
    return [*own, *further]


def mounts(options: PodOptions, own: list[Manifest]) -> list[Manifest]:
    """The construct's mounts and the user's."""
    taken = {normpath(mount["mountPath"]): mount["name"] for mount in own}
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


def mount(name: str, path: str, *, sub_path: str | None = None, read_only: bool | None = None) -> Manifest:
    """Where a container sees a volume."""
    return {
        "name": name,
        "mountPath": path,
        "subPath": sub_path,
        "readOnly": read_only,
    }


def empty_dir(name: str, size: str | None, *, medium: str | None = None) -> Manifest:
    """A directory that lives as long as the pod, and no larger than told."""
    return {"name": name, "emptyDir": {"sizeLimit": size, "medium": medium}}


def secret_files(name: str, keys: Mapping[str, SecretKey]) -> Manifest:
    """Keys of Secrets as files, by their names, that the pod's group may read."""
    sources = [
        {"secret": {"name": key.secret, "items": [{"key": key.key, "path": path}]}} for path, key in keys.items()
    ]
    return {"name": name, "projected": {"defaultMode": 0o440, "sources": sources}}


def variables(environment: Mapping[str, EnvValue]) -> list[Manifest]:
    """Environment values as Kubernetes takes them. A hook may have made them, so they are checked here."""
    findings = [
        Finding(f"env[{name!r}]", problem)
        for name, value in environment.items()
        if (problem := naming.env_name(name) or problem_with(EnvValue, value)) is not None
    ]
    if findings:
        raise ConfigError(findings)
    return [_variable(name, value) for name, value in environment.items()]


def _variable(name: str, value: EnvValue) -> Manifest:
    if isinstance(value, str):
        return {"name": name, "value": value}
    if isinstance(value, SecretKey):
        source = {"secretKeyRef": {"name": value.secret, "key": value.key}}
    elif isinstance(value, ConfigMapKey):
        source = {"configMapKeyRef": {"name": value.config_map, "key": value.key}}
    else:
        source = {"fieldRef": {"fieldPath": value.path}}
    return {"name": name, "valueFrom": source}


def exec_probe(command: tuple[str, ...], numbers: ProbeNumbers, *, grace_seconds: int | None = None) -> Manifest:
    """A probe that runs a command in the container."""
    return {
        "exec": {"command": list(command)},
        "terminationGracePeriodSeconds": grace_seconds,
        **_numbers(numbers),
    }


def http_probe(path: str, numbers: ProbeNumbers) -> Manifest:
    """A probe that asks the port called `http`."""
    return {"httpGet": {"path": path, "port": "http"}, **_numbers(numbers)}


def _numbers(numbers: ProbeNumbers) -> Manifest:
    return {
        "periodSeconds": numbers.period_seconds,
        "timeoutSeconds": numbers.timeout_seconds,
        "failureThreshold": numbers.failure_threshold,
    }


def surge() -> Manifest:
    """A roll-out that never serves with fewer pods than asked for."""
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def service_account(
    scope: Construct, identity: Identity, options: PodOptions, annotations: Mapping[str, str] | None = None
) -> str:
    """The pod's own service account, as the child `ServiceAccount`, or the one that is named. Returns its name."""
    account = options.service_account
    if not account.create:
        assert account.name is not None
        return account.name
    name = account.name or identity.name
    api_object(
        scope,
        "ServiceAccount",
        api_version="v1",
        kind="ServiceAccount",
        metadata={
            "name": name,
            "namespace": identity.namespace,
            "labels": identity.labels,
            "annotations": {**(annotations or {}), **account.annotations} or None,
        },
        automountServiceAccountToken=False,
    )
    return name


@dataclass(frozen=True)
class MountedFiles:
    """A ConfigMap of ours and the checksum that replaces pods when its content changes."""

    config_map: str
    checksum: Mapping[str, str]

    def volume(self, name: str, *, mode: int | None = None) -> Manifest:
        """The ConfigMap as a volume."""
        return {"name": name, "configMap": {"name": self.config_map, "defaultMode": mode}}


def config_map(scope: Construct, id: str, identity: Identity, suffix: str, content: Mapping[str, str]) -> MountedFiles:
    """A ConfigMap that pods mount."""
    if sum(len(text.encode()) for text in content.values()) > CONFIG_MAP_BYTES:
        raise ConfigError([Finding(derived(identity.name, suffix), "would hold more than a ConfigMap can: 1 MiB")])
    api_object(
        scope,
        id,
        api_version="v1",
        kind="ConfigMap",
        metadata=object_meta(identity, suffix=suffix),
        data=dict(content),
    )
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
