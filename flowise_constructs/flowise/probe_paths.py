"""Paths by which kubelet and load balancers ask a main how it is."""

from __future__ import annotations

from flowise_constructs.flowise.roles import Main

PING = "/api/v1/ping"
OWNED = "/api/v1/owned"
"""The ping, once an owner exists: what `ready-when-owned.js` answers, and Flowise itself with 401."""


def ready_path(main: Main) -> str:
    """What says that main may get requests: kubelet asks for it, and load balancers that don't ask kubelet."""
    return OWNED if main.awaits_owner else PING
