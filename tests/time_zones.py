"""Makes the list of time zones that `flowise_constructs/core/rules/schedules.py` knows.

    pip install tzdata && python tests/time_zones.py

The names are those of the package tzdata, which has the tz database with all its older names, as Kubernetes has it.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

DATA = Path(__file__).parent.parent / "flowise_constructs" / "core" / "rules" / "time_zones.txt"


def written() -> str:
    """As the file has it: a name a line."""
    names = (files("tzdata") / "zones").read_text(encoding="utf-8").split()
    return "\n".join(["# The tz database's names (tests/time_zones.py).", *sorted(names), ""])


if __name__ == "__main__":
    DATA.write_text(written(), encoding="utf-8")
