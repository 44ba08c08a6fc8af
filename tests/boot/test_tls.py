"""Queue mode whose PostgreSQL and Redis take nobody without TLS, behind an authority of their own."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from cdk8s import App

from boot.client import REPLY, Browser, direct_reply
from boot.deployment import SECRETS, bucket, deployed
from boot.figures import Figures
from boot.install import Release
from boot.kubelet import Pod, wait_until
from boot.servers import Certificate, Postgres, Redis
from flowise_constructs import (
    Auth,
    DatabaseTls,
    Image,
    PostgresDatabase,
    Queue,
    QueueChart,
    RedisTls,
    SecretKey,
)
from flowise_constructs import Redis as RedisServer

NAMES = ("postgresql.example", "redis.example")
NOTICED_SECONDS = 120

pytestmark = pytest.mark.parametrize("release", ["3.1.3", "3.1.4"], indirect=True)


def over_tls(app: App, image: Image, *, authority: str) -> QueueChart:
    postgresql, redis = NAMES
    return QueueChart(
        app,
        "queue",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase(
            host=postgresql,
            password=SecretKey(secret="flowise-postgresql-auth", key="user-password"),
            tls=DatabaseTls(ca=authority),
        ),
        queue=Queue(
            redis=RedisServer(
                host=redis,
                password=SecretKey(secret="flowise-redis-auth", key="redis-password"),
                tls=RedisTls(ca=authority),
            )
        ),
        storage=bucket(),
        image=image,
    )


def postgresql(folder: Path, certificate: Certificate) -> Postgres:
    passwords = SECRETS["flowise-postgresql-auth"]
    server = Postgres(folder, port=5432, admin_password=passwords["postgres-password"], certificate=certificate)
    server.start()
    quoted = passwords["user-password"].replace("'", "''")
    server.query(f"CREATE ROLE flowise LOGIN PASSWORD '{quoted}'")
    server.query("CREATE DATABASE flowise OWNER flowise")
    return server


def lose_all_connections(main: Pod, redis: Redis, *, comes_back: bool) -> None:
    """Returns when they are back, by themselves as in image/, or when the probe has noticed that some stay lost."""
    before = redis.connections(main.address)
    for connection in before:
        redis.kill(connection)
    if comes_back:
        wait_until(
            lambda: len(redis.connections(main.address)) >= len(before), NOTICED_SECONDS, "connections are back", [main]
        )
        assert not main.alarms()
    else:
        wait_until(main.alarms, NOTICED_SECONDS, "the probe's verdict", [main])
        assert "connections to redis were lost" in main.alarms()[0].message


def test_queue_over_tls(release: Release, figures: Figures, tmp_path: Path) -> None:
    certificate = Certificate.make(tmp_path, *NAMES)
    with deployed(release, partial(over_tls, authority=certificate.text), figures) as deployment:
        database = postgresql(deployment.folder / "postgresql", certificate)
        password = SECRETS["flowise-redis-auth"]["redis-password"]
        redis = Redis(deployment.folder / "redis", port=6379, password=password, certificate=certificate)
        redis.start()
        try:
            main, worker = deployment.start("flowise", "flowise-worker")
            browser = Browser(main.address)
            browser.sign_up()
            flow = browser.make_flow("smoke", direct_reply())
            assert browser.predict(flow) == REPLY
            assert ("token", REPLY) in browser.stream(flow)
            assert "Completed job" in worker.log()
            lose_all_connections(main, redis, comes_back=release.locked)
            assert not release.locked or browser.predict(flow) == REPLY
            assert not worker.failures()
        finally:
            redis.stop()
            database.stop()
