"""Runs a cdk8s app in a process of its own, with the right Node, and says in a few lines why it failed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from flowise_constructs.cli.app_errors import explained
from flowise_constructs.cli.common import UnusableError
from flowise_constructs.cli.terminal import say
from flowise_constructs.jsii_node import missing_node, use_bundled_node

_TRACEBACKS = ("Traceback (most recent call last):", "jsii.errors.JavaScriptError:")


def run_app(command: str, outdir: Path, *, folder: Path | None = None, quiet: bool = False) -> bool:
    """Whether the app ended well. It writes into `outdir`; what it prints goes to standard error if `quiet`."""
    with subprocess.Popen(
        command,
        shell=True,
        cwd=folder,
        env=_environment(outdir),
        stdout=sys.stderr.fileno() if quiet else None,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="backslashreplace",
    ) as process:
        assert process.stderr is not None
        held_back = _pass_on(process.stderr)
    if process.returncode == 0:
        sys.stderr.write(held_back)
        return True
    _say_why(command, process.returncode, held_back)
    return False


def _environment(outdir: Path) -> dict[str, str]:
    """The app's environment: `python` is this one, and tracebacks have no colours."""
    use_bundled_node()
    if (problem := missing_node()) is not None:
        raise UnusableError(problem)
    path = os.pathsep.join([str(Path(sys.executable).parent), *os.environ.get("PATH", os.defpath).split(os.pathsep)])
    return {**os.environ, "CDK8S_OUTDIR": str(outdir.absolute()), "PATH": path, "PYTHON_COLORS": "0"}


def _pass_on(lines: Iterable[str]) -> str:
    """Prints what the app says, and returns what it says from a traceback on."""
    held_back = ""
    for line in lines:
        if held_back or line.startswith(_TRACEBACKS):
            held_back += line
        else:
            sys.stderr.write(line)
            sys.stderr.flush()
    return held_back


def _say_why(command: str, code: int, held_back: str) -> None:
    if (reason := explained(held_back)) is not None:
        print(reason, file=sys.stderr)
        say("error", "nothing was written")
        return
    sys.stderr.write(held_back)
    how = f"exit code {code}" if code > 0 else f"signal {-code}"
    say("error", f"`{command}` ended with {how}; nothing was written")
