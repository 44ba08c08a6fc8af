"""`synth`: the YAML of a cdk8s app, without npm."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from flowise_constructs.cli.app_process import run_app
from flowise_constructs.cli.common import DONE, REFUSED, Commands, add_command, writing
from flowise_constructs.cli.project import read_project
from flowise_constructs.cli.terminal import say

_DESCRIPTION = """\
Runs the app that cdk8s.yaml in this folder names, and writes its YAML, as `cdk8s synth` does. Node comes along with
this package; JSII_NODE names another one. `python` in cdk8s.yaml is the Python that runs this command.

Files are written only if the whole app succeeds. No file is deleted: what an earlier run left is named.
Exits with 1 if the app fails or refuses a value, and with 2 if it can't be started.
"""


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "synth", summary="the YAML of the app in this folder", description=_DESCRIPTION)
    parser.add_argument(
        "--app", "-a", metavar="COMMAND", help="command that runs the app (default: `app` in cdk8s.yaml)"
    )
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "--output",
        "-o",
        metavar="DIR",
        help="folder for the YAML (default: CDK8S_OUTDIR, `output` in cdk8s.yaml, dist)",
    )
    target.add_argument("--stdout", "-p", action="store_true", help="print the YAML, and write no file")
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Writes or prints the YAML."""
    project = read_project(parsed.app, parsed.output)
    with TemporaryDirectory(prefix="synth-") as folder:
        made = Path(folder)
        if not run_app(project.app, made, quiet=parsed.stdout):
            return REFUSED
        files = sorted(path for path in made.rglob("*") if path.is_file())
        if not files:
            mend = "call app.synth() at its end, on an App() without 'outdir'"
            say("error", f"`{project.app}` wrote no file into CDK8S_OUTDIR: {mend}")
            return REFUSED
        if parsed.stdout:
            _print(files)
        else:
            _write({path.relative_to(made): path for path in files}, project.output)
    return DONE


def _print(files: list[Path]) -> None:
    texts = [path.read_text(encoding="utf-8") for path in files]
    sys.stdout.write("---\n".join(text if text.endswith("\n") else f"{text}\n" for text in texts))


def _write(files: dict[Path, Path], output: Path) -> None:
    for name, made in files.items():
        target = output / name
        with writing():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(made.read_bytes())
        say("wrote", str(target), sys.stdout)
    for old in sorted(output.rglob("*.k8s.yaml")):
        if old.relative_to(output) not in files:
            say("warning", f"{old} is from an earlier run, this one didn't write it: delete it if no app needs it")
