"""How the chart names its objects."""

from __future__ import annotations

import re

from flowise_constructs import Names
from flowise_constructs.importers.release import Release
from flowise_constructs.kubernetes.identity import STATEFUL_SET_NAME_LIMIT

_LIMIT = 63
_RELEASE_LIMIT = 53


def cut(name: str) -> str:
    """The name, shortened as the chart does it."""
    return name[:_LIMIT].removesuffix("-")


def app_name(release: Release) -> str:
    """`app.kubernetes.io/name` of the chart's objects."""
    return cut(release.text("nameOverride") or "flowise")


def full_name(release: Release) -> str:
    """The prefix of the names of the chart's objects."""
    if release.text("fullnameOverride"):
        return cut(release.text("fullnameOverride"))
    app = app_name(release)
    return cut(release.name if app in release.name else f"{release.name}-{app}")


def names(release: Release) -> Names:
    """The names of the release's objects; those that the chart would garble are refused."""
    _refuse_mangled(release)
    paths = {
        "name": "fullnameOverride" if release.text("fullnameOverride") else "--release",
        "instance": "--release",
        "app": "nameOverride",
        "namespace": "--namespace",
    }
    return release.make(
        Names,
        paths,
        Names(),
        name=full_name(release),
        instance=release.name if release.name != full_name(release) else None,
        app=app_name(release),
        namespace=release.namespace,
    )


def _refuse_mangled(release: Release) -> None:
    if len(release.name) > _RELEASE_LIMIT or not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", release.name):
        release.refuse(
            "--release",
            f"{release.name[:80]!r} is not a Helm release name: at most 53 lower-case letters, digits and hyphens",
        )
    if release.flag("redis.enabled") and "redis" in release.name:
        release.refuse(
            "--release",
            f"{release.name!r} contains 'redis': the chart then calls the server's objects {release.name!r} and "
            f"Flowise looks for '{release.name}-redis-client'; such a release has no working queue: use a new "
            "release name",
        )
    if release.flag("postgresql.enabled") and len(f"{release.name}-postgresql") > STATEFUL_SET_NAME_LIMIT:
        release.refuse(
            "--release",
            f"{release.name!r} is so long that the chart shortens the name of PostgreSQL's StatefulSet, which this "
            "library doesn't: dump the database and load it into a release of at most 41 characters",
        )
