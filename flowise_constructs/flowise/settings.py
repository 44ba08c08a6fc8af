"""Flowise's settings: what an administrator sets in its environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal
from urllib.parse import urlsplit

from flowise_constructs.core.findings import Finding, shown, warn
from flowise_constructs.core.rules import naming, network, paths, quantities, texts
from flowise_constructs.core.value import Value
from flowise_constructs.kubernetes.references import ConfigMapKey, EnvValue, Pem, SecretKey


def _mail_address(value: str) -> str | None:
    """An address, with a name in front where wanted."""
    if (problem := texts.text(value)) is not None:
        return problem
    if not re.fullmatch(r"([^<>@]*<)?[^\s<>@,;]+@[^\s<>@,;]+(?(1)>)", value):
        return "must be a mail address such as 'flowise@example.com' or 'Flowise <flowise@example.com>'"
    return None


@dataclass(frozen=True, kw_only=True)
class Smtp(Value):
    """A mail server, for invitations and password resets. Needs `Settings.app_url` for the links."""

    host: network.Host
    """`SMTP_HOST`."""
    user: texts.Text
    """`SMTP_USER`; Flowise doesn't send mail without a login."""
    password: SecretKey
    """`SMTP_PASSWORD`."""
    sender: Annotated[str, _mail_address]
    """`SENDER_EMAIL`. Example: `"flowise@example.com"`."""
    port: network.Port = 465
    """`SMTP_PORT`."""
    secure: bool = True
    """`SMTP_SECURE`: implicit TLS (port 465). False: STARTTLS (port 587)."""


@dataclass(frozen=True, kw_only=True)
class OutboundProxy(Value):
    """The proxy on the way out of the cluster, for mains, workers and the pods of backups."""

    http: network.Url | SecretKey | None = None
    """URL of the proxy for http: `HTTP_PROXY`, `GLOBAL_AGENT_HTTP_PROXY`. One with a login is a key of a Secret that
    holds the whole URL. Example: `"http://proxy.example.com:3128"`, `SecretKey(secret="proxy", key="url")`."""
    https: network.Url | SecretKey | None = None
    """URL of the proxy for https: `HTTPS_PROXY`, `GLOBAL_AGENT_HTTPS_PROXY`. Default: `http` for both."""
    no_proxy: Sequence[texts.Listed] = ()
    """Further hosts that are reached without it: `NO_PROXY`, `GLOBAL_AGENT_NO_PROXY`. The cluster's own names and the
    servers of the deployment are in it by themselves. A name matches itself, `*.example.com` what is below it.
    Example: `["*.example.com"]`."""

    def contradictions(self) -> Iterable[Finding]:
        if self.http is None and self.https is None:
            yield self.finding("http", "None, and https None too: give one of them, or no OutboundProxy")


@dataclass(frozen=True, kw_only=True)
class Metrics(Value):
    """Main's metrics; workers have none. Prometheus scrapes `/api/v1/metrics` with an API key as bearer token: see
    `Monitoring`."""

    provider: Literal["prometheus", "open_telemetry"] = "prometheus"
    """`METRICS_PROVIDER`; with an unknown value Flowise starts without metrics."""
    node_metrics: bool = True
    """`METRICS_INCLUDE_NODE_METRICS`: those of the Node.js process."""
    service_name: texts.Text | None = None
    """`METRICS_SERVICE_NAME`. Default: left out (Flowise: `FlowiseAI`)."""
    endpoint: network.Url | None = None
    """`METRICS_OPEN_TELEMETRY_METRIC_ENDPOINT`, the collector; Flowise doesn't start without it."""
    protocol: Literal["http", "grpc", "proto"] | None = None
    """`METRICS_OPEN_TELEMETRY_PROTOCOL`. Default: left out (Flowise: `http`)."""

    def contradictions(self) -> Iterable[Finding]:
        if self.provider == "open_telemetry" and self.endpoint is None:
            yield self.finding(
                "endpoint", "None: with OpenTelemetry and no collector Flowise doesn't start; give the collector's URL"
            )
        if self.provider == "prometheus" and (self.endpoint or self.protocol):
            yield self.finding("endpoint", "has no effect with prometheus: leave 'endpoint' and 'protocol' out")


def _proxies(value: int | str) -> str | None:
    if isinstance(value, int):
        return None if 0 <= value <= 100 else "must be a number of hops from 0 to 100"
    if value in ("true", "false", "") or value.isdigit():
        return "must be a number of hops or a list of networks such as 'loopback, 10.0.0.0/8'"
    return texts.text(value)


