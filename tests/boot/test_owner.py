"""Nobody but the Job owns a fresh installation, and there is nothing for it to do in one that has an owner."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from cdk8s import App

from boot.access import REASON_AGAINST, access_of, api_server
from boot.client import EMAIL, PASSWORD, PORT, Browser
from boot.deployment import Deployment, bucket, deployed
from boot.figures import Figures
from boot.install import Release
from boot.kubelet import Pod
from boot.owned import API_KEYS, NAMESPACE, OWNER, WITH_PASSWORD, up
from flowise_constructs import (
    Auth,
    BundledPostgres,
    BundledRedis,
    Image,
    Ingress,
    IngressHost,
    Main,
    Metrics,
    Names,
    Owner,
    Queue,
    QueueChart,
    Settings,
    StandaloneChart,
)

RELEASES = ("3.1.3", "3.1.4")
AUTH = Auth.from_secret("flowise-auth-secrets")
INGRESS = Ingress(hosts=[IngressHost(host="flowise.example.com")], tls_in_front=True)

# What Flowise takes for /api/v1/account/register, and lists of paths in a proxy don't.
REGISTER = (
    "/api/v1/account/register",
    "/api/v1/account/register/",
    "/api/v1/account/register?x=1",
    "/api/v1/account/%72egister",
    "/api/v1/%61ccount/register",
    "/api/v1/account/reg%3Cx%3Eister",
    "/api/v1/acc%3Cx%3Eount/register",
    "/api/v1/account/<b>register</b>",
    "/api/v1/account/register%3Cscript%3E%3C/script%3E",
    "/%3Cx%3Eapi/v1/account/register",
    "/api/v1/account/REGISTER",
    "/api/v1/Account/register",
    "/api/v1/account/./register",
    "/api/v1/x/../account/register",
    "/api/v1/x/%2e%2e/account/register",
    "/api/v1//account/register",
    "/api/v1/account%2fregister",
    "//api/v1/account/register",
    "/API/V1/account/register",
)
OWNED, PING = "/api/v1/owned", "/api/v1/ping"
INTRUDER = {"name": "Intruder", "email": "intruder@example.com"}

pytestmark = pytest.mark.parametrize("release", RELEASES, indirect=True)


def standalone(app: App, image: Image, *, owner: Owner = OWNER) -> StandaloneChart:
    return StandaloneChart(
        app, "standalone", auth=AUTH, database=BundledPostgres(), image=image, owner=owner, ingress=INGRESS
    )


def without_owner(app: App, image: Image) -> StandaloneChart:
    main = Main(awaits_owner=False)
    return StandaloneChart(
        app, "standalone", auth=AUTH, database=BundledPostgres(), image=image, main=main, ingress=INGRESS
    )


def two_mains(app: App, image: Image) -> QueueChart:
    return QueueChart(
        app,
        "queue",
        auth=AUTH,
        database=BundledPostgres(),
        queue=Queue(redis=BundledRedis()),
        storage=bucket(),
        image=image,
        ingress=INGRESS,
        main=Main(replicas=2),
        owner=OWNER,
    )


def with_keys(app: App, image: Image) -> StandaloneChart:
    return StandaloneChart(
        app,
        "with-keys",
        auth=AUTH,
        image=image,
        settings=Settings(metrics=Metrics()),
        ingress=INGRESS,
        owner=replace(OWNER, api_keys=API_KEYS),
        names=Names(namespace=NAMESPACE),
    )


def register(address: str, path: str, password: str) -> tuple[int, str]:
    """Status and message of an intruder's request; a status of 0 where nothing answers."""
    body = json.dumps({"user": {**INTRUDER, "credential": password}})
    connection = http.client.HTTPConnection(address, PORT, timeout=30)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", "Host": "flowise.example.com"})
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    return answer.status, text


def from_outside(deployment: Deployment, password: str) -> dict[str, tuple[int, str]]:
    """What an intruder gets who comes through the Service, as Ingress and load balancers do, by every spelling."""
    return {path: register(address, path, password) for address in deployment.endpoints("flowise") for path in REGISTER}


def counted(deployment: Deployment) -> tuple[int, int]:
    """Organisations and users in the database."""
    assert deployment.postgres is not None
    [[organisations]] = deployment.postgres.query("SELECT count(*) FROM organization", "flowise")
    [[users]] = deployment.postgres.query('SELECT count(*) FROM "user"', "flowise")
    return int(organisations), int(users)


