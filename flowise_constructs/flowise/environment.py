"""Values -> Flowise's environment variables. No other file spells them.

What each variable does was read from Flowise's source; `releases.py` says which release reads it, and in which role.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from flowise_constructs.core.findings import ConfigError, Finding, warn
from flowise_constructs.core.rules import quantities
from flowise_constructs.database.values import (
    Database,
    DatabaseTls,
    MysqlDatabase,
    PostgresDatabase,
    ServerDatabase,
    SqliteDatabase,
)
from flowise_constructs.flowise import releases
from flowise_constructs.flowise.settings import Settings
from flowise_constructs.flowise.values import Flowise, Main, Worker
from flowise_constructs.kubernetes.pod_options import Resources
from flowise_constructs.kubernetes.references import EnvValue, SecretKey
from flowise_constructs.queueing.queue import Queue
from flowise_constructs.queueing.values import Redis
from flowise_constructs.storage.values import LocalStorage, Storage

HOME = "/home/node"
DATA_DIRECTORY = f"{HOME}/.flowise"
LOG_DIRECTORY = "/var/log/flowise"
PORT = 3000
HEAP_SHARE = 70

Environment = dict[str, EnvValue]

OWNED: Mapping[str, str] = {
    "PORT": "nothing: the container's port is 3000, Service.port is the Service's",
    "HOME": "nothing: it follows from the mounts",
    "LOG_PATH": "nothing: it follows from the mounts",
    "SECRETKEY_PATH": "Auth: keys come from Secrets, never from a file that the pod makes",
    "NODE_OPTIONS": "Resources.memory_limit, which sizes the heap",
    "MODE": "Flowise.queue",
    "APP_URL": "Settings.app_url",
    "SECURE_COOKIES": "Settings.secure_cookies",
    "TRUST_PROXY": "Settings.trusted_proxies",
    "LOG_LEVEL": "Settings.log_level",
    "FLOWISE_FILE_SIZE_LIMIT": "Settings.file_size_limit",
    "CORS_ORIGINS": "Settings.cors_origins",
    "IFRAME_ORIGINS": "Settings.iframe_origins",
    "SHOW_COMMUNITY_NODES": "Settings.community_nodes",
    "DISABLED_NODES": "Settings.disabled_nodes",
    "POSTHOG_PUBLIC_API_KEY": "Settings.telemetry_key",
    "HTTP_SECURITY_CHECK": "Settings.http_security_check",
    "HTTP_DENY_LIST": "Settings.http_deny_list",
    "CUSTOM_MCP_PROTOCOL": "Settings.mcp_protocol",
    "SMTP_HOST": "Settings.smtp",
    "SMTP_PORT": "Settings.smtp",
    "SMTP_USER": "Settings.smtp",
    "SMTP_PASSWORD": "Settings.smtp",
    "SMTP_SECURE": "Settings.smtp",
    "SENDER_EMAIL": "Settings.smtp",
    "GLOBAL_AGENT_HTTP_PROXY": "Settings.proxy",
    "GLOBAL_AGENT_HTTPS_PROXY": "Settings.proxy",
    "GLOBAL_AGENT_NO_PROXY": "Settings.proxy",
    "ENABLE_METRICS": "Settings.metrics",
    "METRICS_PROVIDER": "Settings.metrics",
    "METRICS_INCLUDE_NODE_METRICS": "Settings.metrics",
    "METRICS_SERVICE_NAME": "Settings.metrics",
    "METRICS_OPEN_TELEMETRY_METRIC_ENDPOINT": "Settings.metrics",
    "METRICS_OPEN_TELEMETRY_PROTOCOL": "Settings.metrics",
    "FLOWISE_SECRETKEY_OVERWRITE": "Auth.encryption_key",
    "JWT_AUTH_TOKEN_SECRET": "Auth.jwt_auth_token_secret",
    "JWT_REFRESH_TOKEN_SECRET": "Auth.jwt_refresh_token_secret",
    "EXPRESS_SESSION_SECRET": "Auth.express_session_secret",
    "TOKEN_HASH_SECRET": "Auth.token_hash_secret",
    "JWT_ISSUER": "Auth.jwt_issuer",
    "JWT_AUDIENCE": "Auth.jwt_audience",
    "DATABASE_TYPE": "Flowise.database",
    "DATABASE_PATH": "SqliteDatabase.directory",
    "DATABASE_HOST": "Flowise.database",
    "DATABASE_PORT": "Flowise.database",
    "DATABASE_NAME": "Flowise.database",
    "DATABASE_USER": "Flowise.database",
    "DATABASE_PASSWORD": "Flowise.database",
    "DATABASE_SSL": "DatabaseTls",
    "DATABASE_SSL_KEY_BASE64": "DatabaseTls.ca",
    "DATABASE_REJECT_UNAUTHORIZED": "DatabaseTls.verify",
    "STORAGE_TYPE": "Flowise.storage",
    "BLOB_STORAGE_PATH": "LocalStorage.path",
    "S3_STORAGE_BUCKET_NAME": "S3Bucket.bucket",
    "S3_STORAGE_REGION": "S3Bucket.region",
    "S3_ENDPOINT_URL": "S3Bucket.endpoint",
    "S3_FORCE_PATH_STYLE": "S3Bucket.path_style",
    "S3_STORAGE_ACCESS_KEY_ID": "S3Bucket.credentials",
    "S3_STORAGE_SECRET_ACCESS_KEY": "S3Bucket.credentials",
    "QUEUE_NAME": "Queue.name",
    "REMOVE_ON_AGE": "Queue.remove_on_age_seconds",
    "REMOVE_ON_COUNT": "Queue.remove_on_count",
    "QUEUE_REDIS_EVENT_STREAM_MAX_LEN": "Queue.event_stream_length",
    "WORKER_CONCURRENCY": "Worker.concurrency",
    "REDIS_URL": "Redis: host and port; with a rediss:// URL Flowise's clients disagree on certificates",
    "REDIS_HOST": "Redis.host",
    "REDIS_PORT": "Redis.port",
    "REDIS_USERNAME": "Redis.username",
    "REDIS_PASSWORD": "Redis.password",
    "REDIS_TLS": "Redis.tls",
    "REDIS_CA": "RedisTls.ca",
    "REDIS_CERT": "RedisTls.certificate",
    "REDIS_KEY": "RedisTls.private_key",
    "REDIS_KEEP_ALIVE": "Redis.keep_alive_seconds",
}
"""Variables that typed values set, and which value. As extra variables they are refused."""


_GATE_READS = frozenset({"HOME", "LOG_PATH", "LOG_LEVEL", "NODE_OPTIONS", "MODE"})


def main_environment(flowise: Flowise, main: Main) -> Environment:
    """Everything that main is told."""
    auth = flowise.auth
    own: Environment = {
        "PORT": str(PORT),
        "JWT_AUTH_TOKEN_SECRET": auth.jwt_auth_token_secret,
        "JWT_REFRESH_TOKEN_SECRET": auth.jwt_refresh_token_secret,
        "EXPRESS_SESSION_SECRET": auth.express_session_secret,
        "TOKEN_HASH_SECRET": auth.token_hash_secret,
        "JWT_ISSUER": auth.jwt_issuer,
        "JWT_AUDIENCE": auth.jwt_audience,
        **_http(flowise),
        **_mail(flowise.settings),
        **_metrics(flowise.settings),
        **(_retention(flowise.queue) if flowise.queue else {}),
    }
    extra = _extra(
        flowise, "main", {"Settings.extra_env": flowise.settings.extra_env, "Main.extra_env": main.extra_env}
    )
    return {**_shared(flowise, main.resources), **own, **extra}


def worker_environment(flowise: Flowise, worker: Worker) -> Environment:
    """Everything that a worker is told: what both read, and its concurrency. Of the five keys it gets one."""
    extra = _extra(
        flowise, "worker", {"Settings.extra_env": flowise.settings.extra_env, "Worker.extra_env": worker.extra_env}
    )
    return {**_shared(flowise, worker.resources), "WORKER_CONCURRENCY": str(worker.concurrency), **extra}


def gate_environment(process: Mapping[str, EnvValue], deadline_seconds: int) -> Environment:
    """What the gate needs of its process's environment: the way to the servers, and those of the user's own variables
    that are no secrets. Flowise's logger opens the storage when its data source is loaded; local needs no keys."""
    wanted = {
        name: value
        for name, value in process.items()
        if name in _GATE_READS
        or name.startswith(("DATABASE_", "REDIS_"))
        or (name not in OWNED and not isinstance(value, SecretKey))
    }
    return {**wanted, "STORAGE_TYPE": "local", "GATE_DEADLINE_SECONDS": str(deadline_seconds)}


