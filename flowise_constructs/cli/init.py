"""`init`: a new app."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from flowise_constructs.cli.app_process import run_app
from flowise_constructs.cli.app_template import BUCKETS, DATABASES, REDISES, files, requirement
from flowise_constructs.cli.common import DONE, REFUSED, Commands, UnusableError, add_command, writing
from flowise_constructs.cli.terminal import say

_DESCRIPTION = """\
Writes a new app: main.py, cdk8s.yaml, requirements.txt, .gitignore, the YAML in dist/, and a test that holds dist/ to
be what main.py makes: commit all of it. Overwrites nothing.
"""
_NEXT = """\
Next, in {folder}: put your own names into main.py, then
  {program} synth
      writes the YAML to dist/: review it, and commit it with main.py
  {program} check dist/*.yaml
      tells what must exist in the cluster
  {program} secrets --ask dist/*.yaml | kubectl create -f -
      makes the Secrets, then: kubectl apply -f dist/
  kubectl port-forward service/flowise 3000
      opens http://localhost:3000 without the Ingress
"""


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "init", summary="a new app", description=_DESCRIPTION)
    parser.add_argument("folder", nargs="?", default=".", metavar="DIR", help="its folder (default: this one)")
    parser.add_argument("--queue", action="store_true", help="queue mode: mains, workers, Redis and an S3 bucket")
    parser.add_argument(
        "--database", choices=tuple(DATABASES), help="default: sqlite; with --queue: bundled-postgresql"
    )
    parser.add_argument("--redis", choices=tuple(REDISES), help="with --queue: whose Redis; default: bundled")
    parser.add_argument(
        "--bucket", choices=tuple(BUCKETS), help="with --queue: how pods get at it, by default with keys of a Secret"
    )
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Writes the app, or says which of its files are there already."""
    written = files(
        _database(parsed), queue=parsed.queue, redis=parsed.redis or "bundled", bucket=parsed.bucket or "keys"
    )
    folder = Path(parsed.folder)
    there = [folder / name for name in (*written, "dist") if (folder / name).exists()]
    for path in there:
        say("error", f"{path} is there already, and init overwrites nothing: name another folder, or move it away")
    if there or (made := _made(written)) is None:
        return REFUSED
    _write(folder, {**written, **made})
    if (problem := requirement().problem) is not None:
        say("warning", f"{folder / 'requirements.txt'}: {problem}")
    print(_NEXT.format(folder=folder.resolve(), program=_program()), end="")
    return DONE


def _database(parsed: argparse.Namespace) -> str:
    if not parsed.queue and (given := [option for option in ("redis", "bucket") if getattr(parsed, option)]):
        raise UnusableError(f"--{given[0]}: is for queue mode: give --queue too, or leave it out")
    database = str(parsed.database or ("bundled-postgresql" if parsed.queue else "sqlite"))
    if parsed.queue and database == "sqlite":
        servers = ", ".join(name for name in DATABASES if name != "sqlite")
        raise UnusableError(f"--database: 'sqlite' is one file, which mains and workers can't share: take {servers}")
    return database


def _program() -> str:
    """The command as it can be typed: its path, unless PATH finds this very one."""
    beside = Path(sys.executable).parent / "flowise-constructs"
    found = shutil.which("flowise-constructs")
    if found is not None and Path(found).absolute() == beside.absolute():
        return "flowise-constructs"
    return str(beside) if beside.exists() else f"{sys.executable} -m flowise_constructs"


def _made(app: Mapping[str, str]) -> dict[str, str] | None:
    """The YAML of the app, or None if it fails."""
    with TemporaryDirectory(prefix="init-") as scratch:
        folder = Path(scratch)
        for name, text in app.items():
            (folder / name).write_text(text, encoding="utf-8")
        made = folder / "dist"
        if not run_app("python main.py", made, folder=folder):
            return None
        return {f"dist/{path.name}": path.read_text(encoding="utf-8") for path in sorted(made.iterdir())}


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        with writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    for name in texts:
        say("wrote", str(folder / name), sys.stdout)
