"""Messages about variables that nobody reads, or that the role they are set for doesn't read."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from flowise_constructs.flowise.releases import RELEASES, SUPPORTED_TAGS, Release, Role, readers

_INSTEAD: Mapping[str, str] = {
    "DISABLE_FLOWISE_TELEMETRY": "leave it out: nothing is sent unless POSTHOG_PUBLIC_API_KEY is set",
    "PASSPHRASE": "leave it out: the encryption key is FLOWISE_SECRETKEY_OVERWRITE",
    "WORKER_PORT": "leave it out: a worker listens on no port",
    "APIKEY_PATH": "leave it out: API keys are kept in the database",
    "APIKEY_STORAGE_TYPE": "leave it out: API keys are kept in the database",
    "FLOWISE_USERNAME": "leave it out: the first account is registered in the browser",
    "FLOWISE_PASSWORD": "leave it out: the first account is registered in the browser",
}
"""What to do about a variable that no release reads and that has no replacement."""

_READ_BY_OTHERS = readers(
    both="""
        PATH USER USERNAME LOGNAME SHELL TERM LANG LANGUAGE TZ TMPDIR TMP TEMP CI NO_COLOR FORCE_COLOR
        HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy ROARR_LOG
        SSL_CERT_FILE SSL_CERT_DIR OPENSSL_CONF DISPLAY CHROME_BIN
        GOOGLE_API_KEY GOOGLE_APPLICATION_CREDENTIALS GOOGLE_CLOUD_PROJECT GOOGLE_CLOUD_QUOTA_PROJECT
        GOOGLE_CLOUD_REGION GOOGLE_CLOUD_UNIVERSE_DOMAIN GCLOUD_PROJECT METADATA_SERVER_DETECTION
        AZURE_TENANT_ID AZURE_FEDERATED_TOKEN_FILE AZURE_AUTHORITY_HOST AZURE_REGIONAL_AUTHORITY_NAME
        AZURE_TOKEN_CREDENTIALS AZURE_OPENAI_ENDPOINT AZURE_OPENAI_BASE_PATH
        AZURE_OPENAI_API_COMPLETIONS_DEPLOYMENT_NAME
        PGSSLMODE PGTZ PGCONNECT_TIMEOUT PGOPTIONS PGPASSFILE PGAPPNAME PINECONE_API_KEY
    """
)
"""Variables that Flowise doesn't read itself, but Node.js, the C library or one of its packages does."""

_READ_BY_OTHERS_PREFIXES = (
    # Node.js, npx (MCP servers), the loader and the allocator, oclif
    "NODE_", "UV_", "npm_", "NPM_", "LD_", "LC_", "MALLOC_", "XDG_", "OCLIF_", "KUBERNETES_",
    # Cloud SDKs
    "AWS_", "AZURE_CLIENT_", "GCE_METADATA_", "CLOUDSDK_",
    # Tracing, proxies, browsers, gRPC
    "OTEL_", "LANGCHAIN_", "LANGSMITH_", "GLOBAL_AGENT_", "PUPPETEER_", "PLAYWRIGHT_", "GRPC_",
    # Clients of model vendors and vector databases
    "OPENAI_", "ANTHROPIC_", "GROQ_", "COHERE_", "MISTRAL_", "GEMINI_", "CHROMA_", "UPSTASH_",
)  # fmt: skip

_CLOSE = 0.75
"""Similarity, as difflib counts it, from which a name counts as misspelt. At difflib's default of 0.6 the name of any
tool's token resembles some secret of Flowise."""


def unread(name: str, release: Release, role: Role) -> str | None:
    """Says in one sentence why `role` of `release` has no use for the variable `name`; None if it has one.

    A name that resembles none that is read gets a milder sentence: a flow's runtime variable, a tool function or an MCP
    server may read it, which only its owner knows.
    """
    if name in release.dead:
        return _dead(name, release)
    if name.startswith(_READ_BY_OTHERS_PREFIXES) or name in _READ_BY_OTHERS:
        return None
    reader = release.variables.get(name)
    if reader in ("both", role):
        return None
    if reader is not None:
        return f"{name} is read by {reader} only in Flowise {release.tag}: {role} has no use for it."
    first = next((tag for tag in SUPPORTED_TAGS if name in RELEASES[tag].variables), None)
    if first is not None:
        return f"{name} is not read by Flowise {release.tag}: it is new in {first}."
    return _unknown(name, release)


def _dead(name: str, release: Release) -> str:
    live = release.dead[name]
    instead = f"set {live}" if live else _INSTEAD.get(name, "leave it out")
    return f"{name} is not read by Flowise {release.tag}: {instead}."


def _unknown(name: str, release: Release) -> str:
    nearest = _nearest(name, release)
    if nearest:
        return f"{name} is not read by Flowise {release.tag}: did you mean {nearest}?"
    return (
        f"{name} is not read by Flowise {release.tag} itself: leave it out unless a runtime variable, "
        "a tool or an MCP server of your flows reads it."
    )


def _nearest(name: str, release: Release) -> str | None:
    """The variable that is read and most like `name`; a longer name that starts with it comes first (REDIS_USER,
    REDIS_USERNAME)."""
    likely = get_close_matches(name.upper(), release.variables, n=5, cutoff=_CLOSE)
    longer = [live for live in likely if live.startswith(name.upper())]
    return next(iter([*longer, *likely]), None)
