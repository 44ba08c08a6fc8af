"""Flowise's settings, from its variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flowise_constructs import Metrics, OutboundProxy, SecretKey, Settings, Smtp
from flowise_constructs.importers.directories import moved
from flowise_constructs.importers.notes import Notes
from flowise_constructs.importers.variables import Variables

_REFUSED_KEY = SecretKey(secret="refused", key="refused")


def settings(notes: Notes, variables: Variables, given: Mapping[str, tuple[str, Any]]) -> Settings:
    """Settings for both mains and workers. A variable wins over what is given otherwise.

    `given` maps our fields to the path of each in the source and its value there, None for the library's default.
    """
    paths: dict[str, str] = {}
    fields: dict[str, Any] = {}
    for field, (variable, kind) in _SETTINGS.items():
        path, otherwise = given.get(field, ("", None))
        paths[field] = variables.where(variable) if variables.has(variable) else path
        value = _TAKE[kind](variables, variable)
        value = value if value is not None else otherwise
        if value is not None:
            fields[field] = value
    for field, group in (("smtp", _smtp), ("proxy", _proxy), ("metrics", _metrics)):
        fields[field] = group(notes, variables)
    key = variables.take("POSTHOG_PUBLIC_API_KEY")
    return notes.make(Settings, paths, Settings(), **fields, telemetry_key=key)


def _take_proxies(variables: Variables, name: str) -> int | str | None:
    text = variables.take_text(name)
    if text is None:
        return None
    number = {"false": "0"}.get(text, text)
    return int(number) if re.fullmatch(r"[0-9]{1,9}", number) else number


def _take_location(variables: Variables, name: str) -> str | None:
    text = variables.take_text(name)
    return moved(text) if text is not None and text.startswith("/") else text


_SETTINGS: Mapping[str, tuple[str, str]] = {
    "app_url": ("APP_URL", "text"),
    "secure_cookies": ("SECURE_COOKIES", "flag"),
    "log_level": ("LOG_LEVEL", "text"),
    "file_size_limit": ("FLOWISE_FILE_SIZE_LIMIT", "text"),
    "cors_origins": ("CORS_ORIGINS", "list"),
    "iframe_origins": ("IFRAME_ORIGINS", "list"),
    "community_nodes": ("SHOW_COMMUNITY_NODES", "flag"),
    "disabled_nodes": ("DISABLED_NODES", "list"),
    "http_security_check": ("HTTP_SECURITY_CHECK", "flag"),
    "http_deny_list": ("HTTP_DENY_LIST", "list"),
    "mcp_protocol": ("CUSTOM_MCP_PROTOCOL", "text"),
    "model_list": ("MODEL_LIST_CONFIG_JSON", "location"),
    "trusted_proxies": ("TRUST_PROXY", "proxies"),
}
"""Our fields: the variable of each, and its kind."""

_TAKE: Mapping[str, Any] = {
    "text": Variables.take_text,
    "flag": Variables.take_flag,
    "list": Variables.take_list,
    "proxies": _take_proxies,
    "location": _take_location,
}


def _smtp(notes: Notes, variables: Variables) -> Smtp | None:
    names = ("SMTP_HOST", "SMTP_PORT", "SMTP_USER", "SMTP_PASSWORD", "SMTP_SECURE", "SENDER_EMAIL")
    if not any(variables.has(name) for name in names):
        return None
    where = variables.where(next(name for name in names if variables.has(name)))
    missing = [name for name in ("SMTP_HOST", "SMTP_USER", "SMTP_PASSWORD", "SENDER_EMAIL") if not variables.has(name)]
    port, secure = variables.take_number("SMTP_PORT"), variables.take_flag("SMTP_SECURE")
    fields: dict[str, Any] = {"port": port} if port is not None else {}
    fields |= {} if secure is None else {"secure": secure}
    host, user, sender = (variables.take_text(name) for name in ("SMTP_HOST", "SMTP_USER", "SENDER_EMAIL"))
    password = variables.take_secret("SMTP_PASSWORD")
    if missing:
        notes.refuse(where, f"{', '.join(missing)} must be given too: Flowise sends no mail without")
    if host is None or user is None or sender is None or password is None:
        return None
    otherwise = Smtp(host="refused", user="refused", sender="refused@example.com", password=_REFUSED_KEY)
    return notes.make(Smtp, {"": where}, otherwise, host=host, user=user, sender=sender, password=password, **fields)


def _proxy(notes: Notes, variables: Variables) -> OutboundProxy | None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        for spelling in (name, name.lower()):
            variables.rename(spelling, f"GLOBAL_AGENT_{name}")
    names = {"http": "GLOBAL_AGENT_HTTP_PROXY", "https": "GLOBAL_AGENT_HTTPS_PROXY"}
    if not any(variables.has(name) for name in names.values()):
        variables.drop(["GLOBAL_AGENT_NO_PROXY", "NODE_USE_ENV_PROXY"], "no proxy is given")
        return None
    variables.drop(["NODE_USE_ENV_PROXY"], "it follows from the proxy")
    paths = {field: variables.where(name) for field, name in names.items()} | {
        "no_proxy": variables.where("GLOBAL_AGENT_NO_PROXY")
    }
    fields = {field: variables.take_url(name) for field, name in names.items()}
    none = variables.take_list("GLOBAL_AGENT_NO_PROXY") or []
    return notes.make(OutboundProxy, paths, OutboundProxy(http="http://refused"), **fields, no_proxy=none)


def _metrics(notes: Notes, variables: Variables) -> Metrics | None:
    names = {
        "provider": "METRICS_PROVIDER",
        "service_name": "METRICS_SERVICE_NAME",
        "endpoint": "METRICS_OPEN_TELEMETRY_METRIC_ENDPOINT",
        "protocol": "METRICS_OPEN_TELEMETRY_PROTOCOL",
    }
    paths = {field: variables.where(name) for field, name in names.items()}
    on, nodes = variables.take_flag("ENABLE_METRICS"), variables.take_flag("METRICS_INCLUDE_NODE_METRICS")
    given = {field: text for field, name in names.items() if (text := variables.take_text(name)) is not None}
    if not on:
        return None
    return notes.make(Metrics, paths, Metrics(), **given, node_metrics=nodes is not False)
