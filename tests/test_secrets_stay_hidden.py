"""A secret that is written where a reference belongs is refused, and no message shows it."""

from __future__ import annotations

from collections.abc import Callable

import deployments
import pytest

from flowise_constructs import Auth, BundledPostgres, BundledRedis, ConfigError, DatabaseTls, Redis, Settings

SECRETS: dict[str, Callable[[], object]] = {
    "password": lambda: Redis(host="redis", password="hunter2"),  # type: ignore[arg-type]
    "password as bytes": lambda: BundledPostgres(password=b"hunter2"),  # type: ignore[arg-type]
    "password in a mapping": lambda: BundledRedis(password={"value": "hunter2"}),  # type: ignore[arg-type]
    "URL": lambda: Settings(app_url="https://admin:hunter2@example.com"),
    "private key": lambda: DatabaseTls(ca="-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"),
    "certificate with its key": lambda: DatabaseTls(
        ca=f"{deployments.CERTIFICATE}-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"
    ),
    "key of Flowise": lambda: Auth.from_secret("flowise", encryption_key="hunter2 and so on"),
    "key of Flowise without a Secret": lambda: Auth.from_secret(None, encryption_key="hunter2"),
}


@pytest.mark.parametrize("make", SECRETS.values(), ids=SECRETS)
def test_a_secret_is_refused_and_not_shown(make: Callable[[], object]) -> None:
    with pytest.raises(ConfigError) as refused:
        make()
    assert "hunter2" not in str(refused.value)
