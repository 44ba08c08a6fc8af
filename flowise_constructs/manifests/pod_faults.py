"""What can't work inside a pod: mounts of no volume, ports by a name that nobody gave, names that stand there twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flowise_constructs.core.findings import Finding, shown
from flowise_constructs.manifests.objects import ObjectName, listed, map_at, maps_at
from flowise_constructs.manifests.pods import Pods
from flowise_constructs.manifests.references import Manifests
from flowise_constructs.manifests.selectors import labels_of, matches


def pod_faults(manifests: Manifests) -> Iterator[Finding]:
    """Everything of that kind, for all pods."""
    for pods in manifests.pods:
        told: list[str] = [*_images(pods), *_mounts(pods), *_named_ports(pods), *_twice(pods), *_restart_policy(pods)]
        yield from (Finding(str(pods.owner), problem) for problem in told)
        yield from _governing_service(manifests, pods)


def _images(pods: Pods) -> Iterator[str]:
    for path, container in pods.containers():
        if not container.get("image"):
            yield f"{path} ({container.get('name')}) lacks image: name it"


def _mounts(pods: Pods) -> Iterator[str]:
    claims = maps_at(pods.item, "spec", "volumeClaimTemplates") if pods.owner.kind == "StatefulSet" else []
    names = [str(entry.get("name")) for entry in maps_at(pods.spec, "volumes")]
    names += [str(map_at(claim, "metadata").get("name")) for claim in claims]
    for container_path, container in pods.containers():
        for word in ("volumeMounts", "volumeDevices"):
            for path, mount in listed(container, word, at=container_path):
                if mount.get("name") is not None and mount["name"] not in names:
                    mend = f"take one of {', '.join(names)}, or add it" if names else "add it"
                    yield f"{path}.name is {shown(mount['name'])}, which is not in {pods.path}.volumes: {mend} there"


def _named_ports(pods: Pods) -> Iterator[str]:
    for container_path, container in pods.containers():
        names = [port["name"] for port in maps_at(container, "ports") if port.get("name")]
        for path, handler in _handlers(container, container_path):
            port = handler.get("port")
            if isinstance(port, str) and port not in names:
                mend = (
                    f"take one of {', '.join(map(str, names))}"
                    if names
                    else "give the number, or declare the port there"
                )
                yield f"{path}.port is {shown(port)}, which is not the name of one of the container's ports: {mend}"


def _handlers(container: Mapping[str, Any], at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    ways = [(word,) for word in ("startupProbe", "readinessProbe", "livenessProbe")]
    for way in [*ways, ("lifecycle", "postStart"), ("lifecycle", "preStop")]:
        for kind in ("httpGet", "tcpSocket"):
            if handler := map_at(container, *way, kind):
                yield ".".join([at, *way, kind]), handler


def _twice(pods: Pods) -> Iterator[str]:
    containers = [container for _, container in pods.containers()]
    yield from _repeated(f"{pods.path}.containers", "name", containers, "rename one of them")
    yield from _repeated(f"{pods.path}.volumes", "name", maps_at(pods.spec, "volumes"), "rename one of them")
    for path, container in pods.containers():
        yield from _repeated(
            f"{path}.volumeMounts", "mountPath", maps_at(container, "volumeMounts"), "mount one elsewhere"
        )
        yield from _repeated(f"{path}.ports", "name", maps_at(container, "ports"), "rename one of them")


def _repeated(path: str, key: str, entries: Iterable[Mapping[str, Any]], mend: str) -> Iterator[str]:
    counted = Counter(str(entry[key]) for entry in entries if entry.get(key) is not None)
    yield from (f"{path} has {key} {shown(name)} twice: {mend}" for name, count in counted.items() if count > 1)


def _restart_policy(pods: Pods) -> Iterator[str]:
    policy = pods.spec.get("restartPolicy")
    if pods.owner.kind in ("Job", "CronJob") and policy not in ("OnFailure", "Never"):
        told = "is missing" if policy is None else f"is {shown(policy)}"
        yield f"{pods.path}.restartPolicy {told}: a {pods.owner.kind} takes 'OnFailure' or 'Never'"
    elif pods.owner.kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet") and policy not in (None, "Always"):
        yield f"{pods.path}.restartPolicy is {shown(policy)}: a {pods.owner.kind} takes 'Always' alone; leave it out"


def _governing_service(manifests: Manifests, pods: Pods) -> Iterator[Finding]:
    if pods.owner.kind != "StatefulSet":
        return
    name = map_at(pods.item, "spec").get("serviceName")
    service = manifests.named(ObjectName("Service", pods.owner.namespace, str(name))) if name else None
    selector = map_at(service or {}, "spec", "selector")
    if selector and not matches({"matchLabels": selector}, pods.labels):
        yield Finding(
            str(pods.owner),
            f"spec.serviceName is {shown(name)}, a Service that selects {labels_of({'matchLabels': selector})} and not "
            "its pods: name one that selects them",
        )
