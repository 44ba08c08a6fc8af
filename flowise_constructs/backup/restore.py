"""`RestoreJob`: one restore."""

from __future__ import annotations

from collections.abc import Mapping

from constructs import Construct

from flowise_constructs.backup.pod import (
    DOWNLOAD_SCRIPT,
    Step,
    authorities_step,
    claim_volume,
    download_step,
    files_step,
    job_workload,
    template,
)
from flowise_constructs.backup.refusals import refuse_contradictions, warn_of_missing_proxy
from flowise_constructs.backup.source import Source
from flowise_constructs.backup.values import Backup, Restore
from flowise_constructs.core.checking import checked
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.kubernetes.identity import flowise_identity
from flowise_constructs.kubernetes.job_pods import job_of_one_try
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.storage.claims import data_claim
from flowise_constructs.storage.values import Claim, Storage

DRILL_UID = 999
DRILL_DIRECTORY = "/drill"


class RestoreJob(Construct):
    """One restore: Job `{name}-restore`, its scripts and service account.

    Before it changes anything it checks the manifest, the encryption key's fingerprint, the release, the kind of
    database, every hash, and that database and storage directory are empty unless `overwrite` is set. The database
    restore is atomic: it succeeds as a whole or not at all, and includes comparing the row counts with the manifest.

    Must exist already: what `BackupJob` needs, and the empty database. Flowise must be stopped: the Job refuses a
    database server to which others are connected. Delete a finished Job before the next one: `kubectl delete job`.
    MySQL and MariaDB: the user needs all privileges on the databases `{database}_restore` and `{database}_replaced`.

    Raises ConfigError as `BackupJob` does.
    """

    @checked
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        backup: Backup,
        flowise: Flowise,
        restore: Restore = Restore(),
        names: Names = Names(),
        data: Claim | None = None,
        environment: Mapping[str, EnvValue] | None = None,
    ) -> None:
        """`backup` is what the backups were made with, `data` the claim that main has its data directory on,
        `environment` what `BackupJob` takes."""
        super().__init__(scope, id)
        self.backup, self.flowise, self.restore, self.names = backup, flowise, restore, names
        self.data = data = data_claim(flowise.storage, data)
        self._source = Source(
            backup=backup, flowise=flowise, names=names, environment=environment, with_files=restore.files
        )
        refuse_contradictions(self._source, data, restore.pod)
        warn_of_missing_proxy(self._source, restore.pod)
        self._identity = flowise_identity(names, "restore", suffix="-restore", version=flowise.image.tag)
        self.workload = job_workload("Job", self._identity, self._template(), restore.pod)
        self.job = job_of_one_try(self, self._identity, self.workload.template, restore.deadline_seconds)

    @property
    def stores(self) -> tuple[Storage, ...]:
        """The object stores that its pods use."""
        return self._source.stores

    def _template(self) -> Manifest:
        steps = [*authorities_step(self._source), *self._steps()]
        return template(self, self._identity, self._source, steps, self.restore.pod, scripts=self._scripts())

    def _scripts(self) -> list[str]:
        source = self._source
        archive = ["restore-storage.sh"] if source.storage_directory else []
        mirror = source.store_script("restore-files.sh", files=True) if source.mirrored else []
        return [*source.store_script(DOWNLOAD_SCRIPT), *source.scripts(source.engine.restore), *archive, *mirror]

    def _steps(self) -> list[Step]:
        source, restore = self._source, self.restore
        arguments: dict[str, EnvValue] = {
            "RESTORE": restore.backup,
            **({"ACCEPT_LOST_CREDENTIALS": "true"} if restore.accept_lost_credentials else {}),
        }
        download = download_step(source, arguments)
        if source.storage_directory:
            return [download, self._storage("unpack"), self._database(), self._storage("swap")]
        return [download, self._database(), *([self._mirror()] if source.mirrored else [])]

    def _database(self) -> Step:
        source, engine = self._source, self._source.engine
        return Step(
            name="database",
            image=source.database_image,
            command=source.command("restore", engine.restore),
            environment={**source.database(), **self._wait(), **self._overwrite()},
            resources=self.restore.resources,
            secrets=source.password,
            volumes=[*source.database_volumes(), *([] if engine.is_a_server else self._claim())],
        )

    def _storage(self, part: str) -> Step:
        source = self._source
        directory = source.storage_directory
        assert directory is not None
        return files_step(
            source,
            part,
            "restore-storage.sh",
            part,
            environment={**source.common(), "STORAGE": directory, **self._overwrite()},
            resources=self.restore.resources,
            volumes=self._claim(),
        )

    def _mirror(self) -> Step:
        source = self._source
        return files_step(
            source,
            "files",
            *source.store_script("restore-files.sh", files=True),
            environment={**source.buckets(), **self._overwrite()},
            resources=self.restore.resources,
            volumes=source.store_volumes(files=True),
        )

    def _wait(self) -> dict[str, EnvValue]:
        waits = self._source.engine.is_a_server
        return {"SERVER_WAIT_SECONDS": str(self.restore.server_wait_seconds)} if waits else {}

    def _overwrite(self) -> dict[str, EnvValue]:
        return {"OVERWRITE": "true"} if self.restore.overwrite else {}

    def _claim(self) -> list[tuple[Manifest, Manifest]]:
        return claim_volume(self.names, self.data, read_only=False)
