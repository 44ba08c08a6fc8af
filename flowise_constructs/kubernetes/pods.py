"""What all pods have in common: metadata, security, resources, scheduling, service account, variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from constructs import Construct

from flowise_constructs.core.checking import check_of, problem_of
from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.core.rules import naming
from flowise_constructs.kubernetes.availability import default_spread
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest, api_object
from flowise_constructs.kubernetes.pod_options import SAFE_TO_EVICT, PodOptions, Resources
from flowise_constructs.kubernetes.references import ConfigMapKey, EnvValue, SecretKey
from flowise_constructs.kubernetes.schema import plain
from flowise_constructs.kubernetes.security import Security

_ENV_VALUE = check_of(EnvValue)


def template_meta(
    options: PodOptions,
    identity: Identity,
    checksums: Mapping[str, str],
    *,
    labels: Mapping[str, str] | None = None,
) -> Manifest:
    """Metadata of pods. The version is not among the labels, so that a change of it alone doesn't replace pods."""
    taken = [label for label in options.labels if label in identity.selector]
    if taken:
        raise ConfigError(
            Finding("PodOptions.labels", f"{label!r} belongs to the selector: leave it out") for label in taken
        )
    token = {"flowise-constructs/rollout-token": options.rollout_token} if options.rollout_token is not None else {}
    mesh = options.mesh.annotations if options.mesh is not None else {}
    annotations = {**checksums, **token, **mesh, **_evictable(options), **options.annotations}
    return {"labels": {**identity.selector, **(labels or {}), **options.labels}, "annotations": annotations or None}


def _evictable(options: PodOptions) -> dict[str, str]:
    safe = options.safe_to_evict
    return {} if safe is None else {SAFE_TO_EVICT: "true" if safe else "false"}


def reloader(options: PodOptions) -> dict[str, str]:
    """Annotations of the workload that Stakater's Reloader looks for."""
    return {"reloader.stakater.com/auto": "true"} if options.reloader else {}


def pod_security(uid: int, security: Security, *, root: bool = False) -> Manifest:
    """Pod Security "restricted". Files on volumes are given to the pod's group if they don't belong to it yet."""
    group = 0 if root else uid
    ids = {} if security.assigned_ids else {"runAsUser": group, "runAsGroup": group, "fsGroup": uid}
    return {
        **ids,
        "runAsNonRoot": None if root else True,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> Manifest:
    """Pod Security "restricted", and a read-only root file system."""
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


def from_options(options: PodOptions, identity: Identity, *, several: bool = False) -> Manifest:
    """The fields of a PodSpec that are the user's alone: scheduling, names, runtime. `several`: whether there can be
    two of these pods, which are then spread unless the user says how."""
    given = options.topology_spread_constraints
    constraints = (default_spread() if several else ()) if given is None else plain(given)
    spread: list[Manifest] = [
        {"labelSelector": {"matchLabels": dict(identity.selector)}, **constraint} for constraint in constraints
    ]
    return {
        "nodeSelector": dict(options.node_selector) or None,
        "tolerations": plain(options.tolerations) or None,
        "affinity": options.affinity or None,
        "topologySpreadConstraints": spread or None,
        "priorityClassName": options.priority_class_name,
        "hostAliases": plain(options.host_aliases) or None,
        "dnsPolicy": options.dns_policy,
        "dnsConfig": options.dns_config,
        "runtimeClassName": options.runtime_class_name,
        "schedulerName": options.scheduler_name,
        "hostUsers": options.host_users,
    }


def mesh_refusals(options: PodOptions, init_ports: Iterable[int], *, ends: bool) -> None:
    """ConfigError where the pod can't work beside the mesh's proxy."""
    if options.mesh is not None and (findings := list(options.mesh.refusals(init_ports, ends=ends))):
        raise ConfigError(findings)


def variables(environment: Mapping[str, EnvValue]) -> list[Manifest]:
    """Environment values as Kubernetes expects them. They may come from a hook, so they are checked here."""
    findings = [
        Finding(f"env[{name!r}]", problem)
        for name, value in environment.items()
        if (problem := naming.env_name(name) or problem_of(_ENV_VALUE, value)) is not None
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


def surge() -> Manifest:
    """A rollout that never has fewer pods than requested."""
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def service_account(
    scope: Construct,
    identity: Identity,
    options: PodOptions,
    annotations: Mapping[str, str] | None = None,
    *,
    annotated_by: str = "",
) -> str:
    """Creates the pod's own service account, as the child `ServiceAccount`, unless one is named. Returns its name.
    `annotated_by` is the value that the annotations come from."""
    account = options.service_account
    if not account.create:
        assert account.name is not None
        if annotations:
            problem = f"can't be put on the account {account.name!r}, which is not made here: put them on it yourself"
            where = f"{annotated_by}.service_account_annotations"
            raise ConfigError([Finding(where, f"{problem}, and leave them out")])
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