def _shared(flowise: Flowise, resources: Resources) -> Environment:
    return {
        "HOME": HOME,
        "LOG_PATH": LOG_DIRECTORY,
        "LOG_LEVEL": flowise.settings.log_level,
        "NODE_OPTIONS": f"--max-old-space-size={quantities.mebibytes(resources.memory_limit) * HEAP_SHARE // 100}",
        "FLOWISE_SECRETKEY_OVERWRITE": flowise.auth.encryption_key,
        **({"APP_URL": flowise.public_url} if flowise.public_url else {}),
        **_behaviour(flowise.settings),
        **_database(flowise.database),
        **_storage(flowise.storage),
        **(_queue(flowise.queue) if flowise.queue else {}),
    }


def _behaviour(settings: Settings) -> Environment:
    """Nodes are loaded, and their requests checked, in main and in workers."""
    proxy = settings.proxy
    return {
        "SHOW_COMMUNITY_NODES": _word(settings.community_nodes),
        **({"DISABLED_NODES": ",".join(settings.disabled_nodes)} if settings.disabled_nodes else {}),
        "HTTP_SECURITY_CHECK": _word(settings.http_security_check),
        **({"HTTP_DENY_LIST": ",".join(settings.http_deny_list)} if settings.http_deny_list else {}),
        "CUSTOM_MCP_PROTOCOL": settings.mcp_protocol,
        **({"POSTHOG_PUBLIC_API_KEY": settings.telemetry_key} if settings.telemetry_key else {}),
        **({"GLOBAL_AGENT_HTTP_PROXY": proxy.http} if proxy and proxy.http else {}),
        **({"GLOBAL_AGENT_HTTPS_PROXY": proxy.https} if proxy and proxy.https else {}),
        **({"GLOBAL_AGENT_NO_PROXY": ",".join(proxy.no_proxy)} if proxy and proxy.no_proxy else {}),
    }


