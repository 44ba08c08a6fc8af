"""Flowise's own variables: keys, HTTP, settings, mail, metrics.

What each variable does is taken from Flowise's source; `releases.py` says which release reads it, and in which role.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flowise_constructs.core.rules import quantities
from flowise_constructs.flowise.auth import VARIABLES, Auth
from flowise_constructs.flowise.directories import HOME, LOG_DIRECTORY, MODEL_LIST, MODELS_DIRECTORY
from flowise_constructs.flowise.settings import OutboundProxy, Settings
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.kubernetes.environment import Environment, Owner, certificate_file, word
from flowise_constructs.kubernetes.pod_options import Resources
from flowise_constructs.kubernetes.references import ConfigMapKey
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY

PORT = 3000
HEAP_SHARE = 70
AUTHORITIES_FILE = "authorities.pem"
CERTIFICATES_SCRIPT = "certificate-variables.js"
READINESS_SCRIPT = "ready-when-owned.js"
ORIGIN_FORM_SCRIPT = "origin-form.js"

PROXY_VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "NODE_USE_ENV_PROXY"),
    *("GLOBAL_AGENT_HTTP_PROXY", "GLOBAL_AGENT_HTTPS_PROXY", "GLOBAL_AGENT_NO_PROXY"),
)
CLUSTER_HOSTS = ("localhost", "127.0.0.1", "*.svc", "*.cluster.local")
"""What is never reached by a proxy."""
_OTHER_PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "ALL_PROXY", "all_proxy")
"""Other spellings, which some clients prefer and others don't know."""

OWNED: Mapping[str, Owner] = {
    "PORT": Owner(follows=f"the container's port is {PORT}; Service.port is the Service's"),
    "HOME": Owner(follows="it follows from the mounts"),
    "LOG_PATH": Owner(follows="it follows from the mounts"),
    "SECRETKEY_PATH": Owner(follows="keys come from Secrets, never from a file that the pod creates: see Auth"),
    "NODE_OPTIONS": Owner(follows=f"the heap is {HEAP_SHARE} % of the memory limit: see Resources.memory_limit"),
    "APP_URL": Owner("Settings.app_url"),
    "SECURE_COOKIES": Owner("Settings.secure_cookies"),
    "TRUST_PROXY": Owner("Settings.trusted_proxies"),
    "LOG_LEVEL": Owner("Settings.log_level"),
    "FLOWISE_FILE_SIZE_LIMIT": Owner("Settings.file_size_limit"),
    "CORS_ORIGINS": Owner("Settings.cors_origins"),
    "IFRAME_ORIGINS": Owner("Settings.iframe_origins"),
    "SHOW_COMMUNITY_NODES": Owner("Settings.community_nodes"),
    "DISABLED_NODES": Owner("Settings.disabled_nodes"),
    "MODEL_LIST_CONFIG_JSON": Owner("Settings.model_list"),
    "POSTHOG_PUBLIC_API_KEY": Owner("Settings.telemetry_key"),
    "HTTP_SECURITY_CHECK": Owner("Settings.http_security_check"),
    "HTTP_DENY_LIST": Owner("Settings.http_deny_list"),
    "CUSTOM_MCP_PROTOCOL": Owner("Settings.mcp_protocol"),
    "SMTP_HOST": Owner("Settings.smtp"),
    "SMTP_PORT": Owner("Settings.smtp"),
    "SMTP_USER": Owner("Settings.smtp"),
    "SMTP_PASSWORD": Owner("Settings.smtp"),
    "SMTP_SECURE": Owner("Settings.smtp"),
    "SENDER_EMAIL": Owner("Settings.smtp"),
    "NODE_EXTRA_CA_CERTS": Owner("Settings.authorities"),
    **{variable: Owner("Settings.proxy") for variable in (*PROXY_VARIABLES, *_OTHER_PROXY_VARIABLES)},
    "ENABLE_METRICS": Owner("Settings.metrics"),
    "METRICS_PROVIDER": Owner("Settings.metrics"),
    "METRICS_INCLUDE_NODE_METRICS": Owner("Settings.metrics"),
    "METRICS_SERVICE_NAME": Owner("Settings.metrics"),
    "METRICS_OPEN_TELEMETRY_METRIC_ENDPOINT": Owner("Settings.metrics"),
    "METRICS_OPEN_TELEMETRY_PROTOCOL": Owner("Settings.metrics"),
    **{variable: Owner(f"Auth.{field}") for field, variable in VARIABLES.items()},
    "JWT_ISSUER": Owner("Auth.jwt_issuer"),
    "JWT_AUDIENCE": Owner("Auth.jwt_audience"),
}


def process_environment(flowise: Flowise, resources: Resources, preloaded: Iterable[str]) -> Environment:
    """What both roles are told of their process; `preloaded` are scripts that run in front of it."""
    heap = f"--max-old-space-size={quantities.mebibytes(resources.memory_limit) * HEAP_SHARE // 100}"
    preload = "".join(f" --require={SCRIPTS_DIRECTORY}/{script}" for script in preloaded)
    return {
        "HOME": HOME,
        "LOG_PATH": LOG_DIRECTORY,
        "LOG_LEVEL": flowise.settings.log_level,
        "NODE_OPTIONS": f"{heap}{preload}",
        # Without it, Flowise's command line looks its user up, and ends where that has no name (oclif's config.js).
        **({"SHELL": "/bin/sh"} if flowise.security.assigned_ids else {}),
        VARIABLES["encryption_key"]: flowise.auth.encryption_key,
        **({"APP_URL": flowise.public_url} if flowise.public_url else {}),
    }


