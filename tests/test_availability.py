"""Budgets and spread: which Deployments have them, what they say, and how they are changed and left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cdk8s import App, Chart
from deployments import objects, queue, standalone
from helm_values import Tree

from flowise_constructs import ConfigError, ConfigWarning, DisruptionBudget, Main, PodOptions, Worker
from flowise_constructs.importers.cowboysysop.importer import import_values as import_cowboysysop
from flowise_constructs.importers.helm.importer import import_values as import_helm
from flowise_constructs.importers.helm.values_files import read_values
from flowise_constructs.importers.imported import Imported
from flowise_constructs.importers.python_module import python_module
from flowise_constructs.importers.synthesis import synthesize

Build = Callable[[App], Chart]
SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
TWO = {"main": Main(replicas=2), "worker": Worker(replicas=2)}
HERE = {"topologyKey": "kubernetes.io/hostname", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}


def budgets(build: Build) -> dict[str, dict[str, Any]]:
    """The spec of each PodDisruptionBudget, by name."""
    return {
        document["metadata"]["name"]: document["spec"]
        for document in objects(build)
        if document["kind"] == "PodDisruptionBudget"
    }


def deployment(build: Build, name: str) -> dict[str, Any]:
    """The spec of a Deployment."""
    [found] = (
        document["spec"]
        for document in objects(build)
        if (document["kind"], document["metadata"]["name"]) == ("Deployment", name)
    )
    return dict(found)


def pod(build: Build, name: str) -> dict[str, Any]:
    """The pod of a Deployment."""
    template: dict[str, Any] = deployment(build, name)["template"]
    return template


@pytest.mark.parametrize("name", ["flowise", "flowise-worker"])
def test_two_pods_have_a_budget_of_their_own_selector(name: str) -> None:
    assert budgets(queue(**TWO))[name] == {
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": deployment(queue(**TWO), name)["selector"],
    }


@pytest.mark.parametrize("name", ["flowise", "flowise-worker"])
def test_two_pods_are_spread_over_hosts_and_zones_if_there_is_room(name: str) -> None:
    spread = pod(queue(**TWO), name)["spec"]["topologySpreadConstraints"]
    assert [constraint["topologyKey"] for constraint in spread] == [
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    ]
    for constraint in spread:
        assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
        assert constraint["maxSkew"] == 1
        assert constraint["matchLabelKeys"] == ["pod-template-hash"]
        assert constraint["labelSelector"] == deployment(queue(**TWO), name)["selector"]


@pytest.mark.parametrize(
    "build",
    [standalone(), queue(), queue(main=Main(replicas=0), worker=Worker(replicas=0)), standalone(main=Main(replicas=0))],
)
def test_a_single_pod_has_neither(build: Build) -> None:
    assert budgets(build) == {}
    assert "topologySpreadConstraints" not in str(objects(build))


def test_nothing_but_mains_and_workers_has_one() -> None:
    """The bundled servers and the jobs are one pod each."""
    assert set(budgets(queue(**TWO))) == {"flowise", "flowise-worker"}
    spread = [
        document["metadata"]["name"]
        for document in objects(queue(**TWO))
        if "topologySpreadConstraints" in str(document)
    ]
    assert spread == ["flowise", "flowise-worker"]


def test_one_more_replica_than_one_adds_them_to_that_deployment_alone() -> None:
    assert set(budgets(queue(worker=Worker(replicas=2)))) == {"flowise-worker"}


@pytest.mark.parametrize(
    ("budget", "bound"),
    [
        (DisruptionBudget(max_unavailable=2), {"maxUnavailable": 2}),
        (DisruptionBudget(max_unavailable="25%"), {"maxUnavailable": "25%"}),
        (DisruptionBudget(min_available=1), {"minAvailable": 1}),
        (DisruptionBudget(min_available="50%"), {"minAvailable": "50%"}),
    ],
)
def test_a_budget_can_be_changed(budget: DisruptionBudget, bound: Mapping[str, Any]) -> None:
    spec = budgets(queue(worker=Worker(replicas=4, disruption_budget=budget)))["flowise-worker"]
    assert {key: spec[key] for key in spec if key.endswith("vailable")} == bound


def test_both_can_be_left_out() -> None:
    bare = Worker(replicas=2, disruption_budget=None, pod=PodOptions(topology_spread_constraints=()))
    assert budgets(queue(worker=bare)) == {}
    assert "topologySpreadConstraints" not in pod(queue(worker=bare), "flowise-worker")["spec"]


def test_what_the_user_says_of_spread_takes_the_place_of_the_default() -> None:
    said = Worker(replicas=2, pod=PodOptions(topology_spread_constraints=[HERE]))
    [constraint] = pod(queue(worker=said), "flowise-worker")["spec"]["topologySpreadConstraints"]
    assert constraint["whenUnsatisfiable"] == "DoNotSchedule"
    assert "matchLabelKeys" not in constraint


@pytest.mark.parametrize(
    ("replicas", "budget"),
    [
        (2, DisruptionBudget(min_available=2)),
        (2, DisruptionBudget(min_available="51%")),
        (3, DisruptionBudget(max_unavailable=0)),
        (3, DisruptionBudget(max_unavailable="0%")),
        (3, DisruptionBudget(min_available="100%")),
    ],
)
def test_a_budget_that_lets_no_pod_go_is_warned_of(replicas: int, budget: DisruptionBudget) -> None:
    with pytest.warns(ConfigWarning, match=rf"^Worker\.disruption_budget: .* lets none of {replicas} pods go"):
        Worker(replicas=replicas, disruption_budget=budget)


@pytest.mark.parametrize(
    ("replicas", "budget"),
    [
        (2, DisruptionBudget(min_available="50%")),
        (2, DisruptionBudget(max_unavailable="1%")),
        (3, DisruptionBudget(min_available=2)),
        (1, DisruptionBudget()),
        (1, None),
    ],
)
def test_others_are_not(replicas: int, budget: DisruptionBudget | None) -> None:
    Main(replicas=replicas, disruption_budget=budget)
    Worker(replicas=replicas, disruption_budget=budget)


def test_a_budget_for_a_single_pod_is_warned_of_and_not_made() -> None:
    with pytest.warns(ConfigWarning, match=r"^Main\.disruption_budget: is made for two or more pods"):
        main = Main(disruption_budget=DisruptionBudget(min_available=1))
    with pytest.warns(ConfigWarning, match="two or more pods"):
        assert budgets(queue(main=main)) == {}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"max_unavailable": 1, "min_available": 1}, "min_available: is given beside 'max_unavailable'"),
        ({"max_unavailable": "a half"}, "max_unavailable: 'a half' must be a number, or a percentage such as '25%'"),
        ({"min_available": "101%"}, "min_available: '101%' must be a number, or a percentage"),
        ({"min_available": -1}, "min_available: -1 must be from 0 to"),
        ({"min_available": 1.5}, "min_available: 1.5 must be int or str or None"),
        ({"unhealthy_pods": "Never"}, "unhealthy_pods: 'Never' must be one of 'AlwaysAllow', 'IfHealthyBudget'"),
    ],
)
def test_what_kubernetes_refuses_is_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"DisruptionBudget.{problem}")):
        DisruptionBudget(**fields)


@pytest.mark.parametrize(("safe", "word"), [(True, "true"), (False, "false")])
def test_a_cluster_autoscaler_is_told_by_an_annotation(safe: bool, word: str) -> None:
    main = Main(awaits_owner=False, pod=PodOptions(safe_to_evict=safe))
    assert pod(queue(main=main), "flowise")["metadata"]["annotations"][SAFE_TO_EVICT] == word


def test_it_is_told_once() -> None:
    with pytest.raises(ConfigError, match=r"PodOptions\.annotations: .*safe-to-evict' is set by 'safe_to_evict'"):
        PodOptions(safe_to_evict=True, annotations={SAFE_TO_EVICT: "false"})


# What importers make of releases.

OWN_BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "ours"},
    "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/component": "worker"}}},
}
DATA = Path(__file__).parent / "data"
IMPORTERS = {
    "helm": (import_helm, "queue.worker.", "extraManifests"),
    "cowboysysop": (import_cowboysysop, "worker.", "extraDeploy"),
}


def workers(chart: str, replicas: int, *extra: Tree, **given: Any) -> Imported:
    """A release with so many workers."""
    load, _, at = IMPORTERS[chart]
    values = read_values([str(DATA / chart / "queue.yaml")])
    of_workers: Tree = values["queue"]["worker"] if chart == "helm" else values["worker"]
    of_workers["replicaCount"] = replicas
    if chart == "cowboysysop":
        of_workers.pop("pdb")
        of_workers.update(given)
    return load({**values, at: list(extra)}, release="flowise")


def made(imported: Imported, kind: str, name: str) -> list[Tree]:
    documents = yaml.safe_load_all(synthesize(imported)[0])
    return [item for item in documents if (item["kind"], item["metadata"]["name"]) == (kind, name)]


def remarks(imported: Imported, path: str) -> str:
    return "\n".join(remark.problem for remark in imported.remarks if remark.where == path)


@pytest.mark.parametrize("chart", IMPORTERS)
def test_a_release_without_a_budget_gets_one_and_is_told_so(chart: str) -> None:
    imported = workers(chart, 3)
    [budget] = made(imported, "PodDisruptionBudget", "flowise-worker")
    assert budget["spec"]["maxUnavailable"] == 1
    told = remarks(imported, f"{IMPORTERS[chart][1]}replicaCount")
    assert "a PodDisruptionBudget is added" in told
    assert "Worker.disruption_budget=None and topology_spread_constraints=()" in told


@pytest.mark.parametrize("chart", IMPORTERS)
def test_a_single_pod_of_a_release_gets_none_and_no_word(chart: str) -> None:
    imported = workers(chart, 1)
    assert made(imported, "PodDisruptionBudget", "flowise-worker") == []
    assert remarks(imported, f"{IMPORTERS[chart][1]}replicaCount") == ""


@pytest.mark.parametrize("chart", IMPORTERS)
def test_a_budget_among_a_releases_own_manifests_stays_the_only_one(chart: str) -> None:
    imported = workers(chart, 3, OWN_BUDGET)
    assert made(imported, "PodDisruptionBudget", "flowise-worker") == []
    assert len(made(imported, "PodDisruptionBudget", "ours")) == 1
    assert "makes no other" in remarks(imported, f"{IMPORTERS[chart][2]}[0]")


@pytest.mark.parametrize("chart", IMPORTERS)
def test_a_budget_of_other_pods_changes_nothing(chart: str) -> None:
    other = {**OWN_BUDGET, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "other"}}}}
    assert len(made(workers(chart, 3, other), "PodDisruptionBudget", "flowise-worker")) == 1


@pytest.mark.parametrize(
    ("pdb", "bound"),
    [
        ({}, {"minAvailable": 1}),
        ({"minAvailable": "50%"}, {"minAvailable": "50%"}),
        ({"minAvailable": 0, "maxUnavailable": 2}, {"maxUnavailable": 2}),
        ({"minAvailable": None, "maxUnavailable": "25%"}, {"maxUnavailable": "25%"}),
    ],
)
def test_a_charts_budget_becomes_the_value(pdb: Tree, bound: Mapping[str, Any]) -> None:
    imported = workers("cowboysysop", 3, pdb={"create": True, **pdb})
    [budget] = made(imported, "PodDisruptionBudget", "flowise-worker")
    assert {key: budget["spec"][key] for key in budget["spec"] if key.endswith("vailable")} == bound
    assert "PodDisruptionBudget" not in str(imported.objects)
    assert "disruption_budget=DisruptionBudget(" in python_module(imported)


def test_a_charts_budget_of_a_single_pod_stays_as_it_is() -> None:
    imported = workers("cowboysysop", 1, pdb={"create": True})
    [budget] = made(imported, "PodDisruptionBudget", "flowise-worker")
    assert budget["spec"]["minAvailable"] == 1
    assert "unhealthyPodEvictionPolicy" not in budget["spec"]
    assert "blocks the draining of its node" in remarks(imported, "worker.pdb.minAvailable")


def test_a_charts_share_that_kubernetes_refuses_is_refused_by_its_path() -> None:
    with pytest.raises(ConfigError, match=r"worker\.pdb\.minAvailable: '150%' must be a number, or a percentage"):
        workers("cowboysysop", 3, pdb={"create": True, "minAvailable": "150%"})
