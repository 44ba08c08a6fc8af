"""Ports: of Services, of what leads to Services, and of the containers behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flowise_constructs.core.findings import Finding, shown
from flowise_constructs.manifests.objects import ObjectName, listed, map_at, maps_at
from flowise_constructs.manifests.pods import Pods
from flowise_constructs.manifests.references import ROUTES, Manifests
from flowise_constructs.manifests.selectors import pods_selected, service_pods, services_selected

Named = Mapping[str, Any]


def port_faults(manifests: Manifests) -> Iterator[Finding]:
    """Ports that lead nowhere."""
    for name, item in manifests.objects.items():
        for path, service, port in _to_services(name, item):
            yield from _service_port(manifests, name, path, service, port)
        if name.kind == "Service":
            yield from _target_ports(manifests, name, item)
        if name.kind in ("ServiceMonitor", "PodMonitor"):
            yield from _monitored(manifests, name, item)
        if name.kind == "NetworkPolicy":
            yield from _policy_ports(manifests, name, item)
    for pods in manifests.pods:
        yield from _host_and_port(manifests, pods)


Way = tuple[str, ObjectName, Any]
"""The path of a port, the Service that it is one of, and the port, a number or a name."""


def _to_services(name: ObjectName, item: Named) -> Iterator[Way]:
    if name.kind == "Ingress":
        spec = map_at(item, "spec")
        backends = [("spec.defaultBackend.service", map_at(spec, "defaultBackend", "service"))]
        for rule_path, rule in listed(spec, "rules", at="spec"):
            for path, entry in listed(rule, "http", "paths", at=rule_path):
                backends.append((f"{path}.backend.service", map_at(entry, "backend", "service")))
        for path, backend in backends:
            port = map_at(backend, "port")
            yield f"{path}.port", _service(backend, name), port.get("number", port.get("name"))
    lists = {"IngressRoute": ("routes", "services"), **dict.fromkeys(ROUTES, ("rules", "backendRefs"))}.get(name.kind)
    if lists is not None:
        for rule_path, rule in listed(item, "spec", lists[0]):
            for path, backend in listed(rule, lists[1], at=rule_path):
                if backend.get("kind", "Service") == "Service":
                    yield f"{path}.port", _service(backend, name), backend.get("port")


def _service(backend: Named, of: ObjectName) -> ObjectName:
    return ObjectName("Service", str(backend.get("namespace") or of.namespace), str(backend.get("name")))


def _service_port(
    manifests: Manifests, name: ObjectName, path: str, service: ObjectName, port: object
) -> Iterator[Finding]:
    item = manifests.named(service)
    if item is None or map_at(item, "spec").get("type") == "ExternalName":
        return
    ports = maps_at(item, "spec", "ports")
    if port is None:
        yield Finding(str(name), f"{path} is missing: give one of {service}, which has {_listed(ports, 'port')}")
    elif not any(port in (entry.get("port"), entry.get("name")) for entry in ports):
        yield Finding(
            str(name), f"{path} is {shown(port)}, which {service} doesn't have: take one of {_listed(ports, 'port')}"
        )


def _target_ports(manifests: Manifests, name: ObjectName, item: Named) -> Iterator[Finding]:
    if not map_at(item, "spec", "selector"):
        return
    for pods in service_pods(manifests, name, item):
        ports = pods.ports()
        for path, entry in listed(item, "spec", "ports"):
            target = entry.get("targetPort", entry.get("port"))
            # Without a declared port a container may listen anywhere; a name needs a declaration.
            if _is_among(target, ports) or (not ports and _is_number(target)):
                continue
            field = f"{path}.targetPort" if "targetPort" in entry else f"{path}.port, which is targetPort too,"
            yield Finding(
                str(name),
                f"{field} is {shown(target)}, and no container of {pods.owner} has it in its ports: take one of "
                f"{_listed(ports, 'containerPort')}, or declare it in the container's ports",
            )


def _monitored(manifests: Manifests, name: ObjectName, item: Named) -> Iterator[Finding]:
    if name.kind == "ServiceMonitor":
        word = "endpoints"
        ports = [
            port for service in services_selected(manifests, name, item) for port in maps_at(service, "spec", "ports")
        ]
        key = "port"
    else:
        word, key = "podMetricsEndpoints", "containerPort"
        selected = pods_selected(manifests, name.namespace, map_at(item, "spec", "selector"))
        ports = [port for pods in selected for port in pods.ports()]
    for path, endpoint in listed(item, "spec", word):
        port = endpoint.get("port")
        if ports and port is not None and not any(port == entry.get("name") for entry in ports):
            yield Finding(
                str(name),
                f"{path}.port is {shown(port)}, which is no port's name there: take one of {_listed(ports, key)}",
            )


def _policy_ports(manifests: Manifests, name: ObjectName, item: Named) -> Iterator[Finding]:
    selected = pods_selected(manifests, name.namespace, map_at(item, "spec", "podSelector"))
    ports = [port for pods in selected for port in pods.ports()]
    for rule_path, rule in listed(item, "spec", "ingress"):
        for path, entry in listed(rule, "ports", at=rule_path):
            port = entry.get("port")
            if selected and isinstance(port, str) and not _is_among(port, ports):
                yield Finding(
                    str(name),
                    f"{path}.port is {shown(port)}, which is not the name of a port of the selected pods: take one of "
                    f"{_listed(ports, 'containerPort')}",
                )


def _host_and_port(manifests: Manifests, pods: Pods) -> Iterator[Finding]:
    for container_path, container in pods.containers():
        entries = {
            str(entry.get("name")): (path, entry.get("value"))
            for path, entry in listed(container, "env", at=container_path)
        }
        for reference in manifests.hosts_of(container, pods.owner.namespace):
            variable = reference.use.replace("HOST", "PORT")
            path, port = entries.get(variable, ("", None))
            service = manifests.named(reference.to)
            if service is None or not re.fullmatch(r"[0-9]{1,5}", str(port)):
                continue
            ports = maps_at(service, "spec", "ports")
            if variable != reference.use and not any(int(str(port)) == entry.get("port") for entry in ports):
                told = f"{path}.value of {variable} is {shown(port)}, which {reference.to} doesn't have"
                yield Finding(str(pods.owner), f"{told}: take one of {_listed(ports, 'port')}")


def _is_among(target: object, ports: Iterable[Named]) -> bool:
    return any(target in (port.get("containerPort"), port.get("name")) and target is not None for port in ports)


def _is_number(target: object) -> bool:
    return isinstance(target, int) and not isinstance(target, bool)


def _listed(ports: Iterable[Named], number: str) -> str:
    told = [f"{port.get(number)} ({port['name']})" if port.get("name") else str(port.get(number)) for port in ports]
    return ", ".join(dict.fromkeys(told)) or "its ports, of which it has none"
