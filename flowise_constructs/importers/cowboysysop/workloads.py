"""Main and workers: pods, probes, and what the chart adds to their Deployments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowise_constructs import DisruptionBudget, Main, PodOptions, ProbeNumbers, Resources, Worker
from flowise_constructs.importers import pods
from flowise_constructs.importers.budgets import added_budget
from flowise_constructs.importers.cowboysysop.directories import placed
from flowise_constructs.importers.cowboysysop.names import EXTRA, MAIN_COMPONENT, full_name, labels
from flowise_constructs.importers.fields import service
from flowise_constructs.importers.imported import Patch
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.scalers import replicas_of, scaler_of
from flowise_constructs.importers.variables import Variables


def main(release: Release, variables: Variables, *, queued: bool) -> Main:
    """What is specific to main."""
    liveness = _probe(release, "livenessProbe", ProbeNumbers(timeout_seconds=10) if queued else _STANDALONE_LIVENESS)
    return release.make(
        Main,
        {
            "replicas": "replicaCount",
            "extra_env": "extraEnvVars",
            "startup": "startupProbe",
            "resources": "resources",
            "disruption_budget": "pdb",
        },
        Main(),
        replicas=replicas_of(release, "replicaCount", full_name(release), extra=EXTRA, may_be_several=queued),
        disruption_budget=_disruption_budget(release, "", MAIN_COMPONENT),
        service=service(release, "service.ports.http"),
        resources=pods.resources(release, "resources", Resources()),
        startup=_startup(release, "startupProbe", Main().startup),
        readiness=_probe(release, "readinessProbe", Main().readiness) or Main().readiness,
        liveness=liveness,
        extra_env=variables.rest(),
        pod=_pod(release, "", full_name(release)),
    )


_STANDALONE_LIVENESS = ProbeNumbers(period_seconds=20, timeout_seconds=10)


def worker(release: Release, variables: Variables) -> Worker:
    """What is specific to workers."""
    concurrency = variables.take_number("WORKER_CONCURRENCY")
    if concurrency is None:
        concurrency = Worker().concurrency
        release.remark(
            "worker.extraEnvVars",
            f"lacks WORKER_CONCURRENCY: {concurrency} is used, because Flowise's 100000 lets one worker take the whole "
            "queue",
        )
    if release.below("worker.readinessProbe"):
        release.remark("worker.readinessProbe", "is not carried over: no Service leads to workers")
    return release.make(
        Worker,
        {
            "replicas": "worker.replicaCount",
            "concurrency": "worker.extraEnvVars",
            "extra_env": "worker.extraEnvVars",
            "startup": "worker.startupProbe",
            "resources": "worker.resources",
            "disruption_budget": "worker.pdb",
        },
        Worker(),
        replicas=replicas_of(release, "worker.replicaCount", f"{full_name(release)}-worker", extra=EXTRA),
        disruption_budget=_disruption_budget(release, "worker.", "worker"),
        concurrency=concurrency,
        resources=pods.resources(release, "worker.resources", Resources()),
        startup=_startup(release, "worker.startupProbe", Worker().startup),
        liveness=_probe(release, "worker.livenessProbe", Worker().liveness) or Worker().liveness,
        extra_env=variables.rest(),
        pod=_pod(release, "worker.", f"{full_name(release)}-worker"),
    )


def _startup(release: Release, path: str, default: ProbeNumbers) -> ProbeNumbers:
    if not release.flag(f"{path}.enabled"):
        for key in release.below(path):
            release.remark(key, f"is not carried over: {path}.enabled is false; every pod has a startup probe here")
        return default
    return _probe(release, path, default) or default


def _probe(release: Release, path: str, default: ProbeNumbers) -> ProbeNumbers | None:
    """The numbers that are given, and this library's for the others; None where none is given."""
    if not release.flag(f"{path}.enabled"):
        release.remark(
            f"{path}.enabled", "false is not carried over: every pod has its probes; set larger numbers instead"
        )
    for key, reason in _NOT_CARRIED.items():
        if release.below(f"{path}.{key}"):
            release.remark(f"{path}.{key}", f"is not carried over: {reason}")
    where = {field: f"{path}.{key}" for field, key in _NUMBERS.items()}
    given = {field: release.number(key) for field, key in where.items() if release.given(key)}
    if not given:
        return None
    fields = {field: getattr(default, field) for field in _NUMBERS}
    return release.make(ProbeNumbers, where, default, **{**fields, **given})


_NUMBERS = {
    "period_seconds": "periodSeconds",
    "timeout_seconds": "timeoutSeconds",
    "failure_threshold": "failureThreshold",
}
_NOT_CARRIED = {
    "initialDelaySeconds": "the startup probe waits, and the others start after it",
    "successThreshold": "one answer is enough",
}


