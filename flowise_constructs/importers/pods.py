"""A chart's pod settings: resources, scheduling, service account, volumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowise_constructs import (
    PodOptions,
    Resources,
    SecretKey,
    ServiceAccount,
    Volume,
)
from flowise_constructs.core.plain import is_map
from flowise_constructs.core.rules import quantities
from flowise_constructs.importers.directories import moved
from flowise_constructs.importers.notes import Notes
from flowise_constructs.importers.release import Release
from flowise_constructs.kubernetes.labels import SELECTOR_LABELS

_OWN_VOLUMES = ("home", "data", "logs", "tmp", "shm", "scripts")


def secret_key(release: Notes, secret: str, secret_path: str, key: str, key_path: str) -> SecretKey:
    """A reference, with the paths of its name and its key."""
    otherwise = SecretKey(secret="refused", key="refused")
    return release.make(SecretKey, {"secret": secret_path, "key": key_path}, otherwise, secret=secret, key=key)


def resources(release: Release, path: str, default: Resources) -> Resources:
    """Requests and limits; defaults for what is not given."""
    given = release.mapping(path)
    release.only(given, path, "requests", "limits")
    requests = _amounts(release, given.get("requests"), f"{path}.requests")
    limits = _amounts(release, given.get("limits"), f"{path}.limits")
    if not requests and not limits:
        return default
    # Kubernetes uses a limit as the missing request.
    memory_limit = limits.get("memory") or _memory_limit(release, path, requests.get("memory"), default)
    memory = requests.get("memory") or limits.get("memory") or default.memory_request
    paths = {
        "cpu_request": f"{path}.requests.cpu",
        "memory_request": f"{path}.requests.memory",
        "memory_limit": f"{path}.limits.memory",
        "cpu_limit": f"{path}.limits.cpu",
    }
    return release.make(
        Resources,
        paths,
        default,
        cpu_request=requests.get("cpu") or limits.get("cpu") or default.cpu_request,
        memory_request=memory,
        memory_limit=memory_limit,
        cpu_limit=limits.get("cpu"),
    )


def _memory_limit(release: Release, path: str, request: str | None, default: Resources) -> str:
    limit = default.memory_limit
    if (
        request is not None
        and quantities.size(request) is None
        and quantities.amount(request) > quantities.amount(limit)
    ):
        limit = request
    release.remark(f"{path}.limits.memory", f"is not given, and the heap size depends on it: {limit} is used")
    return limit


def _amounts(release: Release, given: object, path: str) -> dict[str, str]:
    if given is None:
        return {}
    if not is_map(given):
        release.refuse(path, "must be a mapping")
        return {}
    amounts: dict[str, str] = {}
    for name, amount in given.items():
        if name not in ("cpu", "memory"):
            release.remark(
                f"{path}.{name}", "is not carried over: set it with a JSON patch on the Deployment in Python"
            )
        elif isinstance(amount, bool) or not isinstance(amount, (str, int, float)):
            release.refuse(f"{path}.{name}", "must be a quantity such as '500m' or '2Gi'")
        else:
            amounts[name] = str(amount)
    return amounts


def service_account(release: Release, path: str, name: str) -> ServiceAccount:
    """The pod's service account: the chart's, if it creates or names one, else its own."""
    given = release.text(f"{path}.name")
    if not release.flag(f"{path}.create"):
        if given in ("", "default"):
            return ServiceAccount()
        return release.make(ServiceAccount, f"{path}.name", ServiceAccount(), name=given, create=False)
    return release.make(
        ServiceAccount,
        {"name": f"{path}.name", "annotations": f"{path}.annotations"},
        ServiceAccount(),
        name=given if given != name and given else None,
        annotations=release.words(f"{path}.annotations"),
    )


def pod_options(release: Release, paths: Mapping[str, str], **more: Any) -> PodOptions:
    """Scheduling and metadata; `paths` maps our fields to the chart's paths, `more` has those that
    don't come from one path alone."""
    fields: dict[str, Any] = {}
    for field, path in paths.items():
        if field in more:
            continue
        if field == "labels":
            # Those of the selector have already been refused.
            fields[field] = {name: word for name, word in release.words(path).items() if name not in SELECTOR_LABELS}
        elif field in ("annotations", "node_selector"):
            fields[field] = release.words(path)
        elif field == "affinity":
            fields[field] = release.mapping(path) or None
        elif field == "priority_class_name":
            fields[field] = release.text(path) or None
        elif field == "tolerations":
            fields[field] = [entry for _, entry in release.entries(path)]
        elif field == "topology_spread_constraints":
            fields[field] = [entry for _, entry in release.entries(path)] or None
    return release.make(PodOptions, paths, PodOptions(), **fields, **more)


def scheduling_paths(prefix: str) -> dict[str, str]:
    """The chart's paths of a pod's scheduling."""
    return {
        "node_selector": f"{prefix}nodeSelector",
        "tolerations": f"{prefix}tolerations",
        "affinity": f"{prefix}affinity",
    }


def volumes(
    release: Release,
    at: str = "extraVolumes",
    mounts: str = "extraVolumeMounts",
    place: Callable[[str], str] = moved,
) -> Sequence[Volume]:
    """A pod's extra volumes: each mount with its volume. `place` is where a path of the chart's containers is here."""
    sources = {
        str(entry.get("name")): {key: value for key, value in entry.items() if key != "name"}
        for _, entry in release.entries(at)
    }
    found: list[Volume] = []
    for path, mount in release.entries(mounts):
        name = str(mount.get("name"))
        if name not in sources:
            release.refuse(f"{path}.name", f"{name[:80]!r} is not in {at}: add the volume there")
            continue
        path_here = mount.get("mountPath")
        put = place(path_here) if isinstance(path_here, str) else path_here
        found.append(_volume(release, (path, at), {**mount, "mountPath": put}, sources[name], _free_name(name, found)))
    for name in sorted(set(sources) - {str(mount.get("name")) for mount in release.items(mounts) if is_map(mount)}):
        release.remark(at, f"{name[:80]!r} is not carried over: {mounts} doesn't mount it")
    return found


def _volume(
    release: Release, paths: tuple[str, str], mount: Mapping[str, Any], source: Mapping[str, Any], name: str
) -> Volume:
    path, source_path = paths
    release.only(mount, path, "name", "mountPath", "subPath", "readOnly")
    otherwise = Volume(name="refused", source={"emptyDir": {}}, mount_path="/refused")
    return release.make(
        Volume,
        {
            "name": f"{path}.name",
            "mount_path": f"{path}.mountPath",
            "sub_path": f"{path}.subPath",
            "read_only": f"{path}.readOnly",
            "source": source_path,
        },
        otherwise,
        name=name,
        source=source,
        mount_path=mount["mountPath"],
        sub_path=mount.get("subPath") or None,
        read_only=mount.get("readOnly", False),
    )


def _free_name(name: str, found: Sequence[Volume]) -> str:
    """A name that is free: our Volume has only one mount, and some names belong to the construct."""
    taken = {*_OWN_VOLUMES, *(volume.name for volume in found)}
    if name not in taken:
        return name
    return next(free for number in range(2, 1000) if (free := f"{name}-{number}") not in taken)
