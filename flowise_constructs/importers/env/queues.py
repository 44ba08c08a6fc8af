"""The queue and its Redis, from REDIS_* and QUEUE_*."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from flowise_constructs import BundledRedis, Queue, Redis, RedisTls, SecretKey
from flowise_constructs.importers.env.servers import Servers, is_in_reach
from flowise_constructs.importers.env.tables import SECRETS
from flowise_constructs.importers.env.variables import EnvironmentVariables, Known
from flowise_constructs.importers.fields import authority
from flowise_constructs.importers.guide import GUIDE
from flowise_constructs.importers.notes import Notes

_REFUSED = Redis(host="refused")
_RULED = ["REDIS_HOST", "REDIS_PORT", "REDIS_USERNAME", "REDIS_PASSWORD"]


def queue(notes: Notes, variables: EnvironmentVariables, servers: Servers, secrets: Known) -> Queue:
    """The queue and its Redis."""
    numbers = {
        "remove_on_age_seconds": "REMOVE_ON_AGE",
        "remove_on_count": "REMOVE_ON_COUNT",
        "event_stream_length": "QUEUE_REDIS_EVENT_STREAM_MAX_LEN",
    }
    paths = {field: variables.where(name) for field, name in numbers.items()} | {"name": variables.where("QUEUE_NAME")}
    given = {field: variables.take_number(name) for field, name in numbers.items()}
    fields: dict[str, Any] = {field: number for field, number in given.items() if number is not None}
    if (name := variables.take_text("QUEUE_NAME")) is not None:
        fields["name"] = name
    redis = _redis(notes, variables, servers, secrets)
    return notes.make(Queue, paths, Queue(redis=_REFUSED), redis=redis, **fields)


def _redis(notes: Notes, variables: EnvironmentVariables, servers: Servers, secrets: Known) -> Redis | BundledRedis:
    where, url = variables.where("REDIS_URL"), variables.take_text("REDIS_URL")
    if url is not None:
        variables.drop(_RULED, "Flowise takes REDIS_URL")
        return _by_url(notes, variables, servers, secrets, where, url)
    where, host = variables.where("REDIS_HOST"), variables.take_text("REDIS_HOST")
    if host is None:
        notes.refuse(
            where, "must be given with MODE=queue, or REDIS_URL: without both Flowise looks on its own machine"
        )
        return _REFUSED
    at, port = variables.where("REDIS_PORT"), variables.take_number("REDIS_PORT")
    paths = {"host": where, "port": at, "username": variables.where("REDIS_USERNAME")}
    fields: dict[str, Any] = {} if port is None else {"port": port}
    user = variables.take_text("REDIS_USERNAME")
    if host in servers:
        return _bundled(notes, variables, servers, secrets, host, variables.take_text("REDIS_PASSWORD"))
    password = variables.take_secret("REDIS_PASSWORD")
    tls = _tls(notes, variables) if variables.take_flag("REDIS_TLS") else None
    is_in_reach(notes, where, host, "REDIS_HOST")
    return _existing(notes, variables, paths, host=host, username=user, password=password, tls=tls, **fields)


def _by_url(
    notes: Notes, variables: EnvironmentVariables, servers: Servers, secrets: Known, where: str, url: str
) -> Redis | BundledRedis:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("redis", "rediss") or host is None or parts.path.strip("/") not in ("", "0"):
        notes.refuse(
            where,
            "the value (not shown) must be redis:// or rediss:// with a host, without a number of a database: "
            "Flowise's channels are not separated by it",
        )
        return _REFUSED
    if host in servers:
        return _bundled(notes, variables, servers, secrets, host, unquote(parts.password or "") or None)
    is_in_reach(notes, where, host, "REDIS_URL")
    password = unquote(parts.password or "")
    key = secrets.keep(*SECRETS["REDIS_PASSWORD"], password) if password else None
    if password:
        variables.judge("REDIS_PASSWORD", where, password)
    tls = _tls(notes, variables) if parts.scheme == "rediss" else None
    fields: dict[str, Any] = {} if port is None else {"port": port}
    user = unquote(parts.username or "") or None
    return _existing(
        notes,
        variables,
        {"": where},
        host=host,
        password=key,
        username=None if user == "default" else user,
        tls=tls,
        **fields,
    )


def _existing(notes: Notes, variables: EnvironmentVariables, paths: dict[str, str], **fields: Any) -> Redis:
    where, keep_alive = variables.where("REDIS_KEEP_ALIVE"), variables.take_number("REDIS_KEEP_ALIVE")
    if keep_alive is not None:
        fields["keep_alive_seconds"] = max(1, keep_alive // 1000)
    return notes.make(Redis, {**paths, "keep_alive_seconds": where}, _REFUSED, **fields)


def _tls(notes: Notes, variables: EnvironmentVariables) -> RedisTls:
    names = {"ca": "REDIS_CA", "certificate": "REDIS_CERT", "private_key": "REDIS_KEY"}
    paths = {field: variables.where(name) for field, name in names.items()}
    encoded = variables.take_text("REDIS_CA")
    ca = None if encoded is None else authority(notes, paths["ca"], encoded)
    pair: dict[str, SecretKey | None] = {
        field: variables.take_secret(names[field]) for field in ("certificate", "private_key")
    }
    return notes.make(RedisTls, paths, RedisTls(), ca=ca, **pair)


def _bundled(
    notes: Notes, variables: EnvironmentVariables, servers: Servers, secrets: Known, host: str, password: str | None
) -> Redis | BundledRedis:
    where = servers[host].where
    if servers[host].kind != "redis":
        notes.refuse(where, f"is no Redis, and Flowise's queue is said to be on {host!r}: name the Redis")
        return _REFUSED
    if password is not None:
        variables.judge("REDIS_PASSWORD", variables.where("REDIS_PASSWORD"), password)
        secrets.keep("redis-auth", "redis-password", password)
    variables.drop(
        ["REDIS_TLS", "REDIS_CA", "REDIS_CERT", "REDIS_KEY", "REDIS_KEEP_ALIVE"],
        "the bundled server has no TLS, and its connections their own interval",
    )
    notes.remark(where, f"becomes the bundled Redis, which starts empty: let the queue run empty before; {GUIDE}", "do")
    return BundledRedis()
