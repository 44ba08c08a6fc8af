"""CronJobs and Jobs."""

from __future__ import annotations

from typing import Any

from api_server.containers import NUMBERS
from api_server.objects import cron_job, job_spec
from api_server.subject import Subject, distinct, spelt

MACROS = [
    "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@reboot", "@every 5m",
    "@every 1h", "@every", "@every 0s", "@Daily", "@DAILY", "@daily ", " @daily", "@", "@daily @daily", "daily",
    "@minutely",
]  # fmt: skip
RANGES = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 6)}
PARTS = [
    "*", "?", "*/2", "?/2", "*/0", "*/1", "*/-1", "*/", "/2", "*/a", "*/1/2", "*/100", "*/1000000",
    "*/99999999999999999999", "5", "05", "005", "5-5", "1-5", "5-1", "1-5/2", "1-5/0", "1-5/9", "1-", "-5",
    "1-2-3", "1/2", "5/100", "1,2", "1,2,3-5/2", "1,", ",1", "1,,2", ",", "*,*", "*,1", "1-*", "*-5", "a", "é",
    "²", "٣", "1.5", "1e1", "+1", "0x1", "L", "W", "5L", "1#2", "H", "H/5", "*5", "**", "5*", "jan", "JAN",
    "Jan", "january", "mon", "MON", "monday", "sun", "jan-mar", "mon-fri", "fri-mon", "dec-jan", "sat-sun",
    "mon/2", "jan/2", "mon,wed", "jan,feb-apr/2", "0", "00", "1-1,2-2", "2-1,1-2", "1_0",
    "99999999999999999999",
    ",".join(str(number) for number in range(1, 7)), ",".join(["1-5"] * 60), ",".join(["1"] * 300),
]  # fmt: skip
SHAPES = [
    "", " ", "*", "* *", "* * *", "* * * *", "* * * * *", "* * * * * *", "* * * * * * *", "*  * * * *",
    " * * * * *", "* * * * * ", "*\t* * * *", "* * * *\n*", "* * * * *\n", "*,* * * * *", "* * * * *;",
    "TZ=UTC * * * * *", "*\u00a0* * * *", "CRON_TZ=UTC 0 0 * * *", "CRON_TZ=UTC 0 0 * *",
    "TZ=Europe/Zurich @daily", "CRON_TZ= * * * * *", "0 3 * * *", "*\u2003* * * *",
    "*/15 0-6,22 1,15 jan-mar mon-fri", "0 0 * * SUN", "0 0 31 2 *", "0 0 30 feb *", "0 0 ? * ?",
    "*/5 0-6 1,15 * mon-fri", "0 3 * * * command", "1/5 * * * *", "0 */6 * * *", "15 3 1 * *", "0 5 * * 0",
    "0 5 * * 7", "0 5 1 * 0-7", "TZ * * * *", "0 0 TZ * *",
]  # fmt: skip
ZONES = [
    "Etc/UTC", "UTC", "Europe/Zurich", "Europe/zurich", "europe/zurich", "EUROPE/ZURICH", "America/New_York",
    "Asia/Tokyo", "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "America/Indiana/Indianapolis",
    "Etc/GMT+1", "Etc/GMT-14", "GMT", "GMT0", "GMT+0", "GMT+1", "EST", "EST5EDT", "CET", "MET", "PST8PDT",
    "Zulu", "Universal", "Local", "local", "LOCAL", "", "Europe/Atlantis", "Europe/Zürich", "Mars/Phobos",
    "CEST", "PDT", "PST", "BST", "IST", "UTC+1", "+01:00", "Z", "W-SU", "NZ-CHAT", "Europe", "Europe/",
    "/Europe/Zurich", "Europe//Zurich", "../etc/passwd", "Europe/../UTC", " UTC", "UTC ", "U TC", "utc",
    "Asia/Calcutta", "Asia/Kolkata", "Europe/Kiev", "Europe/Kyiv", "US/Pacific", "US/Pacific-New", "posix/UTC",
    "right/UTC", "Factory", "posixrules", "localtime", "zone.tab", "tzdata.zi", "Antarctica/DumontDUrville",
    "America/Ciudad_Juarez", "Etc", "a", "A", "1", "Europe/Zurich\n", "Europe\\Zurich", "Etc/Unknown",
    "Australia/LHI", "Pacific/Kanton", "America/Coyhaique", "Pacific/Easter", "Africa/Abidjan",
    "Atlantic/Reykjavik", "Indian/Maldives", "Arctic/Longyearbyen", "Antarctica/Troll", "Etc/GMT+12",
    "Etc/GMT+13", "Etc/GMT-15", "Etc/Greenwich", "SystemV/PST8", "Iran", "Japan", "Cuba", "Egypt", "Turkey",
    "ROK",
]  # fmt: skip


def _fields() -> list[str]:
    """Every part in every field, and every number around the edges of the field's range."""
    found: list[str] = []
    for position, (low, high) in enumerate(RANGES.values()):
        edges = [str(number) for number in (low - 1, low, low + 1, high - 1, high, high + 1)]
        spans = [
            f"{low}-{high}",
            f"{low - 1}-{high}",
            f"{low}-{high + 1}",
            f"{high}-{low}",
            f"*/{high}",
            f"*/{high + 1}",
        ]
        spans += [f"{low}/{high}", f"{low}/{high + 1}", f"{low}-{high}/{high}", f"{high}/1"]
        for part in [*PARTS, *edges, *spans]:
            fields = ["*"] * 5
            fields[position] = part
            found.append(" ".join(fields))
    return found


def _job(**fields: Any) -> dict[str, Any]:
    return cron_job(job=job_spec(**fields))


SUBJECTS = [
    Subject(
        "schedule",
        lambda value: cron_job(schedule=value),
        distinct([*MACROS, *SHAPES, *_fields(), *spelt(inside=False)]),
    ),
    Subject("time zone", lambda value: cron_job(timeZone=value), ZONES),
    Subject(
        "concurrency policy",
        lambda value: cron_job(concurrencyPolicy=value),
        ["Allow", "Forbid", "Replace", "", "forbid", "Never", " Forbid"],
    ),
    Subject("starting deadline", lambda value: cron_job(startingDeadlineSeconds=value), NUMBERS),
    Subject("successful history", lambda value: cron_job(successfulJobsHistoryLimit=value), NUMBERS),
    Subject("failed history", lambda value: cron_job(failedJobsHistoryLimit=value), NUMBERS),
    Subject("job's deadline", lambda value: _job(activeDeadlineSeconds=value), NUMBERS),
    Subject("back-off limit", lambda value: _job(backoffLimit=value), NUMBERS),
]
