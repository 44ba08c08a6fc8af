"""Keys that have no counterpart here: why, and what to do instead."""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs.importers.helm.refusals import is_queue
from flowise_constructs.importers.helm.release import Release

_GATE = "the gate before start waits for the servers and lets one pod at a time migrate"
_RESTRICTED = (
    "every pod meets Pod Security 'restricted'; "
    "for files of main that only root can use give Main(run_as_root=True) in Python"
)
_PROBES = "the server has probes of its own"
_PATCH = "give it with a JSON patch on the StatefulSet in Python"
_ANOTHER = "deploy it beside, for instance through extraManifests"

_FLOWISE: Mapping[str, str] = {
    "global": "no template of the chart reads it",
    "flowise.startupDelaySeconds": _GATE,
    "queue.worker.startupDelaySeconds": _GATE,
    "flowise.disableTelemetry": "Flowise reads no such variable; it sends nothing unless POSTHOG_PUBLIC_API_KEY is set",
    "podSecurityContext": _RESTRICTED,
    "securityContext": _RESTRICTED,
}

_SERVER: Mapping[str, str] = {
    "commonLabels": "they select nothing; set them with Kustomize, or with a JSON patch in Python",
    "clusterDomain": "nothing here spells the cluster's domain",
    "annotations": "the chart puts them nowhere that matters to Flowise; set them with Kustomize",
    "global": "no template of the chart reads it",
    "podSecurityContext": _RESTRICTED,
    "securityContext": _RESTRICTED,
    "extraEnv": _PATCH,
    "extraVolumes": _PATCH,
    "extraVolumeMounts": _PATCH,
    "externalSecrets": "give the release's ExternalSecret in extraManifests and name its Secret in auth.existingSecret",
    "service": "Flowise alone needs the server's Service; for other clients deploy a further one",
    "metrics": f"the exporter is none of ours: {_ANOTHER}",
    "pdb": f"a budget for one pod only blocks node drains: {_ANOTHER}",
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
    "auth.allowPasswordGenerationWithExistingData": "no password is made up here",
    "config.localAuthMethod": "local connections ask for the password, as by default",
    "config.allowedClientCIDRs": "pg_hba.conf lets every address ask for a password: narrow it with a NetworkPolicy",
    "config.allowedReplicationCIDRs": "it has no meaning for one server",
    "config.pgHbaEntries": "pg_hba.conf lets every address ask for a password: narrow it with a NetworkPolicy",
    "config.pgHba": "pg_hba.conf lets every address ask for a password: narrow it with a NetworkPolicy",
    "initdb": "scripts run once, on an empty data directory: the live one has run them; else run them by hand",
    "backup": "give the chart's own backup.* for Flowise's database; dump the others yourself",
    "networkPolicy": f"no policy is made here: {_ANOTHER}",
    "serviceAccount.automountServiceAccountToken": "no token is ever mounted",
}

_REDIS: Mapping[str, str] = {
    "auth.sentinel": "it has no meaning for one server",
    "config.sentinel": "it has no meaning for one server",
    "node": "it has no meaning for one server",
    "sentinel": "it has no meaning for one server",
    "cluster": "it has no meaning for one server",
    "extraManifests": "give them in the chart's own extraManifests",
}

_OTHER_NAMES = (
    "the objects of such a release have other names and selectors than the ones here, so its data would not be found"
)
_REFUSED: Mapping[str, str] = {
    "nameOverride": f"{_OTHER_NAMES}: dump the data and load them into a server of the default name",
    "fullnameOverride": f"{_OTHER_NAMES}: dump the data and load them into a server of the default name",
    "tls.enabled": "a bundled server speaks plain here, and the chart's Flowise speaks plain to it: "
    "take it out, or take a server that exists",
}


def tell_what_is_not_carried(release: Release, *, postgresql: bool, redis: bool) -> None:
    """A remark for each key given that is left behind; the servers' only where the server is made."""
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
            "is not carried over: outside queue mode Flowise uses no Redis; delete the release's when Helm is gone",
        )
    if not postgresql and release.flag("postgresql.enabled"):
        release.remark(
            "postgresql.enabled",
            "is not carried over: with SQLite Flowise uses no server; delete the release's when Helm is gone",
        )


def _refuse_other_servers(release: Release, server: str) -> None:
    for key, reason in _REFUSED.items():
        for path in release.below(f"{server}.{key}"):
            release.refuse(path, reason)
    if release.text(f"{server}.architecture") != "standalone":
        topology = release.text(f"{server}.architecture")[:80]
        release.refuse(
            f"{server}.architecture",
            f"{topology!r} is not carried over: one server is made here; keep that one, and give it as "
            f"{_external(server)}",
        )
    if release.below(f"{server}.standalone.persistence.accessModes"):
        release.remark(
            f"{server}.standalone.persistence.accessModes",
            "is ['ReadWriteOnce'] here, and volumeClaimTemplates can't change in place: before the first apply run "
            f"kubectl delete statefulset {release.name}-{server} --cascade=orphan, which leaves pod and claim",
        )


def _external(server: str) -> str:
    return "database.external.*" if server == "postgresql" else "redis.external.*"
