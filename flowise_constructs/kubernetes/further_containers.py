"""The containers that a user adds to a pod, beside ours: order, names, ports, mounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.kubernetes.container_security import filled_in
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.pod_options import PodOptions
from flowise_constructs.kubernetes.schema import plain
from flowise_constructs.kubernetes.security import Security

KUBERNETES_GRACE_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class OwnPart:
    """What a pod has of ours."""

    init: Sequence[Manifest]
    """Init containers, in their order."""
    container: Manifest
    """The container."""
    volumes: Sequence[str]
    """Names of all its volumes, the user's too."""
    security: Security
    grace_seconds: int | None = None
    """`terminationGracePeriodSeconds`. None: Kubernetes' default."""
    has_gate: bool = False
    """Whether the last init container is the gate."""


def init_containers(options: PodOptions, own: OwnPart) -> list[Manifest] | None:
    """All init containers of a pod: sidecars, the user's, ours, the user's after the gate. ConfigError where they don't
    go together."""
    if findings := [Finding(f"PodOptions.{field}", problem) for field, problem in _problems(options, own)]:
        raise ConfigError(findings)
    sidecars = [{**_further(each), "restartPolicy": "Always"} for each in plain(options.sidecars)]
    before = [_further(each) for each in plain(options.init_containers)]
    after = [_further(each) for each in plain(options.init_containers_after_gate)]
    return [*sidecars, *before, *own.init, *after] or None


def env_from(options: PodOptions) -> list[Manifest] | None:
    """`envFrom` of our containers."""
    return [dict(each) for each in plain(options.env_from)] or None


def further_ports(container: Manifest, options: PodOptions) -> Manifest:
    """Our container with the user's ports too."""
    return {**container, "ports": [*(container.get("ports") or ()), *plain(options.ports)] or None}


def _further(container: Manifest) -> Manifest:
    return {**container, "securityContext": filled_in(container.get("securityContext", {}))}


def _given(options: PodOptions) -> Iterator[tuple[str, Any]]:
    for field in ("sidecars", "init_containers", "init_containers_after_gate"):
        yield from ((field, container) for container in plain(getattr(options, field)))


def _problems(options: PodOptions, own: OwnPart) -> Iterator[tuple[str, str]]:
    if options.init_containers_after_gate and not own.has_gate:
        yield "init_containers_after_gate", "are for mains and workers, this pod has no gate: use init_containers"
    ours = {container["name"] for container in (*own.init, own.container)}
    grace = KUBERNETES_GRACE_SECONDS if own.grace_seconds is None else own.grace_seconds
    for field, container in _given(options):
        name = container["name"]
        if name in ours:
            yield field, f"{name!r} is a container of ours: use another name"
        for mount in container.get("volumeMounts", ()):
            if mount["name"] not in own.volumes:
                known = ", ".join(own.volumes)
                yield field, f"{name!r} mounts {mount['name']!r}, which is no volume of the pod; it has {known}"
        if own.security.assigned_ids and {"runAsUser", "runAsGroup"} & {*container.get("securityContext", {})}:
            yield field, f"{name!r} says which user it runs as, which the cluster assigns: leave it out"
        seconds = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if seconds > grace:
            yield field, f"{name!r} sleeps {seconds} s before it stops, longer than the {grace} s that its pod has"
    yield from _port_problems(options, own.container.get("ports") or ())
    yield from _unmounted(options)


def _port_problems(options: PodOptions, ours: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Ports of a pod share its network, and Services look for their names in all containers."""
    further = [("ports", port) for port in plain(options.ports)]
    further += [("sidecars", port) for container in plain(options.sidecars) for port in container.get("ports", ())]
    names = {port["name"] for port in ours}
    numbers = {(port["containerPort"], "TCP") for port in ours}
    for field, port in further:
        number = (port["containerPort"], port.get("protocol", "TCP"))
        if number in numbers:
            yield field, f"{number[0]}/{number[1]} is listened on already in the pod: use another port"
        if port.get("name") in names:
            yield field, f"{port['name']!r} is the name of another port of the pod: use another name"
        numbers.add(number)
        names |= {port["name"]} if "name" in port else set()


def _unmounted(options: PodOptions) -> Iterator[tuple[str, str]]:
    mounted = {mount["name"] for _, container in _given(options) for mount in container.get("volumeMounts", ())}
    for volume in options.volumes:
        if volume.mount_path is None and volume.name not in mounted:
            yield "volumes", f"{volume.name!r} has no mount_path, and no further container mounts it"
