"""Flowise's five keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.core.rules import naming, texts
from flowise_constructs.core.value import Value
from flowise_constructs.kubernetes.references import SecretKey

P = ParamSpec("P")

KEYS: Mapping[str, str] = {
    "encryption_key": "encryption-key",
    "jwt_auth_token_secret": "jwt-auth-token-secret",
    "jwt_refresh_token_secret": "jwt-refresh-token-secret",
    "express_session_secret": "express-session-secret",
    "token_hash_secret": "token-hash-secret",
}
"""Default name of each key in a Secret: those of the Helm chart."""
VARIABLES: Mapping[str, str] = {
    "encryption_key": "FLOWISE_SECRETKEY_OVERWRITE",
    "jwt_auth_token_secret": "JWT_AUTH_TOKEN_SECRET",
    "jwt_refresh_token_secret": "JWT_REFRESH_TOKEN_SECRET",
    "express_session_secret": "EXPRESS_SESSION_SECRET",
    "token_hash_secret": "TOKEN_HASH_SECRET",
}
"""The environment variable for each key."""


def _names_unknown_keys(make: Callable[P, Auth]) -> Callable[P, Auth]:
    """Reports what is none of the five keys as every wrong value is reported, instead of a TypeError."""

    @wraps(make)
    def checking(*args: P.args, **kwargs: P.kwargs) -> Auth:
        unknown = kwargs.keys() - {*KEYS, "existing_secret", "jwt_issuer", "jwt_audience"}
        if unknown:
            known = f"is none of the five keys: {', '.join(KEYS)}"
            raise ConfigError(Finding(f"Auth.{name}", known) for name in kwargs if name in unknown)
        return make(*args, **kwargs)

    return checking


@dataclass(frozen=True, kw_only=True)
class Auth(Value):
    """Where Flowise's five keys are, and the issuer and audience of its tokens. `AuthSecret`'s docstring says what is
    lost with each key."""

    encryption_key: SecretKey
    """`FLOWISE_SECRETKEY_OVERWRITE`, for main and workers. Encrypts every stored credential. If the key is lost, all
    of them are lost for good."""
    jwt_auth_token_secret: SecretKey
    """`JWT_AUTH_TOKEN_SECRET`, for main. A new one logs every user out."""
    jwt_refresh_token_secret: SecretKey
    """`JWT_REFRESH_TOKEN_SECRET`, for main. A new one ends every remembered login."""
    express_session_secret: SecretKey
    """`EXPRESS_SESSION_SECRET`, for main. A new one invalidates every session cookie."""
    token_hash_secret: SecretKey
    """`TOKEN_HASH_SECRET`, for main. A new one makes every issued token unreadable."""
    jwt_issuer: texts.Text = "Flowise"
    """`JWT_ISSUER`, for main. Must be the same in every main; a new one logs every user out."""
    jwt_audience: texts.Text = "Flowise"
    """`JWT_AUDIENCE`, for main. The same rules as for `jwt_issuer`."""

    def contradictions(self) -> Iterable[Finding]:
        seen: dict[SecretKey, str] = {}
        for name in KEYS:
            key: SecretKey = getattr(self, name)
            if key in seen:
                problem = f"is the very key of {seen[key]!r}, so that whoever has one can forge what the other signs"
                yield self.finding(name, f"{problem}: give each a key of its own")
            seen.setdefault(key, name)

    @staticmethod
    @_names_unknown_keys
    def from_secret(
        existing_secret: str | None,
        *,
        encryption_key: str | SecretKey = KEYS["encryption_key"],
        jwt_auth_token_secret: str | SecretKey = KEYS["jwt_auth_token_secret"],
        jwt_refresh_token_secret: str | SecretKey = KEYS["jwt_refresh_token_secret"],
        express_session_secret: str | SecretKey = KEYS["express_session_secret"],
        token_hash_secret: str | SecretKey = KEYS["token_hash_secret"],
        jwt_issuer: str = "Flowise",
        jwt_audience: str = "Flowise",
    ) -> Auth:
        """The five keys from one Secret. Each is the name of its key there, or a SecretKey elsewhere."""
        keys = {
            "encryption_key": encryption_key,
            "jwt_auth_token_secret": jwt_auth_token_secret,
            "jwt_refresh_token_secret": jwt_refresh_token_secret,
            "express_session_secret": express_session_secret,
            "token_hash_secret": token_hash_secret,
        }
        found: dict[str, SecretKey] = {}
        findings: list[Finding] = []
        for name, key in keys.items():
            if isinstance(key, SecretKey):
                found[name] = key
            elif existing_secret is None:
                fix = "give 'existing_secret', which holds it, or a SecretKey"
                findings.append(Finding(f"Auth.{name}", f"a key name without a Secret (not shown): {fix}"))
            elif not _names_a_key(key):
                # Someone may pass the key itself by mistake: it must not end up in a log.
                findings.append(
                    Finding(f"Auth.{name}", "is neither the name of a key in a Secret (not shown) nor a SecretKey")
                )
            else:
                try:
                    found[name] = SecretKey(secret=existing_secret, key=key)
                except ConfigError as error:
                    findings += error.findings
        if findings:
            raise ConfigError(dict.fromkeys(findings))
        return Auth(**found, jwt_issuer=jwt_issuer, jwt_audience=jwt_audience)


def _names_a_key(given: object) -> bool:
    return isinstance(given, str) and naming.data_key(given) is None
