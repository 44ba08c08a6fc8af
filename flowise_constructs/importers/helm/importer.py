"""A release's values -> the arguments of one of the two charts, and the extra objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowise_constructs import (
    ConfigError,
    DisruptionBudget,
    ExistingClaim,
    Main,
    Names,
    PodOptions,
    ProbeNumbers,
    Resources,
    ServiceAccount,
    Worker,
)
from flowise_constructs.importers import objects, pods
from flowise_constructs.importers.budgets import added_budget
from flowise_constructs.importers.extra_env import extra_env
from flowise_constructs.importers.fields import data_claim, service
from flowise_constructs.importers.helm import databases, edge, probes, queues, settings, storages
from flowise_constructs.importers.helm.backups import backup
from flowise_constructs.importers.helm.external_secret import external_secret
from flowise_constructs.importers.helm.known import TABLE
from flowise_constructs.importers.helm.names import app_name, full_name, names
from flowise_constructs.importers.helm.not_carried import report_what_is_not_carried
from flowise_constructs.importers.helm.refusals import database_mode, is_queue, refuse_what_the_chart_refuses
from flowise_constructs.importers.imported import Imported
from flowise_constructs.importers.inline_secrets import InlineSecrets
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.scalers import replicas_of, scaler_of
from flowise_constructs.importers.variables import Variables, agree
from flowise_constructs.kubernetes.identity import flowise_identity
from flowise_constructs.storage.values import Claim

# The probe in queue mode starts a process, which takes longer than the chart's HTTP request.
QUEUE_LIVENESS_TIMEOUT = 10

_EXTRA = "extraManifests"


def import_values(values: Mapping[str, Any], *, release: str = "flowise", namespace: str | None = None) -> Imported:
    """The release as this library's values; ConfigError with everything that prevents it."""
    read = Release(values, TABLE, name=release, namespace=namespace)
    refuse_what_the_chart_refuses(read)
    made = _import(read)
    if read.findings:
        raise ConfigError(read.findings)
    return made


def _import(release: Release) -> Imported:
    queued = is_queue(release)
    report_what_is_not_carried(
        release, postgresql=database_mode(release) == "postgresql", redis=queued and release.flag("redis.enabled")
    )
    labels = {"app.kubernetes.io/name": app_name(release), "app.kubernetes.io/instance": release.name}
    secrets = InlineSecrets(release, labels)
    called = names(release)
    main, worker = extra_env(release, "flowise.extraEnv"), extra_env(release, "queue.worker.extraEnv")
    if queued:
        agree(release, main, worker)
    arguments: dict[str, Any] = {
        "auth": settings.auth(release, main, secrets),
        "database": databases.database(release, main, secrets),
        "storage": storages.storage(release, secrets),
        "image": settings.image(release),
        "settings": settings.settings(release, main),
        "ingress": edge.ingress(release),
    }
    if queued:
        arguments["queue"] = queues.queue(release, main, secrets)
        arguments["worker"] = _worker(release, called, worker)
    else:
        arguments["data"] = _claim(release)
    _tell_of_leftovers(release)
    arguments["main"] = _main(release, called, main, queued=queued)
    arguments["backup"] = backup(release, secrets)
    arguments["names"] = called
    secrets.tell_of_left()
    return Imported(
        chart="QueueChart" if queued else "StandaloneChart",
        arguments=arguments,
        labels=release.words("commonLabels"),
        objects=_objects(release, secrets),
        objects_path=_EXTRA,
        external_secrets_path="externalSecrets.data",
        name=release.name,
        title=f"Flowise as the Helm release {release.name!r} has it",
        paths=_paths(release),
        remarks=release.remarks,
    )


def _tell_of_leftovers(release: Release) -> None:
    # Seen with kubectl 1.32: a first apply merges with what Helm wrote. Then its args, init containers, probes and
    # variables stay, including two handlers in one probe and both POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE.
    release.remark(
        "kubectl apply",
        "merges with what Helm wrote, so its arguments, variables, probes and init containers would stay. "
        "Once, before the first apply: "
        f"kubectl get deployment,statefulset,configmap,cronjob -l app.kubernetes.io/instance={release.name} -o yaml | "
        "kubectl apply set-last-applied --create-annotation=true -f -",
    )


def _paths(release: Release) -> dict[str, str]:
    pods_at = ("", "postgresql.", "redis.")
    candidates = {
        "Main.extra_env": ["flowise.extraEnv"],
        "Main.replicas": ["flowise.replicaCount"],
        "Worker.extra_env": ["queue.worker.extraEnv"],
        "Flowise.ingress": ["ingress"],
        "Flowise.settings": ["flowise"],
        "Flowise.image": ["image.tag"],
        "Backup.target": ["backup.s3"],
        "PodOptions.volumes": ["extraVolumeMounts"],
        "Names.name": ["fullnameOverride", "--release"],
        "PodOptions.affinity": [f"{at}affinity" for at in pods_at],
        "PodOptions.tolerations": [f"{at}tolerations" for at in pods_at],
        "PodOptions.topology_spread_constraints": [f"{at}topologySpreadConstraints" for at in pods_at[1:]],
    }
    return release.places(candidates)


