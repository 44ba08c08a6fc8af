"""Volumes and where containers see them."""

from __future__ import annotations

from typing import Any

from api_server.containers import QUANTITIES
from api_server.names import SEGMENTS, WORDS
from api_server.objects import container, deployment, pod_spec
from api_server.subject import Subject, distinct, lengths, spelt
from api_server.volume_sources import PATHS_IN, sources


def mounted(path: str = "/further", **fields: Any) -> dict[str, Any]:
    """A Deployment that mounts a volume."""
    mount = {"name": "further", "mountPath": path, **fields}
    return deployment(pod_spec(container(volumeMounts=[mount]), volumes=[{"name": "further", "emptyDir": {}}]))


def _called(name: str) -> dict[str, Any]:
    mount = {"name": name, "mountPath": "/further"}
    return deployment(pod_spec(container(volumeMounts=[mount]), volumes=[{"name": name, "emptyDir": {}}]))


def _source(value: dict[str, Any]) -> dict[str, Any]:
    mount = {"name": "further", "mountPath": "/further"}
    return deployment(pod_spec(container(volumeMounts=[mount]), volumes=[{**value, "name": "further"}]))


ABSOLUTE = [
    *("/", "/a", "/a/b", "/a/", "//", "//a", "/a//b", "/.", "/..", "/a/.", "/a/..", "/a/../b", "/./a", "/...", "/a..b"),
    *(
        "a",
        ".",
        "..",
        "a/b",
        "/a:b",
        ":",
        "/:",
        "/a b",
        "/a\nb",
        "/é",
        "\\a",
        "C:\\a",
        "/tmp",
        "/home/node/x",
        "~",
        "~/a",
    ),
    *("$HOME", *lengths(300, letter="/a")),
]
SUBJECTS = [
    Subject("volume name", _called, distinct([*WORDS, *SEGMENTS, ""])),
    Subject("volume source", _source, sources()),
    Subject(
        "claim's name",
        lambda value: _source({"persistentVolumeClaim": {"claimName": value}}),
        distinct([*WORDS, *SEGMENTS, ""]),
    ),
    Subject("size limit", lambda value: _source({"emptyDir": {"sizeLimit": value}}), QUANTITIES),
    Subject("mount path", mounted, spelt(*ABSOLUTE, around="/a")),
    Subject(
        "sub path",
        lambda value: mounted(subPath=value),
        spelt(*ABSOLUTE, *(path for path in PATHS_IN if isinstance(path, str)), inside=False),
    ),
]
