"""What can't become a working deployment, all of it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowise_constructs.core.plain import is_list, is_map
from flowise_constructs.importers.cowboysysop.environment import EXTERNAL
from flowise_constructs.importers.cowboysysop.names import SERVERS, full_name, refuse_mangled
from flowise_constructs.importers.release import Release
from flowise_constructs.kubernetes.labels import SELECTOR_LABELS


def refuse_what_cannot_work(release: Release, *, queued: bool) -> None:
    """Adds every refusal that applies."""
    refuse_mangled(release)
    for check in _CHECKS:
        check(release)
    for prefix in ("", *(["worker."] if queued else [])):
        _refuse_for_role(release, prefix)
    _modes(release, queued=queued)


def refuse_templates(release: Release, values: Mapping[str, Any]) -> None:
    """Texts that only Helm can fill."""
    for path in _templates(values, ""):
        release.refuse(
            path,
            "holds a template ({{ }}), which only Helm fills: write what it gives (helm get manifest "
            f"{release.name[:53]} shows it)",
        )


def _templates(value: Any, path: str) -> Iterator[str]:
    if is_map(value):
        for key, item in value.items():
            if not (not path and key in SERVERS):
                yield from _templates(item, f"{path}.{key}" if path else key)
    elif is_list(value):
        for number, item in enumerate(value):
            yield from _templates(item, f"{path}[{number}]")
    elif isinstance(value, str) and "{{" in value:
        yield path


def _modes(release: Release, *, queued: bool) -> None:
    mode = release.text("config.mode")
    if mode not in ("main", "queue", ""):
        release.refuse("config.mode", f"{mode[:80]!r} must be 'main' or 'queue': Flowise takes any other for main")
    workers = release.flag("worker.enabled")
    if queued and not workers:
        release.refuse(
            "worker.enabled", "false in queue mode: nobody runs the flows; set it to true, or config.mode to main"
        )
    if workers and not queued:
        release.refuse(
            "config.mode", "is not 'queue', and worker.enabled is true: workers wait for nothing; set it to queue"
        )
    replicas = release.number("replicaCount")
    if replicas > 1 and not queued:
        release.refuse(
            "replicaCount", f"{replicas} outside queue mode: each main would run every schedule; set it to 1"
        )


def _refuse_for_role(release: Release, prefix: str) -> None:
    path = f"{prefix}replicaCount"
    if release.number(path) < 1:
        release.refuse(
            path,
            f"{release.number(path)} leaves nobody to do the work: set it to 1 or more, and stop Flowise with kubectl "
            "scale",
        )
    for kind in ("extraEnvVarsCM", "extraEnvVarsSecret"):
        if name := release.text(f"{prefix}{kind}"):
            word, reference = ("ConfigMap", "configMapKeyRef") if kind.endswith("CM") else ("Secret", "secretKeyRef")
            release.refuse(
                f"{prefix}{kind}",
                f"which variables {word} {name[:80]!r} holds is not known here, and they decide on database and "
                "storage: "
                f"name each in {prefix}extraEnvVars with valueFrom.{reference} (kubectl describe {word.lower()} "
                f"{name[:80]} lists them)",
            )
    for name in release.mapping(f"{prefix}extraArgs"):
        release.refuse(
            f"{prefix}extraArgs.{name[:80]}",
            f"is not carried over: give it as the variable that it sets, in {prefix}extraEnvVars",
        )
    for label in SELECTOR_LABELS:
        if label in release.mapping(f"{prefix}podLabels"):
            release.refuse(f"{prefix}podLabels[{label!r}]", "is a label of the selector: remove it")


def _common_labels(release: Release) -> None:
    for label in (*SELECTOR_LABELS, "app.kubernetes.io/version"):
        if label in release.mapping("commonLabels"):
            release.refuse(f"commonLabels[{label!r}]", "is set by the objects themselves: remove it")


def _databases(release: Release) -> None:
    sections = [section for server in ("mariadb", "postgresql") for section in (server, EXTERNAL[server])]
    given = [f"{section}.enabled" for section in sections if release.flag(f"{section}.enabled")]
    if len(given) > 1:
        release.refuse(", ".join(given), "more than one database: leave the one that Flowise's data is in")
    redis = [section for section in ("redis", "externalRedis") if release.flag(f"{section}.enabled")]
    if len(redis) > 1:
        release.refuse("redis.enabled, externalRedis.enabled", "more than one Redis: the chart uses redis; remove one")


def _secrets_of_another_server(release: Release) -> None:
    """The chart takes the first Secret that is named, whichever server is enabled."""
    for server, external in EXTERNAL.items():
        bundled = release.flag(f"{server}.enabled")
        if release.flag(f"{external}.enabled") and not bundled and release.text(f"{server}.auth.existingSecret"):
            release.refuse(
                f"{server}.auth.existingSecret",
                f"the chart's Flowise reads this Secret although {server}.enabled is false: name the Secret in "
                f"{external}.existingSecret, and remove it here",
            )
        if bundled and release.text(f"{external}.existingSecret"):
            release.refuse(
                f"{external}.existingSecret",
                f"{external} isn't enabled, but the chart takes the password's key, or its Secret, from it: name the "
                f"Secret in {server}.auth.existingSecret, and remove it here",
            )


def _servers_without_password(release: Release) -> None:
    for server, root in (("postgresql", "postgres"), ("mariadb", "root")):
        path = f"{server}.auth.username"
        if release.flag(f"{server}.enabled") and release.text(path) in ("", root):
            release.refuse(
                path,
                f"{release.text(path)!r} has no password in the key that the chart's Flowise reads: name a user of "
                "its own",
            )
    if release.flag("redis.enabled") and not release.flag("redis.auth.enabled"):
        release.refuse(
            "redis.auth.enabled",
            "false: the chart's Flowise reads the password from a Secret that the server's chart then doesn't make: "
            "set it "
            "to true",
        )
    if release.flag("redis.enabled") and release.flag("redis.sentinel.enabled"):
        release.refuse(
            "redis.sentinel.enabled",
            "true: Flowise speaks to no Sentinel, and the Service that the chart names isn't there: set it to false",
        )


def _keys_of_older_versions(release: Release) -> None:
    for key in ("username", "password"):
        if release.text(f"config.{key}"):
            release.refuse(
                f"config.{key}",
                "is a key of the chart's versions before 5.0.0, whose Flowise had no accounts: upgrade the release to "
                "6.0.0 "
                f"as the chart's README says, with kubectl delete deployment/{full_name(release)} before it, and "
                "remove it",
            )


_CHECKS: tuple[Callable[[Release], None], ...] = (
    _common_labels,
    _databases,
    _secrets_of_another_server,
    _servers_without_password,
    _keys_of_older_versions,
)
