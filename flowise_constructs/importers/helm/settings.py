"""Flowise's settings, image and keys, from the chart's keys and from `extraEnv`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowise_constructs import Auth, Image, Settings
from flowise_constructs.flowise.auth import KEYS
from flowise_constructs.flowise.releases import DEFAULT_TAG
from flowise_constructs.importers import settings as general
from flowise_constructs.importers.fields import pull_secrets
from flowise_constructs.importers.helm.names import full_name
from flowise_constructs.importers.helm.upgrades import upgrade
from flowise_constructs.importers.inline_secrets import InlineSecrets
from flowise_constructs.importers.pods import secret_key
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.tags import tag_problem
from flowise_constructs.importers.variables import Variables, split


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
    if (problem := tag_problem(tag, digest, lambda major: upgrade(major, release))) is not None:
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
    chart = {field: (path, _of_chart(release, path, kind)) for field, (path, kind) in _SETTINGS.items()}
    chart["trusted_proxies"] = _PROXIES, release.number(_PROXIES)
    if release.given(_PROXIES) and not variables.has("TRUST_PROXY"):
        release.remark(
            _PROXIES,
            "becomes TRUST_PROXY: nothing reads the chart's NUMBER_OF_PROXIES, so it takes effect for the first time",
        )
    made = general.settings(release, variables, chart)
    _tell_of_defaults(release)
    return made


_PROXIES = "flowise.numberOfProxies"

_SETTINGS: Mapping[str, tuple[str, str]] = {
    "app_url": ("flowise.appUrl", "text"),
    "secure_cookies": ("auth.secureCookies", "flag"),
    "log_level": ("flowise.logLevel", "text"),
    "file_size_limit": ("flowise.fileSizeLimit", "text"),
    "cors_origins": ("flowise.corsOrigins", "list"),
    "iframe_origins": ("flowise.iframeOrigins", "list"),
    "community_nodes": ("flowise.showCommunityNodes", "flag"),
    "disabled_nodes": ("flowise.disabledNodes", "list"),
}
"""Our fields: the chart's path of each, and its kind."""

_OURS_UNLESS_GIVEN = ("auth.secureCookies", "flowise.corsOrigins")
"""Chart defaults that are unsafe: cookies without Secure behind https, an API open to every web page."""


def _of_chart(release: Release, path: str, kind: str) -> Any:
    if path in _OURS_UNLESS_GIVEN and not release.given(path):
        return None
    if kind == "flag":
        return release.flag(path)
    text = release.text(path)
    return split(text) if kind == "list" else text or None


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
