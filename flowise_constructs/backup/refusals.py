"""What can't be backed up, restored or tried."""

from __future__ import annotations

from collections.abc import Iterator

from flowise_constructs.backup.remotes import are_one_place, place
from flowise_constructs.backup.source import Source
from flowise_constructs.core.findings import ConfigError, Finding, warn
from flowise_constructs.core.rules import network
from flowise_constructs.core.rules.paths import is_below
from flowise_constructs.database.values import SqliteDatabase
from flowise_constructs.database.variables import FIXED_VARIABLES, HOST, PASSWORD, database_environment
from flowise_constructs.flowise.directories import DATA_DIRECTORY
from flowise_constructs.kubernetes.pod_options import PodOptions
from flowise_constructs.kubernetes.references import SecretKey
from flowise_constructs.storage.values import Claim, ObjectStore
from flowise_constructs.storage.variables import OWNED as STORAGE_OWNED
from flowise_constructs.storage.variables import storage_environment


def _directories(source: Source) -> dict[str, str]:
    """The directories that a pod of this installation must mount: the value that sets it -> directory."""
    database, storage = source.flowise.database, source.storage_directory
    directories = {type(source.flowise.storage).__name__: storage} if storage else {}
    if isinstance(database, SqliteDatabase):
        directories["SqliteDatabase"] = database.directory or DATA_DIRECTORY
    return directories


def reads_claim(source: Source) -> bool:
    """Whether a pod of this installation mounts main's data claim."""
    return any(is_below(path, DATA_DIRECTORY) for path in _directories(source).values())


def refuse_contradictions(source: Source, data: Claim | None, options: PodOptions) -> None:
    """Raises ConfigError for what can't be backed up or restored."""
    findings = [*_unreachable(source, data, options), *_useless(source), *_changed_by_hooks(source)]
    if findings:
        raise ConfigError(findings)


def _unreachable(source: Source, data: Claim | None, options: PodOptions) -> list[Finding]:
    findings: list[Finding] = []
    for where, path in _directories(source).items():
        fix = "give the claim" if where == "SqliteDatabase" else "give the claim, or Backup(files=False)"
        if is_below(path, DATA_DIRECTORY):
            if data is None:
                findings.append(
                    Finding("data", f"None, but the {where} is in {path!r}, which is deleted with main's pod: {fix}")
                )
        elif not any(volume.mount_path and is_below(path, volume.mount_path) for volume in options.volumes):
            findings.append(
                Finding(
                    "PodOptions.volumes",
                    f"no volume at {path!r}, where the {where} is: mount it in the pod as main does",
                )
            )
    return findings


def _changed_by_hooks(source: Source) -> Iterator[Finding]:
    """What main's hook sets otherwise than the values, and a backup can't follow."""
    given, flowise = source.environment, source.flowise
    if given is None:
        return
    connection = database_environment(flowise.database, DATA_DIRECTORY)
    fixed = [name for name in FIXED_VARIABLES if given.get(name) != connection.get(name)]
    for name in fixed:
        yield Finding("FlowiseMain.env()", f"changes {name}, which a backup can't follow: say it in Flowise.database")
    if source.engine.is_a_server and not isinstance(given.get(PASSWORD), SecretKey):
        yield Finding("FlowiseMain.env()", f"gives {PASSWORD} otherwise than by SecretKey, which a backup can't follow")
    files = storage_environment(flowise.storage, DATA_DIRECTORY)
    changed = [name for name, value in files.items() if given.get(name) != value]
    changed += [name for name in STORAGE_OWNED if name in given and name not in files]
    if changed and source.backup.files and source.with_files:
        problem = f"changes {', '.join(changed)}: a backup would copy another storage's files"
        yield Finding("FlowiseMain.env()", f"{problem}; say it in Flowise.storage, or Backup(files=False)")


def _useless(source: Source) -> list[Finding]:
    backup, mirrored = source.backup, source.mirrored
    findings: list[Finding] = []
    if backup.dump_arguments and isinstance(source.flowise.database, SqliteDatabase):
        findings.append(
            Finding("Backup.dump_arguments", "have no effect with SQLite, which has no dump program: leave them out")
        )
    ours = backup.target.service_account_annotations
    theirs = mirrored.service_account_annotations if mirrored else dict[str, str]()
    for name in sorted(set(ours) & set(theirs)):
        if ours[name] != theirs[name]:
            problem = f"{name!r} differs between the backup bucket and the storage bucket, and a pod has one identity"
            where = f"{type(backup.target).__name__}.service_account_annotations"
            findings.append(Finding(where, f"{problem}: use one that may use both"))
    return findings


def refuse_shared_claim(source: Source, data: Claim | None) -> None:
    """Raises ConfigError if the pod would wait forever for a claim that main holds."""
    if data is not None and data.access_mode == "ReadWriteOncePod" and reads_claim(source):
        problem = "'ReadWriteOncePod' lets only main mount it, not the backup: use 'ReadWriteOnce'"
        raise ConfigError([Finding(f"{type(data).__name__}.access_mode", problem)])


def warn_of_missing_proxy(source: Source, options: PodOptions) -> None:
    """A database at 127.0.0.1 is a proxy beside Flowise, and each pod that connects needs one of its own."""
    host = source.connection.get(HOST)
    if isinstance(host, str) and network.is_loopback(host) and not options.sidecars:
        warn(
            f"PodOptions.sidecars: the database is at {host!r}, the pod itself, and the pods of backups and restores "
            "have no proxy there unless something injects one: give them main's sidecar"
        )


def warn_of_one_bucket(source: Source) -> None:
    """Files and backups in one bucket are lost together, and Flowise's own keys may delete the backups."""
    storage, target = source.flowise.storage, source.backup.target
    if isinstance(storage, ObjectStore) and source.backup.prefix is None and are_one_place(storage, target):
        warn(
            f"Backup.target: {place(target)!r} is Flowise's own bucket: who loses it, or its keys, loses files and "
            "backups at once; give another one, or a 'prefix' if it is meant"
        )
