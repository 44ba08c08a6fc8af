"""Which metrics there are: those that the real Flowise and the real exporters gave, recorded, and those of the cluster.

`data/metrics_of_the_cluster.json` is no recording, since no cluster is at hand: it has what is used of the documented
metrics of kube-state-metrics, kubelet, cAdvisor, cert-manager and blackbox exporter, with their labels.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
OF_TARGETS = {"namespace", "job", "instance", "pod"}
"""Labels that Prometheus gives each series."""
MATCHER = re.compile(r'([a-z_]+)(=~|!~|!=|=)"([^"]*)"')
SERIES = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-z_]+(?:=~|!~|!=|=)"[^"]*",?)+)\}')


@cache
def known() -> Mapping[str, frozenset[str] | None]:
    """The labels of each metric; None where the recording has the metric's description, and no series of it yet."""
    recorded = json.loads((DATA / "metrics.json").read_text(encoding="utf-8"))
    documented = json.loads((DATA / "metrics_of_the_cluster.json").read_text(encoding="utf-8"))
    every = [metrics for data in (recorded, documented) for metrics in data.values()]
    found = {name: labels for metrics in every for name, labels in metrics.items()}
    return {name: None if labels is None else frozenset(labels) | OF_TARGETS for name, labels in found.items()}


def selected(expr: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each metric that an expression names, with its matchers as `label: operator value`."""
    for metric, matchers in SERIES.findall(expr):
        yield metric, {label: f"{operator}{value}" for label, operator, value in MATCHER.findall(matchers)}


def unknown(expr: str) -> list[str]:
    """Metrics and labels that nobody gives."""
    found: list[str] = []
    for metric, matchers in selected(expr):
        if metric not in known():
            found.append(metric)
        elif (labels := known()[metric]) is not None:
            found += [f"{metric}{{{label}}}" for label in matchers if label not in labels]
    return found
