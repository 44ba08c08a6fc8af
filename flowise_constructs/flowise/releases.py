"""The supported Flowise releases: how they differ, and which variables each one reads.

The names come from the compiled JavaScript of the npm packages `flowise` and `flowise-components`;
`tests/data/flowise_variables` contains them as data, with the script that extracts them, and a test compares this table
with it. No scan can find out *who* reads a name, because main and worker load the same modules: that comes from reading
the code that uses the value. `main` is `flowise start`, in both topologies; `worker` is `flowise worker`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

Reader = Literal["main", "worker", "both"]
Role = Literal["main", "worker"]
Tag = Literal["3.1.1", "3.1.2", "3.1.3", "3.1.4"]
"""The releases that this library supports."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a manifest needs to know about one Flowise release."""

    tag: Tag
    """The version, which is also the image tag."""

    node_major: int
    """Major version of Node.js in the image (docker/Dockerfile) and in the package's `engines`."""

    variables: Mapping[str, Reader]
    """Every variable that this release reads, and who reads it."""

    dead: Mapping[str, str | None]
    """Variables that people set but this release doesn't read; see `DEAD`."""

    queues: tuple[str, ...]
    """Suffixes of the BullMQ queues: a queue is called `{QUEUE_NAME}-{suffix}` (queue/QueueManager.ts)."""

    migrations: Mapping[str, int]
    """Number of migrations of this release by database type, that is, of names in the table `migrations`."""

    mcp_transport: Literal["stdio", "sse"]
    """What custom MCP nodes do while CUSTOM_MCP_PROTOCOL is unset: `stdio` starts the command that a node names."""

    iframe_origins: str
    """The default of IFRAME_ORIGINS (utils/XSS.ts)."""

    advisories: tuple[str, ...]
    """The most serious published vulnerabilities of this release that a later one in this table fixes; not all."""


def readers(*, main: str = "", worker: str = "", both: str = "") -> dict[str, Reader]:
    """Names of variables, separated by white space, mapped to who reads them."""
    said: dict[Reader, str] = {"main": main, "worker": worker, "both": both}
    return {name: reader for reader, names in said.items() for name in names.split()}


