"""What both topologies have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, ClassVar

from cdk8s import Chart
from constructs import Construct

from flowise_constructs.backup.job import BackupJob
from flowise_constructs.backup.values import Backup
from flowise_constructs.charts.everywhere import Everywhere
from flowise_constructs.charts.part import Part
from flowise_constructs.charts.whole import annotate, warn_of_namesakes, warn_of_other_file
from flowise_constructs.core.findings import ConfigError, Finding, Findings
from flowise_constructs.database.postgres import PostgresServer
from flowise_constructs.database.values import BundledPostgres, Database
from flowise_constructs.flowise.auth import Auth
from flowise_constructs.flowise.auth_secret import AuthSecret
from flowise_constructs.flowise.deployment import Deployment, RunsPods
from flowise_constructs.flowise.image import Image
from flowise_constructs.flowise.main import FlowiseMain
from flowise_constructs.flowise.roles import Main
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.kubernetes.security import Security
from flowise_constructs.owner.job import OwnerJob
from flowise_constructs.owner.values import Owner
from flowise_constructs.queueing.values import Queue
from flowise_constructs.scaling.values import fewest
from flowise_constructs.storage.s3 import S3Storage
from flowise_constructs.storage.values import Claim, S3Bucket, Storage


class FlowiseChart(Chart):
    """What both topologies have in common. A subclass can name other construct classes in the class attributes."""

    auth_class: ClassVar[type[AuthSecret]] = AuthSecret
    storage_class: ClassVar[type[S3Storage]] = S3Storage
    postgres_class: ClassVar[type[PostgresServer]] = PostgresServer
    main_class: ClassVar[type[FlowiseMain]] = FlowiseMain
    backup_class: ClassVar[type[BackupJob]] = BackupJob
    owner_class: ClassVar[type[OwnerJob]] = OwnerJob

    postgres: Part[PostgresServer] = Part("database=BundledPostgres()")
    """The bundled PostgreSQL, if `database` is a `BundledPostgres`."""
    storage: Part[S3Storage] = Part("storage=S3Bucket(...)")
    """The bucket, if `storage` is an `S3Bucket`."""
    backup: Part[BackupJob] = Part("backup=Backup(...)")
    """The backup, if there is one."""
    owner: Part[OwnerJob] = Part("owner=Owner(...)")
    """The owner's Job, if there is one: none while main is stopped, with `Main(replicas=0)`."""
    deployment: Deployment
    """What features such as network policies build on: names, the `Flowise` value, the workloads."""

    def _start(
        self, scope: Construct, id: str, labels: Mapping[str, str], everywhere: Everywhere, *, apart: bool
    ) -> None:
        """What comes before any object is made."""
        warn_of_other_file(self, id)
        self._everywhere = everywhere
        self._scripts = Chart(scope, f"{id}-scripts", labels=dict(labels)) if apart else None

    def _auth(self, auth: Auth) -> Auth:
        self.auth = self.auth_class(self, "Auth", **_fields(auth))
        return self.auth.auth

    def _database(self, database: Database | BundledPostgres, names: Names) -> Database:
        if not isinstance(database, BundledPostgres):
            return database
        server = self._everywhere.server(database)
        self.postgres = self.postgres_class(self, "Postgres", server=server, names=names)
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
        *,
        image: Image,
        **shared: Any,
    ) -> Flowise:
        """The value that mains and workers share; creates the constructs that it refers to."""
        return Flowise(
            auth=self._auth(auth),
            database=self._database(database, names),
            storage=self._storage(storage),
            queue=self._queue(queue, names),
            image=self._everywhere.image(image),
            security=self._everywhere.security or Security(),
            **shared,
        )

    def _queue(self, queue: Queue | None, names: Names) -> Queue | None:
        return queue

    def _runs_pods(self) -> list[RunsPods]:
        """The constructs besides main that run pods."""
        servers_and_workers = [getattr(self, name, None) for name in ("worker", "postgres", "redis")]
        backups = [self.backup, self.backup.drill] if hasattr(self, "backup") else []
        jobs = [*backups, getattr(self, "owner", None)]
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

    def _finish(self, findings: Findings, annotations: Mapping[str, str]) -> None:
        """Raises the errors found. If there are none, sets `deployment`."""
        findings.attempt(self._refuse_shared_accounts)
        findings.settle()
        self.deployment = Deployment.of(self.main, *self._runs_pods())
        warn_of_namesakes(self, self.deployment.names)
        annotate([self, *([self._scripts] if self._scripts is not None else [])], annotations)

    def _main(self, flowise: Flowise, main: Main, data: Claim | None, names: Names, owner: Owner | None) -> None:
        if owner is not None and main.awaits_owner is None:
            main = replace(main, awaits_owner=True)
        given: dict[str, Any] = {"main": self._everywhere.process(main), "data": data, **self._apart()}
        self.main = self.main_class(self, "Main", flowise=flowise, names=names, **given)

    def _owner(self, owner: Owner | None) -> None:
        """Nothing where main was refused, or is stopped: the Job would wait for it in vain."""
        if owner is not None and hasattr(self, "main") and fewest(self.main.main.replicas) > 0:
            deployment = Deployment.of(self.main)
            self.owner = self.owner_class(
                self, "Owner", owner=self._everywhere.owner(owner), deployment=deployment, **self._apart()
            )

    def _backup(self, flowise: Flowise, backup: Backup | None, data: Claim | None, names: Names) -> None:
        if backup is None:
            return
        environment = self._environment()
        further: dict[str, Any] = {**self._apart(), **({"environment": environment} if environment else {})}
        given: dict[str, Any] = {"flowise": flowise, "names": names, "data": data, **further}
        self.backup = self.backup_class(self, "Backup", backup=self._everywhere.backup(backup, flowise), **given)

    def _apart(self) -> dict[str, Any]:
        """Where the ConfigMaps of scripts are made, if not beside what mounts them."""
        return {"scripts": self._scripts} if self._scripts is not None else {}

    def _environment(self) -> dict[str, EnvValue] | None:
        """What main really gets, where a hook of its class may have changed it."""
        has_hook = hasattr(self, "main") and type(self.main).env is not FlowiseMain.env
        return self.main.environment if has_hook else None


def _fields(value: Auth | S3Bucket) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}
