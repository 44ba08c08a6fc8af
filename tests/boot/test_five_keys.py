"""What another value of each of the five keys costs people who are logged in: docs/how-to/rotate-the-keys.md has the
table."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from boot.client import REPLY, Browser, direct_reply
from boot.deployment import SECRETS, Deployment, deployed, standalone_sqlite
from boot.figures import Figures
from boot.install import Release

SECRET = "flowise-auth-secrets"
# Status of: a request with the old cookies; a new token for the old refresh token (which Flowise gives nobody, too, where
# it doesn't know the session); a request with the old API key; one after a login with the password.
AFTER: Mapping[str | None, tuple[int, int, int, int]] = {
    None: (200, 200, 200, 200),
    "jwt-auth-token-secret": (401, 200, 200, 200),
    "jwt-refresh-token-secret": (200, 401, 200, 200),
    "express-session-secret": (401, 200, 200, 200),
    "token-hash-secret": (401, 401, 200, 200),
}

pytestmark = pytest.mark.parametrize("release", ["3.1.4"], indirect=True)


def seen(browser: Browser, address: str) -> tuple[int, int, int, int]:
    session = browser.at(address).request("GET", "apikey").status
    refreshed = browser.at(address).request("POST", "auth/refreshToken", {}).status
    flows = browser.at(address).request("GET", "chatflows").status
    newcomer = Browser(address)
    newcomer.log_in()
    return session, refreshed, flows, newcomer.request("GET", "apikey").status


def restarted(deployment: Deployment, key: str | None) -> str:
    """The address of a main that has another value of the key."""
    keys = {**SECRETS[SECRET], **({key: "another-value-of-this-key"} if key else {})}
    [main] = [deployment.add("flowise", secrets={**SECRETS, SECRET: keys})]
    deployment.wait_ready(main)
    return main.address


def test_another_value(release: Release, figures: Figures) -> None:
    with deployed(release, standalone_sqlite, figures) as deployment:
        [main] = deployment.start("flowise")
        browser = Browser(main.address)
        browser.sign_up()
        flow = browser.make_flow("kept", direct_reply())
        main.delete(force=True)
        found = {}
        for key in AFTER:
            address = restarted(deployment, key)
            found[key] = seen(browser, address)
            print(key, found[key])
            assert browser.at(address).predict(flow) == REPLY
            deployment.pods[-1].delete(force=True)
        assert found == AFTER
