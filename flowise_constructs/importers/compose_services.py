"""A Compose file, by its form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowise_constructs.core.plain import is_map


def compose_services(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """The services of a Compose file; empty where it is none."""
    services = tree.get("services")
    if is_map(services):
        return services if all(item is None or is_map(item) for item in services.values()) else {}
    # The oldest form has no key above the services.
    return tree if all(_is_compose_service(item) for item in tree.values()) else {}


def _is_compose_service(item: object) -> bool:
    if not is_map(item):
        return False
    is_made = isinstance(item.get("image"), str) or "build" in item
    return is_made and any(key in item for key in ("ports", "environment", "volumes", "restart", "command", "env_file"))
