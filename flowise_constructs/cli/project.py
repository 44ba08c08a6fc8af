"""What a folder's cdk8s.yaml says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from flowise_constructs.cli.common import UnusableError
from flowise_constructs.core.findings import shown
from flowise_constructs.core.plain import is_map
from flowise_constructs.manifests.yaml_files import read_documents

FILE = "cdk8s.yaml"


class Project(NamedTuple):
    """An app, and where its YAML goes."""

    app: str
    """The command that runs the app, for a shell."""
    output: Path
    """The folder for the YAML."""


def read_project(app: str | None = None, output: str | None = None) -> Project:
    """The arguments, then CDK8S_OUTDIR, then cdk8s.yaml in this folder, then `dist`."""
    settings = {} if app is not None and not Path(FILE).exists() else _settings()
    folder = output or os.environ.get("CDK8S_OUTDIR") or _text(settings, "output") or "dist"
    if not (command := app or _text(settings, "app")):
        raise UnusableError(f"{FILE}: has no 'app', the command that runs yours: write `app: python main.py`")
    return Project(command, Path(folder))


def _settings() -> dict[str, Any]:
    if not Path(FILE).exists():
        mend = "go to the folder of your app, or make one: flowise-constructs init DIR"
        raise UnusableError(f"{FILE}: there is none in {Path.cwd()}: {mend}")
    documents = read_documents(FILE)
    if len(documents) != 1 or not is_map(documents[0]):
        raise UnusableError(f"{FILE}: must hold one mapping, such as `app: python main.py`")
    return dict(documents[0])


def _text(settings: dict[str, Any], key: str) -> str | None:
    value = settings.get(key)
    if value is not None and not isinstance(value, str):
        raise UnusableError(f"{FILE}: {key}: {shown(value)} must be text")
    return value
