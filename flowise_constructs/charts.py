"""`StandaloneChart` and `QueueChart`: the two topologies, composed from the constructs."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Annotated, Any, ClassVar
from weakref import WeakKeyDictionary

from cdk8s import Chart
from constructs import Construct, IConstruct

from flowise_constructs.backup.job import BackupJob
from flowise_constructs.backup.values import Backup
from flowise_constructs.core.checking import checked
from flowise_constructs.core.findings import ConfigError, Finding, Findings, warn
from flowise_constructs.database.postgres import PostgresServer
from flowise_constructs.database.values import BundledPostgres, Database, ServerDatabase, SqliteDatabase
from flowise_constructs.edge.values import Ingress
from flowise_constructs.flowise.auth import Auth
from flowise_constructs.flowise.auth_secret import AuthSecret
from flowise_constructs.flowise.deployment import Deployment, RunsPods
from flowise_constructs.flowise.image import Image
from flowise_constructs.flowise.main import FlowiseMain
from flowise_constructs.flowise.settings import Settings
from flowise_constructs.flowise.values import Flowise, Main, Worker
from flowise_constructs.flowise.worker import FlowiseWorker
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.queueing.redis import RedisServer
from flowise_constructs.queueing.values import BundledRedis, Queue
from flowise_constructs.storage.s3 import S3Storage
from flowise_constructs.storage.values import Claim, DataClaim, LocalStorage, S3Bucket, Storage


class _FlowiseChart(Chart):
    """What both topologies have in common. A subclass can name other construct classes in the class attributes."""

    auth_class: ClassVar[type[AuthSecret]] = AuthSecret
    storage_class: ClassVar[type[S3Storage]] = S3Storage
    postgres_class: ClassVar[type[PostgresServer]] = PostgresServer
    main_class: ClassVar[type[FlowiseMain]] = FlowiseMain
    backup_class: ClassVar[type[BackupJob]] = BackupJob

    postgres: PostgresServer | None = None
    """The bundled PostgreSQL, if there is one."""
    storage: S3Storage | None = None
    """The bucket, if there is one."""
    backup: BackupJob | None = None
    """The backup, if there is one."""
    deployment: Deployment
    """What features such as network policies build on: names, the `Flowise` value, the workloads."""

    def _auth(self, auth: Auth) -> Auth:
        self.auth = self.auth_class(self, "Auth", **_fields(auth))
        return self.auth.auth

    def _database(self, database: Database | BundledPostgres, names: Names) -> Database:
        if not isinstance(database, BundledPostgres):
            return database
        self.postgres = self.postgres_class(self, "Postgres", server=database, names=names)
        return self.postgres.database

    def _storage(self, storage: Storage) -> Storage:
        if not isinstance(storage, S3Bucket):
            return storage
        self.storage = self.storage_class(self, "Storage", **_fields(storage))
        return self.storage.storage

    def _flowise(
        self,
        names: Names,
        auth: Auth,
        database: Database | BundledPostgres,
        storage: Storage,
        queue: Queue | None,
        **shared: Any,
    ) -> Flowise:
        """The value that mains and workers share; creates the constructs that it refers to."""
        return Flowise(
            auth=self._auth(auth),
            database=self._database(database, names),
            storage=self._storage(storage),
            queue=self._queue(queue, names),
            **shared,
        )

    def _queue(self, queue: Queue | None, names: Names) -> Queue | None:
        return queue

    def _runs_pods(self) -> list[RunsPods]:
        """The constructs besides main that run pods."""
        servers_and_workers = [getattr(self, name, None) for name in ("worker", "postgres", "redis")]
        jobs = [self.backup, self.backup.drill] if self.backup is not None else []
        return [construct for construct in (*servers_and_workers, *jobs) if construct is not None]

    def _refuse_shared_accounts(self) -> None:
        """Refuses two service accounts with the same name."""
        made = [*([self.main] if hasattr(self, "main") else []), *self._runs_pods()]
        called = [made.workload.service_account for made in made if made.workload.makes_service_account]
        twice = sorted({name for name in called if called.count(name) > 1})
        if twice:
            fix = "each pod has its own; to share one, create it yourself and set create=False"
            raise ConfigError(
                Finding("ServiceAccount.name", f"{name!r} would be created twice: {fix}") for name in twice
            )

    def _finish(self, findings: Findings) -> None:
        """Raises the errors found. If there are none, sets `deployment`."""
        findings.attempt(self._refuse_shared_accounts)
        findings.settle()
        self.deployment = Deployment.of(self.main, *self._runs_pods())
        _warn_of_namesakes(self, self.deployment.names)

    def _main(self, flowise: Flowise, main: Main, data: Claim | None, names: Names) -> None:
        self.main = self.main_class(self, "Main", flowise=flowise, names=names, main=main, data=data)

    def _backup(self, flowise: Flowise, backup: Backup | None, data: Claim | None, names: Names) -> None:
        if backup is not None:
            self.backup = self.backup_class(
                self, "Backup", backup=backup, flowise=flowise, names=names, data=data, environment=self._environment()
            )

    def _environment(self) -> dict[str, EnvValue] | None:
        """What main really gets, where a hook of its class may have changed it."""
        has_hook = hasattr(self, "main") and type(self.main).env is not FlowiseMain.env
        return self.main.environment if has_hook else None


class StandaloneChart(_FlowiseChart):
    """One main that does everything: `FlowiseMain` with a data claim; optionally `PostgresServer` and `BackupJob`.

    Must exist already: the Secret of the five keys, and the Secrets that the database and the storage refer to.
    Attributes: `.auth`, `.postgres`, `.storage`, `.main`, `.backup`, `.deployment`.

    Raises ConfigError with every finding.
    """

    @checked
    def __init__(
        self,
        scope: Construct,
        id: ChartId,
        *,
        auth: Auth,
        database: Database | BundledPostgres = SqliteDatabase(),
        storage: Storage = LocalStorage(),
        data: Claim | None = DataClaim(),
        image: Image = Image(),
        settings: Settings = Settings(),
        ingress: Ingress | None = None,
        main: Main = Main(),
        backup: Backup | None = None,
        names: Names = Names(),
    ) -> None:
        """`data` is the claim for the data directory; None: a directory that is deleted with the pod."""
        super().__init__(scope, id)
        _warn_of_other_file(self, id)
        findings = Findings()
        flowise = findings.require(
            lambda: self._flowise(names, auth, database, storage, None, image=image, settings=settings, ingress=ingress)
        )
        findings.attempt(lambda: self._main(flowise, main, data, names))
        findings.attempt(lambda: self._backup(flowise, backup, data, names))
        self._finish(findings)


class QueueChart(_FlowiseChart):
    """Mains that serve requests and workers that run the flows: `FlowiseMain`, `FlowiseWorker`; optionally
    `PostgresServer`, `RedisServer` and `BackupJob`. It takes no SQLite, no local storage and no data claim.

    Must exist already: the Secret of the five keys, the bucket, the Secrets that database, Redis and bucket refer to.
    Attributes: `.auth`, `.postgres`, `.redis`, `.storage`, `.main`, `.worker`, `.backup`, `.deployment`.

    Raises ConfigError with every finding.
    """

    redis_class: ClassVar[type[RedisServer]] = RedisServer
    worker_class: ClassVar[type[FlowiseWorker]] = FlowiseWorker

    redis: RedisServer | None = None
    """The bundled Redis, if there is one."""

    @checked
    def __init__(
        self,
        scope: Construct,
        id: ChartId,
        *,
        auth: Auth,
        database: ServerDatabase | BundledPostgres,
        queue: Queue,
        storage: S3Bucket,
        image: Image = Image(),
        settings: Settings = Settings(),
        ingress: Ingress | None = None,
        main: Main = Main(),
        worker: Worker = Worker(),
        backup: Backup | None = None,
        names: Names = Names(),
    ) -> None:
        """`queue` names the Redis; the chart creates it if it is a `BundledRedis`."""
        super().__init__(scope, id)
        _warn_of_other_file(self, id)
        findings = Findings()
        flowise = findings.require(
            lambda: self._flowise(
                names, auth, database, storage, queue, image=image, settings=settings, ingress=ingress
            )
        )
        findings.attempt(lambda: self._main(flowise, main, None, names))
        findings.attempt(lambda: self._worker(flowise, worker, names))
        findings.attempt(lambda: self._backup(flowise, backup, None, names))
        self._finish(findings)

    def _queue(self, queue: Queue | None, names: Names) -> Queue | None:
        if queue is None or not isinstance(queue.redis, BundledRedis):
            return queue
        self.redis = self.redis_class(self, "Redis", server=queue.redis, names=names)
        return replace(queue, redis=self.redis.redis)

    def _worker(self, flowise: Flowise, worker: Worker, names: Names) -> None:
        self.worker = self.worker_class(self, "Worker", flowise=flowise, names=names, worker=worker)


_DEPLOYED: WeakKeyDictionary[IConstruct, set[tuple[str, str]]] = WeakKeyDictionary()
"""Namespaces and names, by app."""


def _warn_of_namesakes(chart: Chart, names: Names) -> None:
    """Where no namespace is said, charts of one name are for different ones, or alternatives."""
    if names.namespace is None:
        return
    deployed = _DEPLOYED.setdefault(chart.node.root, set())
    if (names.namespace, names.name) in deployed:
        problem = f"two charts of this app deploy {names.name!r} into the namespace {names.namespace!r}"
        warn(f"Names.name: {problem}: on one cluster they are one and the same; give one another name")
    deployed.add((names.namespace, names.name))


def _chart_id(value: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?", value):
        return None
    return "must be letters, digits, '-', '_' and '.': the chart's file is called like it"


ChartId = Annotated[str, _chart_id]


def _warn_of_other_file(chart: Chart, id: str) -> None:
    """cdk8s calls the file of a chart in an app like its id, where that is a DNS label."""
    if not re.fullmatch(r"[-a-z0-9]{1,63}", id) and chart.node.root is chart.node.scope:
        warn(f"{type(chart).__name__}.id: {id!r} gives the file a hash in its name: lower-case letters, digits and '-'")


def _fields(value: Auth | S3Bucket) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}
