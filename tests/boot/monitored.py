"""A queue deployment that is monitored, on the node: main, worker, the exporters, and a key for Prometheus."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from cdk8s import App

from boot.client import Browser, direct_reply
from boot.deployment import SECRETS, Deployment, bucket, deployed
from boot.figures import Figures
from boot.install import Release
from boot.kubelet import Pod
from flowise_constructs import (
    Auth,
    BundledPostgres,
    BundledRedis,
    Image,
    Main,
    Metrics,
    Monitoring,
    PostgresExporter,
    Queue,
    QueueChart,
    RedisExporter,
    Scrape,
    SecretKey,
    Settings,
    Worker,
)

API_KEY = SecretKey(secret="flowise-api-keys", key="metrics")
EXPORTERS = ("flowise-queue-exporter", "flowise-redis-exporter", "flowise-postgresql-exporter")
SECRETS_WITH_MONITORING = {
    **SECRETS,
    "flowise-postgresql-auth": {
        **SECRETS["flowise-postgresql-auth"],
        "monitoring-password": """the'"exporter"@/\\%:?""",
    },
}
PROGRAMS = {
    "prometheus": "prometheus",
    "prometheus-redis-exporter": "prometheus-redis-exporter",
    "prometheus-postgres-exporter": "prometheus-postgres-exporter",
}
"""Programs of the distribution and their packages."""
SCRAPE_SECONDS = 2


def monitored(app: App, image: Image) -> QueueChart:
    """The deployment, scraped often."""
    chart = QueueChart(
        app,
        "queue",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=BundledPostgres(),
        queue=Queue(redis=BundledRedis()),
        storage=bucket(),
        image=image,
        settings=Settings(metrics=Metrics()),
        main=Main(awaits_owner=False),
        worker=Worker(concurrency=5),
    )
    Monitoring(
        chart,
        "Monitoring",
        deployment=chart.deployment,
        api_key=API_KEY,
        scrape=Scrape(interval_seconds=SCRAPE_SECONDS, timeout_seconds=SCRAPE_SECONDS),
        redis=RedisExporter(),
        postgres=PostgresExporter(),
    )
    return chart


@dataclass(frozen=True)
class Monitored:
    """What runs."""

    deployment: Deployment
    browser: Browser
    flow: str

    def pods(self) -> dict[str, list[tuple[str, str]]]:
        """Name and address of each pod that is there, by its Deployment."""
        found: dict[str, list[tuple[str, str]]] = {}
        for pod in self.deployment.pods:
            if pod.deleted is None:
                found.setdefault(pod.deployment, []).append((pod.name, pod.address))
        return found

    def pod(self, deployment: str) -> Pod:
        """The one pod of a Deployment."""
        [pod] = [pod for pod in self.deployment.pods if pod.deployment == deployment and pod.deleted is None]
        return pod

    def answer(self, deployment: str) -> str:
        """What Prometheus would read there."""
        pod = self.pod(deployment)
        port = pod.container["ports"][0]["containerPort"]
        if deployment == "flowise":
            key = self.deployment.manifests.secrets[API_KEY.secret][API_KEY.key]
            return page(pod.address, port, "/api/v1/metrics", {"Authorization": f"Bearer {key}"})
        return page(pod.address, port, "/metrics", {})


@contextmanager
def running(release: Release, figures: Figures) -> Iterator[Monitored]:
    """All pods of it, with an owner, a flow, and the key for Prometheus in its Secret."""
    with deployed(release, monitored, figures, SECRETS_WITH_MONITORING) as deployment:
        deployment.start("flowise", "flowise-worker", *EXPORTERS)
        browser = Browser(deployment.pods[0].address)
        browser.sign_up()
        keys = browser.want("POST", "apikey", {"keyName": "metrics", "permissions": ["templates:marketplace"]})
        key = next(item["apiKey"] for item in keys if item["keyName"] == "metrics")
        secrets = {**deployment.manifests.secrets, API_KEY.secret: {API_KEY.key: key}}
        deployment.take_over(replace(deployment.manifests, secrets=secrets))
        yield Monitored(deployment, browser, browser.make_flow("smoke", direct_reply()))


def page(address: str, port: int, path: str, headers: dict[str, str]) -> str:
    """The text of an answer that must be good."""
    connection = http.client.HTTPConnection(address, port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        text = response.read().decode()
        assert response.status == 200, f"{path}: {response.status} {text[:200]}"
        return text
    finally:
        connection.close()
