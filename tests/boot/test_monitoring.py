"""Prometheus scrapes the real Flowise and its exporters, configured by nothing but the objects of the YAML."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from scraping import Prometheus, checked_by_promtool, prometheus, samples, scrape_configs

from boot.client import REPLY, RefusedError, custom_function, direct_reply
from boot.figures import Figures
from boot.install import LOCKED_VERSION, Release
from boot.kubelet import wait_until
from boot.monitored import EXPORTERS, PROGRAMS, Monitored, running
from boot.network import NODE

SLOW = "await new Promise((resolve) => setTimeout(resolve, 4000)); return 'waited'"
PREDICTION = "flowise-queue-prediction"
JOBS = {"flowise", *EXPORTERS}
SOON_SECONDS = 30

pytestmark = [
    pytest.mark.skipif(
        any(shutil.which(program) is None for program in PROGRAMS),
        reason=f"missing: apt-get install {' '.join(PROGRAMS.values())}",
    ),
    pytest.mark.parametrize("release", [LOCKED_VERSION], indirect=True),
]


@pytest.fixture(scope="module")
def monitored(release: Release, figures: Figures) -> Iterator[Monitored]:
    with running(release, figures) as found:
        yield found


@pytest.fixture(scope="module")
def watching(monitored: Monitored, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    manifests = monitored.deployment.manifests
    scraped = scrape_configs(manifests.objects, monitored.pods(), manifests.secrets)
    folder: Path = tmp_path_factory.mktemp("prometheus")
    with prometheus(folder, f"{NODE}:9090", {"scrape_configs": scraped}) as server:
        wait_until(lambda: len(server.query("up")) == len(JOBS), SOON_SECONDS, "each target scraped once")
        yield server


def one(server: Prometheus, expression: str) -> float | None:
    found = server.query(expression)
    assert len(found) <= 1, found
    return float(found[0]["value"]) if found else None


def soon(server: Prometheus, expression: str, value: float) -> None:
    wait_until(
        lambda: one(server, expression) == value, SOON_SECONDS, f"{expression} == {value}: {server.query(expression)}"
    )


def test_every_target_is_up_under_its_own_job(watching: Prometheus) -> None:
    found = watching.query("up")
    assert {item["job"] for item in found} == JOBS
    assert {item["value"] for item in found} == {1}, watching.targets()
    assert {item["namespace"] for item in found} == {"default"}
    [main] = [item for item in found if item["job"] == "flowise"]
    assert (main["service"], main["endpoint"], main["container"]) == ("flowise", "http", "flowise")


def test_main_shows_nothing_without_the_key(monitored: Monitored, tmp_path: Path) -> None:
    manifests = monitored.deployment.manifests
    [scraped] = scrape_configs(
        [item for item in manifests.objects if item["kind"] != "PodMonitor"], monitored.pods(), manifests.secrets
    )
    del scraped["authorization"]
    with prometheus(tmp_path, f"{NODE}:9091", {"scrape_configs": [scraped]}) as server:
        wait_until(lambda: server.query("up") != [], SOON_SECONDS, "scraped once")
        assert one(server, "up") == 0
        assert "401" in server.targets()[0]["lastError"]


def test_predictions_are_counted(monitored: Monitored, watching: Prometheus) -> None:
    expression = 'sum(chatflow_prediction_external{job="flowise",status="success"})'
    before = one(watching, expression) or 0
    for _ in range(3):
        assert monitored.browser.predict(monitored.flow) == REPLY
    soon(watching, expression, before + 3)
    failing = monitored.browser.make_flow("failing", custom_function("throw new Error('on purpose')"))
    with pytest.raises(RefusedError):
        monitored.browser.predict(failing)
    soon(watching, 'sum(chatflow_prediction_external{job="flowise",status="failure"})', 1)
    assert (one(watching, 'sum(http_request_duration_ms_count{code="500"})') or 0) >= 1
    [info] = watching.query("flowise_version_info")
    assert info["version"] == f"v{monitored.deployment.release.version}"
    assert one(watching, "flowise_release_matches") == 1


def test_a_queue_that_is_full_is_seen_to_fill_and_to_empty(monitored: Monitored, watching: Prometheus) -> None:
    soon(watching, f'flowise_queue_workers{{queue="{PREDICTION}"}}', 1)
    flow = monitored.browser.make_flow("slow", custom_function(SLOW), direct_reply())
    callers = [threading.Thread(target=monitored.browser.predict, args=(flow,), daemon=True) for _ in range(15)]
    for caller in callers:
        caller.start()
    # The worker runs five at a time.
    soon(watching, f'bullmq_job_count{{queue="{PREDICTION}",state="active"}}', 5)
    wait_until(
        lambda: (one(watching, f'bullmq_job_count{{queue="{PREDICTION}",state="waiting"}}') or 0) > 0,
        SOON_SECONDS,
        "jobs wait",
    )
    wait_until(
        lambda: (one(watching, f'flowise_queue_oldest_job_age_seconds{{queue="{PREDICTION}"}}') or 0) > 1,
        SOON_SECONDS,
        "the oldest job ages",
    )
    for caller in callers:
        caller.join()
    soon(watching, f'sum(bullmq_job_count{{queue="{PREDICTION}",state=~"waiting|active"}})', 0)
    soon(watching, f'flowise_queue_oldest_job_age_seconds{{queue="{PREDICTION}"}}', 0)


def test_a_worker_that_goes_is_missed(monitored: Monitored, watching: Prometheus) -> None:
    monitored.pod("flowise-worker").delete()
    soon(watching, f'flowise_queue_workers{{queue="{PREDICTION}"}}', 0)
    monitored.deployment.start("flowise-worker")
    soon(watching, f'flowise_queue_workers{{queue="{PREDICTION}"}}', 1)


def test_redis_away_is_told_by_both_of_its_exporters_and_its_figures_are_gone(
    monitored: Monitored, watching: Prometheus
) -> None:
    redis = monitored.deployment.redis
    assert redis is not None
    redis.stop()
    soon(watching, "flowise_queue_redis_up", 0)
    soon(watching, "redis_up", 0)
    # Prometheus ends a series that a page doesn't show any more.
    assert watching.query("bullmq_job_count") == []
    assert one(watching, 'up{job="flowise-queue-exporter"}') == 1
    redis.start()
    soon(watching, "flowise_queue_redis_up", 1)
    soon(watching, "redis_up", 1)
    soon(watching, f'flowise_queue_workers{{queue="{PREDICTION}"}}', 1)
    for name in EXPORTERS:
        pod = monitored.pod(name)
        assert pod.failures() == []
        assert pod.ready


def test_the_database_s_exporter_has_a_role_of_its_own(monitored: Monitored, watching: Prometheus) -> None:
    soon(watching, "pg_up", 1)
    assert (one(watching, 'sum(pg_stat_activity_count{datname="flowise"})') or 0) > 0
    assert one(watching, "max(pg_settings_max_connections)") == 200
    postgres = monitored.deployment.postgres
    assert postgres is not None
    names = postgres.query("SELECT DISTINCT usename FROM pg_stat_activity WHERE usename IS NOT NULL ORDER BY 1")
    assert ["flowise_monitoring"] in names


def test_the_exporter_is_small(monitored: Monitored, watching: Prometheus, figures: Figures) -> None:
    del watching
    pod = monitored.pod("flowise-queue-exporter")
    assert pod.process is not None
    pod.process.measure()
    figures.memory(monitored.deployment.release.label, "queue-exporter", pod.process.peak_memory)
    assert pod.process.peak_memory < 160 * 2**20
    text = monitored.answer("flowise-queue-exporter")
    assert checked_by_promtool(text) == ""
    assert set(samples(monitored.answer("flowise"))) >= {"http_requests_total", "flowise_version_info"}
