"""Queue mode: the queue that mains fill and workers empty."""

from __future__ import annotations

from dataclasses import dataclass

from flowise_constructs import checks
from flowise_constructs.values.redis import AnyRedis
from flowise_constructs.values.value import Value


@dataclass(frozen=True, kw_only=True)
class Queue(Value):
    """The BullMQ queue between mains and workers. `MODE=queue`."""

    redis: AnyRedis
    """The server; a `BundledRedis` is for `QueueChart`, which makes it."""
    name: checks.QueueName = "flowise-queue"
    """`QUEUE_NAME`, the same for mains and workers."""
    remove_on_age_seconds: checks.Positive | None = 86400
    """How long finished jobs, with their content, stay in Redis: `REMOVE_ON_AGE`, read where jobs are added, in main.
    None: not by age."""
    remove_on_count: checks.Positive | None = 10000
    """How many finished jobs stay in Redis: `REMOVE_ON_COUNT`. With None for both they stay for ever."""
    event_stream_length: checks.Positive | None = None
    """`QUEUE_REDIS_EVENT_STREAM_MAX_LEN`. Default: left out (Flowise: 10000)."""