def refuse_intruders(deployment: Deployment) -> None:
    """Before there is an owner: the handler is there by many a path, and no Service leads to it."""
    assert deployment.endpoints("flowise") == []
    assert from_outside(deployment, PASSWORD) == {}
    [address, *_] = deployment.endpoints("flowise-owner")
    reached = {path for path in REGISTER if "Invalid Password" in register(address, path, "too-weak")[1]}
    assert {"/api/v1/account/register", "/api/v1/account/reg%3Cx%3Eister", "/api/v1/acc%3Cx%3Eount/register"} <= reached
    assert counted(deployment) == (0, 0)


def measure_probes(deployment: Deployment, main: Pod, when: str, *paths: str) -> None:
    """How long main takes to answer what kubelet asks."""
    for path in paths:
        for _ in range(50):
            started = time.monotonic()
            main._get({"port": PORT, "path": path}, 10)
            milliseconds = (time.monotonic() - started) * 1000
            deployment.figures.add(deployment.release.label, f"{path}, {when}", milliseconds, "ms")


def measure_restarts(deployment: Deployment) -> None:
    """On an installation that has an owner, with and without `Owner`: from the container's start to Ready."""
    for what, build in {"with Owner": standalone, "without": without_owner}.items():
        for _ in range(2):
            main = deployment.add("flowise", build, WITH_PASSWORD)
            deployment.wait_ready(main)
            [started] = [event.at for event in main.events if (event.reason, event.message) == ("Started", "flowise")]
            [ready] = [event.at for event in main.events if event.reason == "Ready"] or [main_up(main)]
            deployment.figures.add(deployment.release.label, f"restart to Ready, {what}", ready - started)
            stop(main)


def main_up(main: Pod) -> float:
    return next(event.at for event in main.events if event.reason == "Up")


def seconds_to_ready(pod: Pod) -> float:
    """From a passed startup probe to Ready."""
    [up_at] = [event.at for event in pod.events if event.reason == "Up"]
    [ready_at] = [event.at for event in pod.events if event.reason == "Ready"]
    return ready_at - up_at


def test_nobody_but_the_job(release: Release, figures: Figures) -> None:
    with deployed(release, standalone, figures, WITH_PASSWORD) as deployment:
        main = deployment.add("flowise")
        up(main)
        refuse_intruders(deployment)
        measure_probes(deployment, main, "no owner", OWNED, PING)
        weak = deployment.run_job(flowise_owner={"password": "weak-password"})
        assert weak.code == 1
        assert (
            weak.log()
            .splitlines()[-1]
            .startswith("owner: the password in key password of Secret flowise-owner breaks Flowise's rules")
        )
        assert "weak-password" not in weak.log()
        assert not main.ready

        done = deployment.run_job()
        assert (done.code, done.log().splitlines()[-2:]) == (0, [f"owner: made the owner, {EMAIL}", "owner: done"])
        deployment.wait_ready(main)
        assert deployment.endpoints("flowise") == [main.address]
        answers = from_outside(deployment, PASSWORD)
        assert len(answers) == len(REGISTER)
        assert 201 not in {status for status, _ in answers.values()}
        assert counted(deployment) == (1, 1)

        again = deployment.run_job()
        assert again.code == 0
        assert "is the owner already, with the password in key password of Secret flowise-owner" in again.log()
        other = deployment.run_job(flowise_owner={"password": "An0ther-password"})
        assert other.code == 0
        assert (
            f"{EMAIL} doesn't log in with the password in key password of Secret flowise-owner: nothing was changed"
            in other.log()
        )
        assert "An0ther-password" not in other.log()
        assert counted(deployment) == (1, 1)
        Browser(main.address).log_in()
        measure_probes(deployment, main, "an owner", OWNED, PING)

        lose_and_restore(deployment, main)
        measure_restarts(deployment)


