"""A release's values -> the arguments of one of the two charts, and the extra objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowise_constructs import ConfigError
from flowise_constructs.core.plain import is_list
from flowise_constructs.importers import objects, settings
from flowise_constructs.importers.cowboysysop import databases, edge, queues, storages, workloads
from flowise_constructs.importers.cowboysysop.auth import auth
from flowise_constructs.importers.cowboysysop.environment import main_variables, worker_variables
from flowise_constructs.importers.cowboysysop.images import image
from flowise_constructs.importers.cowboysysop.known import TABLE
from flowise_constructs.importers.cowboysysop.names import EXTRA, MAIN_COMPONENT, app_name, labels, names
from flowise_constructs.importers.cowboysysop.not_carried import report_what_is_not_carried
from flowise_constructs.importers.cowboysysop.refusals import refuse_templates, refuse_what_cannot_work
from flowise_constructs.importers.imported import Imported, Patch
from flowise_constructs.importers.inline_secrets import InlineSecrets
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.variables import Variables, agree
from flowise_constructs.manifests.yaml_files import UnreadableError, load_documents


def import_values(values: Mapping[str, Any], *, release: str = "flowise", namespace: str | None = None) -> Imported:
    """The release as this library's values; ConfigError with everything that prevents it."""
    read = Release(_with_objects(values), TABLE, name=release, namespace=namespace)
    refuse_templates(read, values)
    made = _import(read)
    if read.findings:
        raise ConfigError(read.findings)
    return made


def _with_objects(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with objects that are given as text read as YAML, as the chart does it."""
    extra = values.get(EXTRA)
    if not is_list(extra):
        return dict(values)
    found: list[Any] = []
    for item in extra:
        found += _documents(item) if isinstance(item, str) else [item]
    return {**values, EXTRA: found}


def _documents(text: str) -> list[Any]:
    if "{{" in text:
        return []
    try:
        return [document for document in load_documents(text, EXTRA) if document is not None]
    except UnreadableError:
        return [text]


def _import(release: Release) -> Imported:
    secrets = InlineSecrets(release, labels(release, MAIN_COMPONENT) | release.words("commonLabels"))
    main, worker = main_variables(release, secrets), worker_variables(release)
    queued = queues.is_queue(main)
    refuse_what_cannot_work(release, queued=queued)
    report_what_is_not_carried(release, queued=queued)
    if queued:
        agree(release, main, worker)
    arguments = _arguments(release, main, worker, queued=queued)
    _tell_of_leftovers(release)
    return Imported(
        chart="QueueChart" if queued else "StandaloneChart",
        arguments=arguments,
        name=release.name,
        title=f"Flowise as the Helm release {release.name!r} has it",
        labels={},
        patches=_patches(release, queued=queued),
        objects=_objects(release, secrets, arguments["names"].namespace, queued=queued),
        objects_path=EXTRA,
        external_secrets_path=EXTRA,
        paths=release.places(_PLACES),
        remarks=release.remarks,
    )


def _arguments(release: Release, main: Variables, worker: Variables, *, queued: bool) -> dict[str, Any]:
    main.take("MODE")
    arguments: dict[str, Any] = {
        "auth": auth(release, main),
        "database": databases.database(release, main),
        "storage": storages.storage(release, main, queued=queued),
        "image": image(release, queued=queued),
        "ingress": edge.ingress(release, main),
    }
    arguments["settings"] = settings.settings(release, main, {})
    data = storages.claim(release)
    if queued:
        arguments["queue"] = queues.queue(release, main)
        arguments["worker"] = workloads.worker(release, worker)
        if data is not None:
            release.remark(
                "persistence.enabled",
                f"is not mounted any more: in queue mode files are in the bucket. Claim {data.name!r} stays; copy "
                "what is "
                "below /data/storage into the bucket first",
            )
    else:
        queues.drop_redis(release, main)
        arguments["data"] = data
    arguments["main"] = workloads.main(release, main, queued=queued)
    arguments["names"] = names(release)
    common = {"labels": release.words("commonLabels"), "annotations": release.words("commonAnnotations")}
    return arguments | {name: words for name, words in common.items() if words}


def _tell_of_leftovers(release: Release) -> None:
    # A first apply merges with what Helm wrote: its init containers, probes and variables would stay.
    selector = f"app.kubernetes.io/instance={release.name},app.kubernetes.io/name={app_name(release)}"
    release.remark(
        "kubectl apply",
        "merges with what Helm wrote, so its init containers, probes, variables and volumes would stay. Once, before "
        "the "
        f"first apply: kubectl get deployment -l {selector} -o yaml | kubectl apply set-last-applied "
        "--create-annotation=true -f -. A release of the chart's versions before 6.0.0 has other selectors: delete its "
        "Deployments instead",
    )


def _patches(release: Release, *, queued: bool) -> tuple[Patch, ...]:
    of_workers = workloads.patches(release, "worker.", "worker") if queued else ()
    found = (*edge.service_patches(release), *workloads.patches(release, "", "main"), *of_workers)
    for patch in found:
        if (problem := objects.problem_of(patch.value)) is not None:
            release.refuse(patch.pointer, problem)
    return found


def _objects(
    release: Release, secrets: InlineSecrets, namespace: str | None, *, queued: bool
) -> tuple[Mapping[str, Any], ...]:
    budgets = workloads.budgets(release, queued=queued)
    common = release.words("commonAnnotations")
    made = [_annotated(secret, common) for secret in secrets.manifests]
    found = [*made, *storages.claim_object(release), *budgets, *objects.extra_manifests(release, EXTRA)]
    return tuple(objects.checked_objects(release, objects.in_namespace(found, namespace), EXTRA))


def _annotated(item: dict[str, Any], annotations: Mapping[str, str]) -> dict[str, Any]:
    return {**item, "metadata": {**item["metadata"], "annotations": dict(annotations)}} if annotations else item


_PLACES = {
    "Main.extra_env": ["extraEnvVars"],
    "Main.replicas": ["replicaCount"],
    "Worker.extra_env": ["worker.extraEnvVars"],
    "Flowise.ingress": ["ingress"],
    "Flowise.settings": ["extraEnvVars"],
    "Flowise.image": ["image.tag"],
    "FlowiseMain.data": ["persistence.enabled"],
    "LocalStorage.path": ["extraEnvVars"],
    "SqliteDatabase.directory": ["extraEnvVars"],
    "PodOptions.volumes": ["extraVolumeMounts", "worker.extraVolumeMounts"],
    "Names": ["fullnameOverride", "--release"],
    "Names.name": ["fullnameOverride", "--release"],
    "PodOptions.affinity": ["affinity", "worker.affinity"],
    "PodOptions.tolerations": ["tolerations", "worker.tolerations"],
    "PodOptions.topology_spread_constraints": ["topologySpreadConstraints", "worker.topologySpreadConstraints"],
    "ServiceAccount.name": ["serviceAccount.name", "worker.serviceAccount.name"],
    "labels": ["commonLabels"],
    "annotations": ["commonAnnotations"],
}
