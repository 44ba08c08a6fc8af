"""`Dashboards`: their JSON model, their queries, and what they show of which deployment."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import cluster
import pytest
from cdk8s import App
from deployments import AUTH, POSTGRES, WATCHED, objects, queue, standalone, variant, with_dashboards
from metric_names import selected, unknown

from flowise_constructs import ConfigError, Dashboards, Metrics, Names, ScrapeJobs, Settings, StandaloneChart

pytestmark = pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")
Model = dict[str, Any]


def config_maps(documents: list[Model]) -> dict[str, Model]:
    """The dashboards' ConfigMaps, by the last part of their names."""
    return {
        document["metadata"]["name"].rpartition("-dashboard-")[2]: document
        for document in documents
        if document["kind"] == "ConfigMap" and "-dashboard-" in document["metadata"]["name"]
    }


def models(documents: list[Model]) -> dict[str, Model]:
    """The dashboards, by the same."""
    found = {key: list(document["data"].values()) for key, document in config_maps(documents).items()}
    assert all(len(texts) == 1 for texts in found.values())
    return {key: json.loads(texts[0]) for key, texts in found.items()}


@cache
def everything() -> dict[str, Model]:
    """Those of a deployment with all parts."""
    return models(cluster.documents(variant("dashboards")))


def panels(model: Model) -> list[Model]:
    return [panel for panel in model["panels"] if panel["type"] != "row"]


def titles(documents: list[Model]) -> dict[str, list[str]]:
    return {key: [row["title"] for row in model["panels"] if row["type"] == "row"] for key, model in models(documents).items()}  # fmt: skip


def queries() -> Iterator[tuple[str, str]]:
    """Each query with where it stands, as Grafana asks it."""
    for key, model in everything().items():
        for panel in panels(model):
            for target in panel["targets"]:
                yield f"{key}: {panel['title']}", target["expr"].replace("$__rate_interval", "5m")


@pytest.mark.parametrize("key", ["overview", "queue", "servers"])
def test_the_model_is_grafanas(key: str) -> None:
    reason = "grafana-foundation-sdk, which has Grafana's model as classes, isn't installed"
    classes = pytest.importorskip("grafana_foundation_sdk.models.dashboard", reason=reason)
    encoder = pytest.importorskip("grafana_foundation_sdk.cog.encoder", reason=reason)
    runtime = pytest.importorskip("grafana_foundation_sdk.cog.plugins", reason=reason)
    runtime.register_default_plugins()
    model = everything()[key]
    read = classes.Dashboard.from_json(model)
    written = json.loads(encoder.JSONEncoder(sort_keys=True).encode(read))
    assert lost(model, written) == []
    assert not any(panel["type"] in str(type(panel)) for panel in panels(model))


def lost(given: Any, kept: Any, path: str = "") -> list[str]:
    """What Grafana's classes don't know, and so don't write again."""
    if isinstance(given, dict):
        missing = [f"{path}.{name}" for name in given if name not in kept and given[name] is not None]
        return missing + [item for name in given if name in kept for item in lost(given[name], kept[name], f"{path}.{name}")]  # fmt: skip
    if isinstance(given, list):
        if len(given) != len(kept):
            return [path]
        return [item for number, pair in enumerate(zip(given, kept, strict=True)) for item in lost(*pair, f"{path}[{number}]")]  # fmt: skip
    return [] if given == kept else [f"{path}: {given!r} became {kept!r}"]


def test_what_grafanas_classes_do_not_know_would_be_noticed() -> None:
    assert lost({"a": 1, "b": [{"c": 2}]}, {"b": [{"c": 3}]}) == [".a", ".b[0].c: 2 became 3"]


def test_every_metric_and_label_is_one_that_somebody_gives() -> None:
    assert {where: unknown(query) for where, query in queries() if unknown(query)} == {}


def test_every_query_asks_for_this_deployment_alone() -> None:
    for where, query in queries():
        found = list(selected(query))
        assert found, where
        for metric, matchers in found:
            assert matchers["namespace"] == "=ai", (where, metric)
            assert any("flowise" in value for value in matchers.values()), (where, metric)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool isn't on the PATH")
