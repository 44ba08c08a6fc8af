"""Volumes of pods, and their mounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import normpath

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.kubernetes.claim_objects import claim_volume
from flowise_constructs.kubernetes.claims import ExtraClaim
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.pod_options import PodOptions, Volume
from flowise_constructs.kubernetes.references import SecretKey


def all_of(
    options: PodOptions, own: list[Manifest], identity: Identity, *, claims: tuple[str, ...] = ()
) -> list[Manifest]:
    """The construct's volumes and the user's; `claims` are the volumes that a StatefulSet adds."""
    taken = {volume["name"] for volume in own} | set(claims)
    clashes = [
        Finding(f"PodOptions.{field}", f"{volume.name!r} is a volume of the construct: use another name")
        for field, volume in _further(options)
        if volume.name in taken
    ]
    if clashes:
        raise ConfigError(clashes)
    further = [{"name": volume.name, **volume.source} for volume in options.volumes]
    return [*own, *further, *(claim_volume(identity, claim.name) for claim in options.claims)]


def mounts(options: PodOptions, own: list[Manifest]) -> list[Manifest]:
    """The construct's mounts and the user's."""
    taken = {normpath(mount["mountPath"]): mount["name"] for mount in own}
    findings: list[Finding] = []
    further: list[Manifest] = []
    for field, volume in _further(options):
        if volume.mount_path is None:
            continue
        path = normpath(volume.mount_path)
        if path in taken:
            problem = f"{path!r} is where {taken[path]!r} is mounted: use another path"
            findings.append(Finding(f"PodOptions.{field}", problem))
        taken[path] = volume.name
        read_only = volume.read_only if isinstance(volume, Volume) else volume.read_only or None
        further.append(mount(volume.name, volume.mount_path, sub_path=volume.sub_path, read_only=read_only))
    if findings:
        raise ConfigError(findings)
    return [*own, *further]


def _further(options: PodOptions) -> Iterator[tuple[str, Volume | ExtraClaim]]:
    yield from (("volumes", volume) for volume in options.volumes)
    yield from (("claims", claim) for claim in options.claims)


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