def _pod(release: Release, prefix: str, name: str) -> PodOptions:
    paths = {
        "labels": f"{prefix}podLabels",
        "annotations": f"{prefix}podAnnotations",
        **pods.scheduling_paths(prefix),
        "topology_spread_constraints": f"{prefix}topologySpreadConstraints",
        "priority_class_name": f"{prefix}priorityClassName",
    }
    account = f"{prefix}serviceAccount"
    if not release.flag(f"{account}.create") and release.text(f"{account}.name") in ("", "default"):
        release.remark(
            f"{account}.create", "false is not carried over: each pod has an account of its own, without a token"
        )
    return pods.pod_options(
        release,
        paths,
        labels={**_words(release, f"{prefix}podLabels"), **_words(release, "commonLabels")},
        service_account=pods.service_account(release, account, name),
        volumes=pods.volumes(release, f"{prefix}extraVolumes", f"{prefix}extraVolumeMounts", placed),
        annotations={**release.words(f"{prefix}podAnnotations"), **release.words("commonAnnotations")},
    )


def _words(release: Release, path: str) -> dict[str, str]:
    """Labels without those of the selector, which are refused elsewhere."""
    own = labels(release, "any")
    return {name: word for name, word in release.words(path).items() if name not in own}


def patches(release: Release, prefix: str, construct: str) -> Iterator[Patch]:
    """What the chart has for a Deployment, and our values have not."""
    deployment = f"{construct}.deployment"
    if release.below(f"{prefix}revisionHistoryLimit"):
        number = release.number(f"{prefix}revisionHistoryLimit")
        yield Patch(construct=deployment, pointer="/spec/revisionHistoryLimit", value=number)
    own = release.words(f"{prefix}deploymentAnnotations")
    if own:
        every = {**release.words("commonAnnotations"), **own}
        yield Patch(construct=deployment, pointer="/metadata/annotations", value=every)
    for field, value in (
        ("hostAliases", [entry for _, entry in release.entries(f"{prefix}hostAliases")]),
        ("runtimeClassName", release.text(f"{prefix}runtimeClassName")),
    ):
        if value:
            yield Patch(construct=deployment, pointer=f"/spec/template/spec/{field}", value=value)


def _disruption_budget(release: Release, prefix: str, component: str) -> DisruptionBudget | None:
    """The chart's, or this library's where the chart makes none."""
    at, replicas = f"{prefix}pdb", f"{prefix}replicaCount"
    if not release.flag(f"{at}.create"):
        for path in release.below(at):
            release.remark(path, f"is not carried over: {at}.create is false")
        called = "Worker.disruption_budget" if prefix else "Main.disruption_budget"
        deployment = f"{full_name(release)}-worker" if prefix else full_name(release)
        scaled = scaler_of(release, EXTRA, deployment) is not None
        return added_budget(release, replicas, labels(release, component), extra=EXTRA, value=called, scaled=scaled)
    given = _bounds(release, at)
    if release.number(replicas) < 2 or len(given) != 1:
        # A single pod's stays an object of its own: see budgets().
        return None
    paths = {"max_unavailable": f"{at}.maxUnavailable", "min_available": f"{at}.minAvailable"}
    fields = {"max_unavailable": given.get("maxUnavailable"), "min_available": given.get("minAvailable")}
    return release.make(DisruptionBudget, paths, DisruptionBudget(), **fields)


def budgets(release: Release, *, queued: bool) -> Iterator[dict[str, Any]]:
    """The PodDisruptionBudgets of single pods, as the chart makes them: no value here has them."""
    roles = [
        ("", full_name(release), MAIN_COMPONENT),
        *([("worker.", f"{full_name(release)}-worker", "worker")] * queued),
    ]
    for prefix, name, component in roles:
        if release.flag(f"{prefix}pdb.create") and release.number(f"{prefix}replicaCount") < 2:
            yield _budget(release, f"{prefix}pdb", name, labels(release, component))


def _budget(release: Release, path: str, name: str, selector: dict[str, str]) -> dict[str, Any]:
    spec = _bounds(release, path)
    if "minAvailable" in spec:
        release.remark(f"{path}.minAvailable", "a budget for one pod blocks the draining of its node")
    annotations = release.words("commonAnnotations")
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {
            "name": name,
            "labels": {**selector, **release.words("commonLabels")},
            **({"annotations": annotations} if annotations else {}),
        },
        "spec": {**spec, "selector": {"matchLabels": selector}},
    }


def _bounds(release: Release, path: str) -> dict[str, int | str]:
    bounds = {word: _bound(release, f"{path}.{word}") for word in ("minAvailable", "maxUnavailable")}
    given = {word: bound for word, bound in bounds.items() if bound}
    if len(given) != 1:
        have = "both are given" if given else "neither is given"
        release.refuse(path, f"minAvailable and maxUnavailable: {have}; Kubernetes takes one: set the other to null")
    return given


def _bound(release: Release, path: str) -> int | str:
    # The chart leaves out what is 0 or null, and says minAvailable 1 by itself.
    text = release.text(path).removeprefix("0")
    if path.endswith("minAvailable") and not release.given(path):
        text = "1"
    if text and not (text.isdecimal() or (text.endswith("%") and text[:-1].isdecimal())):
        release.refuse(path, f"{text[:80]!r} must be a number or a percentage, such as 1 or '50%'")
    return int(text) if text.isdecimal() else text
