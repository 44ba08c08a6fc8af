"""Volumes of pods, and their mounts."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import normpath

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.pod_options import PodOptions
from flowise_constructs.kubernetes.references import SecretKey


def all_of(options: PodOptions, own: list[Manifest], *, claims: tuple[str, ...] = ()) -> list[Manifest]:
    """The construct's volumes and the user's; `claims` are the volumes that a StatefulSet adds."""
    taken = {volume["name"] for volume in own} | set(claims)
    clashes = [
        Finding("PodOptions.volumes", f"{volume.name!r} is a volume of the construct: use another name")
        for volume in options.volumes
        if volume.name in taken
    ]
    if clashes:
        raise ConfigError(clashes)
    further = [{"name": volume.name, **volume.source} for volume in options.volumes]
    return [*own, *further]


def mounts(options: PodOptions, own: list[Manifest]) -> list[Manifest]:
    """The construct's mounts and the user's."""
    taken = {normpath(mount["mountPath"]): mount["name"] for mount in own}
    findings: list[Finding] = []
    for volume in options.volumes:
        path = normpath(volume.mount_path)
        if path in taken:
            findings.append(
                Finding("PodOptions.volumes", f"{path!r} is where {taken[path]!r} is mounted: use another path")
            )
        taken[path] = volume.name
    if findings:
        raise ConfigError(findings)
    return [
        *own,
        *(
            mount(volume.name, volume.mount_path, sub_path=volume.sub_path, read_only=volume.read_only)
            for volume in options.volumes
        ),
    ]


def mount(name: str, path: str, *, sub_path: str | None = None, read_only: bool | None = None) -> Manifest:
    """The mount of a volume in a container."""
    return {
        "name": name,
        "mountPath": path,
        "subPath": sub_path,
        "readOnly": read_only,
    }


def empty_dir(name: str, size: str | None, *, medium: str | None = None) -> Manifest:
    """An emptyDir with a size limit."""
    return {"name": name, "emptyDir": {"sizeLimit": size, "medium": medium}}


def secret_files(name: str, keys: Mapping[str, SecretKey]) -> Manifest:
    """Keys of Secrets as files with the given names."""
    sources = [
        {"secret": {"name": key.secret, "items": [{"key": key.key, "path": path}]}} for path, key in keys.items()
    ]
    return {"name": name, "projected": {"sources": sources}}
