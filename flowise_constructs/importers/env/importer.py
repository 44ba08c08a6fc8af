"""Environment files, and the Compose file around them -> the arguments of one of the two charts, and Secrets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from flowise_constructs import (
    ConfigError,
    DataClaim,
    EnvValue,
    Finding,
    LocalStorage,
    Main,
    Names,
    Settings,
    SqliteDatabase,
    Worker,
)
from flowise_constructs.flowise.releases import Release
from flowise_constructs.importers import settings as general
from flowise_constructs.importers.env import databases, keys, queues, storages
from flowise_constructs.importers.env.images import image
from flowise_constructs.importers.env.reading import Entries
from flowise_constructs.importers.env.servers import Server, Servers
from flowise_constructs.importers.env.variables import EnvironmentVariables, Known, clean
from flowise_constructs.importers.imported import Imported
from flowise_constructs.importers.notes import Notes, Weight
from flowise_constructs.importers.variables import agree

T = TypeVar("T", Settings, Main, Worker)


@dataclass(frozen=True, kw_only=True)
class Source:
    """What was read."""

    file: str
    """The file of main's variables."""
    main: Entries
    """Main's variables."""
    worker: Entries | None = None
    """The workers' variables. None: main's."""
    image: str | None = None
    """Main's image, as a Compose file names it."""
    image_path: str = "image"
    """Where the image is named."""
    servers: Servers = field(default_factory=dict[str, Server])
    """Servers of the Compose file."""
    service: str = "flowise"
    """Main's service in the Compose file."""
    encryption_key: str | None = None
    """Content of the file that Flowise keeps its key in."""

    @property
    def same(self) -> frozenset[str]:
        """The variables that main and workers have alike."""
        worker = self.main if self.worker is None else self.worker
        return frozenset(
            name for name, entry in self.main.items() if name in worker and worker[name].value == entry.value
        )


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The deployment, and what is known of its Secrets."""

    imported: Imported
    """The deployment, without any secret."""
    secrets: Mapping[tuple[str, str], str]
    """Contents of Secrets, by the Secret's name and the key."""
    remarks: Mapping[Finding, Weight]
    """What the user should know, and what it asks of them."""


def import_environment(source: Source, notes: Notes, *, name: str, namespace: str | None) -> Environment:
    """The deployment as this library's values; ConfigError with everything that prevents it."""
    names = notes.make(Names, {"name": "--name", "namespace": "--namespace"}, Names(), name=name, namespace=namespace)
    secrets = Known(names.name)
    made = _import(source, notes, secrets, names)
    if notes.findings:
        raise ConfigError(notes.findings)
    return Environment(imported=replace(made, remarks=notes.remarks), secrets=secrets.values, remarks=notes.weights)


def of_constructs(source: Source, warning: Finding) -> tuple[Finding, Weight]:
    """A warning of the constructs, with the line of the variable that it is about."""
    name, _, problem = warning.problem.partition(" ")
    entry = source.main.get(name) or (source.worker or {}).get(name)
    found = warning if entry is None or warning.where != source.file else Finding(entry.where, problem)
    # A name that is likely misspelt sets nothing of what it was given for.
    return found, "do" if "did you mean" in problem else "know"


def _import(source: Source, notes: Notes, secrets: Known, names: Names) -> Imported:
    used = image(notes, source.image, source.image_path)
    release = used.flowise
    main = EnvironmentVariables(notes, source.main, secrets)
    clean(main, notes, release)
    queued = _is_queue(notes, main)
    worker = _workers(source, notes, secrets, release, queued=queued)
    if worker is not None:
        _agree(notes, main, worker)
    _tell_of_defaults(notes, main, release)
    arguments: dict[str, Any] = {
        "auth": keys.auth(notes, main, secrets, encryption_key=source.encryption_key, service=source.service),
        "database": databases.database(notes, main, source.servers, secrets),
        "storage": storages.storage(notes, main, queued=queued),
        "image": used,
        "settings": _settings(notes, main),
    }
    if queued:
        arguments["queue"] = queues.queue(notes, main, source.servers, secrets)
        _refuse_sqlite(notes, main, arguments["database"])
    elif isinstance(arguments["database"], SqliteDatabase) or isinstance(arguments["storage"], LocalStorage):
        arguments["data"] = DataClaim()
    else:
        arguments["data"] = None
    concurrency = _concurrency(notes, main, worker) if queued else None
    extra = _extra(main, worker, release, source.same, queued=queued)
    arguments["settings"] = _with(notes, source, arguments["settings"], extra["both"])
    arguments["main"] = _with(notes, source, Main(), extra["main"])
    if concurrency is not None:
        arguments["worker"] = _with(notes, source, concurrency, extra["worker"])
    arguments["names"] = names
    return Imported(
        chart="QueueChart" if queued else "StandaloneChart",
        arguments=arguments,
        name=names.name,
        title="Flowise as its environment file has it",
        labels={},
        paths=_paths(source),
        remarks=(),
    )


