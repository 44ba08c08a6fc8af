"""A release in this library's words -> YAML."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from cdk8s import ApiObject, App, Chart, JsonPatch

from flowise_constructs import ConfigWarning, QueueChart, StandaloneChart
from flowise_constructs.helm.importer import Imported
from flowise_constructs.helm.objects import identity

_CHARTS: dict[str, type[Chart]] = {"StandaloneChart": StandaloneChart, "QueueChart": QueueChart}


def synthesize(imported: Imported) -> tuple[str, list[str]]:
    """The YAML, one stream of documents, and the warnings of the constructs."""
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", ConfigWarning)
        app = App()
        build(app, imported)
        yaml = app.synth_yaml()
    return str(yaml), list(dict.fromkeys(str(warning.message) for warning in raised))


def build(app: App, imported: Imported) -> Chart:
    """The chart of the release, with its further objects and labels."""
    chart = _CHARTS[imported.chart](app, imported.release, **imported.arguments)
    for item in imported.objects:
        _add(chart, item)
    if imported.labels:
        for child in chart.node.find_all():
            if isinstance(child, ApiObject):
                for name, value in imported.labels.items():
                    child.metadata.add_label(name, value)
    return chart


def object_id(item: Mapping[str, Any]) -> str:
    """The construct id of an object beside the chart's."""
    _, kind, namespace, name = identity(item)
    return "-".join(part for part in (kind, namespace, name) if part)


def patches(item: Mapping[str, Any]) -> dict[str, Any]:
    """What cdk8s is told of an object by patches: all but its kind. Maps JSON pointers to values."""
    given = {key: value for key, value in item.items() if key not in ("apiVersion", "kind") and value is not None}
    return {f"/{key.replace('~', '~0').replace('/', '~1')}": value for key, value in given.items()}


def _add(chart: Chart, item: Mapping[str, Any]) -> None:
    made = ApiObject(chart, object_id(item), api_version=item["apiVersion"], kind=item["kind"])
    for pointer, value in patches(item).items():
        made.add_json_patch(JsonPatch.add(pointer, value))
