"""The encryption key of real data is replaced: with the new key everything is read, with the old one nothing; what is
interrupted or refused changes nothing."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from cdk8s import App

from boot.client import WEBHOOK, Browser, direct_reply
from boot.deployment import SECRETS, Deployment, deployed, mariadb
from boot.figures import Figures
from boot.install import Release
from boot.kubelet import wait_until
from boot.manifests import Manifests
from flowise_constructs import (
    Auth,
    BundledPostgres,
    Image,
    KeyRotation,
    KeyRotationJob,
    Main,
    SecretKey,
    Settings,
    SqliteDatabase,
    StandaloneChart,
)

USER = "kept-for-years"
OLD = SecretKey(secret="flowise-auth-secrets", key="encryption-key")
NEW = SecretKey(secret="flowise-encryption", key="of-2027")
KNOWN = {**SECRETS, NEW.secret: {NEW.key: "5dbe0a45c2c5e0c1e43a04d2f1f5ccf6"}}
JOB = "flowise-key-rotation"
KILLED = 128 + signal.SIGKILL
COLUMNS = (
    ("credential", "encryptedData"),
    ("custom_mcp_server", "authConfig"),
    ("chat_flow", "webhookSecret"),
    ("login_method", "config"),
)
# Loaded in front of the script: the process stands still when it is to encrypt the fourth value, between two updates.
HALF_WAY = "three of four are written"
STOP_HALF_WAY = f"""
const crypto = require('/usr/local/lib/node_modules/crypto-js')
const encrypt = crypto.AES.encrypt
let count = 0
crypto.AES.encrypt = (...given) => {{
    if (++count < 4) return encrypt(...given)
    require('fs').writeSync(2, '{HALF_WAY}\\n')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}}
"""
DATABASES = {"sqlite": SqliteDatabase(), "postgresql": BundledPostgres(), "mariadb": mariadb()}

pytestmark = pytest.mark.parametrize("release", ["3.1.3", "3.1.4"], indirect=True)


def standalone(app: App, image: Image, *, database: Any, key: SecretKey) -> StandaloneChart:
    """Flowise with that key, and the Job that takes the old one away."""
    chart = StandaloneChart(
        app,
        "standalone",
        auth=replace(Auth.from_secret(OLD.secret), encryption_key=key),
        database=database,
        image=image,
        settings=Settings(http_security_check=False),
        main=Main(pre_stop_seconds=0),
    )
    rotation = KeyRotation(old_key=OLD, new_key=NEW, wait_seconds=8)
    KeyRotationJob(chart, "KeyRotation", deployment=chart.deployment, rotation=rotation)
    return chart


@dataclass
class Kept:
    """What people stored in Flowise that it encrypts."""

    browser: Browser
    credential: str
    server: str
    flow: str
    secret: str

    @staticmethod
    def make(address: str) -> Kept:
        browser = Browser(address)
        browser.sign_up()
        flow = browser.make_flow("webhook", direct_reply(), start=WEBHOOK)
        secret = browser.want("POST", f"chatflows/{flow}/webhook-secret")["webhookSecret"]
        auth = {"authType": "CUSTOM_HEADERS", "authConfig": {"headers": {"X-Token": "kept"}}}
        made = browser.want("POST", "custom-mcp-servers", {"name": "kept", "serverUrl": "http://10.0.0.1/", **auth})
        return Kept(browser, browser.store_credential(USER), made["id"], flow, secret)

    def read(self, address: str) -> tuple[Any, Any, int]:
        """User of the credential, headers of the MCP server, status of a call with the webhook's secret."""
        self.browser = self.browser.at(address)
        self.browser.log_in()
        # A wrong key makes of it an error or an empty object, as the bytes fall.
        answer = self.browser.request("GET", f"credentials/{self.credential}")
        credential = answer.body["plainDataObj"] if answer.status == 200 else {}
        server = self.browser.want("GET", f"custom-mcp-servers/{self.server}")["authConfig"]
        call = self.browser.request("POST", f"webhook/{self.flow}", {}, x_webhook_signature=self.secret)
        return credential.get("basicAuthUsername"), [*server.get("headers", ())], call.status