def _is_queue(notes: Notes, main: EnvironmentVariables) -> bool:
    where, mode = main.where("MODE"), main.take_text("MODE")
    if mode not in (None, "main", "queue"):
        notes.remark(where, "is none of main and queue, so Flowise runs without a queue")
    return mode == "queue"


def _workers(
    source: Source, notes: Notes, secrets: Known, release: Release, *, queued: bool
) -> EnvironmentVariables | None:
    """The workers' own variables, where they have a file of their own."""
    if source.worker is None:
        return None
    if not queued:
        notes.refuse("MODE", "must be queue in main's variables, since there are workers: set it, or leave them out")
        return None
    own = {name: entry for name, entry in source.worker.items() if name not in source.same}
    worker = EnvironmentVariables(notes, own, secrets, suffix="worker-env")
    clean(worker, notes, release)
    worker.take("MODE")
    unread = [name for name in worker.names() if release.variables.get(name) == "main"]
    worker.drop(unread, "workers don't read it")
    return worker


def _agree(notes: Notes, main: EnvironmentVariables, worker: EnvironmentVariables) -> None:
    key = keys.ENCRYPTION_KEY
    if worker.has(key) and not main.has(key):
        notes.refuse(
            worker.where(key), "is given to workers and not to main, whose key is the one: give main's to both"
        )
        worker.take(key)
    agree(notes, main, worker)


def _tell_of_defaults(notes: Notes, main: EnvironmentVariables, release: Release) -> None:
    if not main.has("TRUST_PROXY"):
        notes.remark("TRUST_PROXY", "is not given: 1 proxy in front is trusted, as an Ingress is; Flowise trusts any")
    if not main.has("CUSTOM_MCP_PROTOCOL") and release.mcp_transport == "stdio":
        notes.remark(
            "CUSTOM_MCP_PROTOCOL",
            f"is not given: sse is used, while in Flowise {release.tag} custom MCP nodes may start processes (stdio)",
        )
    if main.has("APP_URL"):
        notes.remark(
            main.where("APP_URL"),
            "needs a way in: no Ingress is written; add one in Python (ingress=...), or by hand before the Service",
            "do",
        )


def _settings(notes: Notes, main: EnvironmentVariables) -> Settings:
    if main.value("ENABLE_METRICS") != "true":
        metrics = [name for name in main.names() if name.startswith("METRICS_")]
        main.drop(["ENABLE_METRICS", *metrics], "without ENABLE_METRICS=true there are no metrics")
    mail, has_url = main.where("SMTP_HOST"), main.has("APP_URL")
    made = general.settings(notes, main, {})
    if made.smtp is not None and not has_url:
        notes.refuse(mail, "needs APP_URL, the public URL: without it the links in mails lead nowhere")
    return made


def _refuse_sqlite(notes: Notes, main: EnvironmentVariables, database: object) -> None:
    if isinstance(database, SqliteDatabase):
        notes.refuse(
            main.where("DATABASE_TYPE"),
            "is SQLite, which the pods of queue mode can't share: move the data to a server and name it in DATABASE_*",
        )


def _concurrency(notes: Notes, main: EnvironmentVariables, worker: EnvironmentVariables | None) -> Worker:
    own = next((one for one in (worker, main) if one is not None and one.has("WORKER_CONCURRENCY")), main)
    where, number = own.where("WORKER_CONCURRENCY"), own.take_number("WORKER_CONCURRENCY")
    main.take("WORKER_CONCURRENCY")
    if number is None:
        notes.remark(where, f"is not given: {Worker().concurrency} is used; with Flowise's 100000 one worker takes all")
        return Worker()
    return notes.make(Worker, {"concurrency": where}, Worker(), concurrency=number)


def _extra(
    main: EnvironmentVariables,
    worker: EnvironmentVariables | None,
    release: Release,
    same: Collection[str],
    *,
    queued: bool,
) -> dict[str, dict[str, EnvValue]]:
    """The variables that are passed on, by who gets them."""
    passed = main.passed_on()
    if not queued:
        return {"both": {}, "main": passed, "worker": {}}
    extra: dict[str, dict[str, EnvValue]] = {"both": {}, "main": {}, "worker": worker.passed_on() if worker else {}}
    for name, value in passed.items():
        reader = release.variables.get(name, "both")
        extra[reader if name in same else "main"][name] = value
    return extra


def _with(notes: Notes, source: Source, value: T, extra: Mapping[str, EnvValue]) -> T:
    def made() -> T:
        return replace(value, extra_env=extra)

    return notes.make(made, source.file, value)


def _paths(source: Source) -> dict[str, str]:
    values = {f"{value}.extra_env": source.file for value in ("Settings", "Main", "Worker")}
    return {**values, "Flowise.settings": source.file}
