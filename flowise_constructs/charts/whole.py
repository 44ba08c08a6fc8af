"""What concerns a chart as a whole: its id, its labels and annotations, others of its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated
from weakref import WeakKeyDictionary

from cdk8s import ApiObject, Chart
from constructs import IConstruct

from flowise_constructs.core.findings import ConfigError, Finding, warn
from flowise_constructs.kubernetes.labels import SELECTOR_LABELS, VERSION
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.objects import ANNOTATED

_DEPLOYED: WeakKeyDictionary[IConstruct, set[tuple[str, str]]] = WeakKeyDictionary()
"""Namespaces and names, by app."""


NONE: Mapping[str, str] = MappingProxyType({})


def warn_of_namesakes(chart: Chart, names: Names) -> None:
    """Where no namespace is said, charts of one name are for different ones, or alternatives."""
    if names.namespace is None:
        return
    deployed = _DEPLOYED.setdefault(chart.node.root, set())
    if (names.namespace, names.name) in deployed:
        problem = f"two charts of this app deploy {names.name!r} into the namespace {names.namespace!r}"
        warn(f"Names.name: {problem}: on one cluster they are one and the same; give one another name")
    deployed.add((names.namespace, names.name))


def labels_of_all(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels of every object; those of selectors, and the version, are the objects' own."""
    taken = [label for label in (*SELECTOR_LABELS, VERSION) if label in labels]
    if taken:
        raise ConfigError(
            Finding("labels", f"{label!r} is set by the objects themselves: leave it out") for label in taken
        )
    return dict(labels)


def in_namespace(names: Names, namespace: str | None) -> Names:
    """The names, in the chart's namespace where it has one."""
    if namespace is None or names.namespace == namespace:
        return names
    if names.namespace is not None:
        raise ConfigError([Finding("namespace", f"{namespace!r}, and Names.namespace {names.namespace!r}: give one")])
    return replace(names, namespace=namespace)


def annotate(charts: list[Chart], annotations: Mapping[str, str]) -> None:
    """Annotations on every object, those too that join the charts later."""
    for chart in charts if annotations else []:
        ANNOTATED[chart] = annotations
        for child in chart.node.find_all():
            if isinstance(child, ApiObject):
                for name, value in annotations.items():
                    child.metadata.add_annotation(name, value)


def _chart_id(value: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?", value):
        return None
    return "must be letters, digits, '-', '_' and '.': the chart's file is called like it"


ChartId = Annotated[str, _chart_id]


def warn_of_other_file(chart: Chart, id: str) -> None:
    """cdk8s calls the file of a chart in an app like its id, where that is a DNS label."""
    if not re.fullmatch(r"[-a-z0-9]{1,63}", id) and chart.node.root is chart.node.scope:
        warn(f"{type(chart).__name__}.id: {id!r} gives the file a hash in its name: lower-case letters, digits and '-'")
