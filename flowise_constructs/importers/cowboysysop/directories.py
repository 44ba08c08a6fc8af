"""Where Flowise's files are: in the chart's containers, and in ours."""

from __future__ import annotations

from flowise_constructs.flowise.directories import DATA_DIRECTORY, HOME

CHART_DATA_DIRECTORY = "/data"
_HOMES = {CHART_DATA_DIRECTORY: DATA_DIRECTORY, "/root": HOME}


def placed(path: str) -> str:
    """A path in the chart's containers, which run as root and keep their files in `/data`, in our containers."""
    path = path.rstrip("/") or path
    for theirs, ours in _HOMES.items():
        if path == theirs or path.startswith(f"{theirs}/"):
            return ours + path[len(theirs) :]
    return path
