"""Keys that have no equivalent here: why, and what to do instead."""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs.importers.cowboysysop.environment import EXTERNAL
from flowise_constructs.importers.cowboysysop.names import SERVERS, server_host
from flowise_constructs.importers.release import Release

_GUIDE = "see 'flowise-constructs docs migrate-from-cowboysysop'"
_RESTRICTED = (
    "every pod meets Pod Security 'restricted'; for files of main that only root can use set Main(run_as_root=True) in "
    "Python"
)
_GATE = "the gate waits for the servers, in Flowise's own image"
_OF_SERVERS = "it concerns the chart's servers, which stay as they are"

_OF_A_ROLE: Mapping[str, str] = {
    "podSecurityContext": _RESTRICTED,
    "securityContext": _RESTRICTED,
    "enableServiceLinks": "it would put variables such as REDIS_PORT=tcp://... into the pods",
}
_OF_MAIN: Mapping[str, str] = {
    **_OF_A_ROLE,
    "containerPorts": "the container's port is 3000; service.ports.http is kept",
    "updateStrategy": "it is Recreate with SQLite or a claim that one node holds, else a rolling update",
    "kubeVersion": "nothing here depends on it",
    "wait": _GATE,
    "tests": "this library has no tests of Helm",
    "global.storageClass": _OF_SERVERS,
    "global.defaultStorageClass": _OF_SERVERS,
    "global.security": _OF_SERVERS,
    "global.compatibility": _OF_SERVERS,
    "global.postgresql": _OF_SERVERS,
    "global.redis": _OF_SERVERS,
}
_OF_WORKERS: Mapping[str, str] = {
    **_OF_A_ROLE,
    "containerPorts": "workers listen on no port: their probes run in the pod",
}


def report_what_is_not_carried(release: Release, *, queued: bool) -> None:
    """Adds a remark for each given key that is left out."""
    tables = [("", _OF_MAIN), *([("worker.", _OF_WORKERS)] if queued else [])]
    for prefix, table in tables:
        for key, reason in table.items():
            for path in release.below(prefix + key):
                release.remark(path, f"is not carried over: {reason}")
    if not queued:
        _report(release, release.below("worker"), "there are no workers outside queue mode")
    for server in SERVERS:
        used = release.flag(f"{server}.enabled") and (queued or server != "redis")
        if used:
            _tell_of_server(release, server)
        elif not release.flag(f"{server}.enabled"):
            named = () if not release.flag(f"{EXTERNAL[server]}.enabled") else ("nameOverride", "fullnameOverride")
            left = [path for path in release.below(server) if path.rpartition(".")[2] not in named]
            _report(release, left, f"{server}.enabled is false")
        if not release.flag(f"{EXTERNAL[server]}.enabled"):
            _report(release, release.below(EXTERNAL[server]), f"{EXTERNAL[server]}.enabled is false")


def _report(release: Release, paths: list[str], reason: str) -> None:
    if paths:
        release.remark(", ".join(paths), f"not carried over: {reason}")


def _tell_of_server(release: Release, server: str) -> None:
    release.remark(
        f"{server}.enabled",
        "the server is not part of the YAML: its StatefulSet, Services, Secret and claim have other selectors and "
        "another "
        "image than this library's, so they stay as they are, and Flowise reaches it as "
        f"{server_host(release, server)!r}. "
        "Keep their manifests in Git (helm get manifest), and don't run helm uninstall, which deletes them; or load a "
        "dump "
        f'into a server of this library: {_GUIDE}, "The servers"',
    )
    own = {f"{server}.{key}" for key in _READ}
    _report(release, [path for path in release.below(server) if path not in own], "the server stays as it is")


_READ = (
    "enabled",
    "nameOverride",
    "fullnameOverride",
    "auth.database",
    "auth.username",
    "auth.existingSecret",
    "primary.service.ports.mysql",
    "primary.service.ports.postgresql",
    "master.service.ports.redis",
)
"""What Flowise's variables follow from."""
