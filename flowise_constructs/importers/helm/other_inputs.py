"""What is taken for a values file of the chart and is another thing: told as what it is, with what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flowise_constructs.core.findings import shown
from flowise_constructs.core.plain import is_list, is_map
from flowise_constructs.importers.compose_services import compose_services
from flowise_constructs.importers.guide import GUIDE
from flowise_constructs.importers.helm.known import KEYS
from flowise_constructs.importers.helm.other_charts import another_chart
from flowise_constructs.importers.told_apart import ChartName, chart_of

_CHART = "from-helm reads values files of the Helm charts helmforge/flowise and cowboysysop/flowise"
_FROM_ENV = f"Give it to 'flowise-constructs from-env {{}}', and keep the encryption key: {GUIDE}"
_GET_VALUES = "run 'helm get values RELEASE -o yaml' and give its output"


def another_text(text: str) -> str | None:
    """What a text is that YAML may not even read, and what to do; None where it may be YAML."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if lines and all(re.match(r"(export )?[A-Za-z_][A-Za-z0-9_]*=", line) for line in lines):
        return f"is a file of environment variables (NAME=VALUE): {_CHART}. {_FROM_ENV.format('FILE')}"
    return None


def a_template(text: str) -> str | None:
    """What a text is that YAML can't read, where it is a template, and what to do."""
    if any(re.match(r"\{\{|[^#]*: *\{\{", line.strip()) for line in text.splitlines()):
        return f"is a template of a chart ({{{{ }}}}), not a values file: {_GET_VALUES}"
    return None


def another_input(documents: list[Any], chart: ChartName | None = None) -> str | None:
    """What the documents are, where they are no values of the chart, and what to do; None where they may be."""
    if (problem := _objects(documents)) is not None:
        return problem
    if len(documents) != 1 or not is_map(documents[0]):
        return None
    found = next((problem for one in _OF_ONE if (problem := one(documents[0])) is not None), None)
    return found or another_chart(documents[0], chart)


def _objects(documents: list[Any]) -> str | None:
    objects = [document for document in documents if is_map(document) and document.get("kind")]
    if not objects or not any(document.get("apiVersion") for document in objects):
        return None
    kind = str(objects[0]["kind"])
    if kind in _VALUES_IN:
        return f"is an object of kind {kind}, not a values file: put what stands in its {_VALUES_IN[kind]} into a file"
    if kind == "Kustomization":
        return _kustomization(objects[0])
    names = [f"{item['kind']} {_name(item)}" for item in objects]
    told = f"{shown(names[0])} and {len(names) - 1} more" if len(names) > 1 else shown(names[0])
    return (
        f"contains Kubernetes objects ({told}), not values: {_CHART}, not what a chart makes of them. If Helm made the "
        f"objects, {_GET_VALUES}; to look at the objects themselves run 'flowise-constructs check'"
    )


_VALUES_IN: Mapping[str, str] = {
    "Application": "spec.source.helm.values or valuesObject",
    "ApplicationSet": "spec.template.spec.source.helm.values or valuesObject",
    "HelmRelease": "spec.values",
    "HelmChart": "spec.valuesContent",
    "HelmChartConfig": "spec.valuesContent",
}
"""Objects of Argo CD, Flux and k3s that hold values."""


def _name(item: Mapping[str, Any]) -> str:
    metadata = item.get("metadata")
    return str(metadata.get("name") or "without a name") if is_map(metadata) else "without a name"


def _kustomization(tree: Mapping[str, Any]) -> str | None:
    # `resources` is a mapping in values, and a list there.
    if tree.get("kind") != "Kustomization" and not any(is_list(tree.get(word)) for word in _KUSTOMIZE):
        return None
    if tree.get("helmCharts"):
        return (
            "is a kustomization.yaml, not a values file: give the file that its helmCharts[].valuesFile names, or put "
            "what stands in valuesInline into a file"
        )
    return (
        f"is a kustomization.yaml, not a values file: {_CHART}. If Helm made its resources, {_GET_VALUES}; patches and "
        "overlays go on working on the YAML that from-helm writes"
    )


_KUSTOMIZE = (
    "resources",
    "bases",
    "helmCharts",
    "patchesStrategicMerge",
    "patches",
    "configMapGenerator",
    "components",
)


def _helm_table(tree: Mapping[str, Any]) -> str | None:
    if not any(key in tree for key in ("USER-SUPPLIED VALUES", "COMPUTED VALUES")):
        return None
    return "is what 'helm get values' prints to read, with a title: add '-o yaml' to that command"


def _chart_yaml(tree: Mapping[str, Any]) -> str | None:
    if not {"apiVersion", "name", "version"} <= set(tree):
        return None
    return f"is the Chart.yaml of a chart, not a values file: give values.yaml, or {_GET_VALUES}"


def _helmfile(tree: Mapping[str, Any]) -> str | None:
    releases = tree.get("releases")
    if not is_list(releases) or not any(is_map(item) and "chart" in item for item in releases):
        return None
    return "is a helmfile, not a values file: give the files that its releases[].values names"


def _compose(tree: Mapping[str, Any]) -> str | None:
    services = compose_services(tree)
    if not services:
        return None
    return (
        f"is a Docker Compose file (services {', '.join(map(repr, list(services)[:5]))}), not a values file: {_CHART}. "
        f"{_FROM_ENV.format('.env --compose FILE')}"
    )


def _variables(tree: Mapping[str, Any]) -> str | None:
    names = [key for key in tree if re.fullmatch(r"[A-Z][A-Z0-9_]*_[A-Z0-9_]+|PORT|HOST|MODE|DEBUG", key)]
    if not names or len(names) * 2 < len(tree):
        return None
    return (
        f"contains environment variables ({', '.join(names[:5])}), not values: {_CHART}, which take further variables "
        f"as a list in flowise.extraEnv. As a file of NAME=VALUE it is for 'flowise-constructs from-env'; keep the "
        f"encryption key: {GUIDE}"
    )


def _dependency(tree: Mapping[str, Any]) -> str | None:
    inner = tree.get("flowise")
    if not is_map(inner):
        return None
    if chart_of(inner) != "cowboysysop" and (set(inner) & set(KEYS["flowise"]) or not set(inner) & set(KEYS)):
        return None
    told = another_chart(inner)
    return told or (
        "contains the values of a chart that depends on flowise: put what stands below 'flowise:' into a file of its "
        "own, one step to the left, and give that"
    )


_OF_ONE: Iterable[Callable[[Mapping[str, Any]], str | None]] = (
    _helm_table,
    _chart_yaml,
    _kustomization,
    _helmfile,
    _compose,
    _dependency,
    _variables,
)
