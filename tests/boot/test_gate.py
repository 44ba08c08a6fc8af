"""What the gate says of servers that it can't use, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from cdk8s import App

from boot.deployment import SECRETS, Build, Deployment, deployed, queue
from boot.figures import Figures
from boot.install import Release
from boot.kubelet import Pod, wait_until
from flowise_constructs import (
    Auth,
    Image,
    PostgresDatabase,
    Queue,
    QueueChart,
    Redis,
    S3Bucket,
    SecretKey,
    StandaloneChart,
)

DEADLINE_SECONDS = 300
NOBODY_LISTENS = 5999
USER_PASSWORD = SecretKey(secret="flowise-postgresql-auth", key="user-password")
REDIS_PASSWORD = SecretKey(secret="flowise-redis-auth", key="redis-password")


def standalone(database: PostgresDatabase) -> Build:
    """A main on a server that exists."""

    def build(app: App, image: Image) -> StandaloneChart:
        auth = Auth.from_secret("flowise-auth-secrets")
        return StandaloneChart(app, "standalone", auth=auth, database=database, image=image)

    return build


def queue_without_redis(app: App, image: Image) -> QueueChart:
    return QueueChart(
        app,
        "queue",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase(host="flowise-postgresql", password=USER_PASSWORD),
        queue=Queue(redis=Redis(host="flowise-redis-client", port=NOBODY_LISTENS, password=REDIS_PASSWORD)),
        storage=S3Bucket(bucket="flowise-storage"),
        image=image,
    )


def another_release(app: App, image: Image) -> StandaloneChart:
    """Of an image whose tag says what it doesn't hold."""
    tag = "3.1.2" if image.tag != "3.1.2" else "3.1.3"
    auth = Auth.from_secret("flowise-auth-secrets")
    return StandaloneChart(
        app, "standalone", auth=auth, image=Image(repository="registry.example.com/flowise", tag=tag, verify=True)
    )


@dataclass(frozen=True)
class Fault:
    """A gate that has to give up."""

    name: str
    pod: Pod
    message: str
    """Pattern of its last line."""
    seconds: tuple[float, float]
    """When it may give up."""


def faults(deployment: Deployment) -> list[Fault]:
    """One pod for each; they wait side by side."""
    down = standalone(PostgresDatabase(host="flowise-postgresql", port=NOBODY_LISTENS, password=USER_PASSWORD))
    bare = standalone(PostgresDatabase(host="flowise-postgresql", name="bare", user="stranger", password=USER_PASSWORD))
    exists = standalone(PostgresDatabase(host="flowise-postgresql", password=USER_PASSWORD))
    wrong = {**SECRETS, "flowise-postgresql-auth": {"user-password": "wrong"}}
    late = (DEADLINE_SECONDS - 5, DEADLINE_SECONDS + 5)
    refused = rf":{NOBODY_LISTENS}.* after \d+ s: refused "
    return [
        Fault("database down", deployment.add("flowise", down), rf"gave up on database flowise .*{refused}", late),
        Fault(
            "redis down", deployment.add("flowise-worker", queue_without_redis), rf"gave up on redis .*{refused}", late
        ),
        Fault(
            "wrong password",
            deployment.add("flowise", exists, wrong),
            r"gave up on database flowise .* as flowise after \d+ s: authentication failed ",
            (28, 45),
        ),
        Fault(
            "no extension, no right",
            deployment.add("flowise", bare),
            r"the database bare has no extension uuid-ossp and stranger could not create it .*CREATE EXTENSION",
            (0, 10),
        ),
        Fault(
            "another release",
            deployment.add("flowise", another_release),
            r"the image is tagged 3\.1\.\d and holds Flowise 3\.1\.\d, which .* \(refused, since Image\.verify is set\)$",
            (0, 10),
        ),
    ]


def make_bare_database(deployment: Deployment) -> None:
    assert deployment.postgres is not None
    password = SECRETS["flowise-postgresql-auth"]["user-password"].replace("'", "''")
    deployment.postgres.query(f"CREATE ROLE stranger LOGIN PASSWORD '{password}'")
    deployment.postgres.query("CREATE DATABASE bare")
    deployment.postgres.query("GRANT CREATE ON SCHEMA public TO stranger", "bare")


@pytest.mark.parametrize("release", ["3.1.3", "3.1.4"], indirect=True)
def test_gate_says_what_is_wrong(release: Release, figures: Figures) -> None:
    with deployed(release, queue, figures) as deployment:
        make_bare_database(deployment)
        expected = faults(deployment)
        for fault in sorted(expected, key=lambda fault: fault.seconds):
            wait_until(fault.pod.failures, DEADLINE_SECONDS + 60, f"{fault.name}: an end of the gate", [fault.pod])
            end = fault.pod.failures()[0]
            took = end.at - fault.pod.created
            least, most = fault.seconds
            assert least <= took <= most, f"{fault.name}: {took:.1f} s"
            figures.add(release.label, f"gate gives up: {fault.name}", took)
            last = fault.pod.log("gate", start=0).splitlines()[-1]
            assert re.search(fault.message, last), f"{fault.name}: {last}"
