"""How a pod of a backup or a restore must end."""

from __future__ import annotations

from .pods import Outcome


def failed(outcome: Outcome, container: str, *last_line: str) -> None:
    """The pod ended so, and its last line says what."""
    assert outcome.code != 0, outcome.log
    assert outcome.container == container, outcome.log
    assert all(part in outcome.last_line for part in last_line), outcome.log
    assert "FAILED while" in outcome.last_line


def succeeded(outcome: Outcome) -> None:
    """The pod ended well."""
    assert outcome.code == 0, outcome.log
    assert "done: " in outcome.last_line
