"""Alerts on real faults, and none in normal load: the real Flowise and its exporters, scraped by a real Prometheus with the
rules of the YAML.

Clocks are shortened: an hour is a minute (`alerting.SHORTER`). No cluster is here, so what kube-state-metrics would say of
the Deployments comes from a page of this test, which reads it off the node's own pods.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from alerting import SHORTER, Watch, alerting, state_of_the_cluster
from cdk8s import App
from scraping import scrape_configs

from boot.client import REPLY, RefusedError, custom_function
from boot.figures import Figures
from boot.install import LOCKED_VERSION, Release
from boot.kubelet import wait_until
from boot.monitored import PROGRAMS, Monitored, monitored, running
from boot.network import NODE
from flowise_constructs import AlertRules, Image, Monitoring

pytestmark = [
    pytest.mark.skipif(
        any(shutil.which(program) is None for program in PROGRAMS),
        reason=f"missing: apt-get install {' '.join(PROGRAMS.values())}",
    ),
    pytest.mark.parametrize("release", [LOCKED_VERSION], indirect=True),
]
HOUR = 3600 / SHORTER
DEPLOYMENTS = ("flowise", "flowise-worker")
FAILS = "throw new Error('on purpose')"
SECONDS = 120


def groups(release: Release) -> list[dict[str, Any]]:
    """The alerts of the deployment that runs."""
    chart = monitored(App(), Image(repository="registry.example.com/flowise", tag=release.version))
    monitoring = chart.node.find_child("Monitoring")
    assert isinstance(monitoring, Monitoring)
    rules = AlertRules(chart, "Alerts", deployment=monitoring.deployment, namespace="default")
    found: list[dict[str, Any]] = rules.prometheus_rule.to_json()["spec"]["groups"]
    return found


@dataclass
class Watched:
    """What runs, and who watches it."""

    running: Monitored
    watch: Watch

    def state(self) -> Mapping[str, float]:
        """What kube-state-metrics would say of the Deployments."""
        figures: dict[str, float] = {}
        for name in DEPLOYMENTS:
            pods = [pod for pod in self.running.deployment.pods if pod.deployment == name and pod.deleted is None]
            labels = f'{{namespace="default",deployment="{name}"}}'
            figures[f"kube_deployment_spec_replicas{labels}"] = 1
            figures[f"kube_deployment_status_replicas_available{labels}"] = sum(pod.ready for pod in pods)
        return figures

    def predict_for(self, seconds: float) -> None:
        """One prediction after another."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.running.browser.predict(self.running.flow) == REPLY
            time.sleep(0.5)


@pytest.fixture(scope="module")
def watched(release: Release, figures: Figures, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("alerting")
    with running(release, figures) as found:
        made: list[Watched] = []
        objects, secrets = found.deployment.manifests.objects, found.deployment.manifests.secrets
        targets = scrape_configs(objects, found.pods(), secrets)
        with (
            state_of_the_cluster(NODE, lambda: made[0].state() if made else {}) as state,
            alerting(folder, f"{NODE}:9095", groups(release), targets, state) as watch,
        ):
            made.append(Watched(found, watch))
            yield made[0]


def test_nothing_fires_in_an_hour_of_normal_load(watched: Watched) -> None:
    # What fired while the first scrapes were missing is no matter.
    watched.watch.until_silent()
    time.sleep(5)
    watched.predict_for(HOUR)
    assert watched.watch.fired(HOUR) == set()


def test_failing_predictions_are_noticed(watched: Watched) -> None:
    failing = watched.running.browser.make_flow("failing", custom_function(FAILS))
    deadline = time.monotonic() + SECONDS
    while "FlowisePredictionsFail" not in watched.watch.firing():
        assert time.monotonic() < deadline
        with suppress(RefusedError):
            watched.running.browser.predict(failing)
    watched.watch.until_silent()


def test_a_worker_that_hangs_is_noticed(watched: Watched) -> None:
    worker = watched.running.pod("flowise-worker").process
    assert worker is not None
    with ThreadPoolExecutor(1) as pool:
        worker.signal(signal.SIGSTOP)
        try:
            answer = pool.submit(watched.running.browser.predict, watched.running.flow, timeout=SECONDS)
            watched.watch.until_firing("FlowiseQueueStuck")
        finally:
            worker.signal(signal.SIGCONT)
        assert answer.result(SECONDS) == REPLY
    watched.watch.until_silent()


def test_redis_is_gone(watched: Watched) -> None:
    redis = watched.running.deployment.redis
    assert redis is not None
    redis.stop()
    try:
        watched.watch.until_firing("FlowiseQueueUnreachable", "FlowiseRedisDown")
    finally:
        redis.start()
    wait_until(lambda: all(pod.ready for pod in watched.running.deployment.pods), SECONDS, "all pods ready")
    watched.watch.until_silent()


def test_postgresql_is_gone(watched: Watched) -> None:
    postgres = watched.running.deployment.postgres
    assert postgres is not None
    postgres.stop()
    try:
        watched.watch.until_firing("FlowisePostgresDown")
    finally:
        postgres.start()
    watched.watch.until_silent()


def test_worker_and_main_are_gone(watched: Watched) -> None:
    watched.running.pod("flowise-worker").delete()
    watched.watch.until_firing("FlowiseNoWorkers")
    watched.running.pod("flowise").delete()
    watched.watch.until_firing("FlowiseDown", "FlowiseScrapeLost", "FlowiseNoWorkers")
