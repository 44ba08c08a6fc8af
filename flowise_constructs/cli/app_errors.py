"""An app's traceback -> a message: refusals, and JSON patches that don't fit."""

from __future__ import annotations

import re

from flowise_constructs.kubernetes.patch_errors import unfit_patch

_LAST_EXCEPTION = re.compile(r"^([\w.]+): (.*)\Z", re.MULTILINE | re.DOTALL)


def explained(output: str) -> str | None:
    """The message of a refusal, or of a JSON patch that failed; None if the output ends with anything else."""
    last = output.rpartition("Traceback (most recent call last):\n")[2]
    exception = _LAST_EXCEPTION.search(last)
    if exception is None:
        return None
    kind, text = exception[1].rpartition(".")[2], exception[2].rstrip("\n")
    if kind == "ConfigError":
        return text
    finding = unfit_patch(text) if kind == "RuntimeError" else None
    return str(finding) if finding else None
