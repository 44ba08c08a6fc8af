"""`Monitoring`: what Prometheus scrapes of a deployment, and how it finds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.kubernetes.references import SecretKey
from flowise_constructs.kubernetes.registry import Registry
from flowise_constructs.monitoring.exporter import Exporter
from flowise_constructs.monitoring.monitors import service_monitor
from flowise_constructs.monitoring.queue_exporter import queue_exporter
from flowise_constructs.monitoring.server_exporters import postgres_exporter, redis_exporter
from flowise_constructs.monitoring.values import PostgresExporter, QueueExporter, RedisExporter, Scrape

Values = TypeVar("Values", PostgresExporter, RedisExporter)


class Monitoring(Construct):
    """What Prometheus scrapes of one deployment:

    - Main's own metrics, at its port: ServiceMonitor `{name}`, with an API key of Flowise as bearer token.
    - In queue mode the queues: Deployment `{name}-queue-exporter`, one process of the Flowise image, with its scripts,
      service account and a PodMonitor. It tells the jobs of every queue by state, the age of the oldest one that waits,
      the workers of each queue, and whether the image holds the release that the manifest is made for. Workers
      themselves have no metrics.
    - Where asked for, the bundled servers: Deployments `{name}-redis-exporter` and `{name}-postgresql-exporter`, with
      service accounts and PodMonitors.

    Prometheus' label `job` is the name of main's Service, or of the exporter's Deployment.

    Must exist already: the Prometheus Operator or its definitions, unless `Scrape(by="annotations")`; the Secret of the
    API key, which `Owner.api_keys` makes; `PostgresExporter.password`.

    Attributes: `.service_monitor`, `.exporters` by their component (`queue-exporter`, `redis-exporter`,
    `postgresql-exporter`), `.deployment`: the deployment with its exporters, for `NetworkPolicies` and
    `ExternalSecrets`.

    Raises ConfigError where main has no metrics to scrape, without the API key, and for exporters of servers that the
    deployment doesn't contain.
    """

    service_monitor: ApiObject | None = None
    """The ServiceMonitor. None with `Scrape(by="annotations")`."""

    @checked
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        api_key: SecretKey | None = None,
        scrape: Scrape = Scrape(),
        queue: QueueExporter | None = QueueExporter(),
        redis: RedisExporter | None = None,
        postgres: PostgresExporter | None = None,
        registry: Registry | None = None,
    ) -> None:
        """`deployment` is `chart.deployment`. `api_key`: any API key of Flowise, such as one of `Owner.api_keys`.
        `queue`: None for no exporter of the queues; outside queue mode there is none. `redis`, `postgres`: exporters of
        the bundled servers. `registry`: where the images of those two are pulled from.
        """
        super().__init__(scope, id)
        if findings := list(_contradictions(deployment, api_key, scrape, redis, postgres)):
            raise ConfigError(findings)
        if api_key is not None:
            self.service_monitor = service_monitor(self, deployment.workloads[0].identity, scrape, api_key)
        exporters = [
            self._queue(deployment, queue, scrape),
            self._redis(deployment, _from(registry, redis), scrape),
            self._postgres(deployment, _from(registry, postgres), scrape),
        ]
        made = [exporter for exporter in exporters if exporter is not None]
        self.exporters = {exporter.workload.identity.component: exporter for exporter in made}
        self.deployment = deployment.including(*made)

    def _queue(self, deployment: Deployment, values: QueueExporter | None, scrape: Scrape) -> Exporter | None:
        if values is None or deployment.flowise.queue is None:
            return None
        return queue_exporter(self, "QueueExporter", deployment=deployment, values=values, scrape=scrape)

    def _redis(self, deployment: Deployment, values: RedisExporter | None, scrape: Scrape) -> Exporter | None:
        if values is None:
            return None
        return redis_exporter(self, "RedisExporter", deployment=deployment, values=values, scrape=scrape)

    def _postgres(self, deployment: Deployment, values: PostgresExporter | None, scrape: Scrape) -> Exporter | None:
        server = deployment.workload("postgresql")
        if values is None or server is None:
            return None
        return postgres_exporter(
            self, "PostgresExporter", deployment=deployment, server=server, values=values, scrape=scrape
        )


def _from(registry: Registry | None, values: Values | None) -> Values | None:
    """An exporter with its images as the registry has them."""
    if registry is None or values is None:
        return values
    return replace(values, image=registry.of(values.image), pod=registry.of_pod(values.pod))


def _contradictions(
    deployment: Deployment,
    api_key: SecretKey | None,
    scrape: Scrape,
    redis: RedisExporter | None,
    postgres: PostgresExporter | None,
) -> Iterator[Finding]:
    yield from _no_metrics(deployment)
    yield from _no_key(api_key, scrape)
    for argument, server, called, values in (
        ("redis", "redis", "Redis", redis),
        ("postgres", "postgresql", "PostgreSQL", postgres),
    ):
        if values is not None and deployment.workload(server) is None:
            problem = f"is for a bundled {called}, and the deployment contains none: leave it out"
            yield _finding(argument, f"{problem}, and scrape the exporter of the server's operator or provider")


def _no_metrics(deployment: Deployment) -> Iterator[Finding]:
    metrics = deployment.flowise.settings.metrics
    if metrics is None:
        yield _finding("deployment", "has a main without metrics: give the chart Settings(metrics=Metrics())")
    elif metrics.provider != "prometheus":
        problem = f"has a main that pushes its metrics ({metrics.provider}), and so none to scrape"
        yield _finding("deployment", f"{problem}: use Metrics(provider='prometheus')")


def _no_key(api_key: SecretKey | None, scrape: Scrape) -> Iterator[Finding]:
    if scrape.by == "operator" and api_key is None:
        mend = "give the Secret's key, such as SecretKey(secret='flowise-api-keys', key='metrics') of Owner.api_keys"
        yield _finding("api_key", f"None: main shows its metrics to nobody without an API key; {mend}")
    if scrape.by == "annotations" and api_key is not None:
        problem = "has no effect with Scrape(by='annotations'), which can't carry it: leave it out"
        yield _finding("api_key", f"{problem}, and give it to Prometheus in your own scrape configuration")


def _finding(argument: str, problem: str) -> Finding:
    return Finding(f"Monitoring.{argument}", problem)
