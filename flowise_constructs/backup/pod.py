"""The pods of backups, restores and drills: steps that run one after the other and share a scratch volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.backup.source import AUTHORITIES, OWN_AUTHORITIES, SCRATCH, SECRETS, Source
from flowise_constructs.backup.values import Backup
from flowise_constructs.flowise.directories import DATA_DIRECTORY
from flowise_constructs.flowise.image import Image
from flowise_constructs.kubernetes import pods, volumes
from flowise_constructs.kubernetes.further_containers import env_from
from flowise_constructs.kubernetes.identity import Identity, derived
from flowise_constructs.kubernetes.images import ServerImage
from flowise_constructs.kubernetes.mounted_files import MountedFiles, config_map
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.objects import Manifest, api_object
from flowise_constructs.kubernetes.pod_options import PodOptions, Resources
from flowise_constructs.kubernetes.pod_template import pod_template
from flowise_constructs.kubernetes.references import EnvValue, SecretKey
from flowise_constructs.kubernetes.schema import plain
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY
from flowise_constructs.kubernetes.scripts import scripts as loaded_scripts
from flowise_constructs.kubernetes.workload import Workload
from flowise_constructs.storage.claims import claim_name
from flowise_constructs.storage.values import Claim

UID = 1000
DOWNLOAD_SCRIPT = "restore-download.sh"
CRON_JOB_NAME_LIMIT = 52
"""Kubernetes' limit, so that the names of a CronJob's Jobs fit."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One container. `secrets` are files that only this step sees; `volumes` are its extra volumes and mounts."""

    name: str
    image: Image | ServerImage
    command: list[str]
    environment: Mapping[str, EnvValue]
    resources: Resources
    secrets: Mapping[str, SecretKey] = field(default_factory=dict[str, SecretKey])
    volumes: Sequence[tuple[Manifest, Manifest]] = ()


def files_step(
    source: Source,
    name: str,
    script: str,
    *arguments: str,
    environment: Mapping[str, EnvValue],
    resources: Resources,
    volumes: Sequence[tuple[Manifest, Manifest]],
) -> Step:
    """A shell script in the image that has rclone and tar."""
    return Step(
        name=name,
        image=source.backup.upload_image,
        command=["sh", f"{SCRIPTS_DIRECTORY}/{script}", *arguments],
        environment=environment,
        resources=resources,
        volumes=volumes,
    )


def authorities_step(source: Source) -> list[Step]:
    """Copies the public CAs, for a database client image that has none."""
    if not source.wants_authorities:
        return []
    return [
        Step(
            name="authorities",
            image=source.backup.upload_image,
            command=["cp", AUTHORITIES, f"{OWN_AUTHORITIES}/ca-certificates.crt"],
            environment={},
            resources=source.backup.resources,
            volumes=source.authorities_volumes(),
        )
    ]


def cron_job(
    scope: Construct, identity: Identity, backup: Backup, job: Manifest, *, schedule: str, concurrency: str
) -> ApiObject:
    """The CronJob for a Job's spec, with the options that a backup sets for all of its CronJobs."""
    return api_object(
        scope,
        "Resource",
        api_version="batch/v1",
        kind="CronJob",
        metadata={
            "name": derived(identity.name, "", limit=CRON_JOB_NAME_LIMIT),
            "namespace": identity.namespace,
            "labels": {**backup.labels, **identity.labels},
        },
        spec={
            "schedule": schedule,
            "timeZone": backup.time_zone,
            "suspend": backup.suspend,
            "concurrencyPolicy": concurrency,
            "startingDeadlineSeconds": backup.starting_deadline_seconds,
            "successfulJobsHistoryLimit": backup.successful_history,
            "failedJobsHistoryLimit": backup.failed_history,
            "jobTemplate": {"metadata": {"labels": identity.labels}, "spec": job},
        },
    )


def job_workload(kind: Literal["CronJob", "Job"], identity: Identity, made: Manifest, options: PodOptions) -> Workload:
    """The pods of a Job or CronJob, from their template."""
    creates = options.service_account.create
    return Workload(kind=kind, identity=identity, template=made, makes_service_account=creates)


def scripts_id(identity: Identity, elsewhere: Construct | None) -> str:
    """The id of the ConfigMap of scripts: beside others it needs one of its own."""
    return "Scripts" if elsewhere is None else f"{identity.component.capitalize()}Scripts"