def _objects(release: Release, secrets: InlineSecrets) -> tuple[Mapping[str, Any], ...]:
    labels = release.words("commonLabels")
    ours = [*secrets.manifests, *external_secret(release), *edge.http_route(release)]
    found = [objects.labelled(item, labels) for item in ours] + objects.extra_manifests(release, _EXTRA)
    return tuple(objects.checked_objects(release, objects.in_namespace(found, release.namespace), _EXTRA))


def _claim(release: Release) -> Claim | None:
    in_use = release.text("storage.type") == "local" or database_mode(release) == "sqlite"
    if not release.flag("persistence.enabled") or not in_use:
        if release.below("persistence.size") and not in_use:
            release.remark(
                "persistence.enabled",
                "with S3 and a database server the chart creates no claim, and none is created here",
            )
        return None
    at = "persistence"
    existing, mode = release.text(f"{at}.existingClaim"), release.text(f"{at}.accessMode")
    if existing:
        return release.make(
            ExistingClaim,
            {"name": f"{at}.existingClaim", "access_mode": f"{at}.accessMode"},
            ExistingClaim(name="refused"),
            name=existing,
            access_mode=mode,
        )
    return data_claim(release)


def _main(release: Release, called: Names, variables: Variables, *, queued: bool) -> Main:
    exposed = release.flag("ingress.enabled") or release.text("service.type") == "LoadBalancer"
    return release.make(
        Main,
        {"replicas": "flowise.replicaCount", "extra_env": "flowise.extraEnv"},
        Main(),
        replicas=replicas_of(release, "flowise.replicaCount", called.name, extra=_EXTRA, may_be_several=queued),
        disruption_budget=_budget(release, called, "flowise.replicaCount", called.main_component, "Main"),
        service=service(release, "service.port"),
        resources=pods.resources(release, "resources", Resources()),
        startup=probes.probe(release, "startupProbe"),
        readiness=probes.probe(release, "readinessProbe"),
        liveness=_liveness(release, queued=queued),
        # A release that is taken over has an owner.
        awaits_owner=False if exposed else None,
        extra_env=variables.rest(),
        pod=_main_pod(release, called),
    )


def _liveness(release: Release, *, queued: bool) -> ProbeNumbers | None:
    numbers = probes.probe(release, "livenessProbe", QUEUE_LIVENESS_TIMEOUT if queued else None)
    return numbers if release.below("livenessProbe") or not queued else None


def _main_pod(release: Release, called: Names) -> PodOptions:
    paths = {
        "labels": "podLabels",
        "annotations": "podAnnotations",
        **pods.scheduling_paths(""),
        "priority_class_name": "priorityClassName",
    }
    account = pods.service_account(release, "serviceAccount", called.name)
    return pods.pod_options(
        release, paths | {"volumes": "extraVolumeMounts"}, service_account=account, volumes=pods.volumes(release)
    )


def _worker(release: Release, called: Names, variables: Variables) -> Worker:
    at = "queue.worker"
    paths = {"replicas": f"{at}.replicaCount", "concurrency": f"{at}.concurrency", "extra_env": f"{at}.extraEnv"}
    concurrency = variables.take_number("WORKER_CONCURRENCY")
    if concurrency is None and release.given(f"{at}.concurrency"):
        concurrency = release.number(f"{at}.concurrency")
    if concurrency is None:
        concurrency = Worker().concurrency
        release.remark(
            f"{at}.concurrency",
            f"is not given: {concurrency} is used, because the chart's 100000 lets one worker take the whole queue",
        )
    return release.make(
        Worker,
        paths,
        Worker(),
        replicas=replicas_of(release, f"{at}.replicaCount", f"{called.name}-worker", extra=_EXTRA),
        disruption_budget=_budget(release, called, f"{at}.replicaCount", "worker", "Worker"),
        concurrency=concurrency,
        resources=pods.resources(release, f"{at}.resources", Resources()),
        extra_env=variables.rest(),
        pod=_worker_pod(release, called),
    )


def _budget(release: Release, called: Names, replicas: str, component: str, role: str) -> DisruptionBudget | None:
    pods_labels = flowise_identity(called, component).selector
    suffix = "-worker" if role == "Worker" else ""
    return added_budget(
        release,
        replicas,
        pods_labels,
        extra=_EXTRA,
        value=f"{role}.disruption_budget",
        scaled=scaler_of(release, _EXTRA, f"{called.name}{suffix}") is not None,
    )


def _worker_pod(release: Release, called: Names) -> PodOptions:
    paths = {
        "labels": "queue.worker.podLabels",
        "annotations": "queue.worker.podAnnotations",
        **pods.scheduling_paths(""),
    }
    account = pods.service_account(release, "serviceAccount", called.name)
    if release.flag("serviceAccount.create"):
        # Main creates the account, and both use it.
        account = ServiceAccount(name=account.name or full_name(release), create=False)
    return pods.pod_options(release, paths, service_account=account)