def _http(flowise: Flowise) -> Environment:
    settings, secure = flowise.settings, flowise.secure_cookies
    return {
        **({"SECURE_COOKIES": _word(secure)} if secure is not None else {}),
        "TRUST_PROXY": "false" if settings.trusted_proxies == 0 else str(settings.trusted_proxies),
        "FLOWISE_FILE_SIZE_LIMIT": settings.file_size_limit,
        **({"CORS_ORIGINS": ",".join(settings.cors_origins)} if settings.cors_origins else {}),
        **({"IFRAME_ORIGINS": ",".join(settings.iframe_origins)} if settings.iframe_origins else {}),
    }


def _mail(settings: Settings) -> Environment:
    smtp = settings.smtp
    if smtp is None:
        return {}
    return {
        "SMTP_HOST": smtp.host,
        "SMTP_PORT": str(smtp.port),
        "SMTP_USER": smtp.user,
        "SMTP_PASSWORD": smtp.password,
        "SMTP_SECURE": _word(smtp.secure),
        "SENDER_EMAIL": smtp.sender,
    }


def _metrics(settings: Settings) -> Environment:
    metrics = settings.metrics
    if metrics is None:
        return {}
    return {
        "ENABLE_METRICS": "true",
        "METRICS_PROVIDER": metrics.provider,
        "METRICS_INCLUDE_NODE_METRICS": _word(metrics.node_metrics),
        **({"METRICS_SERVICE_NAME": metrics.service_name} if metrics.service_name else {}),
        **({"METRICS_OPEN_TELEMETRY_METRIC_ENDPOINT": metrics.endpoint} if metrics.endpoint else {}),
        **({"METRICS_OPEN_TELEMETRY_PROTOCOL": metrics.protocol} if metrics.protocol else {}),
    }


def _database_type(database: ServerDatabase) -> str:
    if isinstance(database, PostgresDatabase):
        return "postgres"
    return "mysql" if isinstance(database, MysqlDatabase) else "mariadb"


def database_environment(database: Database) -> Environment:
    """How Flowise is told of its database; whoever else speaks to the database takes the same."""
    return _database(database)


