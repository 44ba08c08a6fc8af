"""Flowise's settings, image and keys, from the chart's keys and from `extraEnv`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flowise_constructs import (
    Auth,
    Image,
    Metrics,
    OutboundProxy,
    SecretKey,
    Settings,
    Smtp,
)
from flowise_constructs.flowise.auth import KEYS
from flowise_constructs.flowise.releases import DEFAULT_TAG
from flowise_constructs.importers.helm.inline_secrets import InlineSecrets
from flowise_constructs.importers.helm.names import full_name
from flowise_constructs.importers.helm.pods import secret_key
from flowise_constructs.importers.helm.release import Release
from flowise_constructs.importers.helm.servers import pull_secrets
from flowise_constructs.importers.helm.tags import tag_problem
from flowise_constructs.importers.helm.variables import Variables, split

_REFUSED_KEY = SecretKey(secret="refused", key="refused")


def image(release: Release) -> Image:
    """The Flowise image; this library's default if the values name no tag."""
    tag, _, digest = release.text("image.tag").partition("@")
    if not tag and not digest:
        tag = DEFAULT_TAG
        release.remark(
            "image.tag",
            f"is not given: {DEFAULT_TAG} is used; check that the live release is not newer, because migrations "
            "can't be undone",
        )
    if (problem := tag_problem(tag, digest, release)) is not None:
        release.refuse("image.tag", problem)
        return Image()
    return release.make(
        Image,
        {
            "repository": "image.repository",
            "tag": "image.tag",
            "digest": "image.tag",
            "pull_policy": "image.pullPolicy",
            "pull_secrets": "imagePullSecrets",
        },
        Image(),
        repository=release.text("image.repository"),
        tag=tag or None,
        digest=digest or None,
        pull_policy=release.text("image.pullPolicy") if release.given("image.pullPolicy") else None,
        pull_secrets=pull_secrets(release, "imagePullSecrets"),
    )


def auth(release: Release, variables: Variables, secrets: InlineSecrets) -> Auth:
    """The five keys: in the given Secret, or in the release's own."""
    existing = release.text("auth.existingSecret")
    name = existing or f"{full_name(release)}-auth"
    keys: dict[str, str] = {}
    for field, default in KEYS.items():
        path = f"auth.existingSecret{_camel(field, upper=True)}Key"
        # The chart's own Secret always has the default keys, whatever the values say.
        keys[field] = release.text(path) if existing else default
    found = {
        field: secret_key(
            release,
            name,
            "auth.existingSecret" if existing else "fullnameOverride",
            key,
            f"auth.existingSecret{_camel(field, upper=True)}Key",
        )
        for field, key in keys.items()
    }
    if not existing:
        secrets.own(name, {key: f"auth.{_camel(field)}" for field, key in keys.items()}, instead="auth.existingSecret")
    whom: dict[str, Any] = {}
    for variable, field in (("JWT_ISSUER", "jwt_issuer"), ("JWT_AUDIENCE", "jwt_audience")):
        if (text := variables.take_text(variable)) is not None:
            whom[field] = text
    return release.make(Auth, "auth", Auth.from_secret("refused"), **found, **whom)


def _camel(field: str, *, upper: bool = False) -> str:
    words = [word.capitalize() for word in field.split("_")]
    return "".join(words) if upper else words[0].lower() + "".join(words[1:])


def settings(release: Release, variables: Variables) -> Settings:
    """Settings for both mains and workers."""
    paths: dict[str, str] = {}
    fields: dict[str, Any] = {}
    for field, (path, variable, kind) in _SETTINGS.items():
        paths[field] = variables.where(variable) if variables.has(variable) else path
        value = _TAKE[kind](variables, variable)
        value = value if value is not None else _of_chart(release, path, kind)
        if value is not None:
            fields[field] = value
    paths["trusted_proxies"], fields["trusted_proxies"] = _proxies(release, variables)
    for field, group in (("smtp", _smtp), ("proxy", _proxy), ("metrics", _metrics)):
        fields[field] = group(release, variables)
    key = variables.take("POSTHOG_PUBLIC_API_KEY")
    made = release.make(Settings, paths, Settings(), **fields, telemetry_key=key)
    _tell_of_defaults(release)
    return made