def login_environment(auth: Auth) -> Environment:
    """Keys and token names that only main reads."""
    return {
        **{variable: getattr(auth, field) for field, variable in VARIABLES.items() if field != "encryption_key"},
        "JWT_ISSUER": auth.jwt_issuer,
        "JWT_AUDIENCE": auth.jwt_audience,
    }


def behaviour_environment(settings: Settings) -> Environment:
    """Nodes are loaded, and their requests checked, in main and in workers."""
    return {
        "SHOW_COMMUNITY_NODES": word(settings.community_nodes),
        **({"DISABLED_NODES": ",".join(settings.disabled_nodes)} if settings.disabled_nodes else {}),
        "HTTP_SECURITY_CHECK": word(settings.http_security_check),
        **({"HTTP_DENY_LIST": ",".join(settings.http_deny_list)} if settings.http_deny_list else {}),
        "CUSTOM_MCP_PROTOCOL": settings.mcp_protocol,
        **({"POSTHOG_PUBLIC_API_KEY": settings.telemetry_key} if settings.telemetry_key else {}),
    }


def model_list_environment(settings: Settings) -> Environment:
    """Flowise takes the image's own list when the variable is neither a URL nor a file that exists; only without the
    variable does it ask GitHub (packages/components/src/modelLoader.ts)."""
    given = settings.model_list
    if given is None:
        return {}
    path = f"{MODELS_DIRECTORY}/{MODEL_LIST}"
    return {"MODEL_LIST_CONFIG_JSON": path if isinstance(given, ConfigMapKey) else given}


def proxy_environment(flowise: Flowise) -> Environment:
    """The proxy for every kind of client: Node's own `fetch` and undici, libraries that read HTTP_PROXY, global-agent.
    All of them, and Go's, take `*.name` for what is below a name."""
    proxy = flowise.settings.proxy
    if proxy is None:
        return {}
    common = proxy_variables(proxy, flowise.server_hosts)
    own = {"NODE_USE_ENV_PROXY": "1"} if flowise.image.flowise.node_major >= 24 else {}
    return {**common, **own, **{f"GLOBAL_AGENT_{name}": value for name, value in common.items()}}


def proxy_variables(proxy: OutboundProxy, hosts: Iterable[str]) -> Environment:
    """The names that most programs read, with the hosts that are reached without it."""
    https = proxy.https or proxy.http
    hosts = (f"[{host}]" if ":" in host else host for host in hosts)
    return {
        **({"HTTP_PROXY": proxy.http} if proxy.http else {}),
        **({"HTTPS_PROXY": https} if https else {}),
        "NO_PROXY": ",".join(dict.fromkeys((*CLUSTER_HOSTS, *hosts, *proxy.no_proxy))),
    }


def authorities_environment(settings: Settings) -> Environment:
    """Node adds them to its own."""
    given = settings.authorities is not None
    return {"NODE_EXTRA_CA_CERTS": certificate_file(AUTHORITIES_FILE)} if given else {}


def http_environment(flowise: Flowise) -> Environment:
    """Main's HTTP server."""
    settings, secure = flowise.settings, flowise.secure_cookies
    return {
        **({"SECURE_COOKIES": word(secure)} if secure is not None else {}),
        "TRUST_PROXY": "false" if settings.trusted_proxies == 0 else str(settings.trusted_proxies),
        "FLOWISE_FILE_SIZE_LIMIT": settings.file_size_limit,
        **({"CORS_ORIGINS": ",".join(settings.cors_origins)} if settings.cors_origins else {}),
        **({"IFRAME_ORIGINS": ",".join(settings.iframe_origins)} if settings.iframe_origins else {}),
    }


def mail_environment(settings: Settings) -> Environment:
    """Main's mail server."""
    smtp = settings.smtp
    if smtp is None:
        return {}
    return {
        "SMTP_HOST": smtp.host,
        "SMTP_PORT": str(smtp.port),
        "SMTP_USER": smtp.user,
        "SMTP_PASSWORD": smtp.password,
        "SMTP_SECURE": word(smtp.secure),
        "SENDER_EMAIL": smtp.sender,
    }


def metrics_environment(settings: Settings) -> Environment:
    """Main's metrics."""
    metrics = settings.metrics
    if metrics is None:
        return {}
    return {
        "ENABLE_METRICS": "true",
        "METRICS_PROVIDER": metrics.provider,
        "METRICS_INCLUDE_NODE_METRICS": word(metrics.node_metrics),
        **({"METRICS_SERVICE_NAME": metrics.service_name} if metrics.service_name else {}),
        **({"METRICS_OPEN_TELEMETRY_METRIC_ENDPOINT": metrics.endpoint} if metrics.endpoint else {}),
        **({"METRICS_OPEN_TELEMETRY_PROTOCOL": metrics.protocol} if metrics.protocol else {}),
    }