def template(
    scope: Construct,
    identity: Identity,
    source: Source,
    steps: list[Step],
    options: PodOptions,
    *,
    scripts: Sequence[str],
    scripts_scope: Construct | None = None,
    uid: int = UID,
) -> Manifest:
    """The pod template; the last step is the container. Creates the service account and the ConfigMap of scripts."""
    content = {**loaded_scripts(*scripts), **source.ca_script()}
    files = config_map(scripts_scope or scope, scripts_id(identity, scripts_scope), identity, "-scripts", content)
    pull_secrets = dict.fromkeys(name for step in steps for name in step.image.pull_secrets)
    annotated_by = type(source.backup.target).__name__
    return pod_template(
        scope,
        identity,
        options,
        account=pods.service_account(
            scope, identity, options, source.identity_annotations(), annotated_by=annotated_by
        ),
        containers=[_container(step, options) for step in steps],
        own_volumes=_volumes(source, steps, files),
        security=source.flowise.security,
        security_context=pods.pod_security(uid, source.flowise.security),
        pull_secrets=[{"name": name} for name in pull_secrets],
        checksums={**files.checksum, **source.certificates.checksum},
        labels=source.identity_labels(),
        ends=True,
    )


def _container(step: Step, options: PodOptions) -> Manifest:
    own = [
        volumes.mount("scratch", SCRATCH),
        # One per step: what a step writes there, such as a password, is not for the next step.
        volumes.mount(f"tmp-{step.name}", "/tmp"),
        volumes.mount("scripts", SCRIPTS_DIRECTORY, read_only=True),
        *([volumes.mount(f"secrets-{step.name}", SECRETS, read_only=True)] if step.secrets else []),
        *(mount for _, mount in step.volumes),
    ]
    return {
        "name": step.name,
        "image": step.image.reference,
        "imagePullPolicy": step.image.pull_policy,
        "command": step.command,
        "env": pods.variables(step.environment) or None,
        "envFrom": env_from(options),
        # The last line on stderr says what failed; this puts it in the pod's status.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "resources": pods.requirements(step.resources),
        "securityContext": pods.container_security(),
        "volumeMounts": volumes.mounts(options, own),
    }


def _volumes(source: Source, steps: list[Step], files: MountedFiles) -> list[Manifest]:
    further = {volume["name"]: volume for step in steps for volume, _ in step.volumes}
    return [
        volumes.empty_dir("scratch", source.backup.scratch_size),
        files.volume("scripts"),
        *(volumes.empty_dir(f"tmp-{step.name}", "64Mi", medium="Memory") for step in steps),
        *(volumes.secret_files(f"secrets-{step.name}", step.secrets) for step in steps if step.secrets),
        *further.values(),
    ]


def beside(options: PodOptions, selector: Mapping[str, str]) -> PodOptions:
    """Schedules the pod on the node of the pods with these labels: only there can a single-node claim be mounted."""
    term = {"labelSelector": {"matchLabels": dict(selector)}, "topologyKey": "kubernetes.io/hostname"}
    affinity: dict[str, Any] = dict(plain(options.affinity) or {})
    among: dict[str, Any] = dict(affinity.get("podAffinity") or {})
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    among[required] = [*(among.get(required) or []), term]
    return replace(options, affinity={**affinity, "podAffinity": among})


def claim_volume(names: Names, data: Claim | None, *, read_only: bool) -> list[tuple[Manifest, Manifest]]:
    """Main's data directory, if it is on a claim."""
    if data is None:
        return []
    claim = {"claimName": claim_name(names, data)}
    mount = volumes.mount("data", DATA_DIRECTORY, read_only=read_only or None)
    return [({"name": "data", "persistentVolumeClaim": claim}, mount)]


def download_step(source: Source, choice: Mapping[str, EnvValue]) -> Step:
    """Downloads the chosen backup, and checks every hash."""
    storage = {"STORAGE_KIND": "archive" if source.storage_directory else "mirror" if source.mirrored else "none"}
    script, *arguments = source.store_script(DOWNLOAD_SCRIPT)
    return Step(
        name="download",
        image=source.backup.upload_image,
        command=["sh", f"{SCRIPTS_DIRECTORY}/{script}", *arguments],
        environment={**source.bucket(), **storage, "ENCRYPTION_KEY_FILE": f"{SECRETS}/encryption-key", **choice},
        resources=source.backup.resources,
        secrets=source.encryption_key,
        volumes=source.store_volumes(),
    )
