"""Incoming traffic: Service, Ingress and the HTTPRoute of the Gateway API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowise_constructs import Ingress, IngressHost, IngressPath, IngressTls
from flowise_constructs.core.findings import shown
from flowise_constructs.importers.fields import ingress_tls
from flowise_constructs.importers.helm.names import full_name
from flowise_constructs.importers.release import Release

_HOST = IngressHost(host="refused.example.com")


def ingress(release: Release) -> Ingress | None:
    """The Ingress, if there is one."""
    if not release.flag("ingress.enabled"):
        return None
    if not release.items("ingress.hosts"):
        release.refuse(
            "ingress.hosts",
            "is empty with ingress.enabled: name the host; without one Kubernetes refuses the Ingress",
        )
        return None
    hosts = [_host(release, path, entry) for path, entry in release.entries("ingress.hosts")]
    tls = [ingress_tls(release, path, entry) for path, entry in release.entries("ingress.tls")]
    paths = {
        "hosts": "ingress.hosts",
        "class_name": "ingress.ingressClassName",
        "annotations": "ingress.annotations",
        "tls": "ingress.tls",
    }
    return release.make(
        Ingress,
        paths,
        None,
        hosts=hosts or [_HOST],
        class_name=release.text("ingress.ingressClassName") or None,
        annotations=release.words("ingress.annotations"),
        tls=tls,
        tls_in_front=_tls_in_front(release, hosts, tls),
    )


def _host(release: Release, path: str, entry: Mapping[str, Any]) -> IngressHost:
    release.only(entry, path, "host", "paths")
    if not entry.get("host"):
        release.refuse(f"{path}.host", "is empty: rules for all hosts are not supported here; name the host")
        return _HOST
    paths = [
        _path(release, where, item) for where, item in release.entries_of(entry.get("paths") or [], f"{path}.paths")
    ]
    return release.make(
        IngressHost,
        {"host": f"{path}.host", "paths": f"{path}.paths"},
        _HOST,
        host=entry["host"],
        paths=paths or [IngressPath()],
    )


def _path(release: Release, path: str, entry: Mapping[str, Any]) -> IngressPath:
    release.only(entry, path, "path", "pathType")
    given = {"path": entry.get("path"), "path_type": entry.get("pathType")}
    fields = {field: value for field, value in given.items() if value is not None}
    return release.make(IngressPath, {"path": f"{path}.path", "path_type": f"{path}.pathType"}, IngressPath(), **fields)


def _tls_in_front(release: Release, hosts: list[IngressHost], tls: list[IngressTls]) -> bool:
    """Whether browsers use https although the Ingress names no certificate for the host."""
    url, host = release.text("flowise.appUrl"), hosts[0].host if hosts else ""
    covered = any(host in entry.hosts for entry in tls) or any(not entry.hosts for entry in tls)
    if url.startswith("https://") and not tls:
        release.remark(
            "ingress.tls",
            f"is empty, and flowise.appUrl is {shown(url)}: TLS is assumed to end in front of the Ingress, or at its "
            "controller with the default certificate",
        )
        return True
    if not url and not tls:
        release.remark(
            "ingress.tls",
            f"is empty: the public URL is http://{host}, but https in the chart; if TLS ends in front of the "
            "Ingress, set flowise.appUrl",
        )
    return not any(host in entry.hosts for entry in tls) and covered


def http_route(release: Release) -> list[dict[str, Any]]:
    """The Gateway API's HTTPRoute, as the chart creates it."""
    if not release.flag("gateway.enabled"):
        return []
    annotations = release.words("gateway.annotations")
    match = {"path": {"type": release.text("gateway.pathType"), "value": release.text("gateway.path")}}
    backend = {"name": full_name(release), "port": release.number("service.port")}
    hostnames = release.items("gateway.hostnames")
    return [
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": full_name(release), **({"annotations": annotations} if annotations else {})},
            "spec": {
                "parentRefs": [entry for _, entry in release.entries("gateway.parentRefs")],
                **({"hostnames": hostnames} if hostnames else {}),
                "rules": [{"matches": [match], "backendRefs": [backend]}],
            },
        }
    ]
