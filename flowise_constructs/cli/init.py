"""`init`: a new app."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from flowise_constructs.cli.app_process import run_app
from flowise_constructs.cli.app_template import DATABASES, files
from flowise_constructs.cli.common import DONE, REFUSED, Commands, UnusableError, add_command, writing
from flowise_constructs.cli.terminal import say

_DESCRIPTION = """\
Writes a new app: main.py, cdk8s.yaml, requirements.txt, .gitignore, and a test with the YAML that it expects.
Overwrites nothing.
"""
_NEXT = """\
Next, in {folder}: put your own names into main.py, then
  flowise-constructs synth                       write the YAML to dist/
  flowise-constructs synth --output snapshots    accept it as what test_main.py expects
  flowise-constructs check dist/*.yaml           see what must exist in the cluster
"""


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "init", summary="a new app", description=_DESCRIPTION)
    parser.add_argument("folder", nargs="?", default=".", metavar="DIR", help="its folder (default: this one)")
    parser.add_argument("--queue", action="store_true", help="queue mode: mains, workers, Redis and an S3 bucket")
    parser.add_argument(
        "--database", choices=tuple(DATABASES), help="default: sqlite; with --queue: bundled-postgresql"
    )
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Writes the app, or says which of its files are there already."""
    database = parsed.database or ("bundled-postgresql" if parsed.queue else "sqlite")
    if parsed.queue and database == "sqlite":
        servers = ", ".join(name for name in DATABASES if name != "sqlite")
        raise UnusableError(f"--database: 'sqlite' is one file, which mains and workers can't share: take {servers}")
    written = files(database, queue=parsed.queue)
    folder = Path(parsed.folder)
    there = [folder / name for name in (*written, "snapshots") if (folder / name).exists()]
    for path in there:
        say("error", f"{path} is there already, and init overwrites nothing: name another folder, or move it away")
    if there or (snapshots := _snapshots(written)) is None:
        return REFUSED
    _write(folder, {**written, **snapshots})
    print(_NEXT.format(folder=folder.resolve()), end="")
    return DONE


def _snapshots(app: Mapping[str, str]) -> dict[str, str] | None:
    """What the app writes, or None if it fails."""
    with TemporaryDirectory(prefix="init-") as scratch:
        folder = Path(scratch)
        for name, text in app.items():
            (folder / name).write_text(text, encoding="utf-8")
        made = folder / "snapshots"
        if not run_app("python main.py", made, folder=folder):
            return None
        return {f"snapshots/{path.name}": path.read_text(encoding="utf-8") for path in sorted(made.iterdir())}


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        with writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    for name in texts:
        say("wrote", str(folder / name), sys.stdout)