def lose_and_restore(deployment: Deployment, *mains: Pod) -> None:
    """The database is lost and empty again, then comes back from a backup."""
    postgres = deployment.postgres
    assert postgres is not None
    stop(*mains)
    postgres.query("ALTER DATABASE flowise RENAME TO kept")
    postgres.query("CREATE DATABASE flowise OWNER flowise")
    postgres.query('CREATE EXTENSION "uuid-ossp"', "flowise")
    fresh = [deployment.add("flowise") for _ in mains]
    up(*fresh)
    refuse_intruders(deployment)
    assert deployment.run_job().code == 0
    deployment.wait_ready(*fresh)
    stop(*fresh)
    postgres.query("DROP DATABASE flowise WITH (FORCE)")
    postgres.query("ALTER DATABASE kept RENAME TO flowise")
    for restored in deployment.start("flowise"):
        seconds = seconds_to_ready(restored)
        deployment.figures.add(deployment.release.label, "Ready after startup, with an owner", seconds)
        assert seconds < 3, "the first probe finds the owner"
    assert counted(deployment) == (1, 1)
    assert "is the owner already" in deployment.run_job().log()
    stop(*(pod for pod in deployment.pods if pod.kind == "Deployment" and pod.deleted is None))


def stop(*mains: Pod) -> None:
    for main in mains:
        main.delete(wait=False)
    for main in mains:
        main.delete()


def test_two_mains(release: Release, figures: Figures) -> None:
    with deployed(release, two_mains, figures, WITH_PASSWORD) as deployment:
        mains = [deployment.add("flowise"), deployment.add("flowise")]
        up(*mains)
        refuse_intruders(deployment)
        assert len(deployment.endpoints("flowise-owner")) == 2
        assert not [event for main in mains for event in main.failures()], "not Ready is no reason to be restarted"
        assert deployment.run_job().code == 0
        deployment.wait_ready(*mains)
        assert len(deployment.endpoints("flowise")) == 2
        assert 201 not in {status for status, _ in from_outside(deployment, PASSWORD).values()}
        assert counted(deployment) == (1, 1)
        lose_and_restore(deployment, *mains)


def test_deadline(release: Release, figures: Figures) -> None:
    def impatient(app: App, image: Image) -> StandaloneChart:
        return standalone(app, image, owner=replace(OWNER, deadline_seconds=3))

    with deployed(release, impatient, figures, WITH_PASSWORD) as deployment:
        job = deployment.run_job(seconds=30)
        assert job.code == 1
        last = job.log().splitlines()[-1]
        assert last.startswith("owner: gave up on Flowise at http://flowise-owner:3000 after 3 s: refused"), last
        for password, problem in {"": "is empty", f"{PASSWORD}\n": "has a line end"}.items():
            refused = deployment.run_job(flowise_owner={"password": password})
            assert refused.code == 1
            assert f"key password of Secret flowise-owner {problem}" in refused.log()


def test_api_keys(release: Release, figures: Figures, tmp_path: Path) -> None:
    if REASON_AGAINST:
        pytest.skip(REASON_AGAINST)
    with deployed(release, with_keys, figures, WITH_PASSWORD) as deployment, api_server(tmp_path) as server:
        access = access_of(server, deployment, "flowise-owner", NAMESPACE)
        main = deployment.add("flowise")
        up(main)
        done = deployment.run_job(access=access)
        assert done.code == 0, done.log()
        deployment.wait_ready(main)
        key = server.secret("flowise-api-keys")["metrics"]
        assert metrics(main, key) == 200
        assert metrics(main, "another") == 401
        assert key not in done.log()

        again = deployment.run_job(access=access)
        assert again.log().splitlines()[-1] == "owner: the API keys in the Secret flowise-api-keys work"
        server.delete("secrets", "flowise-api-keys")
        assert deployment.run_job(access=access).code == 0
        assert server.secret("flowise-api-keys")["metrics"] == key, "the key is found in Flowise again"

        stranger = {"password": "An0ther-password"}
        assert deployment.run_job(access=access, flowise_owner=stranger).code == 0, "the key works"
        server.delete("secrets", "flowise-api-keys")
        refused = deployment.run_job(access=access, flowise_owner=stranger)
        assert refused.code == 1
        assert "lacks working API keys (metrics), which only the owner can make" in refused.log()


def metrics(main: Pod, key: str) -> int:
    connection = http.client.HTTPConnection(main.address, PORT, timeout=30)
    try:
        connection.request("GET", "/api/v1/metrics", headers={"Authorization": f"Bearer {key}"})
        return connection.getresponse().status
    finally:
        connection.close()
