"""Names of objects, labels and annotations."""

from __future__ import annotations

from typing import Any

from api_server.objects import LABELS, claim, cron_job, deployment, ingress, service, stateful_set, whole
from api_server.subject import Subject, distinct, lengths, spelt

WORDS = [
    *(
        "a",
        "flowise",
        "flowise-2",
        "a--b",
        "a.b",
        "a..b",
        "a-.b",
        "a.-b",
        ".a",
        "a.",
        "A",
        "aB",
        "a_b",
        "1",
        "0a",
        "123",
    ),
    *("2024", "a/b", "a b", " a", "a ", "a\nb", "-", "--", ".", "..", "true", "null", "xn--bcher-kva", "bücher"),
    *lengths(2, 62, 63, 64, 128, 252, 253, 254, 300),
]
SEGMENTS = [
    *(".".join(["a" * 63] * 3), ".".join(["a" * 63] * 4), ".".join(["a" * 64] * 3), f"{'a.' * 126}a", f"{'a.' * 127}"),
    *(f"{'a' * 64}.b", f"{'a-' * 31}a", f"{'a-' * 32}", f"{'1' * 63}"),
]
KEYS = [
    *("example.com/a", "example.com/", "/a", "a/b/c", "Example.com/a", "example_com/a", "-a.com/b", "a./b", "a/-b"),
    *("kubernetes.io/a", "app.kubernetes.io/name", "a/B_c.d-e", f"{'a' * 253}/b", f"{'a' * 254}/b", f"a/{'b' * 63}"),
    *(f"a/{'b' * 64}", f"{'.'.join(['a' * 63] * 4)[:253]}/{'b' * 63}", "a//b", "é/a", "a/é", "TEAM", "Team/x"),
]


def _named(words: str, count: tuple[int, ...]) -> list[str]:
    """Names that end as the library's do, of these lengths."""
    return [f"{'a' * (number - len(words))}{words}" for number in count]


def _labelled(labels: dict[str, Any]) -> dict[str, Any]:
    return deployment(pod_metadata={"labels": labels})


SUBJECTS = [
    Subject("name of a Service", lambda value: service({"name": value}), spelt(*WORDS, *SEGMENTS)),
    Subject("name of a Deployment", lambda value: deployment(metadata={"name": value}), [*WORDS, *SEGMENTS]),
    Subject(
        "name of main's claim",
        lambda value: claim({"name": value}),
        _named("-data", (6, 10, 62, 63, 64, 100, 253, 254)),
    ),
    Subject(
        "name of a backup's CronJob",
        lambda value: cron_job({"name": value}),
        _named("-backup", (8, 20, 50, 51, 52, 53, 54, 63, 64)),
    ),
    Subject(
        "name of a server's StatefulSet",
        lambda value: stateful_set({"name": value}),
        _named("-postgresql", (12, 20, 51, 52, 53, 62, 63, 64, 253, 254)),
    ),
    Subject("name of an Ingress", lambda value: ingress({"name": value}), [*WORDS, *SEGMENTS]),
    Subject(
        "name of a ServiceAccount",
        lambda value: whole("ServiceAccount", "v1", {"name": value}),
        spelt(*WORDS, *SEGMENTS),
    ),
    Subject("name of a namespace", lambda value: whole("Namespace", "v1", {"name": value}), spelt(*WORDS, *SEGMENTS)),
    Subject("label key", lambda value: _labelled({value: "x"}), spelt(*WORDS, *SEGMENTS, *KEYS)),
    Subject("label value", lambda value: _labelled({"a": value}), spelt(*WORDS, *SEGMENTS, *KEYS)),
    Subject(
        "selector label value",
        lambda value: deployment(
            pod_metadata={"labels": {"a": value}}, selector={"matchLabels": {**LABELS, "a": value}}
        ),
        WORDS,
    ),
    Subject(
        "annotation key",
        lambda value: deployment(pod_metadata={"annotations": {value: "x"}}),
        distinct([*WORDS, *SEGMENTS, *KEYS, ""]),
    ),
    Subject(
        "annotation value",
        lambda value: deployment(pod_metadata={"annotations": {"a": value}}),
        spelt(*WORDS, *KEYS, inside=False),
    ),
    Subject(
        "annotations together",
        lambda value: deployment(pod_metadata={"annotations": value}),
        [
            {"a": "x" * 200_000},
            {"a": "x" * (200 * 1024 - 1)},
            {"a": "x" * (200 * 1024)},
            {"a": "x" * (256 * 1024 - 1)},
            {"a": "x" * (256 * 1024)},
            {"a": "é" * (128 * 1024)},
            {"a": "é" * 90_000, "b": "x" * 90_000},
        ],
    ),
]
