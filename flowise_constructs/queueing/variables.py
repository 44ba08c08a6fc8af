"""Flowise's queue and Redis variables."""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs.kubernetes.environment import Environment, Owner, certificate_file
from flowise_constructs.kubernetes.references import Pem, variable_of
from flowise_constructs.queueing.values import Queue, Redis

MODE = "MODE"
NAME = "QUEUE_NAME"
PREFIX = "REDIS_"
HOST = "REDIS_HOST"
ADDRESS = (HOST, "REDIS_PORT", "REDIS_USERNAME")
"""Where it is and as whom: no secrets, though a Secret may hold them."""

OWNED: Mapping[str, Owner] = {
    MODE: Owner("Flowise.queue"),
    NAME: Owner("Queue.name"),
    "REMOVE_ON_AGE": Owner("Queue.remove_on_age_seconds"),
    "REMOVE_ON_COUNT": Owner("Queue.remove_on_count"),
    "QUEUE_REDIS_EVENT_STREAM_MAX_LEN": Owner("Queue.event_stream_length"),
    "WORKER_CONCURRENCY": Owner("Worker.concurrency"),
    "REDIS_URL": Owner("Redis: host and port; with a rediss:// URL Flowise's clients disagree on certificates"),
    HOST: Owner("Redis.host"),
    "REDIS_PORT": Owner("Redis.port"),
    "REDIS_USERNAME": Owner("Redis.username"),
    "REDIS_PASSWORD": Owner("Redis.password"),
    "REDIS_TLS": Owner("Redis.tls"),
    "REDIS_CA": Owner("RedisTls.ca_base64"),
    "REDIS_CERT": Owner("RedisTls.certificate"),
    "REDIS_KEY": Owner("RedisTls.private_key"),
    # Ours: certificate-variables.js makes Flowise's variables of them.
    "REDIS_CA_FILE": Owner("RedisTls.ca"),
    "REDIS_CERT_FILE": Owner("RedisTls.certificate"),
    "REDIS_KEY_FILE": Owner("RedisTls.private_key"),
    "REDIS_KEEP_ALIVE": Owner("Redis.keep_alive_seconds"),
}

_FILE_VARIABLES = {
    "redis-ca.pem": "REDIS_CA_FILE",
    "redis-certificate.pem": "REDIS_CERT_FILE",
    "redis-key.pem": "REDIS_KEY_FILE",
}


def queue_environment(queue: Queue) -> Environment:
    """What mains and workers must agree on."""
    redis = queue.redis
    assert isinstance(redis, Redis)
    length = queue.event_stream_length
    return {
        MODE: "queue",
        NAME: queue.name,
        **({"QUEUE_REDIS_EVENT_STREAM_MAX_LEN": str(length)} if length else {}),
        HOST: redis.host,
        "REDIS_PORT": variable_of(redis.port),
        **({"REDIS_USERNAME": redis.username} if redis.username else {}),
        **({"REDIS_PASSWORD": redis.password} if redis.password else {}),
        **({"REDIS_TLS": "true"} if redis.tls else {}),
        **({"REDIS_CA": redis.tls.ca_base64} if redis.tls and redis.tls.ca_base64 else {}),
        **{_FILE_VARIABLES[file]: certificate_file(file) for file in queue_files(queue)},
        "REDIS_KEEP_ALIVE": str(redis.keep_alive_seconds * 1000),
    }


def queue_files(queue: Queue) -> dict[str, Pem]:
    """The certificates that its variables name."""
    tls = queue.redis.tls if isinstance(queue.redis, Redis) else None
    if tls is None:
        return {}
    files: dict[str, Pem | None] = {
        "redis-ca.pem": tls.ca,
        "redis-certificate.pem": tls.certificate,
        "redis-key.pem": tls.private_key,
    }
    return {name: pem for name, pem in files.items() if pem is not None}


def exporter_environment(redis: Redis) -> Environment:
    """What redis_exporter reads of a server without TLS. Its own names: they are not Flowise's."""
    return {
        "REDIS_ADDR": f"redis://{redis.host}:{redis.port}",
        **({"REDIS_PASSWORD": redis.password} if redis.password else {}),
    }


def retention_environment(queue: Queue) -> Environment:
    """How long finished jobs stay in Redis. It is set on each job by main, which adds it to the queue."""
    age, number = queue.remove_on_age_seconds, queue.remove_on_count
    return {**({"REMOVE_ON_AGE": str(age)} if age else {}), **({"REMOVE_ON_COUNT": str(number)} if number else {})}


def concurrency_environment(concurrency: int) -> Environment:
    """How many jobs a worker runs at a time."""
    return {"WORKER_CONCURRENCY": str(concurrency)}


BUSY_LISTS = ("wait", "active")
"""BullMQ's lists of the jobs that take a slot, or wait for one."""


def queue_name(queue: Queue, kind: str) -> str:
    """What BullMQ calls the queue of one kind of jobs."""
    return f"{queue.name}-{kind}"


def list_key(queue: Queue, kind: str, name: str) -> str:
    """The key of one of its lists in Redis. Flowise sets no prefix of its own."""
    return f"bull:{queue_name(queue, kind)}:{name}"
