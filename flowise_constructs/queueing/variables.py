"""How Flowise is told of its queue, and of the Redis behind it."""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs.kubernetes.environment import Environment, Owner, encoded
from flowise_constructs.queueing.values import Queue, Redis

MODE = "MODE"
NAME = "QUEUE_NAME"
PREFIX = "REDIS_"
HOST = "REDIS_HOST"

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
    "REDIS_CA": Owner("RedisTls.ca"),
    "REDIS_CERT": Owner("RedisTls.certificate"),
    "REDIS_KEY": Owner("RedisTls.private_key"),
    "REDIS_KEEP_ALIVE": Owner("Redis.keep_alive_seconds"),
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
        "REDIS_PORT": str(redis.port),
        **({"REDIS_USERNAME": redis.username} if redis.username else {}),
        **({"REDIS_PASSWORD": redis.password} if redis.password else {}),
        **({"REDIS_TLS": "true"} if redis.tls else {}),
        **({"REDIS_CA": encoded(redis.tls.ca)} if redis.tls and redis.tls.ca else {}),
        **({"REDIS_CERT": redis.tls.certificate} if redis.tls and redis.tls.certificate else {}),
        **({"REDIS_KEY": redis.tls.private_key} if redis.tls and redis.tls.private_key else {}),
        "REDIS_KEEP_ALIVE": str(redis.keep_alive_seconds * 1000),
    }


def retention_environment(queue: Queue) -> Environment:
    """How long finished jobs stay; a job takes it along from main, which puts it into the queue."""
    age, number = queue.remove_on_age_seconds, queue.remove_on_count
    return {**({"REMOVE_ON_AGE": str(age)} if age else {}), **({"REMOVE_ON_COUNT": str(number)} if number else {})}


def concurrency_environment(concurrency: int) -> Environment:
    """How many jobs a worker takes at a time."""
    return {"WORKER_CONCURRENCY": str(concurrency)}
