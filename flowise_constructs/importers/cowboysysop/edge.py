"""Incoming traffic: Service and Ingress."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flowise_constructs import ConfigError, Ingress, IngressHost, IngressPath, IngressTls
from flowise_constructs.core.findings import shown
from flowise_constructs.core.plain import is_list
from flowise_constructs.importers.fields import ingress_tls, port_of
from flowise_constructs.importers.imported import Patch
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.variables import Variables

_HOST = IngressHost(host="refused.example.com")


def service_patches(release: Release) -> Iterator[Patch]:
    """What the chart's Service has, and ours has no value for."""
    kind = release.text("service.type")
    exposed, balanced = kind in ("NodePort", "LoadBalancer"), kind == "LoadBalancer"
    given: dict[str, tuple[bool, Any]] = {
        "clusterIP": (kind == "ClusterIP", release.text("service.clusterIP")),
        "sessionAffinity": (True, release.text("service.sessionAffinity").replace("None", "")),
        "sessionAffinityConfig": (True, release.mapping("service.sessionAffinityConfig")),
        "loadBalancerIP": (balanced, release.text("service.loadBalancerIP")),
        "loadBalancerSourceRanges": (balanced, release.items("service.loadBalancerSourceRanges")),
        "externalTrafficPolicy": (exposed, release.text("service.externalTrafficPolicy").replace("Cluster", "")),
    }
    for field, (is_read, value) in given.items():
        if value and is_read:
            yield Patch(construct="main.service", pointer=f"/spec/{field}", value=value)
        elif value and release.below(f"service.{field}"):
            release.remark(f"service.{field}", f"is not carried over: a Service of type {kind[:20]} doesn't have it")
    path = "service.nodePorts.http"
    if release.text(path) and exposed:
        yield Patch(construct="main.service", pointer="/spec/ports/0/nodePort", value=port_of(release, path))
    elif release.text(path):
        release.remark(path, f"is not carried over: a Service of type {kind[:20]} doesn't have it")


def ingress(release: Release, variables: Variables) -> Ingress | None:
    """The Ingress, if there is one."""
    if not release.flag("ingress.enabled"):
        for path in release.below("ingress"):
            release.remark(path, "is not carried over: ingress.enabled is false")
        return None
    hosts = [_host(release, path, entry) for path, entry in release.entries("ingress.hosts")]
    tls = [ingress_tls(release, path, entry) for path, entry in release.entries("ingress.tls")]
    if not hosts:
        release.refuse("ingress.hosts", "is empty with ingress.enabled: name the host")
    paths = {
        "hosts": "ingress.hosts",
        "class_name": "ingress.ingressClassName",
        "annotations": "ingress.annotations",
        "tls": "ingress.tls",
    }
    fields: dict[str, Any] = {
        "hosts": hosts or [_HOST],
        "class_name": release.text("ingress.ingressClassName") or None,
        "annotations": release.words("ingress.annotations"),
        "tls": tls,
    }
    in_front = _tls_in_front(release, variables, fields, hosts, tls)
    return release.make(Ingress, paths, None, **fields, tls_in_front=in_front)


def _host(release: Release, path: str, entry: Mapping[str, Any]) -> IngressHost:
    release.only(entry, path, "host", "paths")
    if not entry.get("host"):
        release.refuse(f"{path}.host", "is empty: rules for all hosts are not supported here; name the host")
        return _HOST
    kind, given = release.text("ingress.pathType"), entry.get("paths")
    words = given if is_list(given) else []
    if not words or not all(isinstance(word, str) for word in words):
        release.refuse(f"{path}.paths", f"{shown(given)} must be a list of texts, such as ['/']")
        return _HOST
    paths = [
        release.make(
            IngressPath,
            {"path": f"{path}.paths[{number}]", "path_type": "ingress.pathType"},
            IngressPath(),
            path=word,
            path_type=kind,
        )
        for number, word in enumerate(words)
    ]
    where = {"host": f"{path}.host", "paths": f"{path}.paths"}
    return release.make(IngressHost, where, _HOST, host=entry["host"], paths=paths)


def _tls_in_front(
    release: Release, variables: Variables, fields: Mapping[str, Any], hosts: list[IngressHost], tls: list[IngressTls]
) -> bool:
    """Whether browsers use https although the Ingress names no certificate for the host."""
    url, host = variables.value("APP_URL"), hosts[0].host if hosts else ""
    if tls:
        return not any(host in entry.hosts for entry in tls) and any(not entry.hosts for entry in tls)
    if isinstance(url, str) and url.startswith("https://"):
        where, why = variables.where("APP_URL"), f"APP_URL is {shown(url)}"
    elif _annotations_end_tls(fields):
        where, why = "ingress.annotations", "an annotation makes the controller serve https"
    else:
        release.remark(
            "ingress.tls",
            f"is empty: the public URL is http://{host[:80]}; if TLS ends in front of the Ingress, set APP_URL with "
            "https in extraEnvVars",
        )
        return False
    release.remark(where, f"{why}, and ingress.tls is empty: the public URL is https, and cookies are secure")
    return True


def _annotations_end_tls(fields: Mapping[str, Any]) -> bool:
    """Whether Ingress itself asks for `tls_in_front` with these fields."""
    try:
        Ingress(**fields)
    except ConfigError as error:
        return any("tls_in_front" in finding.problem for finding in error.findings)
    return False
