"""Hosts and paths that a route or an Ingress leads to main, and those that a public door needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from flowise_constructs.core.findings import Finding

CHAT_PATHS: tuple[str, ...] = (
    "/api/v1/prediction",
    "/api/v1/public-chatbotConfig",
    "/api/v1/public-chatflows",
    "/api/v1/chatflows-streaming",
    "/api/v1/chatflows-uploads",
    "/api/v1/chatmessage/abort",
    "/api/v1/get-upload-file",
    "/api/v1/attachments",
    "/api/v1/feedback",
    "/api/v1/leads",
    "/api/v1/text-to-speech",
)
"""What chats and embedded widgets ask for; Flowise itself asks for no login there (its list WHITELIST_URLS)."""
_FURTHER_PATHS = (
    "/api/v1/webhook",
    "/api/v1/mcp",
    "/api/v1/ping",
    "/api/v1/public-executions",
    "/api/v1/openai-assistants-file/download",
    "/api/v1/node-icon",
)
_OPEN = (*CHAT_PATHS, *_FURTHER_PATHS)


def path_problem(value: str) -> str | None:
    """What the API server refuses in a path, of an Ingress and of a route."""
    if (
        not value.startswith("/")
        or not value.isprintable()
        or "//" in value
        or "/../" in f"{value}/"
        or "/./" in f"{value}/"
        or "%2f" in value.lower()
    ):
        return "must start with '/' and not contain '//', '.', '..' or '%2f'"
    return None


def route_path(value: str) -> str | None:
    """What the API server refuses in a path of a route, which is stricter."""
    if not re.fullmatch(r"([-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+", value):
        return "must be a path of a URL: letters, digits, -/._~!$&'()*+,;=:@ and what is encoded with '%'"
    return path_problem(value)


def open_path(value: str) -> str | None:
    """A prefix below which nothing is meant for administrators."""
    if not any(value == known or value.startswith(f"{known}/") for known in _OPEN):
        return f"is not among the paths that need no login: {', '.join(_OPEN)}"
    return route_path(value.replace("%", "%2f"))


def without_ui(where: str, paths: Iterable[str]) -> Iterable[Finding]:
    """The finding on paths that lack the UI's own files."""
    if not all(path.startswith("/api/") or path == "/api" for path in paths):
        yield Finding(
            where,
            "lacks '/', which the UI needs for its own files, and which can't be moved below another path: leave "
            "the field out, or name paths below '/api/' alone for a host without the UI",
        )


Path = Annotated[str, path_problem]
RoutePath = Annotated[str, route_path]
OpenPath = Annotated[str, open_path]
