"""What the chart refuses, and what it accepts although it can't work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from flowise_constructs.core.plain import is_map
from flowise_constructs.importers.release import Release
from flowise_constructs.kubernetes.labels import SELECTOR_LABELS, SERVER_SELECTOR_LABELS

DatabaseMode = Literal["sqlite", "external", "postgresql"]


def refuse_what_the_chart_refuses(release: Release) -> None:
    """Adds every refusal that applies."""
    for check in _CHECKS:
        check(release)


def is_queue(release: Release) -> bool:
    """Whether the release is in queue mode."""
    return release.text("architecture.mode") == "queue"


def has_external_database(release: Release) -> bool:
    """Whether the values name an existing database server."""
    return bool(release.text("database.external.host") or release.text("database.external.existingSecret"))


def has_external_redis(release: Release) -> bool:
    """Whether the values name an existing Redis."""
    return bool(release.text("redis.external.host") or release.text("redis.external.existingSecret"))


def database_mode(release: Release) -> DatabaseMode | None:
    """The mode that the chart resolves to; None if it can't."""
    mode = release.text("database.mode") or "auto"
    if mode == "auto":
        if has_external_database(release):
            return None if release.flag("postgresql.enabled") else "external"
        return "postgresql" if release.flag("postgresql.enabled") else "sqlite"
    if mode == "sqlite":
        return "sqlite"
    if mode == "external":
        return "external"
    return "postgresql" if mode == "postgresql" else None


def _modes(release: Release) -> None:
    mode = release.text("architecture.mode")
    if mode not in ("", "standalone", "queue"):
        release.refuse("architecture.mode", f"{mode[:80]!r} must be 'standalone' or 'queue'")
    mode = release.text("database.mode")
    if mode not in ("", "auto", "sqlite", "external", "postgresql"):
        release.refuse("database.mode", f"{mode[:80]!r} must be 'auto', 'sqlite', 'external' or 'postgresql'")


def _database(release: Release) -> None:
    mode = release.text("database.mode") or "auto"
    external, bundled = has_external_database(release), release.flag("postgresql.enabled")
    if mode == "auto" and external and bundled:
        release.refuse(
            "database.mode", "'auto' with both database.external.* and postgresql.enabled: remove one of them"
        )
    if mode == "external" and not external:
        release.refuse("database.external.host", "is empty with database.mode=external: name the server")
    if mode == "external" and bundled:
        release.refuse("postgresql.enabled", "true with database.mode=external: set one or the other")
    if mode == "postgresql" and not bundled:
        release.refuse("postgresql.enabled", "false with database.mode=postgresql: set it to true")
    if mode == "postgresql" and external:
        release.refuse("database.external.host", "is given with database.mode=postgresql: remove database.external.*")


def _redis(release: Release) -> None:
    if has_external_redis(release) and release.flag("redis.enabled"):
        release.refuse("redis.enabled", "true, and redis.external.* is given: remove one of them")


def _backup(release: Release) -> None:
    if not release.flag("backup.enabled"):
        return
    if database_mode(release) == "sqlite":
        release.refuse(
            "backup.enabled",
            "true with SQLite: the chart's backup dumps only a database server; set it to false, and add a Backup in "
            "Python, which also supports SQLite",
        )
    if not release.text("backup.s3.endpoint"):
        release.refuse("backup.s3.endpoint", "is empty with backup.enabled: give the store's URL")
    if not release.text("backup.s3.bucket"):
        release.refuse("backup.s3.bucket", "is empty with backup.enabled: name the bucket")
    inline = release.text("backup.s3.accessKey") and release.text("backup.s3.secretKey")
    if not release.text("backup.s3.existingSecret") and not inline:
        release.refuse(
            "backup.s3.existingSecret",
            "is empty with backup.enabled: name the Secret, or give both backup.s3.accessKey and backup.s3.secretKey",
        )


def _queue(release: Release) -> None:
    if not is_queue(release):
        return
    if database_mode(release) == "sqlite":
        release.refuse(
            "database.mode",
            "resolves to SQLite, which queue mode's pods can't share: set postgresql.enabled, or "
            "database.external.host",
        )
    if not has_external_redis(release) and not release.flag("redis.enabled"):
        release.refuse(
            "redis.enabled", "false, and redis.external.host is empty: queue mode needs a Redis; set one of them"
        )
    if release.text("storage.type") != "s3":
        release.refuse(
            "storage.type",
            f"{release.text('storage.type')[:80]!r} in queue mode: its pods can share files only through a bucket; set "
            "it to s3",
        )
    if release.flag("persistence.enabled"):
        release.refuse("persistence.enabled", "true in queue mode: its pods can't share a claim; set it to false")


def _replicas(release: Release) -> None:
    replicas = release.number("flowise.replicaCount")
    if replicas > 1 and database_mode(release) == "sqlite":
        release.refuse("flowise.replicaCount", f"{replicas} with SQLite, whose file only one pod may open: set it to 1")
    if replicas > 1 and release.text("storage.type") == "local":
        release.refuse(
            "flowise.replicaCount",
            f"{replicas} with local storage, which only one pod sees: set it to 1, or storage.type to s3",
        )


