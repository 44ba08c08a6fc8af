"""PodDisruptionBudgets."""

from __future__ import annotations

from typing import Any

from api_server.containers import NUMBERS
from api_server.subject import Subject

BOUNDS = [*NUMBERS, "25%", "0%", "1%", "100%", "101%", "1000%", "05%", "-5%", "2.5%", "%", "", "2", "25 %", "a%", "%25"]


def _budget(**bound: Any) -> dict[str, Any]:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "a"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, **bound},
    }


SUBJECTS = [
    Subject("most pods away", lambda value: _budget(maxUnavailable=value), BOUNDS),
    Subject("least pods there", lambda value: _budget(minAvailable=value), BOUNDS),
]
