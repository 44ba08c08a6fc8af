"""Backups that fail, or aren't made, raise their alerts: the scripts of the manifests on a real server, whose outcome a
real Prometheus learns as it would from kube-state-metrics, which a page of this test stands in for (no cluster is here).
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("moto", reason="not installed: moto[server]")
pytest.importorskip("flask", reason="not installed: moto[server]")

from alerting import Watch, alerting, state_of_the_cluster
from backup import data
from backup.pods import Outcome, give_to_runner
from backup.servers import Postgres, free_port
from backup.world import World, directory, missing, object_store, s3
from deployments import DRILLED, objects, standalone, with_alerts
from moto.server import ThreadedMotoServer

from flowise_constructs import BundledPostgres, PostgresDatabase, SecretKey

pytestmark = [
    pytest.mark.roundtrip,
    pytest.mark.servers,
    missing("pg_dump", "initdb", "rclone", "busybox", "setpriv", "openssl"),
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="not installed: prometheus"),
]
DAY = 24 * 3600
HOST = "127.0.0.1"


class Cluster:
    """What kube-state-metrics would say: two CronJobs that were made forty days ago, and their runs."""

    def __init__(self) -> None:
        self.figures: dict[str, float] = {}
        for figure in ("spec_replicas", "status_replicas_available"):
            self.figures[f'kube_deployment_{figure}{{namespace="ai",deployment="flowise"}}'] = 1
        for name in ("backup", "drill"):
            self.figures[f'kube_cronjob_created{{namespace="ai",cronjob="flowise-{name}"}}'] = time.time() - 40 * DAY
        self._runs = 29345678

    def ran(self, name: str, started: float, outcome: Outcome) -> None:
        """A run of a CronJob has ended."""
        self._runs += 1
        job = f'namespace="ai",job_name="flowise-{name}-{self._runs}"'
        self.figures[f"kube_job_status_start_time{{{job}}}"] = started
        if outcome.code == 0:
            success = f'kube_cronjob_status_last_successful_time{{namespace="ai",cronjob="flowise-{name}"}}'
            self.figures[success] = time.time()
        else:
            self.figures[f'kube_job_failed{{{job},condition="true"}}'] = 1


def groups() -> list[dict[str, Any]]:
    """The alerts of a deployment with backups and drills."""
    build = with_alerts(standalone(database=BundledPostgres(), backup=DRILLED), namespace="ai")
    [rule] = [item for item in objects(build) if item["kind"] == "PrometheusRule"]
    found: list[dict[str, Any]] = rule["spec"]["groups"]
    return found


def world_of(root: Path, store: ThreadedMotoServer, server: Postgres) -> World:
    database = PostgresDatabase(
        host=HOST, port=server.port, name="flows", password=SecretKey(secret="database", key="password")
    )
    host, port = store.get_host_and_port()
    storage = s3(f"http://{host}:{port}", "files")
    world = World(
        root=root, store=store, database=database, password=server.password, storage=storage, bucket="backups"
    )
    give_to_runner(root)
    return world


def test_backups_that_fail_or_are_not_made_raise_alerts(tmp_path: Path) -> None:
    cluster = Cluster()
    with (
        directory() as root,
        object_store() as store,
        state_of_the_cluster(HOST, lambda: dict(cluster.figures)) as state,
        alerting(tmp_path / "alerting", f"{HOST}:{free_port()}", groups(), [], state) as watch,
    ):
        for name in ("server", "world"):
            (root / name).mkdir()
        give_to_runner(root)
        server = Postgres(root / "server")
        try:
            server.sql("CREATE DATABASE flows")
            server.sql(data.postgres(100), "flows")
            _faults(cluster, watch, server, world_of(root / "world", store, server))
        finally:
            server.stop()


def _faults(cluster: Cluster, watch: Watch, server: Postgres, world: World) -> None:
    def run(name: str, expected: int) -> None:
        started = time.time()
        outcome = world.back_up() if name == "backup" else world.drill()
        assert int(outcome.code != 0) == expected, outcome.log
        cluster.ran(name, started, outcome)

    # Nobody has ever made a backup.
    watch.until_firing("FlowiseBackupTooOld", "FlowiseDrillTooOld")
    run("backup", 0)
    run("drill", 0)
    watch.until_silent()
    # The dump fails.
    server.sql("ALTER DATABASE flows RENAME TO gone")
    run("backup", 1)
    watch.until(lambda found: found == {"FlowiseBackupFailed"}, "a failed dump")
    server.sql("ALTER DATABASE gone RENAME TO flows")
    run("backup", 0)
    watch.until_silent()
    # Somebody deletes the dumps, and leaves their manifests.
    for key in world.objects():
        if "manifest" not in key:
            world.client.delete_object(Bucket=world.bucket, Key=key)
    run("drill", 1)
    watch.until(lambda found: found == {"FlowiseDrillFailed"}, "a failed drill")
