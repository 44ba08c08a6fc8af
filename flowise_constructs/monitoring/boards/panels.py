"""Dashboards and their panels as Grafana's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
RANGE = "$__rate_interval"
_COLUMNS = 24


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel, with a query a line."""

    title: str
    queries: tuple[tuple[str, str], ...]
    """PromQL, and the legend of what it gives."""
    unit: str = "short"
    """Grafana's unit: `short`, `percent`, `s`, `ms`, `bytes`, `reqps`, `cps`."""
    kind: Literal["timeseries", "stat"] = "timeseries"
    about: str = ""
    """What somebody who looks at it for the first time needs to know."""
    width: int = 8
    limits: tuple[float, float] | None = None
    """From where on it is yellow and red."""
    falling: bool = False
    """Whether less is worse: the limits are red and yellow below."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: Sequence[Panel] = field(default_factory=tuple[Panel, ...])


@dataclass(frozen=True, kw_only=True)
class Board:
    """A dashboard."""

    key: str
    """What tells it from the others: part of its uid and of the ConfigMap's name."""
    title: str
    about: str
    rows: Sequence[Row]


def dashboard(board: Board, uid: str, title: str) -> dict[str, Any]:
    """A dashboard as Grafana imports it. Whoever looks at it chooses the Prometheus."""
    return {
        "uid": uid,
        "title": title,
        "description": board.about,
        "tags": ["flowise"],
        "timezone": "browser",
        "editable": True,
        "graphTooltip": 1,
        "fiscalYearStartMonth": 0,
        "schemaVersion": 36,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [
                {
                    "type": "datasource",
                    "name": "datasource",
                    "label": "Prometheus",
                    "query": "prometheus",
                    "hide": 0,
                    "multi": False,
                    "includeAll": False,
                    "skipUrlSync": False,
                }
            ]
        },
        "annotations": {"list": []},
        "links": [
            {
                "type": "dashboards",
                "title": "Flowise",
                "icon": "external link",
                "tooltip": "",
                "url": "",
                "tags": ["flowise"],
                "asDropdown": True,
                "targetBlank": False,
                "includeVars": True,
                "keepTime": True,
            }
        ],
        "panels": list(_placed(board.rows)),
    }


def _placed(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """From left to right, in lines of the same height."""
    number, top = 0, 0
    for row in rows:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "gridPos": _place(0, top, _COLUMNS, 1),
            "panels": [],
        }
        top, left, height = top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > _COLUMNS:
                top, left, height = top + height, 0, 0
            number += 1
            tall = 4 if panel.kind == "stat" else 8
            yield {"id": number, "gridPos": _place(left, top, panel.width, tall), **_panel(panel)}
            left, height = left + panel.width, max(height, tall)
        top += height


def _place(left: int, top: int, width: int, height: int) -> dict[str, int]:
    return {"x": left, "y": top, "w": width, "h": height}


def _panel(panel: Panel) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": panel.kind,
        "title": panel.title,
        "transparent": False,
        "datasource": DATASOURCE,
        "targets": [_target(number, expr, legend) for number, (expr, legend) in enumerate(panel.queries)],
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, **_thresholds(panel)}, "overrides": []},
        "options": _OPTIONS[panel.kind],
    }
    return {**body, **({"description": panel.about} if panel.about else {})}


def _target(number: int, expr: str, legend: str) -> dict[str, Any]:
    return {
        "refId": chr(ord("A") + number),
        "datasource": DATASOURCE,
        "expr": expr,
        "legendFormat": legend,
        "range": True,
        "instant": False,
    }


def _thresholds(panel: Panel) -> dict[str, Any]:
    if panel.limits is None:
        return {}
    low, high = panel.limits
    colors = ("red", "yellow", "green") if panel.falling else ("green", "yellow", "red")
    steps = [{"color": color, "value": value} for color, value in zip(colors, (None, low, high), strict=True)]
    return {"color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": steps}}


_OPTIONS: dict[str, dict[str, Any]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": {"calcs": ["lastNotNull"], "values": False},
        "orientation": "auto",
        "textMode": "auto",
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
    },
}