@dataclass(frozen=True, kw_only=True)
class Settings(Value):
    """Settings for both mains and workers."""

    app_url: network.Origin | None = None
    """Public URL: `APP_URL`. Default: from the first host of the Ingress, https if its TLS covers it, else http."""
    secure_cookies: bool | None = None
    """`SECURE_COOKIES`. Default: follows the public URL's scheme."""
    trusted_proxies: Annotated[int | str, _proxies] = 1
    """`TRUST_PROXY`: the number of proxies in front, or their networks. Flowise's own default trusts whatever address a
    client claims to have."""
    log_level: Literal["error", "warn", "info", "verbose", "debug"] = "info"
    """`LOG_LEVEL`, of the log files; with any other value Flowise writes nothing to them. What `kubectl logs` shows is
    at `info`, whatever is said here: see `flowise-constructs docs logs`."""
    file_size_limit: quantities.FileSize = "50mb"
    """`FLOWISE_FILE_SIZE_LIMIT`: the largest request body that main accepts."""
    cors_origins: Sequence[network.CorsOrigin] = ()
    """`CORS_ORIGINS`. Default: none, as in upstream. `["*"]` opens the API to every web page."""
    iframe_origins: Sequence[network.FrameSource] = ("'self'",)
    """`IFRAME_ORIGINS`: who may embed the chat in a frame. The default of 3.1.1 and 3.1.2 is everybody."""
    community_nodes: bool = False
    """`SHOW_COMMUNITY_NODES`."""
    disabled_nodes: Sequence[texts.Listed] = ()
    """`DISABLED_NODES`: names of nodes that are neither offered nor run."""
    model_list: network.Url | paths.Path | Literal["image"] | ConfigMapKey | None = None
    """`MODEL_LIST_CONFIG_JSON`: where the names and prices of models come from. `"image"`: the list that the image
    holds; a key of a ConfigMap that holds such a list as JSON; its URL; its path on a volume. None: upstream's, from
    GitHub, whenever somebody opens a list of models; without a way there each opening waits until the connection
    fails. Example: `"image"`."""
    telemetry_key: texts.Text | SecretKey | None = None
    """`POSTHOG_PUBLIC_API_KEY`, which turns telemetry on. None: no telemetry."""
    http_security_check: bool = True
    """`HTTP_SECURITY_CHECK`: whether nodes are denied private addresses, and so the Services of the cluster."""
    http_deny_list: Sequence[texts.Listed] = ()
    """`HTTP_DENY_LIST`: more addresses and networks to deny. If the check is off, only these are denied."""
    mcp_protocol: Literal["sse", "stdio"] = "sse"
    """`CUSTOM_MCP_PROTOCOL`. `stdio` lets users start processes in the pods; it is the default of 3.1.1 and 3.1.2."""
    smtp: Smtp | None = None
    """Mail server. None: Flowise sends no mail."""
    proxy: OutboundProxy | None = None
    """Outbound proxy, for mains, workers and the pods of backups."""
    authorities: Pem | None = None
    """Certificates that are trusted beside the public ones, in every pod that talks to others: Flowise, its gate,
    backups, restores. PEM text, or a key that holds PEM, as cert-manager and trust-manager make it. Mounted as a file:
    `NODE_EXTRA_CA_CERTS`. Example: `ConfigMapKey(config_map="corporate-ca", key="ca.crt")`."""
    metrics: Metrics | None = None
    """Main's metrics: `ENABLE_METRICS`. None: off."""
    extra_env: Mapping[naming.EnvName, EnvValue] = field(default_factory=dict[str, EnvValue])
    """Extra variables for mains and workers. Those that another field sets are refused."""

    def contradictions(self) -> Iterable[Finding]:
        scheme = urlsplit(self.app_url).scheme if self.app_url else None
        if (
            self.secure_cookies
            and scheme == "http"
            and urlsplit(self.app_url or "").hostname not in ("localhost", "127.0.0.1")
        ):
            yield self.finding(
                "secure_cookies",
                f"True with {self.app_url!r}: browsers don't send them over http, so nobody can log in; use https",
            )
        if self.trusted_proxies == 0 and (self.secure_cookies or (scheme == "https" and self.secure_cookies is None)):
            yield self.finding(
                "trusted_proxies",
                "0 with secure cookies: Flowise sees every request as http and nobody can log in; give their number",
            )
        if self.cors_origins.count("*") and len(self.cors_origins) > 1:
            yield self.finding(
                "cors_origins",
                f"{shown(list(self.cors_origins))} has '*' and others: use only '*', or only the others",
            )
        if self.secure_cookies is False and scheme == "https":
            warn("Settings.secure_cookies: False with an https URL sends the session cookie over http too")