def _database(database: Database) -> Environment:
    if isinstance(database, SqliteDatabase):
        return {"DATABASE_TYPE": "sqlite", "DATABASE_PATH": database.directory or DATA_DIRECTORY}
    return {
        "DATABASE_TYPE": _database_type(database),
        "DATABASE_HOST": database.host,
        "DATABASE_PORT": str(database.port),
        "DATABASE_NAME": database.name,
        "DATABASE_USER": database.user,
        "DATABASE_PASSWORD": database.password,
        **(_database_tls(database.tls) if database.tls else {}),
    }


def _database_tls(tls: DatabaseTls) -> Environment:
    # Flowise reads DATABASE_REJECT_UNAUTHORIZED only together with a CA, and takes anything but 'true' for no.
    if tls.ca is None:
        return {"DATABASE_SSL": "true"}
    return {
        "DATABASE_SSL": "true",
        "DATABASE_SSL_KEY_BASE64": _encoded(tls.ca),
        "DATABASE_REJECT_UNAUTHORIZED": _word(tls.verify),
    }


def _storage(storage: Storage) -> Environment:
    if isinstance(storage, LocalStorage):
        return {"STORAGE_TYPE": "local", "BLOB_STORAGE_PATH": storage.path or f"{DATA_DIRECTORY}/storage"}
    keys = storage.credentials
    return {
        "STORAGE_TYPE": "s3",
        "S3_STORAGE_BUCKET_NAME": storage.bucket,
        "S3_STORAGE_REGION": storage.region,
        **({"S3_ENDPOINT_URL": storage.endpoint} if storage.endpoint else {}),
        "S3_FORCE_PATH_STYLE": _word(storage.path_style),
        **({"S3_STORAGE_ACCESS_KEY_ID": keys.access_key_id} if keys else {}),
        **({"S3_STORAGE_SECRET_ACCESS_KEY": keys.secret_access_key} if keys else {}),
    }


def _queue(queue: Queue) -> Environment:
    redis = queue.redis
    assert isinstance(redis, Redis)
    length = queue.event_stream_length
    return {
        "MODE": "queue",
        "QUEUE_NAME": queue.name,
        **({"QUEUE_REDIS_EVENT_STREAM_MAX_LEN": str(length)} if length else {}),
        "REDIS_HOST": redis.host,
        "REDIS_PORT": str(redis.port),
        **({"REDIS_USERNAME": redis.username} if redis.username else {}),
        **({"REDIS_PASSWORD": redis.password} if redis.password else {}),
        **({"REDIS_TLS": "true"} if redis.tls else {}),
        **({"REDIS_CA": _encoded(redis.tls.ca)} if redis.tls and redis.tls.ca else {}),
        **({"REDIS_CERT": redis.tls.certificate} if redis.tls and redis.tls.certificate else {}),
        **({"REDIS_KEY": redis.tls.private_key} if redis.tls and redis.tls.private_key else {}),
        "REDIS_KEEP_ALIVE": str(redis.keep_alive_seconds * 1000),
    }


def _retention(queue: Queue) -> Environment:
    age, number = queue.remove_on_age_seconds, queue.remove_on_count
    return {**({"REMOVE_ON_AGE": str(age)} if age else {}), **({"REMOVE_ON_COUNT": str(number)} if number else {})}


def _extra(flowise: Flowise, role: releases.Role, sources: Mapping[str, Mapping[str, EnvValue]]) -> Environment:
    """The user's own variables: those that a typed value sets are refused, those that nobody reads are told."""
    taken = [
        Finding(where, f"{name!r} is set by {OWNED[name]}")
        for where, variables in sources.items()
        for name in variables
        if name in OWNED
    ]
    if taken:
        raise ConfigError(taken)
    for where, variables in sources.items():
        for name in variables:
            if (warning := releases.unread(name, flowise.image.flowise, role)) is not None:
                warn(f"{where}: {warning}")
    return {name: value for variables in sources.values() for name, value in variables.items()}


def _encoded(certificate: EnvValue) -> EnvValue:
    """Flowise decodes the variable: PEM text is encoded here, a reference holds it encoded."""
    return base64.b64encode(certificate.encode()).decode() if isinstance(certificate, str) else certificate


def _word(flag: bool) -> str:
    return "true" if flag else "false"