_COMMON: Mapping[str, Reader] = {
    # HTTP server
    **readers(
        main="""
            PORT HOST NODE_ENV BASE_URL TRUST_PROXY DENYLIST_URLS FLOWISE_FILE_SIZE_LIMIT
            CORS_ORIGINS IFRAME_ORIGINS ADMIN_RATE_LIMIT_MESSAGE
        """,
        both="MODE HOME",
    ),
    # Sessions and accounts
    **readers(
        main="""
            JWT_AUTH_TOKEN_SECRET JWT_REFRESH_TOKEN_SECRET EXPRESS_SESSION_SECRET TOKEN_HASH_SECRET
            JWT_ISSUER JWT_AUDIENCE JWT_TOKEN_EXPIRY_IN_MINUTES JWT_REFRESH_TOKEN_EXPIRY_IN_MINUTES
            EXPIRE_AUTH_TOKENS_ON_RESTART SECURE_COOKIES PASSWORD_SALT_HASH_ROUNDS
            PASSWORD_RESET_TOKEN_EXPIRY_IN_MINUTES INVITE_TOKEN_EXPIRY_IN_HOURS WORKSPACE_INVITE_TEMPLATE_PATH
        """,
    ),
    # Mail
    **readers(
        main="""
            SMTP_HOST SMTP_PORT SMTP_USER SMTP_PASSWORD SMTP_SECURE SENDER_EMAIL ALLOW_UNAUTHORIZED_CERTS
        """,
    ),
    # Encryption of stored credentials
    **readers(
        main="SECRETKEY_AWS_AUTH_PREFIX",
        both="""
            FLOWISE_SECRETKEY_OVERWRITE SECRETKEY_STORAGE_TYPE SECRETKEY_PATH
            SECRETKEY_AWS_ACCESS_KEY SECRETKEY_AWS_SECRET_KEY SECRETKEY_AWS_REGION SECRETKEY_AWS_NAME
        """,
    ),
    # Database
    **readers(
        both="""
            DATABASE_TYPE DATABASE_PATH DATABASE_HOST DATABASE_PORT DATABASE_NAME DATABASE_USER DATABASE_PASSWORD
            DATABASE_SSL DATABASE_SSL_KEY_BASE64 DATABASE_REJECT_UNAUTHORIZED
        """,
    ),
    # Queue; a job's retention is set by main, which adds it to the queue (queue/BaseQueue.ts)
    **readers(
        main="REMOVE_ON_AGE REMOVE_ON_COUNT ENABLE_BULLMQ_DASHBOARD",
        worker="WORKER_CONCURRENCY",
        both="""
            QUEUE_NAME QUEUE_REDIS_EVENT_STREAM_MAX_LEN
            REDIS_URL REDIS_HOST REDIS_PORT REDIS_USERNAME REDIS_PASSWORD
            REDIS_TLS REDIS_CERT REDIS_KEY REDIS_CA REDIS_KEEP_ALIVE
        """,
    ),
    # File storage
    **readers(
        both="""
            STORAGE_TYPE BLOB_STORAGE_PATH
            S3_STORAGE_BUCKET_NAME S3_STORAGE_REGION S3_STORAGE_ACCESS_KEY_ID S3_STORAGE_SECRET_ACCESS_KEY
            S3_ENDPOINT_URL S3_FORCE_PATH_STYLE
            GOOGLE_CLOUD_STORAGE_BUCKET_NAME GOOGLE_CLOUD_STORAGE_PROJ_ID GOOGLE_CLOUD_STORAGE_CREDENTIAL
            GOOGLE_CLOUD_UNIFORM_BUCKET_ACCESS
            AZURE_BLOB_STORAGE_CONTAINER_NAME AZURE_BLOB_STORAGE_CONNECTION_STRING
            AZURE_BLOB_STORAGE_ACCOUNT_NAME AZURE_BLOB_STORAGE_ACCOUNT_KEY
        """,
    ),
    # Logs, metrics, telemetry; only the HTTP request log masks fields, and only main serves metrics
    **readers(
        main="""
            LOG_SANITIZE_BODY_FIELDS LOG_SANITIZE_HEADER_FIELDS
            ENABLE_METRICS METRICS_PROVIDER METRICS_SERVICE_NAME METRICS_INCLUDE_NODE_METRICS
            METRICS_OPEN_TELEMETRY_METRIC_ENDPOINT METRICS_OPEN_TELEMETRY_PROTOCOL METRICS_OPEN_TELEMETRY_DEBUG
        """,
        both="LOG_PATH LOG_LEVEL LOG_JSON_SPACES DEBUG POSTHOG_PUBLIC_API_KEY",
    ),
    # What flows may do and reach
    **readers(
        both="""
            HTTP_SECURITY_CHECK HTTP_DENY_LIST PATH_TRAVERSAL_SAFETY
            CUSTOM_MCP_SECURITY_CHECK CUSTOM_MCP_PROTOCOL
            TOOL_FUNCTION_BUILTIN_DEP TOOL_FUNCTION_EXTERNAL_DEP ALLOW_BUILTIN_DEP
            E2B_APIKEY SANDBOX_TIMEOUT MAX_LOOP_COUNT MAX_ITERATIONS
            GLOBAL_AGENT_HTTP_PROXY GLOBAL_AGENT_HTTPS_PROXY GLOBAL_AGENT_NO_PROXY
        """,
    ),
    # Nodes: which are available, and their defaults
    **readers(
        both="""
            SHOW_COMMUNITY_NODES DISABLED_NODES MODEL_LIST_CONFIG_JSON
            PUPPETEER_EXECUTABLE_PATH PLAYWRIGHT_EXECUTABLE_PATH UNSTRUCTURED_API_URL UNSTRUCTURED_API_KEY
            FIREWORKS_API_KEY HUGGINGFACEHUB_API_KEY PINECONE_CHUNK_SIZE
            AZURE_OPENAI_API_KEY AZURE_OPENAI_API_VERSION AZURE_OPENAI_API_INSTANCE_NAME
            AZURE_OPENAI_API_DEPLOYMENT_NAME AZURE_OPENAI_API_EMBEDDINGS_DEPLOYMENT_NAME
            POSTGRES_VECTORSTORE_HOST POSTGRES_VECTORSTORE_PORT POSTGRES_VECTORSTORE_DATABASE
            POSTGRES_VECTORSTORE_USER POSTGRES_VECTORSTORE_PASSWORD POSTGRES_VECTORSTORE_SSL
            POSTGRES_VECTORSTORE_TABLE_NAME POSTGRES_VECTORSTORE_SCHEMA_NAME
            POSTGRES_VECTORSTORE_CONTENT_COLUMN_NAME
            POSTGRES_RECORDMANAGER_HOST POSTGRES_RECORDMANAGER_PORT POSTGRES_RECORDMANAGER_DATABASE
            POSTGRES_RECORDMANAGER_USER POSTGRES_RECORDMANAGER_PASSWORD POSTGRES_RECORDMANAGER_SSL
            POSTGRES_RECORDMANAGER_TABLE_NAME
        """,
    ),
    # Flowise's own cloud
    **readers(both="STRIPE_SECRET_KEY CLOUD_FREE_ID CLOUD_STARTER_ID CLOUD_PRO_ID ADDITIONAL_SEAT_ID"),
}
"""The variables that every release in this table reads."""

