"""What becomes of variables that are no plain setting: where secrets go, which values are samples, what is dropped."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowise_constructs.core.rules.secrets import KEY_BYTES, PASSWORD_BYTES
from flowise_constructs.flowise.auth import KEYS, VARIABLES

SECRETS: Mapping[str, tuple[str, str]] = {
    **{VARIABLES[field]: ("auth", key) for field, key in KEYS.items()},
    "DATABASE_PASSWORD": ("database", "database-password"),
    "REDIS_PASSWORD": ("redis", "redis-password"),
    "REDIS_CERT": ("redis-tls", "tls.crt"),
    "REDIS_KEY": ("redis-tls", "tls.key"),
    "S3_STORAGE_ACCESS_KEY_ID": ("storage", "access-key"),
    "S3_STORAGE_SECRET_ACCESS_KEY": ("storage", "secret-key"),
    "AZURE_BLOB_STORAGE_ACCOUNT_KEY": ("storage", "account-key"),
    "AZURE_BLOB_STORAGE_CONNECTION_STRING": ("storage", "connection-string"),
    "SMTP_PASSWORD": ("smtp", "smtp-password"),
    "FLOWISE_EE_LICENSE_KEY": ("env", "FLOWISE_EE_LICENSE_KEY"),
    "STRIPE_SECRET_KEY": ("env", "STRIPE_SECRET_KEY"),
}
"""Variables that hold a secret: the Secret's suffix, and the key. Others of that look go to `{name}-env`."""

NO_SECRETS = frozenset({"OAUTH2_ALLOWED_TOKEN_DOMAINS"})
"""Variables that are called like a secret and are none."""

_TWENTY_BYTES = "AABBCCDD" * 5
IGNORED: Mapping[str, str] = {
    "JWT_AUTH_TOKEN_SECRET": _TWENTY_BYTES,
    "JWT_REFRESH_TOKEN_SECRET": _TWENTY_BYTES,
    "EXPRESS_SESSION_SECRET": "flowise",
    "TOKEN_HASH_SECRET": "popcorn",
}
"""Values of the sample file that Flowise ignores: it makes a key itself then (server/src/enterprise/utils)."""

SAMPLES: Mapping[str, tuple[str, ...]] = {
    "FLOWISE_SECRETKEY_OVERWRITE": ("myencryptionkey",),
    "DATABASE_PASSWORD": ("mypassword", "flowise", "postgres", "password", "root"),
    "REDIS_PASSWORD": ("redis", "password", "mypassword"),
    "SMTP_PASSWORD": ("smtp_password",),
    "FLOWISE_PASSWORD": ("1234",),
}
"""Values of the sample files and of many copies of them, which work and which everybody knows."""

REPLACEABLE = frozenset(VARIABLES.values()) - {VARIABLES["encryption_key"]}
"""Keys that may be new ones: everybody has to log in again."""
CHOSEN: Mapping[str, int] = {
    **dict.fromkeys(VARIABLES.values(), KEY_BYTES),
    "DATABASE_PASSWORD": PASSWORD_BYTES,
    "REDIS_PASSWORD": PASSWORD_BYTES,
}
"""Secrets that nobody but the installation has chosen: how many bytes each should have."""

CHANGE = "change it after the move"
AFTER: Mapping[str, str] = {
    **dict.fromkeys(
        REPLACEABLE, "leave it out, and a new random one comes into the Secret; everybody has to log in again"
    ),
    VARIABLES[
        "encryption_key"
    ]: "it stays, because with another one every stored credential is lost; to change it after "
    "the move see 'flowise-constructs docs rotate-the-keys'",
}
"""What to do about a secret that is known or weak."""

_KEYS_OF_AWS = "the encryption key comes from a Secret here: see FLOWISE_SECRETKEY_OVERWRITE"
DROPPED: Mapping[str, str] = {
    "HOST": "Flowise listens on every address of its pod",
    "HOSTNAME": "Kubernetes sets it to the pod's name",
    "POD_NAME": "without it Flowise takes the pod's name from HOSTNAME",
    "SECRETKEY_STORAGE_TYPE": _KEYS_OF_AWS,
    **{f"SECRETKEY_AWS_{part}": _KEYS_OF_AWS for part in ("ACCESS_KEY", "SECRET_KEY", "REGION", "NAME", "AUTH_PREFIX")},
    "PATH": "the image has its own",
    "PWD": "the image has its own",
}
"""Variables that nothing here takes, and why."""

OF_COMPOSE = ("COMPOSE_", "DOCKER_")


def _starts(*prefixes: str) -> Callable[[str], bool]:
    return lambda name: name.startswith(prefixes)


UNUSED: tuple[tuple[Callable[[str], bool], str], ...] = (
    (_starts("DATABASE_"), "Flowise doesn't read it with this DATABASE_TYPE"),
    (
        _starts("S3_", "BLOB_", "GOOGLE_CLOUD_STORAGE_", "GOOGLE_CLOUD_UNIFORM_", "AZURE_BLOB_"),
        "Flowise doesn't read it with this STORAGE_TYPE",
    ),
    (
        _starts("REDIS_", "QUEUE_", "REMOVE_ON_", "WORKER_CONCURRENCY"),
        "Flowise doesn't read it without MODE=queue, or with the other variables",
    ),
    (
        _starts("NODE_EXTRA_CA_CERTS"),
        "it names a file of the container; give the authorities with Settings(authorities=...) in Python",
    ),
)
"""Variables of typed values that took none of them."""