_SETTINGS: Mapping[str, tuple[str, str, str]] = {
    "app_url": ("flowise.appUrl", "APP_URL", "text"),
    "secure_cookies": ("auth.secureCookies", "SECURE_COOKIES", "flag"),
    "log_level": ("flowise.logLevel", "LOG_LEVEL", "text"),
    "file_size_limit": ("flowise.fileSizeLimit", "FLOWISE_FILE_SIZE_LIMIT", "text"),
    "cors_origins": ("flowise.corsOrigins", "CORS_ORIGINS", "list"),
    "iframe_origins": ("flowise.iframeOrigins", "IFRAME_ORIGINS", "list"),
    "community_nodes": ("flowise.showCommunityNodes", "SHOW_COMMUNITY_NODES", "flag"),
    "disabled_nodes": ("flowise.disabledNodes", "DISABLED_NODES", "list"),
    "http_security_check": ("", "HTTP_SECURITY_CHECK", "flag"),
    "http_deny_list": ("", "HTTP_DENY_LIST", "list"),
    "mcp_protocol": ("", "CUSTOM_MCP_PROTOCOL", "text"),
}
_TAKE: Mapping[str, Any] = {"text": Variables.take_text, "flag": Variables.take_flag, "list": Variables.take_list}

_OURS_UNLESS_GIVEN = ("auth.secureCookies", "flowise.corsOrigins")
"""Chart defaults that are unsafe: cookies without Secure behind https, an API open to every web page."""


def _of_chart(release: Release, path: str, kind: str) -> Any:
    if not path or (path in _OURS_UNLESS_GIVEN and not release.given(path)):
        return None
    if kind == "flag":
        return release.flag(path)
    text = release.text(path)
    return split(text) if kind == "list" else text or None


def _proxies(release: Release, variables: Variables) -> tuple[str, int | str]:
    where, text = variables.where("TRUST_PROXY"), variables.take_text("TRUST_PROXY")
    if text is not None:
        number = {"false": 0}.get(text, text)
        return where, int(number) if isinstance(number, int) or re.fullmatch(r"[0-9]{1,9}", number) else number
    path = "flowise.numberOfProxies"
    if release.given(path):
        release.remark(
            path,
            "becomes TRUST_PROXY: nothing reads the chart's NUMBER_OF_PROXIES, so it takes effect for the first time",
        )
    return path, release.number(path)


def _smtp(release: Release, variables: Variables) -> Smtp | None:
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
        release.refuse(where, f"{', '.join(missing)} must be given too: Flowise sends no mail without")
    if host is None or user is None or sender is None or password is None:
        return None
    otherwise = Smtp(host="refused", user="refused", sender="refused@example.com", password=_REFUSED_KEY)
    return release.make(Smtp, {"": where}, otherwise, host=host, user=user, sender=sender, password=password, **fields)


def _proxy(release: Release, variables: Variables) -> OutboundProxy | None:
    names = {"http": "GLOBAL_AGENT_HTTP_PROXY", "https": "GLOBAL_AGENT_HTTPS_PROXY"}
    paths = {field: variables.where(name) for field, name in names.items()} | {
        "no_proxy": variables.where("GLOBAL_AGENT_NO_PROXY")
    }
    fields = {field: variables.take_text(name) for field, name in names.items()}
    none = variables.take_list("GLOBAL_AGENT_NO_PROXY") or []
    if not any(fields.values()) and not none:
        return None
    return release.make(OutboundProxy, paths, OutboundProxy(http="http://refused"), **fields, no_proxy=none)


def _metrics(release: Release, variables: Variables) -> Metrics | None:
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
    return release.make(Metrics, paths, Metrics(), **given, node_metrics=nodes is not False)


def _tell_of_defaults(release: Release) -> None:
    if not release.given("flowise.corsOrigins"):
        release.remark(
            "flowise.corsOrigins",
            "is not given: no other web page may call the API, while the chart allows all ('*'); name the pages "
            "that embed a chat",
        )
    has_ingress = release.flag("ingress.enabled")
    if not release.given("auth.secureCookies") and (release.text("flowise.appUrl") or has_ingress):
        release.remark(
            "auth.secureCookies", "is not given: SECURE_COOKIES follows the public URL, while the chart sets false"
        )
