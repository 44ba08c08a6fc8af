"""`RestoreDrill`: a scheduled test restore."""

from __future__ import annotations

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.backup.pod import DOWNLOAD_SCRIPT, Step, cron_job, download_step, job_workload, template
from flowise_constructs.backup.source import Source
from flowise_constructs.backup.values import Backup, Drill
from flowise_constructs.core.checking import checked
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.kubernetes import volumes
from flowise_constructs.kubernetes.identity import flowise_identity
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.references import EnvValue
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY
from flowise_constructs.storage.values import Storage

DRILL_UID = 999
DRILL_DIRECTORY = "/drill"
NAME_SCRIPT = "assigned-user.sh"


class RestoreDrill(Construct):
    """A scheduled test restore: CronJob `{name}-drill`, its scripts and service account.

    It takes the newest backup, refuses one that is too old or belongs to another encryption key, checks every hash,
    restores the database into a server that it starts in its own pod, compares all row counts with the manifest and
    reads the whole file archive. It has no credentials for Flowise's database. A failed Job is the alarm: alert on
    `kube_job_status_failed`, and when no Job has succeeded recently.

    Must exist already: the bucket, the Secret with its keys or the pod's identity, and the encryption key's Secret.
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
        scripts: Construct | None = None,
    ) -> None:
        """`backup` is the value that the backups are made with."""
        super().__init__(scope, id)
        self.backup, self.flowise, self.drill, self.names = backup, flowise, drill, names
        self._source = Source(backup=backup, flowise=flowise, names=names, with_database=False)
        self._scripts_scope = scripts
        self._identity = flowise_identity(names, "drill", suffix="-drill", version=flowise.image.tag)
        self.workload = job_workload("CronJob", self._identity, self._template(), drill.pod)
        self.cron_job = self._cron_job()

    @property
    def stores(self) -> tuple[Storage, ...]:
        """The object stores that its pods use."""
        return (self.backup.target,)

    def _cron_job(self) -> ApiObject:
        job = {
            "backoffLimit": 0,
            "activeDeadlineSeconds": self.drill.deadline_seconds,
            "template": self.workload.template,
        }
        return cron_job(self, self._identity, self.backup, job, schedule=self.drill.schedule, concurrency="Forbid")

    def _template(self) -> Manifest:
        drill, engine = self.drill, self._source.engine
        newest: dict[str, EnvValue] = {"RESTORE": "newest", "MAX_AGE_SECONDS": str(drill.max_age_seconds)}
        steps = [download_step(self._source, newest), self._step()]
        named = [NAME_SCRIPT] if self._named() else []
        scripts = [*self._source.store_script(DOWNLOAD_SCRIPT), engine.drill, *named]
        return template(
            self,
            self._identity,
            self._source,
            steps,
            drill.pod,
            scripts=scripts,
            scripts_scope=self._scripts_scope,
            uid=DRILL_UID,
        )

    def _named(self) -> list[str]:
        """What gives an assigned user a name, where the server's tools ask for it."""
        asks = self.flowise.security.assigned_ids and self._source.engine.asks_for_name
        return ["bash", f"{SCRIPTS_DIRECTORY}/{NAME_SCRIPT}"] if asks else []

    def _step(self) -> Step:
        source, engine = self._source, self._source.engine
        mount = volumes.mount("drill", DRILL_DIRECTORY)
        return Step(
            name="drill",
            image=source.database_image,
            command=[*self._named(), *engine.command(engine.drill)],
            environment={**source.common(), "DRILL": DRILL_DIRECTORY},
            resources=self.drill.resources,
            volumes=[(volumes.empty_dir("drill", self.drill.database_size), mount)],
        )
