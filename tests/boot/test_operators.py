"""Queue mode on a database that an operator makes, as CloudNativePG does: its address in a Secret, an authority of its own,
nobody without TLS; and a Redis whose address is in a Secret, too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from cdk8s import App
from certificates import signed_by_an_authority

from boot.client import REPLY, Browser, direct_reply
from boot.deployment import SECRETS, bucket, deployed
from boot.figures import Figures
from boot.install import Release
from boot.kubelet import wait_until
from boot.manifests import Secrets
from boot.servers import Certificate, Postgres, Redis
from flowise_constructs import Auth, Image, PostgresDatabase, Queue, QueueChart, SecretKey
from flowise_constructs import Redis as RedisServer

PORT = 5433
REDIS_PORT = 6380
PASSWORD = 'the operator\'s "password": \\'
NOTICED_SECONDS = 60

pytestmark = pytest.mark.parametrize("release", ["3.1.4"], indirect=True)


def on_cnpg(app: App, image: Image) -> QueueChart:
    redis: dict[str, Any] = {
        field: SecretKey(secret="redis", key=field) for field in ("host", "port", "username", "password")
    }
    return QueueChart(
        app,
        "queue",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase.cnpg("flowise-db"),
        queue=Queue(redis=RedisServer(**redis)),
        storage=bucket(),
        image=image,
    )


def secrets(authority: str) -> dict[str, dict[str, str]]:
    """With what CloudNativePG writes for a Cluster `flowise-db`, as far as Flowise reads it."""
    application = {"username": "app", "dbname": "app", "host": "flowise-db-rw", "port": str(PORT), "password": PASSWORD}
    redis = {"host": "redis.example", "port": str(REDIS_PORT), "username": "default", "password": "redis-password"}
    made = {"flowise-db-app": application, "flowise-db-ca": {"ca.crt": authority}, "redis": redis}
    return {**{name: dict(keys) for name, keys in SECRETS.items()}, **made}


def postgresql(folder: Path, certificate: Certificate) -> Postgres:
    server = Postgres(folder, port=PORT, admin_password="superuser", certificate=certificate)
    server.start()
    quoted = PASSWORD.replace("'", "''")
    server.query(f"CREATE ROLE app LOGIN PASSWORD '{quoted}'")
    server.query("CREATE DATABASE app OWNER app")
    return server


def of(given: Secrets, **changed: str) -> Secrets:
    """The Secrets, with other values in the database's."""
    return {**given, "flowise-db-app": {**given["flowise-db-app"], **changed}}


def test_queue_on_a_database_that_an_operator_made(release: Release, figures: Figures, tmp_path: Path) -> None:
    names = ["DNS:flowise-db-rw", "DNS:flowise-db-rw.default", "DNS:flowise-db-rw.default.svc"]
    signed, key, authority = signed_by_an_authority(tmp_path / "certificates", *names)
    made = secrets(authority.read_text())
    with deployed(release, on_cnpg, figures, made) as deployment:
        certificate = Certificate(signed.read_text(), key.read_text())
        database = postgresql(deployment.folder / "postgresql", certificate)
        redis = Redis(deployment.folder / "redis", port=REDIS_PORT, password="redis-password")
        redis.start()
        try:
            main, worker = deployment.start("flowise", "flowise-worker")
            browser = Browser(main.address)
            browser.sign_up()
            flow = browser.make_flow("smoke", direct_reply())
            assert browser.predict(flow) == REPLY
            assert ("token", REPLY) in browser.stream(flow)
            assert "Completed job" in worker.log()
            sessions = "SELECT DISTINCT usename, ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
            assert database.query(f"{sessions} WHERE datname = 'app'") == [["app", "t"]]
            # The name in the Secret is held against the certificate, and a value that can't be is named at once.
            elsewhere = deployment.add("flowise", secrets=of(made, host="postgresql.example"))
            spoilt = deployment.add("flowise", secrets=of(made, port=f"{PORT}\n"))
            wait_until(spoilt.failures, NOTICED_SECONDS, "the gate's word on the port", [spoilt])
            last = spoilt.log("gate", start=0).splitlines()[-1]
            assert last.startswith("gate: DATABASE_PORT, key 'port' of Secret 'flowise-db-app', begins or ends with a")
            wait_until(elsewhere.failures, NOTICED_SECONDS, "the gate's word on the certificate", [elsewhere])
            last = elsewhere.log("gate", start=0).splitlines()[-1]
            assert re.search(
                r"gave up on database app .* at postgresql\.example:5433 as app .*: TLS .*altnames", last
            ), last
            assert not main.failures()
        finally:
            redis.stop()
            database.stop()
