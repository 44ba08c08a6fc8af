"""`RestoreJob`: the way back. `RestoreDrill`: the proof that it works."""

from __future__ import annotations

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.backup.pod import Step, authorities_step, claim_volume, cron_job, job_workload, template
from flowise_constructs.backup.source import SECRETS, Source, family, refuse_contradictions
from flowise_constructs.backup.values import Backup, Drill, Restore
from flowise_constructs.core.checking import checked
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.kubernetes import volumes
from flowise_constructs.kubernetes.identity import flowise_identity, object_meta
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.objects import Manifest, api_object
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY
from flowise_constructs.storage.values import Claim

DRILL_UID = 999
DRILL_DIRECTORY = "/drill"


class RestoreJob(Construct):
    """One restore: Job `{name}-restore`, its scripts and service account.

    Before it changes anything it checks the manifest, the encryption key's fingerprint, the release, the database's
    kind, every hash, and that database and storage directory are empty unless `overwrite` is said. The database is
    restored in one step that succeeds as a whole or not at all, and counted against the manifest within it.

    Must exist already: what `BackupJob` needs, and the empty database. Flowise must be stopped: the Job refuses a
    database server to which others are connected. A finished Job is deleted before the next: `kubectl delete job`.
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
    ) -> None:
        """`backup` is what the backups were made with, `data` the claim that main has its data directory on."""
        super().__init__(scope, id)
        self.backup, self.flowise, self.restore, self.names, self.data = backup, flowise, restore, names, data
        self._source = Source(backup=backup, flowise=flowise, names=names, with_files=restore.files)
        refuse_contradictions(self._source, data, restore.pod)
        self._identity = flowise_identity(names, "restore", suffix="-restore", version=flowise.image.tag)
        self.workload = job_workload("Job", self._identity, self._template(), restore.pod)
        self.job = self._job()

    def _job(self) -> ApiObject:
        return api_object(
            self,
            "Resource",
            api_version="batch/v1",
            kind="Job",
            metadata=object_meta(self._identity),
            spec={
                # What failed is to be looked at, not tried again.
                "backoffLimit": 0,
                "activeDeadlineSeconds": self.restore.deadline_seconds,
                "template": self.workload.template,
            },
        )

    def _template(self) -> Manifest:
        steps = [*authorities_step(self._source), *self._steps()]
        return template(self, self._identity, self._source, steps, self.restore.pod, scripts=self._scripts())

    def _scripts(self) -> list[str]:
        source = self._source
        archive = ["restore-storage.sh"] if source.storage_directory else []
        mirror = ["restore-files.sh"] if source.mirrored else []
        return [*_DOWNLOAD_SCRIPTS, *_RESTORE_SCRIPTS[family(self.flowise.database)], *archive, *mirror]

    def _steps(self) -> list[Step]:
        source, restore = self._source, self.restore
        told: dict[str, EnvValue] = {
            "RESTORE": restore.backup,
            **({"ACCEPT_LOST_CREDENTIALS": "true"} if restore.accept_lost_credentials else {}),
        }
        download = _download(source, told)
        if source.storage_directory:
            return [download, self._storage("unpack"), self._database(), self._storage("swap")]
        return [download, self._database(), *([self._mirror()] if source.mirrored else [])]

    def _database(self) -> Step:
        source, kind = self._source, family(self.flowise.database)
        command = ["node" if kind == "sqlite" else "bash", f"{SCRIPTS_DIRECTORY}/{_RESTORE_SCRIPTS[kind][0]}"]
        return Step(
            name="database",
            image=source.database_image,
            command=command,
            environment={**source.database(), **self._wait(kind), **self._overwrite()},
            resources=self.restore.resources,
            secrets=source.password,
            volumes=[*source.authorities_volumes(), *(self._claim() if kind == "sqlite" else [])],
        )

    def _storage(self, part: str) -> Step:
        source = self._source
        directory = source.storage_directory
        assert directory is not None
        return Step(
            name=part,
            image=self.backup.upload_image,
            command=["sh", f"{SCRIPTS_DIRECTORY}/restore-storage.sh", part],
            environment={**source.common(), "STORAGE": directory, **self._overwrite()},
            resources=self.restore.resources,
            volumes=self._claim(),
        )

    def _mirror(self) -> Step:
        source = self._source
        return Step(
            name="files",
            image=self.backup.upload_image,
            command=["sh", f"{SCRIPTS_DIRECTORY}/restore-files.sh"],
            environment={**source.buckets(), **self._overwrite()},
            resources=self.restore.resources,
            volumes=source.ca_volumes(),
        )

    def _wait(self, kind: str) -> dict[str, EnvValue]:
        return {} if kind == "sqlite" else {"SERVER_WAIT_SECONDS": str(self.restore.server_wait_seconds)}

    def _overwrite(self) -> dict[str, EnvValue]:
        return {"OVERWRITE": "true"} if self.restore.overwrite else {}

    def _claim(self) -> list[tuple[Manifest, Manifest]]:
        return claim_volume(self.names, self.data, read_only=False)


class RestoreDrill(Construct):
    """A scheduled trial of restoring: CronJob `{name}-drill`, its scripts and service account.

    It takes the newest backup, refuses one that is too old or belongs to another encryption key, checks every hash,
    restores the database into a server that it starts in its own pod, compares all row counts with the manifest and
    reads the file archive through. It has no credentials of Flowise's database. A failed Job is the alarm: watch
    `kube_job_status_failed`, and that a Job succeeded lately.

    Must exist already: the bucket, the Secret of its keys or the pod's identity, and the encryption key's Secret.
    """

    @checked
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        backup: Backup,
        flowise: Flowise,
        drill: Drill = Drill(),
        names: Names = Names(),
    ) -> None:
        """`backup` is what the backups are made with."""
        super().__init__(scope, id)
        self.backup, self.flowise, self.drill, self.names = backup, flowise, drill, names
        self._source = Source(backup=backup, flowise=flowise, names=names)
        self._identity = flowise_identity(names, "drill", suffix="-drill", version=flowise.image.tag)
        self.workload = job_workload("CronJob", self._identity, self._template(), drill.pod)
        self.cron_job = self._cron_job()

    def _cron_job(self) -> ApiObject:
        job = {
            "backoffLimit": 0,
            "activeDeadlineSeconds": self.drill.deadline_seconds,
            "template": self.workload.template,
        }
        return cron_job(self, self._identity, self.backup, job, schedule=self.drill.schedule, concurrency="Forbid")

    def _template(self) -> Manifest:
        drill, kind = self.drill, family(self.flowise.database)
        newest: dict[str, EnvValue] = {"RESTORE": "newest", "MAX_AGE_SECONDS": str(drill.max_age_seconds)}
        steps = [_download(self._source, newest), self._step()]
        scripts = [*_DOWNLOAD_SCRIPTS, *_DRILL_SCRIPTS[kind], *_RESTORE_SCRIPTS[kind]]
        return template(self, self._identity, self._source, steps, drill.pod, scripts=scripts, uid=DRILL_UID)

    def _step(self) -> Step:
        source, kind = self._source, family(self.flowise.database)
        script = [*_DRILL_SCRIPTS[kind], *_RESTORE_SCRIPTS[kind]][0]
        mount = volumes.mount("drill", DRILL_DIRECTORY)
        return Step(
            name="drill",
            image=source.database_image,
            command=["node" if kind == "sqlite" else "bash", f"{SCRIPTS_DIRECTORY}/{script}"],
            environment={**source.common(), "DRILL": DRILL_DIRECTORY},
            resources=self.drill.resources,
            volumes=[(volumes.empty_dir("drill", self.drill.database_size), mount)],
        )


def _download(source: Source, told: dict[str, EnvValue]) -> Step:
    storage = {"STORAGE_KIND": "archive" if source.storage_directory else "mirror" if source.mirrored else "none"}
    return Step(
        name="download",
        image=source.backup.upload_image,
        command=["sh", f"{SCRIPTS_DIRECTORY}/restore-download.sh"],
        environment={**source.bucket(), **storage, "ENCRYPTION_KEY_FILE": f"{SECRETS}/encryption-key", **told},
        resources=source.backup.resources,
        secrets=source.encryption_key,
        volumes=source.ca_volumes(),
    )


_DOWNLOAD_SCRIPTS = ["backup-lib.sh", "backup-s3.sh", "restore-download.sh"]
_RESTORE_SCRIPTS = {
    "postgres": [
        "restore-postgres.sh",
        "backup-postgres-client.sh",
        "restore-postgres-empty.sql",
        "restore-postgres-count.sql",
    ],
    "mysql": ["restore-mysql.sh", "backup-mysql-client.sh", "backup-mysql.awk"],
    "sqlite": ["restore-sqlite.js", "backup-sqlite-file.js", "flowise-package.js"],
}
_DRILL_SCRIPTS: dict[str, list[str]] = {
    "postgres": ["restore-drill-postgres.sh"],
    "mysql": ["restore-drill-mysql.sh"],
    "sqlite": [],
}
