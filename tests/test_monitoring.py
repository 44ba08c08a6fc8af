"""`Monitoring`: what Prometheus scrapes, how it finds it, and what is refused."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cdk8s import App
from deployments import (
    ANNOTATED,
    BUNDLED_QUEUE,
    METRICS_KEY,
    POSTGRES,
    SCRAPED,
    SERVERS_SCRAPED,
    STORE,
    VARIANTS,
    environment,
    objects,
    pods,
    queue,
    standalone,
    with_monitoring,
)
from scraping import scrape_configs

from flowise_constructs import (
    Auth,
    ConfigError,
    Deployment,
    ExternalSecrets,
    FlowiseMain,
    Metrics,
    Monitoring,
    Names,
    PostgresExporter,
    QueueExporter,
    RedisExporter,
    Scrape,
    Settings,
    StandaloneChart,
)

Object = dict[str, Any]
EXPORTERS = ("flowise-queue-exporter", "flowise-redis-exporter", "flowise-postgresql-exporter")
ADDRESSES = {"flowise": [("flowise-a", "10.0.0.1"), ("flowise-b", "10.0.0.2")]}
SECRETS = {"flowise-api-keys": {"metrics": "the-key"}}


def of_kind(documents: list[Object], kind: str) -> dict[str, Object]:
    return {item["metadata"]["name"]: item for item in documents if item["kind"] == kind}


def test_main_is_scraped_by_its_service_with_the_key_of_the_secret() -> None:
    documents = objects(with_monitoring(standalone(settings=SCRAPED), scrape=Scrape(labels={"release": "kps"})))
    [monitor] = of_kind(documents, "ServiceMonitor").values()
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
    assert monitor["metadata"]["labels"]["release"] == "kps"
    assert monitor["spec"]["endpoints"] == [
        {
            "port": "http",
            "path": "/api/v1/metrics",
            "interval": "30s",
            "scrapeTimeout": "10s",
            "authorization": {"type": "Bearer", "credentials": {"name": "flowise-api-keys", "key": "metrics"}},
        }
    ]
    [scraped] = scrape_configs(documents, ADDRESSES, SECRETS)
    assert [item["targets"] for item in scraped["static_configs"]] == [["10.0.0.1:3000"], ["10.0.0.2:3000"]]
    assert {item["labels"]["job"] for item in scraped["static_configs"]} == {"flowise"}
    assert scraped["authorization"] == {"type": "Bearer", "credentials": "the-key"}


def test_the_monitor_selects_main_s_service_and_no_other() -> None:
    documents = objects(VARIANTS["monitoring-queue"])
    [monitor] = of_kind(documents, "ServiceMonitor").values()
    wanted = monitor["spec"]["selector"]["matchLabels"]
    services = of_kind(documents, "Service")
    found = [name for name, item in services.items() if wanted.items() <= item["metadata"]["labels"].items()]
    assert found == ["flowise"]
    assert len(services) > 3


def test_exporters_are_found_at_their_pods_under_their_own_names() -> None:
    documents = objects(with_monitoring(BUNDLED_QUEUE, **SERVERS_SCRAPED))
    addresses = {name: [(f"{name}-0", f"10.0.0.{number}")] for number, name in enumerate(("flowise", *EXPORTERS))}
    scraped = scrape_configs(documents, addresses, SECRETS)
    ports = {"flowise-queue-exporter": 9464, "flowise-redis-exporter": 9121, "flowise-postgresql-exporter": 9187}
    found = {
        rule["replacement"]: target
        for item in scraped
        for rule in item["relabel_configs"]
        if rule["target_label"] == "job"
        for [target] in [item["static_configs"][0]["targets"]]
    }
    assert found == {name: f"{addresses[name][0][1]}:{port}" for name, port in ports.items()}
    assert not of_kind(documents, "Service").keys() & set(EXPORTERS)


def test_outside_queue_mode_main_alone_is_scraped() -> None:
    documents = objects(with_monitoring(standalone(settings=SCRAPED)))
    assert [name for name in of_kind(documents, "Deployment") if name != "flowise"] == []
    assert of_kind(documents, "PodMonitor") == {}


def test_without_the_operator_pods_carry_the_annotations() -> None:
    documents = objects(VARIANTS["monitoring-annotations"])
    assert not of_kind(documents, "ServiceMonitor")
    assert not of_kind(documents, "PodMonitor")
    for name, item in of_kind(documents, "Deployment").items():
        template = item["spec"]["template"]
        found = {key: text for key, text in template["metadata"].get("annotations", {}).items() if "prometheus" in key}
        if name not in EXPORTERS:
            assert found == {}
            continue
        [port] = template["spec"]["containers"][0]["ports"]
        assert found == {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": str(port["containerPort"]),
            "prometheus.io/path": "/metrics",
        }


def test_the_queue_exporter_reaches_redis_as_main_does_and_gets_no_other_secret() -> None:
    documents = objects(VARIANTS["monitoring-queue-tls"])
    of_main, own = environment(documents, "flowise"), environment(documents, "flowise-queue-exporter")
    wanted = {name: value for name, value in of_main.items() if name.startswith(("REDIS_", "QUEUE_NAME"))}
    assert len(wanted) > 7
    assert wanted.items() <= own.items()
    assert set(own) - set(wanted) == {
        "NODE_EXTRA_CA_CERTS",
        "NODE_OPTIONS",
        "EXPORTER_PORT",
        "EXPORTER_FLOWISE_RELEASE",
    }
    assert own["EXPORTER_FLOWISE_RELEASE"] == "3.1.4"
    pod = pods(documents)["Deployment flowise-queue-exporter"]
    [sources] = [volume["projected"]["sources"] for volume in pod["volumes"] if volume["name"] == "certificates"]
    paths = [item["path"] for source in sources for kind in source.values() for item in kind["items"]]
    assert paths == ["authorities.pem", "redis-ca.pem", "redis-certificate.pem", "redis-key.pem"]
    assert (
        pod["containers"][0]["image"]
        == of_kind(documents, "Deployment")["flowise"]["spec"]["template"]["spec"]["containers"][0]["image"]
    )


def test_what_a_hook_says_of_redis_reaches_the_exporter() -> None:
    class Elsewhere(FlowiseMain):
        def env(self) -> dict[str, Any]:
            return {**super().env(), "REDIS_PORT": "6390"}

    def build(app: App) -> None:
        chart: Any = BUNDLED_QUEUE(app)
        other = Elsewhere(chart, "Other", flowise=chart.deployment.flowise, names=Names(name="other"))
        Monitoring(chart, "Monitoring", deployment=Deployment.of(other), api_key=METRICS_KEY)

    assert environment(objects(build), "other-queue-exporter")["REDIS_PORT"] == "6390"


def test_only_the_init_container_has_the_superuser_s_password() -> None:
    pod = pods(objects(with_monitoring(BUNDLED_QUEUE, postgres=PostgresExporter())))[
        "Deployment flowise-postgresql-exporter"
    ]
    of_role, own = (
        {entry["valueFrom"]["secretKeyRef"]["key"] for entry in container["env"] if "valueFrom" in entry}
        for container in (*pod["initContainers"], *pod["containers"])
    )
    assert of_role == {"postgres-password", "monitoring-password"}
    assert own == {"monitoring-password"}
    assert {"name": "DATA_SOURCE_USER", "value": "flowise_monitoring"} in pod["containers"][0]["env"]


def test_a_redis_without_password_needs_none() -> None:
    variables = environment(objects(VARIANTS["monitoring-further-containers"]), "flowise-redis-exporter")
    assert variables == {"REDIS_ADDR": "redis://flowise-redis-client:6379"}


def test_one_process_at_a_time_counts() -> None:
    for name, item in of_kind(objects(VARIANTS["monitoring-queue"]), "Deployment").items():
        if name in EXPORTERS:
            assert (item["spec"]["replicas"], item["spec"]["strategy"]) == (1, {"type": "Recreate"})


def test_policies_let_prometheus_in_and_exporters_out() -> None:
    policies = of_kind(objects(VARIANTS["monitoring-queue"]), "NetworkPolicy")
    prometheus = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
    }
    for name, port, server in (
        ("flowise-queue-exporter", 9464, "redis"),
        ("flowise-redis-exporter", 9121, "redis"),
        ("flowise-postgresql-exporter", 9187, "postgresql"),
    ):
        spec = policies[name]["spec"]
        assert spec["ingress"] == [
            {
                "from": [prometheus, {"ipBlock": {"cidr": "10.0.0.0/24"}}],
                "ports": [{"port": port, "protocol": "TCP"}],
            }
        ]
        [rule] = spec["egress"]
        [peer] = rule["to"]
        assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == server
        [own] = policies[f"flowise-{server}"]["spec"]["ingress"]
        assert spec["podSelector"] in [peer["podSelector"] for peer in own["from"]]


def test_the_view_has_the_exporters() -> None:
    app = App()
    chart: Any = BUNDLED_QUEUE(app)
    monitoring = Monitoring(chart, "Monitoring", deployment=chart.deployment, api_key=METRICS_KEY, **SERVERS_SCRAPED)
    assert set(monitoring.exporters) == {"queue-exporter", "redis-exporter", "postgresql-exporter"}
    assert {item.name for item in monitoring.deployment.workloads} > set(EXPORTERS)
    assert monitoring.service_monitor is not None
    assert monitoring.deployment.workload("queue-exporter") is not None


def test_the_exporter_s_password_is_one_of_those_that_may_be_generated() -> None:
    def build(app: App) -> None:
        chart: Any = BUNDLED_QUEUE(app)
        monitoring = Monitoring(
            chart, "Monitoring", deployment=chart.deployment, api_key=METRICS_KEY, **SERVERS_SCRAPED
        )
        ExternalSecrets(
            chart,
            "Secrets",
            deployment=monitoring.deployment,
            store=STORE,
            keys="{secret}-{key}",
            generate_server_passwords=True,
        )

    made = of_kind(objects(build), "ExternalSecret")["flowise-postgresql-auth"]
    keys = [entry["rewrite"][0]["regexp"]["target"] for entry in made["spec"]["dataFrom"]]
    assert sorted(keys) == ["monitoring-password", "postgres-password", "user-password"]


REFUSED: Mapping[str, tuple[Any, dict[str, Any], list[str]]] = {
    "no metrics": (
        standalone(),
        {},
        ["Monitoring.deployment: has a main without metrics: give the chart Settings(metrics=Metrics())"],
    ),
    "pushed metrics": (
        standalone(settings=Settings(metrics=Metrics(provider="open_telemetry", endpoint="http://otel:4318"))),
        {},
        [
            "Monitoring.deployment: has a main that pushes its metrics (open_telemetry), and so none to scrape: "
            "use Metrics(provider='prometheus')"
        ],
    ),
    "no key": (
        standalone(settings=SCRAPED),
        {"api_key": None},
        [
            "Monitoring.api_key: None: main shows its metrics to nobody without an API key; give the Secret's key, such "
            "as SecretKey(secret='flowise-api-keys', key='metrics') of Owner.api_keys"
        ],
    ),
    "a key in vain": (
        standalone(settings=SCRAPED),
        {"scrape": ANNOTATED},
        [
            "Monitoring.api_key: has no effect with Scrape(by='annotations'), which can't carry it: leave it out, and "
            "give it to Prometheus in your own scrape configuration"
        ],
    ),
    "servers that are not bundled": (
        queue(settings=SCRAPED),
        SERVERS_SCRAPED,
        [
            f"Monitoring.{argument}: is for a bundled {server}, and the deployment contains none: leave it out, and "
            "scrape the exporter of the server's operator or provider"
            for argument, server in (("redis", "Redis"), ("postgres", "PostgreSQL"))
        ],
    ),
    "all at once": (
        standalone(database=POSTGRES),
        {"api_key": None, "redis": RedisExporter()},
        [
            "Monitoring.deployment: has a main without metrics: give the chart Settings(metrics=Metrics())",
            "Monitoring.api_key: None: main shows its metrics to nobody without an API key; give the Secret's key, such "
            "as SecretKey(secret='flowise-api-keys', key='metrics') of Owner.api_keys",
            "Monitoring.redis: is for a bundled Redis, and the deployment contains none: leave it out, and scrape the "
            "exporter of the server's operator or provider",
        ],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_t_be_scraped_is_refused_with_the_mend(case: str) -> None:
    build, given, messages = REFUSED[case]
    with pytest.raises(ConfigError) as error:
        objects(with_monitoring(build, **given))
    assert [str(finding) for finding in error.value.findings] == messages


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Scrape(interval_seconds=5),
            r"Scrape\.timeout_seconds: 10 is longer than interval_seconds, 5, which Prometheus refuses: give at most",
        ),
        (
            lambda: Scrape(by="annotations", labels={"a": "b"}),
            r"Scrape\.labels: has no effect with by='annotations'",
        ),
        (lambda: PostgresExporter(role="postgres"), r"PostgresExporter\.role: 'postgres' is the superuser"),
        (lambda: Scrape(by="consul"), r"Scrape\.by: 'consul'"),  # type: ignore[arg-type]
        (lambda: QueueExporter(resources=None), r"QueueExporter\.resources"),  # type: ignore[arg-type]
    ],
)
def test_values_are_checked(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def test_a_second_monitoring_of_one_deployment_is_refused() -> None:
    def twice(app: App) -> None:
        chart: Any = BUNDLED_QUEUE(app)
        for id in ("One", "Other"):
            Monitoring(chart, id, deployment=chart.deployment, api_key=METRICS_KEY)

    with pytest.raises(ConfigError, match=r"two deployments of one chart are called 'flowise-queue-exporter'"):
        objects(twice)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (package prometheus) is not installed")
def test_the_page_s_own_configuration_of_prometheus_is_right(tmp_path: Path) -> None:
    page = Path(__file__).resolve().parent.parent / "docs" / "how-to" / "monitoring.md"
    [snippet] = re.findall(r"^```yaml\n(scrape_configs:.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    configuration = yaml.safe_load(snippet)
    # Debian's Prometheus is built without it.
    assert configuration["scrape_configs"][0].pop("kubernetes_sd_configs")[0]["role"] == "endpoints"
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    subprocess.run(["promtool", "check", "config", "--syntax-only", str(tmp_path / "prometheus.yml")], check=True)


def test_main_may_be_given_by_itself() -> None:
    def build(app: App) -> None:
        chart = StandaloneChart(app, "flowise", auth=Auth.from_secret("a"), settings=SCRAPED, namespace="ai")
        Monitoring(chart, "Monitoring", deployment=chart.deployment, api_key=METRICS_KEY)

    [monitor] = of_kind(objects(build), "ServiceMonitor").values()
    assert monitor["metadata"]["namespace"] == "ai"
