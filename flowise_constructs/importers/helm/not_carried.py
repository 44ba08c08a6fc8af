"""Keys that have no equivalent here: why, and what to do instead."""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs.importers.helm.refusals import is_queue
from flowise_constructs.importers.release import Release

_GATE = "the gate waits for the servers before the start, and lets one pod at a time migrate"
_RESTRICTED = (
    "every pod meets Pod Security 'restricted'; "
    "for files of main that only root can use set Main(run_as_root=True) in Python"
)
_PROBES = "the server has its own probes"
_PATCH = "set it with a JSON patch on the StatefulSet in Python"
_ANOTHER = "deploy it separately, for instance through extraManifests"

_FLOWISE: Mapping[str, str] = {
    "global": "no template of the chart reads it",
    "flowise.startupDelaySeconds": _GATE,
    "queue.worker.startupDelaySeconds": _GATE,
    "flowise.disableTelemetry": "Flowise reads no such variable; it sends nothing unless POSTHOG_PUBLIC_API_KEY is set",
    "podSecurityContext": _RESTRICTED,
    "securityContext": _RESTRICTED,
}

_SERVER: Mapping[str, str] = {
    "commonLabels": "no selector uses them; set them with Kustomize, or with a JSON patch in Python",
    "clusterDomain": "nothing here uses the cluster's domain",
    "annotations": "the chart sets them nowhere that matters to Flowise; set them with Kustomize",
    "global": "no template of the chart reads it",
    "podSecurityContext": _RESTRICTED,
    "securityContext": _RESTRICTED,
    "extraEnv": _PATCH,
    "extraVolumes": _PATCH,
    "extraVolumeMounts": _PATCH,
    "externalSecrets": "put the release's ExternalSecret in extraManifests and name its Secret in auth.existingSecret",
    "service": "only Flowise needs the server's Service; for other clients deploy another one",
    "metrics": f"this library has no exporter: {_ANOTHER}",
    "pdb": f"a PodDisruptionBudget for one pod only blocks node drains: {_ANOTHER}",
    "livenessProbe": _PROBES,
    "readinessProbe": _PROBES,
    "startupProbe": _PROBES,
    "terminationGracePeriodSeconds": "the server has its own grace period: PostgreSQL 120 seconds, Redis 60",
    "replication": "it has no meaning for one server",
}

_POSTGRESQL: Mapping[str, str] = {
    "auth.replicationUsername": "it has no meaning for one server",
    "auth.replicationPassword": "it has no meaning for one server",
    "auth.existingSecretReplicationPasswordKey": "it has no meaning for one server",
    "auth.allowPasswordGenerationWithExistingData": "no password is generated here",
    "config.localAuthMethod": "local connections require the password, as by default",
    "config.allowedClientCIDRs": "pg_hba.conf lets every address ask for a password: narrow it with a NetworkPolicy",
    "config.allowedReplicationCIDRs": "it has no meaning for one server",
    "config.pgHbaEntries": "pg_hba.conf lets every address ask for a password: narrow it with a NetworkPolicy",
    "config.pgHba": "pg_hba.conf lets every address ask for a password: narrow it with a NetworkPolicy",
    "initdb": "scripts run once, on an empty data directory: the live one has run them; else run them by hand",
    "backup": "use the chart's own backup.* for Flowise's database; dump the others yourself",
    "networkPolicy": f"no policy is created here: {_ANOTHER}",
    "serviceAccount.automountServiceAccountToken": "no token is ever mounted",
}

_REDIS: Mapping[str, str] = {
    "auth.sentinel": "it has no meaning for one server",
    "config.sentinel": "it has no meaning for one server",
    "node": "it has no meaning for one server",
    "sentinel": "it has no meaning for one server",
    "cluster": "it has no meaning for one server",
    "extraManifests": "put them in the chart's own extraManifests",
}

_OTHER_NAMES = (
    "the objects of such a release have different names and selectors from those here, so its data would not be found"
)
_REFUSED: Mapping[str, str] = {
    "nameOverride": f"{_OTHER_NAMES}: dump the data and load them into a server of the default name",
    "fullnameOverride": f"{_OTHER_NAMES}: dump the data and load them into a server of the default name",
    "tls.enabled": "a bundled server has no TLS here, and the chart's Flowise uses none with it: "
    "remove it, or use an existing server",
}


def report_what_is_not_carried(release: Release, *, postgresql: bool, redis: bool) -> None:
    """Adds a remark for each given key that is left out; those of a server only if the server is created."""
    tables = [("", _FLOWISE)]
    tables += [("postgresql.", {**_SERVER, **_POSTGRESQL})] if postgresql else []
    tables += [("redis.", {**_SERVER, **_REDIS})] if redis else []
    for prefix, table in tables:
        for key, reason in table.items():
            for path in release.below(prefix + key):
                release.remark(path, f"is not carried over: {reason}")
    for server, made in (("postgresql", postgresql), ("redis", redis)):
        if made:
            _refuse_other_servers(release, server)
    if not is_queue(release) and release.flag("redis.enabled"):
        release.remark(
            "redis.enabled",
            "is not carried over: outside queue mode Flowise uses no Redis; delete the release's after Helm is gone",
        )
    if not postgresql and release.flag("postgresql.enabled"):
        release.remark(
            "postgresql.enabled",
            "is not carried over: with SQLite Flowise uses no server; delete the release's server after Helm is gone",
        )


def _refuse_other_servers(release: Release, server: str) -> None:
    for key, reason in _REFUSED.items():
        for path in release.below(f"{server}.{key}"):
            release.refuse(path, reason)
    if release.text(f"{server}.architecture") != "standalone":
        topology = release.text(f"{server}.architecture")[:80]
        release.refuse(
            f"{server}.architecture",
            f"{topology!r} is not carried over: only a single server is created here; keep that one, and give it as "
            f"{_external(server)}",
        )
    if release.below(f"{server}.standalone.persistence.accessModes"):
        release.remark(
            f"{server}.standalone.persistence.accessModes",
            "is ['ReadWriteOnce'] here, and volumeClaimTemplates can't change in place: before the first apply run "
            f"kubectl delete statefulset {release.name}-{server} --cascade=orphan, which keeps the pod and the claim",
        )


def _external(server: str) -> str:
    return "database.external.*" if server == "postgresql" else "redis.external.*"
