"""An app's traceback -> a message: refusals, and JSON patches that don't fit."""

from __future__ import annotations

import re
from pathlib import Path

from flowise_constructs.kubernetes.patch_errors import unfit_patch

_LAST_EXCEPTION = re.compile(r"^([\w.]+): (.*)\Z", re.MULTILINE | re.DOTALL)
_FRAME = re.compile(r'^  File "([^"\n]+)", line (\d+)', re.MULTILINE)
_PACKAGE = Path(__file__).resolve().parent.parent
_OF_OTHERS = {"site-packages", "dist-packages"}


def explained(output: str) -> str | None:
    """The message of a refusal, or of a JSON patch that failed; None if the output ends with anything else."""
    last = output.rpartition("Traceback (most recent call last):\n")[2]
    exception = _LAST_EXCEPTION.search(last)
    if exception is None:
        return None
    kind, text = exception[1].rpartition(".")[2], exception[2].rstrip("\n")
    if kind == "ConfigError":
        return f"{_place(last[: exception.start()])}{text}"
    finding = unfit_patch(text) if kind == "RuntimeError" else None
    return str(finding) if finding else None


def _place(traceback: str) -> str:
    """The user's own line, where the refused value is made: `main.py:12: `."""
    frames = [(Path(file), line) for file, line in _FRAME.findall(traceback)]
    own = [(file, line) for file, line in frames if _is_the_users(file)]
    if not own:
        return ""
    file, line = own[-1]
    name = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    return f"{name}:{line}: "


def _is_the_users(file: Path) -> bool:
    """Whether the file is neither this package's, nor another package's, nor made up, such as `<frozen runpy>`."""
    inside = {*file.parts} & _OF_OTHERS
    return not inside and not str(file).startswith("<") and not file.resolve().is_relative_to(_PACKAGE)