READ: tuple[Any, Any, int] = (USER, ["X-Token"], 200)
LOST: tuple[Any, Any, int] = (None, [], 500)


def ask(deployment: Deployment, sql: str) -> list[list[str]]:
    """Rows, as an administrator reads them; names are in double quotes."""
    if deployment.postgres:
        return deployment.postgres.query(sql, "flowise")
    if deployment.mariadb:
        return deployment.mariadb.query(sql.replace('"', "`"), "flowise")
    with sqlite3.connect(deployment.claim("flowise-data") / "database.sqlite") as database:
        return [[str(item) for item in row] for row in database.execute(sql).fetchall()]


def encrypted(deployment: Deployment) -> Mapping[str, list[list[str]]]:
    """Every encrypted value, with the time of the row's last change."""
    return {
        table: ask(deployment, f'SELECT id, "{column}", "updatedDate" FROM "{table}" ORDER BY id')
        for table, column in COLUMNS
    }


def without_values(rows: Mapping[str, list[list[str]]]) -> Mapping[str, list[list[str]]]:
    return {table: [[identifier, stamp] for identifier, _, stamp in found] for table, found in rows.items()}


def crashing(manifests: Manifests) -> Manifests:
    """The same, but the Job's process stands still half-way."""
    objects = [dict(entry) for entry in manifests.objects]
    crash = Manifests(objects, manifests.secrets)
    scripts, job = (crash.get(kind, name) for kind, name in (("ConfigMap", f"{JOB}-scripts"), ("Job", JOB)))
    scripts["data"] = {**scripts["data"], "crash.js": STOP_HALF_WAY}
    [container] = job["spec"]["template"]["spec"]["containers"]
    container["env"].append({"name": "NODE_OPTIONS", "value": "--require=/opt/flowise-constructs/crash.js"})
    return crash


def restart(deployment: Deployment, build: Callable[..., Any]) -> str:
    """The address of a main of that chart, which is alone."""
    deployment.upgrade(deployment.release, build)
    [main] = deployment.start("flowise")
    return main.address


@pytest.mark.parametrize("database", DATABASES)
def test_new_key(release: Release, database: str, figures: Figures) -> None:
    old, new = (partial(standalone, database=DATABASES[database], key=key) for key in (OLD, NEW))
    with deployed(release, old, figures, KNOWN) as deployment:
        [main] = deployment.start("flowise")
        kept = Kept.make(main.address)
        assert kept.read(main.address) == READ
        # What only the enterprise edition's API writes is encrypted alike.
        copied = 'INSERT INTO "login_method" ("id", "name", "config", "status")'
        ask(deployment, f"""{copied} SELECT id, 'github', "encryptedData", 'disable' FROM "credential" """)
        before = encrypted(deployment)

        refused = deployment.run(JOB, main=main)
        assert (refused.code, refused.last_line.startswith("rotate: REFUSED: Flowise runs: ")) == (2, True)
        assert encrypted(deployment) == before

        main.delete()
        deployment.take_over(crashing(deployment.manifests))
        crashed = deployment.add_job(JOB)
        wait_until(lambda: HALF_WAY in crashed.log(), 120, HALF_WAY, [crashed])
        assert crashed.process is not None
        crashed.process.signal(signal.SIGKILL)
        assert crashed.wait(60) == KILLED
        assert encrypted(deployment) == before, "a crash half-way changes nothing"

        deployment.upgrade(release, old)
        done = deployment.run(JOB)
        assert (done.code, done.last_line) == (
            0,
            "rotate: done: 4 values got the new key (credential.encryptedData 1, custom_mcp_server.authConfig 1, "
            "chat_flow.webhookSecret 1, login_method.config 1), 0 had it already",
        )
        after = encrypted(deployment)
        assert without_values(after) == without_values(before)
        assert not {row[1] for rows in after.values() for row in rows} & {
            row[1] for rows in before.values() for row in rows
        }

        again = deployment.run(JOB)
        assert (again.code, again.last_line) == (0, "rotate: done: 0 values got the new key, 4 had it already")
        assert encrypted(deployment) == after

        address = restart(deployment, new)
        assert kept.read(address) == READ
        deployment.pods[-1].delete()
        assert kept.read(restart(deployment, old)) == LOST
