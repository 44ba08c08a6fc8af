"""How the chart names its objects, and those of its three servers."""

from __future__ import annotations

import re

from flowise_constructs import Names
from flowise_constructs.importers.release import Release

MAIN_COMPONENT = "flowise"
"""`app.kubernetes.io/component` in the selector of the chart's main, since its version 6.0.0."""
EXTRA = "extraDeploy"
"""Where a release has manifests of its own."""
SERVERS = ("mariadb", "postgresql", "redis")

_LIMIT = 63
_RELEASE_LIMIT = 53


def _cut(name: str) -> str:
    """The name, shortened as the chart does it."""
    return name[:_LIMIT].removesuffix("-")


def app_name(release: Release) -> str:
    """`app.kubernetes.io/name` of the chart's objects."""
    return _cut(release.text("nameOverride") or "flowise")


def full_name(release: Release) -> str:
    """The name of main's objects: Deployment, Service, claim, Secret, Ingress."""
    if release.text("fullnameOverride"):
        return _cut(release.text("fullnameOverride"))
    name = release.text("nameOverride") or "flowise"
    return _cut(release.name if name in release.name else f"{release.name}-{name}")


def server_name(release: Release, server: str) -> str:
    """The name by which the chart's Flowise looks for a server: that of its Secret, and mostly of its Service."""
    if release.text(f"{server}.fullnameOverride"):
        return _cut(release.text(f"{server}.fullnameOverride"))
    return _cut(f"{release.name}-{release.text(f'{server}.nameOverride') or server}")


def server_host(release: Release, server: str) -> str:
    """The Service by which the chart's Flowise reaches a server that the chart brings."""
    suffix = "-master" if server == "redis" else ""
    if server != "redis" and release.text(f"{server}.architecture") == "replication":
        suffix = "-primary"
    given = release.text(f"{server}.fullnameOverride")
    name = given or f"{release.name}-{release.text(f'{server}.nameOverride') or server}"
    return _cut(f"{name}{suffix}") if suffix else server_name(release, server)


def labels(release: Release, component: str) -> dict[str, str]:
    """The labels of an object that belongs to main or workers."""
    return {
        "app.kubernetes.io/name": app_name(release),
        "app.kubernetes.io/instance": release.name,
        "app.kubernetes.io/component": component,
    }


def names(release: Release) -> Names:
    """The names of the release's objects."""
    called, over = full_name(release), release.text("namespaceOverride")
    if over and release.namespace is not None and over != release.namespace:
        release.refuse("namespaceOverride", f"{over[:80]!r} is another namespace than --namespace: leave one out")
    return release.make(
        Names,
        {
            "name": "fullnameOverride" if release.text("fullnameOverride") else "--release",
            "instance": "--release",
            "app": "nameOverride",
            "namespace": "namespaceOverride" if over else "--namespace",
        },
        Names(),
        name=called,
        instance=release.name if release.name != called else None,
        app=app_name(release),
        main_component=MAIN_COMPONENT,
        namespace=over or release.namespace,
    )


def refuse_mangled(release: Release) -> None:
    """Names that Helm refuses, and those by which Flowise doesn't find its server."""
    if len(release.name) > _RELEASE_LIMIT or not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", release.name):
        release.refuse(
            "--release",
            f"{release.name[:80]!r} is not a Helm release name: at most 53 lower-case letters, digits and hyphens",
        )
    for server in SERVERS:
        name = release.text(f"{server}.nameOverride") or server
        if (
            release.flag(f"{server}.enabled")
            and not release.text(f"{server}.fullnameOverride")
            and name in release.name
        ):
            release.refuse(
                "--release",
                f"{release.name!r} contains {name!r}: the chart then calls the server {release.name!r}, and Flowise "
                f"looks for {server_host(release, server)!r}; give the name of the release that runs, or set "
                f"{server}.fullnameOverride to {release.name} if you mended it so",
            )
