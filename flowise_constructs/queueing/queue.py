"""Queue mode: the queue that mains fill and workers empty."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from flowise_constructs.core.rules import quantities
from flowise_constructs.core.value import Value
from flowise_constructs.queueing.values import AnyRedis


def _queue_name(value: str) -> str | None:
    """BullMQ throws on a colon in a queue's name."""
    if len(value) > 200 or not re.fullmatch(r"[A-Za-z0-9][-_.A-Za-z0-9]*", value):
        return "must be letters, digits, '-', '_' and '.': BullMQ refuses a colon"
    return None


QueueName = Annotated[str, _queue_name]


@dataclass(frozen=True, kw_only=True)
class Queue(Value):
    """The BullMQ queue between mains and workers. `MODE=queue`."""

    redis: AnyRedis
    """The server; a `BundledRedis` is for `QueueChart`, which makes it."""
    name: QueueName = "flowise-queue"
    """`QUEUE_NAME`, the same for mains and workers."""
    remove_on_age_seconds: quantities.Positive | None = 86400
    """How long finished jobs, with their content, stay in Redis: `REMOVE_ON_AGE`, read where jobs are added, in main.
    None: not by age."""
    remove_on_count: quantities.Positive | None = 10000
    """How many finished jobs stay in Redis: `REMOVE_ON_COUNT`. With None for both they stay for ever."""
    event_stream_length: quantities.Positive | None = None
    """`QUEUE_REDIS_EVENT_STREAM_MAX_LEN`. Default: left out (Flowise: 10000)."""
