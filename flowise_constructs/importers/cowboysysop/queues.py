"""The queue and its Redis, from the variables that the release runs with."""

from __future__ import annotations

from typing import Any

from flowise_constructs import Queue, Redis
from flowise_constructs.importers.redis_tls import redis_tls
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.variables import Variables

_REFUSED = Redis(host="refused")


def is_queue(variables: Variables) -> bool:
    """Whether the variables ask for queue mode."""
    return variables.value("MODE") == "queue"


def queue(release: Release, variables: Variables) -> Queue:
    """The queue and its Redis."""
    numbers = {
        "remove_on_age_seconds": "REMOVE_ON_AGE",
        "remove_on_count": "REMOVE_ON_COUNT",
        "event_stream_length": "QUEUE_REDIS_EVENT_STREAM_MAX_LEN",
    }
    paths = {field: variables.where(name) for field, name in numbers.items()} | {"name": variables.where("QUEUE_NAME")}
    fields: dict[str, Any] = {}
    for field, name in numbers.items():
        if (number := variables.take_number(name)) is not None:
            # Flowise takes 0 and less for no limit.
            fields[field] = number or None
    if (called := variables.take_text("QUEUE_NAME")) is not None:
        fields["name"] = called
    return release.make(Queue, paths, Queue(redis=_REFUSED), redis=_redis(release, variables), **fields)


def _redis(release: Release, variables: Variables) -> Redis:
    names = {"host": "REDIS_HOST", "username": "REDIS_USERNAME", "port": "REDIS_PORT"}
    paths = {field: variables.where(name) for field, name in names.items()}
    paths["keep_alive_seconds"] = variables.where("REDIS_KEEP_ALIVE")
    host, username = variables.take_text("REDIS_HOST"), variables.take_text("REDIS_USERNAME")
    port, keep_alive = variables.take_number("REDIS_PORT"), variables.take_number("REDIS_KEEP_ALIVE")
    password, tls = variables.take_secret("REDIS_PASSWORD"), redis_tls(release, variables)
    if not host:
        release.refuse(
            paths["host"] if host is not None else "redis.enabled",
            "names no Redis, which queue mode needs: set redis.enabled, or externalRedis.enabled with its host",
        )
        return _REFUSED
    fields: dict[str, Any] = {} if port is None else {"port": port}
    fields |= {} if keep_alive is None else {"keep_alive_seconds": max(1, keep_alive // 1000)}
    return release.make(
        Redis, paths, _REFUSED, host=host, username=username or None, password=password, tls=tls, **fields
    )


def drop_redis(release: Release, variables: Variables) -> None:
    """Outside queue mode Flowise connects to no Redis."""
    for server in ("redis", "externalRedis"):
        if release.flag(f"{server}.enabled"):
            release.remark(
                f"{server}.enabled",
                "is not carried over: outside queue mode Flowise uses no Redis"
                + ("; delete the release's after Helm is gone" if server == "redis" else ""),
            )
    for name, (where, _) in variables.found().items():
        if name.startswith("REDIS_") or name == "QUEUE_NAME":
            variables.take(name)
            if where.startswith("extraEnvVars"):
                release.remark(where, f"{name} is not carried over: Flowise reads it in queue mode alone")