# Read only by main until the worker runs schedules, which need the public URL and the licence.
_BEFORE_SCHEDULES = readers(main="APP_URL LICENSE_URL FLOWISE_EE_LICENSE_KEY OFFLINE")
_SCHEDULES = readers(
    main="MIN_SCHEDULE_INTERVAL_SECONDS",
    both="APP_URL LICENSE_URL FLOWISE_EE_LICENSE_KEY OFFLINE",
)

_BASIC_LOGIN = readers(main="FLOWISE_USERNAME FLOWISE_PASSWORD")

# The names of the audit log's objects in S3 contain the pod's name.
_NEW_IN_3_1_2 = readers(main="CORS_ALLOW_CREDENTIALS", both="HOSTNAME POD_NAME")
_NEW_IN_3_1_3 = _SCHEDULES | readers(
    main="""
        MCP_CORS_ORIGINS CUSTOM_MCP_TOOLS_MAX_BYTES CUSTOM_MCP_AUTHORIZE_TIMEOUT_MS
        OAUTH2_SECURITY_CHECK OAUTH2_ALLOWED_TOKEN_DOMAINS
    """,
    # Tracing of LLM calls; in earlier releases only the package langsmith reads these names
    both="""
        CUSTOM_MCP_ALLOWED_ENV_VARS
        LANGSMITH_TRACING LANGSMITH_API_KEY LANGSMITH_ENDPOINT LANGSMITH_PROJECT
        LANGCHAIN_TRACING_V2 LANGCHAIN_API_KEY LANGCHAIN_ENDPOINT LANGCHAIN_PROJECT
    """,
)
_NEW_IN_3_1_4 = readers(
    both="""
        CUSTOM_MCP_ALLOWED_COMMANDS CUSTOM_MCP_ALLOWED_ABSOLUTE_SCRIPT_PATHS
        CUSTOM_MCP_TOOL_NAME_MAX_LENGTH CUSTOM_MCP_TOOL_DESCRIPTION_MAX_LENGTH
    """,
)

