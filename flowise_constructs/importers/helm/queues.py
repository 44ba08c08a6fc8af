"""The queue and its Redis, an existing or the bundled one."""

from __future__ import annotations

from typing import Any

from flowise_constructs import BundledRedis, Queue, Redis, SecretKey
from flowise_constructs.importers.fields import directives, port_of
from flowise_constructs.importers.helm.servers import external_password, server_image, server_pod
from flowise_constructs.importers.inline_secrets import InlineSecrets
from flowise_constructs.importers.pods import resources, secret_key
from flowise_constructs.importers.redis_tls import redis_tls
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.variables import Variables


def queue(release: Release, main: Variables, secrets: InlineSecrets) -> Queue:
    """The queue and its Redis."""
    at = "queue.worker"
    age, number = main.take_number("REMOVE_ON_AGE"), main.take_number("REMOVE_ON_COUNT")
    paths = {
        "name": "queue.name",
        "remove_on_age_seconds": f"{at}.removeOnAge",
        "remove_on_count": f"{at}.removeOnCount",
        "event_stream_length": main.where("QUEUE_REDIS_EVENT_STREAM_MAX_LEN"),
    }
    otherwise = Queue(redis=Redis(host="refused"))
    return release.make(
        Queue,
        paths,
        otherwise,
        redis=_redis(release, main, secrets),
        name=release.text("queue.name"),
        remove_on_age_seconds=(age if age is not None else release.number(f"{at}.removeOnAge")) or None,
        remove_on_count=(number if number is not None else release.number(f"{at}.removeOnCount")) or None,
        event_stream_length=main.take_number("QUEUE_REDIS_EVENT_STREAM_MAX_LEN"),
    )


def _redis(release: Release, main: Variables, secrets: InlineSecrets) -> Redis | BundledRedis:
    if release.flag("redis.enabled"):
        return _bundled_redis(release, secrets)
    at = "redis.external"
    host = main.take_reference("REDIS_HOST") or release.text(f"{at}.host")
    if not host:
        return Redis(host="refused")
    has_password = release.text(f"{at}.existingSecret") or release.text(f"{at}.password")
    keep_alive = main.take_number("REDIS_KEEP_ALIVE")
    fields: dict[str, Any] = {} if keep_alive is None else {"keep_alive_seconds": max(1, keep_alive // 1000)}
    return release.make(
        Redis,
        {"host": f"{at}.host", "port": f"{at}.port", "username": f"{at}.username", "password": f"{at}.password"},
        Redis(host="refused"),
        host=host,
        port=main.take_reference("REDIS_PORT")
        or (port_of(release, f"{at}.port") if release.text(f"{at}.port") else 6379),
        username=main.take_reference("REDIS_USERNAME") or release.text(f"{at}.username") or None,
        password=external_password(release, secrets, at, "redis", "redis-password") if has_password else None,
        tls=redis_tls(release, main),
        **fields,
    )


def _bundled_redis(release: Release, secrets: InlineSecrets) -> BundledRedis:
    at, persistence = "redis", "redis.standalone.persistence"
    if not release.flag(f"{persistence}.enabled"):
        release.remark(
            f"{persistence}.enabled",
            "false: here the server has a claim, which can't be added in place; let the queue run empty, then run "
            f"kubectl delete statefulset {release.name}-redis before the first apply",
        )
    auth = release.flag(f"{at}.auth.enabled")
    return release.make(
        BundledRedis,
        {"size": f"{persistence}.size", "storage_class": f"{persistence}.storageClass", "config": f"{at}.config.redis"},
        BundledRedis(),
        password=_bundled_redis_password(release, secrets) if auth else None,
        auth=auth,
        size=release.text(f"{persistence}.size"),
        storage_class=release.text(f"{persistence}.storageClass") or None,
        config=directives(release, f"{at}.config.redis", r"([A-Za-z0-9-]+)\s+(.+)", "name value"),
        image=server_image(release, at, BundledRedis().image),
        resources=resources(release, f"{at}.standalone.resources", BundledRedis().resources),
        pod=server_pod(release, at),
    )


def _bundled_redis_password(release: Release, secrets: InlineSecrets) -> SecretKey | None:
    at, own = "redis.auth", f"{release.name}-redis-auth"
    existing, key_path = release.text(f"{at}.existingSecret"), f"{at}.existingSecretPasswordKey"
    password = secret_key(
        release, existing or own, f"{at}.existingSecret" if existing else "--release", release.text(key_path), key_path
    )
    if not existing:
        secrets.own(own, {password.key: f"{at}.password"}, instead=f"{at}.existingSecret")
    return None if (password.secret, password.key) == (own, "redis-password") else password
