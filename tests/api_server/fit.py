"""Objects of which each part is right, and whose parts don't fit each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from api_server.objects import (
    claim,
    container,
    cron_job,
    deployment,
    ingress,
    ingress_path,
    job_spec,
    pod_spec,
    service,
    stateful_set,
    template,
    whole,
)
from api_server.subject import Subject

NAME = "parts that fit"


def _env(*names: str) -> dict[str, Any]:
    return deployment(pod_spec(container(env=[{"name": name, "value": "x"} for name in names])))


def _mounts(*mounts: tuple[str, str]) -> dict[str, Any]:
    seen = [{"name": name, "mountPath": path} for name, path in mounts]
    return deployment(
        pod_spec(container(volumeMounts=seen), volumes=[{"name": name, "emptyDir": {}} for name in ("a", "b")])
    )


def _volumes(*names: str) -> dict[str, Any]:
    return deployment(pod_spec(volumes=[{"name": name, "emptyDir": {}} for name in names]))


def _ports(*names: str) -> dict[str, Any]:
    ports = [{"containerPort": number, "name": name} for number, name in enumerate(names, start=80)]
    return deployment(pod_spec(container(ports=ports)))


def _service_ports(*ports: dict[str, Any]) -> dict[str, Any]:
    return service(ports=list(ports))


def _restart(policy: str) -> dict[str, Any]:
    return deployment(pod_spec(restartPolicy=policy))


def _job(policy: str) -> dict[str, Any]:
    return cron_job(job=job_spec(template=template(pod_spec(restartPolicy=policy))))


def _first(**fields: Any) -> dict[str, Any]:
    return deployment(pod_spec(initContainers=[container(**{"name": "first", **fields})]))


def _probe(**fields: Any) -> dict[str, Any]:
    return deployment(pod_spec(container(readinessProbe=fields)))


def _map(size: int) -> dict[str, Any]:
    return whole("ConfigMap", "v1", data={"a": "x" * size})


def _claims(volume: str, mounted: str) -> dict[str, Any]:
    pod = pod_spec(
        container(volumeMounts=[{"name": mounted, "mountPath": "/a"}]), volumes=[{"name": volume, "emptyDir": {}}]
    )
    return stateful_set(volumeClaimTemplates=[{**claim(), "metadata": {"name": "data"}}], template=template(pod))


TRUE = {"exec": {"command": ["true"]}}
OBJECTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "plain": deployment,
    "variables": lambda: _env("A", "B"),
    "a variable twice": lambda: _env("A", "B", "A"),
    "mounts": lambda: _mounts(("a", "/a"), ("b", "/b"), ("a", "/c")),
    "a mount path twice": lambda: _mounts(("a", "/a"), ("b", "/a")),
    "a mount of no volume": lambda: _mounts(("c", "/a")),
    "volumes": lambda: _volumes("a", "b"),
    "a volume twice": lambda: _volumes("a", "a"),
    "a volume called as a claim": lambda: _claims("data", "data"),
    "a claim's mount": lambda: _claims("tmp", "data"),
    "a mount of no claim": lambda: _claims("tmp", "dat"),
    "ports": lambda: _ports("http", "metrics"),
    "a port's name twice": lambda: _ports("http", "http"),
    "a service's ports": lambda: _service_ports({"port": 80, "name": "a"}, {"port": 81, "name": "b"}),
    "a service port's name twice": lambda: _service_ports({"port": 80, "name": "a"}, {"port": 81, "name": "a"}),
    "service ports without names": lambda: _service_ports({"port": 80}, {"port": 81}),
    "a service port twice": lambda: _service_ports({"port": 80, "name": "a"}, {"port": 80, "name": "b"}),
    "another selector": lambda: deployment(selector={"matchLabels": {"app": "other"}}),
    "a selector of nothing": lambda: deployment(selector={"matchLabels": {}}),
    "a Deployment's pods restart": lambda: _restart("Always"),
    "a Deployment's pods don't restart": lambda: _restart("Never"),
    "a Job's pods restart on failure": lambda: _job("OnFailure"),
    "a Job's pods restart always": lambda: _job("Always"),
    "an init container": _first,
    "a container's name twice": lambda: _first(name="main"),
    "an init container with a probe": lambda: _first(readinessProbe=TRUE),
    "a side container with a probe": lambda: _first(restartPolicy="Always", readinessProbe=TRUE),
    "a probe": lambda: _probe(**TRUE),
    "a probe of two kinds": lambda: _probe(**TRUE, httpGet={"port": 80}),
    "a probe of no kind": lambda: _probe(periodSeconds=5),
    "the largest map": lambda: _map(1024 * 1024),
    "a map that is too large": lambda: _map(1024 * 1024 + 1),
    "an Ingress": ingress,
    "an Ingress of nothing": lambda: ingress(paths=[]),
    "a backend by name": lambda: ingress(paths=[ingress_path(port="http")]),
}
SUBJECTS = [Subject(NAME, lambda name: OBJECTS[name](), sorted(OBJECTS))]
