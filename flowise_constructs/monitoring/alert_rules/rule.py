"""One alert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A condition, and what somebody is told."""

    alert: str
    """Its name, which is also the heading of its section on the page how-to/alerts."""
    severity: Literal["critical", "warning"]
    """`critical`: users are hit, or data may be lost: now. `warning`: in working hours."""
    expr: str
    """PromQL."""
    for_seconds: int = 0
    """How long the condition must hold."""
    summary: str
    """One line."""
    description: str
    """What was seen, with its figures."""


WINDOW = "10m"
"""What shares and increases are taken of."""


def duration(seconds: int) -> str:
    """As Prometheus writes it."""
    parts = {"d": seconds // 86400, "h": seconds // 3600 % 24, "m": seconds // 60 % 60, "s": seconds % 60}
    return "".join(f"{number}{unit}" for unit, number in parts.items() if number) or "0s"


def added(expressions: list[str]) -> str:
    """Their sum, where some may have no series: a counter of Flowise has none until it first counts."""
    return "\n  + ".join(f"({expression} or vector(0))" for expression in expressions)
