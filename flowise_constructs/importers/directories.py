"""Where Flowise's files are: in containers that run as root, and in ours."""

from __future__ import annotations

from flowise_constructs.flowise.directories import DATA_DIRECTORY

ROOT_DATA_DIRECTORY = "/root/.flowise"


def moved(path: str) -> str:
    """A path in containers that run as root, as the path in our containers."""
    path = path.rstrip("/") or path
    if path == ROOT_DATA_DIRECTORY or path.startswith(f"{ROOT_DATA_DIRECTORY}/"):
        return DATA_DIRECTORY + path[len(ROOT_DATA_DIRECTORY) :]
    return path
