"""CronJob schedules, as Kubernetes reads them."""

from __future__ import annotations

import re
from typing import Annotated

_CRON_FIELD = re.compile(r"(\*|[A-Za-z0-9]+(-[A-Za-z0-9]+)?)(/[0-9]+)?(,(\*|[A-Za-z0-9]+(-[A-Za-z0-9]+)?)(/[0-9]+)?)*")
_CRON_MACROS = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
# In robfig/cron, which Kubernetes uses, the last day of the week is 6.
_CRON_RANGES = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 6))
_CRON_NAMES = {
    "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "day of week": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}


def time_zone(value: str) -> str | None:
    """A name from the tz database; not 'Local', which Kubernetes refuses."""
    if not re.fullmatch(r"[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", value) or value == "Local":
        return "must be a name from the tz database such as 'Europe/Zurich' or 'Etc/UTC'"
    return None


def cron(value: str) -> str | None:
    """A schedule as a CronJob reads it: five fields, or a macro."""
    if value in _CRON_MACROS:
        return None
    fields = value.split(" ")
    if len(fields) != 5:
        return "must be five cron fields separated by single spaces, such as '0 3 * * *', or a macro such as '@daily'"
    for field, (name, low, high) in zip(fields, _CRON_RANGES, strict=True):
        if not _cron_field(field, name, low, high):
            return f"has a wrong {name} field '{field}': use {low} to {high}, '*', ',', '-' and '/'"
    return None


def _cron_field(field: str, name: str, low: int, high: int) -> bool:
    if not _CRON_FIELD.fullmatch(field) or len(field) > 200:
        return False
    names = _CRON_NAMES.get(name, ())
    for part in field.split(","):
        span, slash, step = part.partition("/")
        if slash and not 1 <= int(step) <= high:
            return False
        if span == "*":
            continue
        ends = [_cron_number(end, names, low) for end in span.split("-")]
        if any(end is None or not low <= end <= high for end in ends) or (len(ends) == 2 and ends[0] > ends[1]):  # type: ignore[operator]
            return False
    return True


def _cron_number(word: str, names: tuple[str, ...], low: int) -> int | None:
    if word.lower() in names:
        return names.index(word.lower()) + low
    return int(word) if word.isascii() and word.isdigit() else None


TimeZone = Annotated[str, time_zone]
Cron = Annotated[str, cron]