def test_prometheus_reads_every_query(tmp_path: Path) -> None:
    rules = [{"record": f"query_{number}", "expr": query} for number, (_, query) in enumerate(queries())]
    assert len(rules) > 40
    (tmp_path / "rules.yaml").write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    answer = subprocess.run(["promtool", "check", "rules", tmp_path / "rules.yaml"], capture_output=True, text=True, check=False)  # fmt: skip
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize("key", ["overview", "queue", "servers"])
def test_panels_lie_side_by_side(key: str) -> None:
    placed = everything()[key]["panels"]
    assert len({panel["id"] for panel in placed}) == len(placed)
    for panel in placed:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
    for one, other in combinations([panel["gridPos"] for panel in placed], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below


def test_each_panel_has_a_title_of_its_own_and_a_legend_for_each_query() -> None:
    for model in everything().values():
        shown = [panel["title"] for panel in panels(model)]
        assert len(set(shown)) == len(shown)
        for panel in panels(model):
            assert all(target["legendFormat"] for target in panel["targets"])
            assert [target["refId"] for target in panel["targets"]] == list("ABC")[: len(panel["targets"])]


def test_labels_annotations_and_names() -> None:
    found = config_maps(cluster.documents(variant("dashboards")))
    assert set(found) == {"overview", "queue", "servers"}
    for key, document in found.items():
        assert document["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert document["metadata"]["annotations"] == {"grafana_folder": "Flowise"}
        assert list(document["data"]) == [f"ai-flowise-{key}.json"]
    other = config_maps(objects(with_dashboards(standalone(), namespace="ai", labels={"dashboards": "grafana"})))
    labels = other["overview"]["metadata"]["labels"]
    assert (labels["dashboards"], "grafana_dashboard" in labels) == ("grafana", False)


def test_two_deployments_have_dashboards_of_their_own() -> None:
    one = models(objects(with_dashboards(WATCHED, namespace="ai")))
    other = models(objects(with_dashboards(WATCHED, namespace="ai-staging")))
    both = [*one.values(), *other.values()]
    assert len({model["uid"] for model in both}) == len({model["title"] for model in both}) == 6
    assert all(8 <= len(model["uid"]) <= 40 for model in both)
    assert one["queue"]["title"] == "Flowise ai/flowise: queue and workers"


METRICS = Settings(metrics=Metrics())


@pytest.mark.parametrize(
    ("build", "given", "rows"),
    [
        (standalone(database=POSTGRES, data=None), {}, {"overview": ["State", "Pods"]}),
        (standalone(), {}, {"overview": ["State", "Pods"], "servers": ["Volumes"]}),
        (standalone(settings=METRICS, data=None, database=POSTGRES), {}, {"overview": ["State", "Predictions and requests", "Main's process", "Pods"]}),
        (standalone(settings=Settings(metrics=Metrics(node_metrics=False)), data=None, database=POSTGRES), {}, {"overview": ["State", "Predictions and requests", "Pods"]}),
        (queue(), {}, {"overview": ["State", "Pods"], "queue": ["Workers"]}),
        (queue(), {"jobs": ScrapeJobs(queue="a", redis="b")}, {"overview": ["State", "Pods"], "queue": ["Jobs", "Workers"], "servers": ["Redis"]}),
    ],
)  # fmt: skip
def test_rows_are_those_that_the_deployment_has_the_parts_for(build: Any, given: dict[str, Any], rows: Any) -> None:
    assert titles(objects(with_dashboards(build, namespace="ai", **given))) == rows


def test_all_rows() -> None:
    assert titles(cluster.documents(variant("dashboards"))) == {
        "overview": ["State", "Predictions and requests", "Main's process", "Pods"],
        "queue": ["Jobs", "Workers"],
        "servers": ["Redis", "PostgreSQL", "Volumes", "Backups and drills"],
    }


def test_the_namespace_is_needed() -> None:
    with pytest.raises(ConfigError, match=r"Dashboards.namespace: is not known: .*; give Dashboards\(namespace='ai'\)"):
        objects(with_dashboards(standalone()))
    chart = StandaloneChart(App(), "standalone", auth=AUTH, names=Names(namespace="a"))
    assert set(Dashboards(chart, "Dashboards", deployment=chart.deployment).dashboards) == {"overview", "servers"}