_VARIABLES_3_1_1: Mapping[str, Reader] = {**_COMMON, **_BEFORE_SCHEDULES, **_BASIC_LOGIN}
_VARIABLES_3_1_2: Mapping[str, Reader] = {**_COMMON, **_BEFORE_SCHEDULES, **_NEW_IN_3_1_2}
_VARIABLES_3_1_3: Mapping[str, Reader] = {**_VARIABLES_3_1_2, **_NEW_IN_3_1_3}
_VARIABLES_3_1_4: Mapping[str, Reader] = {**_VARIABLES_3_1_3, **_NEW_IN_3_1_4}

DEAD: Mapping[str, str | None] = MappingProxyType(
    {
        # Declared as command line options (commands/base.ts) or in .env.example, and read nowhere
        "NUMBER_OF_PROXIES": "TRUST_PROXY",
        "DISABLE_FLOWISE_TELEMETRY": None,
        "PASSWORD_RESET_TOKEN_EXPIRY_IN_MINS": "PASSWORD_RESET_TOKEN_EXPIRY_IN_MINUTES",
        "PUPPETEER_EXECUTABLE_FILE_PATH": "PUPPETEER_EXECUTABLE_PATH",
        "PLAYWRIGHT_EXECUTABLE_FILE_PATH": "PLAYWRIGHT_EXECUTABLE_PATH",
        "WORKER_PORT": None,
        # Read by 1.x, 2.x or 3.0.x, and still copied from one set of values to the next
        "PASSPHRASE": None,
        "APIKEY_PATH": None,
        "APIKEY_STORAGE_TYPE": None,
        "DISABLE_CHATFLOW_REUSE": None,
        "EXECUTION_MODE": None,
        "OVERRIDE_DATABASE": None,
    }
)
"""Variables that people set but no release reads, with the variable that replaces them, or None."""

_GONE_WITH_BASIC_LOGIN: Mapping[str, str | None] = {"FLOWISE_USERNAME": None, "FLOWISE_PASSWORD": None}

DEFAULT_TAG = "3.1.3"

_DEAD_FROM_3_1_2: Mapping[str, str | None] = {**DEAD, **_GONE_WITH_BASIC_LOGIN}
_QUEUES = ("prediction", "upsertion")
_MIGRATIONS = MappingProxyType({"sqlite": 53, "postgres": 55, "mariadb": 56, "mysql": 57})
_MIGRATIONS_WITH_SCHEDULES = MappingProxyType({database: count + 4 for database, count in _MIGRATIONS.items()})

_3_1_1 = Release(
    tag="3.1.1",
    node_major=20,
    variables=MappingProxyType(_VARIABLES_3_1_1),
    dead=DEAD,
    queues=_QUEUES,
    migrations=_MIGRATIONS,
    mcp_transport="stdio",
    iframe_origins="*",
    advisories=("CVE-2026-56274",),
)
_3_1_2 = replace(
    _3_1_1,
    tag="3.1.2",
    variables=MappingProxyType(_VARIABLES_3_1_2),
    dead=MappingProxyType(_DEAD_FROM_3_1_2),
    advisories=(),
)
_3_1_3 = replace(
    _3_1_2,
    tag="3.1.3",
    node_major=24,
    variables=MappingProxyType(_VARIABLES_3_1_3),
    queues=(*_QUEUES, "schedule"),
    migrations=_MIGRATIONS_WITH_SCHEDULES,
    mcp_transport="sse",
    iframe_origins="'self'",
)
_3_1_4 = replace(_3_1_3, tag="3.1.4", variables=MappingProxyType(_VARIABLES_3_1_4))

RELEASES: Mapping[str, Release] = MappingProxyType(
    {release.tag: release for release in (_3_1_1, _3_1_2, _3_1_3, _3_1_4)}
)
"""The releases by tag, oldest first."""

SUPPORTED_TAGS: tuple[str, ...] = tuple(RELEASES)
