"""`BackupJob`: scheduled backups to a bucket."""

from __future__ import annotations

from collections.abc import Mapping

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.backup.ca import with_ca_by_reference
from flowise_constructs.backup.drill import RestoreDrill
from flowise_constructs.backup.pod import (
    Step,
    authorities_step,
    beside,
    claim_volume,
    cron_job,
    files_step,
    job_workload,
    template,
)
from flowise_constructs.backup.refusals import (
    reads_claim,
    refuse_contradictions,
    refuse_shared_claim,
    warn_of_missing_proxy,
    warn_of_one_bucket,
)
from flowise_constructs.backup.source import Source
from flowise_constructs.backup.values import Backup, Retention
from flowise_constructs.core.checking import checked
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.kubernetes.identity import flowise_identity
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.pod_options import PodOptions
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.storage.claims import data_claim
from flowise_constructs.storage.values import Claim, Storage


class BackupJob(Construct):
    """Backups: CronJob `{name}-backup`, its scripts and service account; with `Backup.drill` a `RestoreDrill` too.

    A run dumps the database with its own tools, checks the dump, archives the storage directory or mirrors the bucket,
    uploads, reads everything back from the bucket, writes the manifest, and only then deletes expired backups.
    A backup exists when its manifest does. Any failure ends the pod, and the last line of its log says what failed.

    Must exist already: the bucket, the Secret of its keys or the pod's identity, and the Secrets of `flowise`.
    Where `Backup.ca` is text, ConfigMap `{name}-backup-certificates` has it, unless the installation's has it already.
    Attributes: `.cron_job`, `.drill`, and what it was made with: `.backup`, `.flowise`, `.names`, `.data`,
    `.environment`, which a `RestoreJob` takes as well.

    Raises ConfigError for combinations that can't work: SQLite or local storage without their claim, a claim that only
    one pod may mount, names that are too long for a CronJob.
    """

    drill: RestoreDrill | None = None
    """The restore drill, if there is one."""

    @checked
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        backup: Backup,
        flowise: Flowise,
        names: Names = Names(),
        data: Claim | None = None,
        environment: Mapping[str, EnvValue] | None = None,
        scripts: Construct | None = None,
    ) -> None:
        """`data` is the claim that main has its data directory on; its files are only read. A `SharedVolume` names its
        own. `environment` is
        `FlowiseMain.environment`, for a main whose hook changes where the database is. A `RestoreJob` takes it too.
        `scripts` is where the ConfigMaps of scripts are made; None: here."""
        super().__init__(scope, id)
        self._identity = flowise_identity(names, "backup", suffix="-backup", version=flowise.image.tag)
        backup = with_ca_by_reference(self, self._identity, backup, flowise, names)
        self.backup, self.flowise, self.names = backup, flowise, names
        self.data = data = data_claim(flowise.storage, data)
        self.environment = environment
        self._scripts_scope = scripts
        self._source = Source(backup=backup, flowise=flowise, names=names, environment=environment)
        refuse_contradictions(self._source, data, backup.pod)
        refuse_shared_claim(self._source, data)
        warn_of_missing_proxy(self._source, backup.pod)
        warn_of_one_bucket(self._source)
        self.workload = job_workload("CronJob", self._identity, self._template(), backup.pod)
        self.cron_job = self._cron_job()
        if backup.drill is not None:
            self.drill = RestoreDrill(
                self, "Drill", drill=backup.drill, backup=backup, flowise=flowise, names=names, scripts=scripts
            )

    @property
    def stores(self) -> tuple[Storage, ...]:
        """The object stores that its pods use."""
        return self._source.stores

    def _cron_job(self) -> ApiObject:
        backup = self.backup
        job = {
            "backoffLimit": backup.backoff_limit,
            "activeDeadlineSeconds": backup.deadline_seconds,
            "template": self.workload.template,
        }
        return cron_job(
            self, self._identity, backup, job, schedule=backup.schedule, concurrency=backup.concurrency_policy
        )

    def _template(self) -> Manifest:
        source = self._source
        steps = [*authorities_step(source), self._dump(), *self._archive(), self._upload()]
        archive = ["backup-storage.sh"] if source.storage_directory else []
        scripts = [*source.store_script("backup-upload.sh", files=True), *source.scripts(source.engine.dump), *archive]
        return template(
            self, self._identity, source, steps, self._options(), scripts=scripts, scripts_scope=self._scripts_scope
        )

    def _options(self) -> PodOptions:
        """The pod options; with a claim that only one node can mount, the pod runs on main's node."""
        data = self.data
        if data is None or data.access_mode == "ReadWriteMany" or not reads_claim(self._source):
            return self.backup.pod
        return beside(self.backup.pod, flowise_identity(self.names, self.names.main_component).selector)

    def _dump(self) -> Step:
        source, engine = self._source, self._source.engine
        return Step(
            name="dump",
            image=source.database_image,
            command=[*source.command("backup", engine.dump), *self.backup.dump_arguments],
            environment={**source.database(), "ENCRYPTION_KEY_FILE": "/run/secrets/backup/encryption-key"},
            resources=self.backup.resources,
            secrets={**source.password, **source.encryption_key},
            volumes=[*source.database_volumes(), *([] if engine.is_a_server else self._claim())],
        )

    def _archive(self) -> list[Step]:
        source = self._source
        if source.storage_directory is None:
            return []
        return [
            files_step(
                source,
                "storage",
                "backup-storage.sh",
                environment={**source.common(), "STORAGE": source.storage_directory},
                resources=self.backup.resources,
                volumes=self._claim(),
            )
        ]

    def _upload(self) -> Step:
        source = self._source
        return files_step(
            source,
            "upload",
            *source.store_script("backup-upload.sh", files=True),
            environment={**source.buckets(), **_retention(self.backup)},
            resources=self.backup.resources,
            volumes=source.store_volumes(files=True),
        )

    def _claim(self) -> list[tuple[Manifest, Manifest]]:
        return claim_volume(self.names, self.data, read_only=True)


def _retention(backup: Backup) -> dict[str, EnvValue]:
    kept: Retention | None = backup.retention
    if kept is None:
        return {}
    return {
        "KEEP_LAST": str(kept.last),
        "KEEP_DAILY": str(kept.daily),
        "KEEP_WEEKLY": str(kept.weekly),
        "KEEP_MONTHLY": str(kept.monthly),
        "LEAVINGS_SECONDS": str(max(24 * 3600, 2 * backup.deadline_seconds)),
    }
