"""Combinations of main's values that can't work, or are likely not meant."""

from __future__ import annotations

from collections.abc import Iterator

from flowise_constructs.core.findings import ConfigError, Finding, warn
from flowise_constructs.core.rules.paths import is_below
from flowise_constructs.database.values import SqliteDatabase
from flowise_constructs.edge.controllers import AZURE_HEALTH_PATH
from flowise_constructs.edge.tls import ends_tls
from flowise_constructs.edge.values import Ingress
from flowise_constructs.flowise.directories import DATA_DIRECTORY, HOME
from flowise_constructs.flowise.probe_paths import OWNED
from flowise_constructs.flowise.roles import Main
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.kubernetes.claims import ExtraClaim, LogClaim, by_name, of_one_pod
from flowise_constructs.kubernetes.pod_options import Volume
from flowise_constructs.scaling.values import called, runs_several
from flowise_constructs.storage.values import Claim, LocalStorage, ObjectStore


def holds_one(flowise: Flowise, data: Claim | None, main: Main) -> bool:
    """Whether a second pod would have to share with the first what can't be shared."""
    further = any(of_one_pod(by_name(main.pod.claims, main.sizes.logs)))
    of_data = data is not None and data.access_mode != "ReadWriteMany"
    return isinstance(flowise.database, SqliteDatabase) or of_data or further


def refuse_contradictions(flowise: Flowise, main: Main, data: Claim | None) -> None:
    """ConfigError with all of them."""
    findings: list[Finding] = []
    if flowise.queue is not None and data is not None:
        findings.append(
            Finding(
                "FlowiseMain.data",
                "would be main's alone, and in queue mode workers need the files too: leave it out, and give "
                "Flowise.storage a bucket, or SharedVolume(claim=...)",
            )
        )
    if flowise.queue is None and runs_several(main.replicas):
        findings.append(
            Finding(
                "Main.replicas",
                f"{called(main.replicas)} outside queue mode: each main would run every schedule; use 1, or queue mode",
            )
        )
    if main.strategy == "RollingUpdate" and holds_one(flowise, data, main):
        held = "SQLite" if isinstance(flowise.database, SqliteDatabase) else "a claim that one node holds"
        findings.append(
            Finding(
                "Main.strategy",
                f"'RollingUpdate' with {held}: old and new pod would write at the same time; leave it out for Recreate",
            )
        )
    findings += _claims_of_one(flowise, main)
    if isinstance(flowise.database, SqliteDatabase) and data is None and not (main.pod.volumes or main.pod.claims):
        warn(
            "FlowiseMain.data: None with SQLite: the database, with all flows and credentials, goes with the pod; "
            "give a DataClaim, or a database server"
        )
    findings += _lost_directories(flowise, main, data)
    findings += _unsaid_tls(flowise, main)
    findings += _open_health_paths(flowise, main)
    if findings:
        raise ConfigError(findings)


def warn_of_open_registration(flowise: Flowise, main: Main) -> None:
    """Where main awaits no owner, whoever opens it first registers."""
    ways = [f"Flowise.{way}" for way in ("ingress", "route", "doors") if getattr(flowise, way) not in (None, ())]
    exposed = next(iter([*ways, *(["Service.type"] if main.service.type == "LoadBalancer" else [])]), None)
    if main.awaits_owner is None and exposed:
        warn(
            f"{exposed}: whoever opens a new installation first becomes its owner: give the chart an Owner, or set "
            "Main.awaits_owner, to True to register by kubectl port-forward, to False where an owner exists"
        )


def _unsaid_tls(flowise: Flowise, main: Main) -> Iterator[Finding]:
    """TLS that a load balancer in front of the Service ends, and cookies wouldn't know of."""
    if (flowise.public_url or "").startswith("https:"):
        return
    for name, value in main.service.annotations.items():
        if ends_tls(name, value):
            problem = "makes the load balancer serve https, which URL and cookies don't know of"
            yield Finding("Service.annotations", f"{name!r} {problem}: give Settings.app_url='https://...'")


def _open_health_paths(flowise: Flowise, main: Main) -> Iterator[Finding]:
    """Azure's gateway leads to what answers it, also to a main that isn't Ready since it awaits its owner."""
    ways = (*flowise.entrances.all, flowise.entrances.public)
    asked = {way.annotations.get(AZURE_HEALTH_PATH, OWNED) for way in ways if isinstance(way, Ingress)}
    for path in sorted(asked - {OWNED} if main.awaits_owner else ()):
        problem = f"{AZURE_HEALTH_PATH!r} is {path!r}, which a main without an owner answers: anybody could register"
        yield Finding("Ingress.annotations", f"{problem}; leave it out, or use {OWNED!r}")


def _claims_of_one(flowise: Flowise, main: Main) -> Iterator[Finding]:
    """Claims that can't be what they are for."""
    if isinstance(main.sizes.logs, LogClaim) and isinstance(flowise.storage, ObjectStore):
        problem = f"a LogClaim with {type(flowise.storage).__name__}: logs go there with the files; leave it out"
        yield Finding("WritableSizes.logs", problem)
    for name in of_one_pod(by_name(main.pod.claims, main.sizes.logs)):
        if runs_several(main.replicas):
            problem = f"{called(main.replicas)} with the claim {name!r}, which one pod may use"
            yield Finding("Main.replicas", f"{problem}: access_mode='ReadWriteMany'")


def _lost_directories(flowise: Flowise, main: Main, data: Claim | None) -> Iterator[Finding]:
    """Directories on the read-only root file system, or that are deleted with the pod although there is a claim."""
    database, storage = flowise.database, flowise.storage
    chosen = {
        "SqliteDatabase.directory": database.directory if isinstance(database, SqliteDatabase) else None,
        "LocalStorage.path": storage.path if isinstance(storage, LocalStorage) else None,
    }
    further: list[Volume | ExtraClaim] = [*main.pod.volumes, *main.pod.claims]
    kept = [volume.mount_path for volume in further if volume.mount_path and not volume.read_only]
    kept.append(HOME if data is None else DATA_DIRECTORY)
    for where, directory in chosen.items():
        if directory is not None and not any(is_below(directory, path) for path in kept):
            fix = f"use one below {kept[-1]!r}, or mount a volume there that is not read-only"
            yield Finding(where, f"{directory!r} is not on a volume that keeps files: {fix}")