def _storage(release: Release) -> None:
    if release.text("storage.type") != "s3":
        return
    if not release.text("storage.s3.bucketName"):
        release.refuse("storage.s3.bucketName", "is empty with storage.type=s3: name the bucket")
    inline = release.text("storage.s3.accessKeyId") and release.text("storage.s3.secretAccessKey")
    if not release.text("storage.s3.existingSecret") and not inline:
        release.refuse(
            "storage.s3.existingSecret",
            "is empty with storage.type=s3: name the Secret, or give both storage.s3.accessKeyId and "
            "storage.s3.secretAccessKey",
        )


def _pod_labels(release: Release) -> None:
    for path in ("podLabels", *(["queue.worker.podLabels"] if is_queue(release) else [])):
        _refuse_labels(release, path, SELECTOR_LABELS)
    for server in ("postgresql", "redis"):
        if release.flag(f"{server}.enabled"):
            _refuse_labels(release, f"{server}.podLabels", SERVER_SELECTOR_LABELS)


def _refuse_labels(release: Release, path: str, labels: tuple[str, ...]) -> None:
    for label in labels:
        if label in release.mapping(path):
            release.refuse(f"{path}[{label!r}]", "is a label of the selector: remove it")


def _external_secret(release: Release) -> None:
    if not release.flag("externalSecrets.enabled"):
        return
    if not release.text("auth.existingSecret"):
        release.refuse(
            "auth.existingSecret",
            "is empty with externalSecrets.enabled: name the Secret that the ExternalSecret creates",
        )
    if not release.items("externalSecrets.data"):
        release.refuse(
            "externalSecrets.data",
            "is empty with externalSecrets.enabled: say which remote key each of the five keys comes from",
        )
    if not release.text("externalSecrets.secretStoreRef.name"):
        release.refuse("externalSecrets.secretStoreRef.name", "is empty with externalSecrets.enabled: name the store")


def _gateway(release: Release) -> None:
    if not release.flag("gateway.enabled"):
        return
    parents = release.items("gateway.parentRefs")
    if not parents:
        release.refuse("gateway.parentRefs", "is empty with gateway.enabled: name the Gateway")
    for index, parent in enumerate(parents):
        if not is_map(parent) or not parent.get("name"):
            release.refuse(f"gateway.parentRefs[{index}].name", "is empty: name the Gateway")


def _accepted_nonsense(release: Release) -> None:
    _empty_hosts(release)
    for path in ("flowise.replicaCount", *(["queue.worker.replicaCount"] if is_queue(release) else [])):
        if release.number(path) < 1:
            release.refuse(
                path,
                f"{release.number(path)} leaves nobody to do the work: set it to 1 or more, and stop Flowise with "
                "kubectl scale",
            )
    replicas = release.number("flowise.replicaCount")
    if (
        replicas > 1
        and not is_queue(release)
        and database_mode(release) != "sqlite"
        and release.text("storage.type") == "s3"
    ):
        release.refuse(
            "flowise.replicaCount",
            f"{replicas} outside queue mode: each main would run every schedule; set it to 1, or architecture.mode "
            "to queue",
        )
    vendor = release.text("database.external.vendor")
    if database_mode(release) == "external" and vendor not in ("postgres", "mysql"):
        release.refuse(
            "database.external.vendor",
            f"{vendor[:80]!r} must be 'postgres' or 'mysql': the chart treats any other value as postgres; for "
            "MariaDB use a MariadbDatabase in Python",
        )
    if release.text("storage.type") not in ("local", "s3"):
        release.refuse(
            "storage.type",
            f"{release.text('storage.type')[:80]!r} must be 'local' or 's3': the chart sets S3 variables, but "
            "Flowise treats it as local",
        )


def _empty_hosts(release: Release) -> None:
    if (
        database_mode(release) == "external"
        and has_external_database(release)
        and not release.text("database.external.host")
        and not _by_reference(release, "DATABASE_HOST")
    ):
        release.refuse(
            "database.external.host", "is empty, although database.external.existingSecret is given: name the server"
        )
    redis = is_queue(release) and has_external_redis(release) and not release.text("redis.external.host")
    if redis and not _by_reference(release, "REDIS_HOST"):
        release.refuse(
            "redis.external.host", "is empty, although redis.external.existingSecret is given: name the server"
        )


def _by_reference(release: Release, variable: str) -> bool:
    """Whether the release's own variables give it from a Secret or ConfigMap; the later of two variables wins."""
    entries = release.items("flowise.extraEnv")
    return any(is_map(entry) and entry.get("name") == variable and entry.get("valueFrom") for entry in entries)


_CHECKS: tuple[Callable[[Release], None], ...] = (
    _modes,
    _database,
    _redis,
    _backup,
    _queue,
    _replicas,
    _storage,
    _pod_labels,
    _external_secret,
    _gateway,
    _accepted_nonsense,
)
