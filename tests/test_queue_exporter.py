"""The queue exporter on a real Redis, with the BullMQ that Flowise brings; what promtool says of its page."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from backup.pods import as_runner, give_to_runner
from backup.servers import POSTGRES_BIN, Postgres, free_port, wait_for
from boot.install import CACHE
from boot.manifests import Manifests
from certificates import signed_by_an_authority
from deployments import AUTH, BUCKET, POSTGRES, SCRAPED, objects, with_monitoring
from scraping import checked_by_promtool, samples
from test_gate_image import FlowiseImage
from test_gate_servers import Redis as RunningRedis
from test_gate_servers import directory, redis

from flowise_constructs import Image, Queue, QueueChart, Redis, RedisTls, SecretKey
from flowise_constructs.kubernetes.scripts import script

CLIENTS = ("ioredis", "bullmq")
MODULES = next(
    (path for path in sorted(CACHE.glob("flowise-*/node_modules")) if all((path / name).is_dir() for name in CLIENTS)),
    None,
)
pytestmark = [
    pytest.mark.servers,
    pytest.mark.roundtrip,
    pytest.mark.skipif(MODULES is None, reason=f"no Flowise is installed in {CACHE}: run `make boot`"),
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="Redis of the distribution is not installed"),
    pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (package prometheus) is not installed"),
    pytest.mark.filterwarnings("ignore:Image.tag:flowise_constructs.ConfigWarning"),
]
NODE = os.environ.get("JSII_NODE", "node")
QUEUES = tuple(f"flowise-queue-{kind}" for kind in ("prediction", "upsertion", "schedule"))
STATES = {"active", "completed", "delayed", "failed", "paused", "prioritized", "waiting", "waiting-children"}
ANSWER_SECONDS = 8


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> FlowiseImage:
    made = FlowiseImage(tmp_path_factory.mktemp("image"), MODULES, version="3.1.4")
    (made.package / "dist" / "queue").mkdir()
    # By which the probes and the exporter know that the release has schedules.
    (made.package / "dist" / "queue" / "ScheduleQueue.js").touch()
    return made


@dataclass(frozen=True)
class Exporter:
    """A running exporter."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def get(self, path: str = "/metrics") -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            text = response.read().decode()
            assert response.status == 200
            return text
        finally:
            connection.close()

    def values(self) -> dict[tuple[str, ...], float]:
        """The figures of a page, each by its name and the values of its labels."""
        found: dict[tuple[str, ...], float] = {}
        for line in self.get().splitlines():
            if not line.startswith("#"):
                [(name, [labels])] = samples(line).items()
                figure = (name, *labels.values())
                found[figure] = float(line.rpartition(" ")[2])
        return found

    def said(self) -> list[str]:
        return self.log.read_text().splitlines()[1:]


@contextmanager
def exporter(
    image: FlowiseImage, server: Redis, release: str = "3.1.4", name: str = "flowise-queue"
) -> Iterator[Exporter]:
    """The process of the synthesized pod, with its variables, and files where the pod has them."""
    secrets = {"redis": {"password": "secret-word"}}
    variables = _variables(image, server, secrets, release, name)
    port, log = free_port(), image.folder / f"{time.monotonic_ns()}.log"
    environment = {
        **variables,
        "EXPORTER_PORT": str(port),
        "PATH": f"{image.folder / 'bin'}:{os.environ['PATH']}",
    }
    with log.open("wb") as output:
        command = [NODE, str(image.scripts / "queue-exporter.js")]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    running = Exporter(process, port, log)
    try:
        wait_for(lambda: _is_alive(running), 60)
        yield running
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        assert process.wait(10) == 0


def _variables(
    image: FlowiseImage, server: Redis, secrets: Mapping[str, Mapping[str, str]], release: str, name: str
) -> dict[str, str]:
    documents = objects(
        with_monitoring(
            lambda app: QueueChart(
                app,
                "queue",
                auth=AUTH,
                database=POSTGRES,
                storage=BUCKET,
                queue=Queue(redis=server, name=name),
                settings=SCRAPED,
                image=Image(tag=release),
            )
        )
    )
    manifests = Manifests(documents, secrets)
    pod = manifests.template("flowise-queue-exporter")
    variables = manifests.environment(pod["containers"][0], {})
    files = image.folder / "certificates"
    shutil.rmtree(files, ignore_errors=True)
    for volume in pod["volumes"]:
        if volume["name"] == "certificates":
            files.mkdir()
            for path, file in manifests.files(volume).items():
                (files / path).write_text(file.content)
    here = {"/etc/flowise-constructs/certificates": str(files), "/opt/flowise-constructs": str(image.scripts)}
    for place, folder in here.items():
        variables = {word: text.replace(place, folder) for word, text in variables.items()}
    return variables


def _is_alive(running: Exporter) -> bool:
    try:
        return running.get("/healthz") == "alive\n"
    except OSError:
        return False


def bullmq(image: FlowiseImage, port: int, body: str) -> list[Any]:
    """What a script prints that adds jobs as main does; `queue(kind)` is one of the three."""
    text = f"""
        const {{ Queue }} = require('bullmq')
        const connection = {{ host: '127.0.0.1', port: {port} }}
        const queue = (kind) => new Queue('flowise-queue-' + kind, {{ connection, streams: {{ events: {{ maxLen: 77 }} }} }})
        ;(async () => {{ {body} }})().then(() => process.exit(0))
    """
    done = subprocess.run([NODE, "-e", text], cwd=image.package, check=True, capture_output=True, text=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def worker(image: FlowiseImage, port: int, kind: str) -> Iterator[None]:
    """A worker that takes one job and never finishes it."""
    text = f"""
        const {{ Worker }} = require('bullmq')
        const connection = {{ host: '127.0.0.1', port: {port}, maxRetriesPerRequest: null }}
        new Worker('flowise-queue-{kind}', () => new Promise(() => setInterval(() => 0, 1000)), {{ connection }})
    """
    process = subprocess.Popen([NODE, "-e", text], cwd=image.package)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def at(server: RunningRedis, **further: Any) -> Redis:
    return Redis(host="127.0.0.1", port=server.port, **further)


def test_every_queue_has_every_figure_on_a_page_that_promtool_takes(image: FlowiseImage) -> None:
    with redis() as server, exporter(image, at(server)) as running:
        text = running.get()
        assert checked_by_promtool(text) == ""
        found = samples(text)
        assert {(item["queue"], item["state"]) for item in found["bullmq_job_count"]} == {
            (queue, state) for queue in QUEUES for state in STATES
        }
        for name in ("flowise_queue_oldest_job_age_seconds", "flowise_queue_workers", "flowise_queue_paused"):
            assert [item["queue"] for item in found[name]] == list(QUEUES)
        helped = [line.split()[2] for line in text.splitlines() if line.startswith("# HELP")]
        assert len(helped) == len(set(helped)) == len(found)
        # Nothing is written: not even what BullMQ notes of a queue when it is opened.
        assert server.cli("dbsize") == "0"
        assert running.said() == ["queue-exporter: Redis answers"]


def test_what_waits_works_and_is_paused_is_told(image: FlowiseImage) -> None:
    with redis() as server, exporter(image, at(server)) as running:
        adding = """
            const ago = (seconds) => ({ timestamp: Date.now() - seconds * 1000 })
            await queue('prediction').add('a', {}, ago(100))
            await queue('prediction').add('b', {}, ago(50))
            await queue('prediction').add('c', {}, { ...ago(10), delay: 3600000 })
            await queue('upsertion').pause()
            await queue('upsertion').add('d', {}, ago(30))
            await queue('schedule').add('e', {}, { ...ago(20), priority: 3 })
        """
        bullmq(image, server.port, adding)
        found = running.values()
        prediction, upsertion, schedule = QUEUES
        assert (found["bullmq_job_count", prediction, "waiting"], found["bullmq_job_count", prediction, "delayed"]) == (
            2,
            1,
        )
        assert found["bullmq_job_count", upsertion, "paused"] == 1
        assert found["bullmq_job_count", schedule, "prioritized"] == 1
        assert [found["flowise_queue_paused", queue] for queue in QUEUES] == [0, 1, 0]
        ages = [found["flowise_queue_oldest_job_age_seconds", queue] for queue in QUEUES]
        assert [age // 10 for age in ages] == [10, 3, 2]
        assert [found["flowise_queue_workers", queue] for queue in QUEUES] == [0, 0, 0]
        with worker(image, server.port, "prediction"), worker(image, server.port, "prediction"):
            wait_for(lambda: running.values()["bullmq_job_count", prediction, "active"] == 2, 30)
            found = running.values()
            assert [found["flowise_queue_workers", queue] for queue in QUEUES] == [2, 0, 0]
            assert found["flowise_queue_oldest_job_age_seconds", prediction] == 0
        wait_for(lambda: running.values()["flowise_queue_workers", prediction] == 0, 30)
        # Main's own note stays.
        assert server.cli("hget", f"bull:{prediction}:meta", "opts.maxLenEvents") == "77"


def test_a_job_that_was_delayed_has_waited_since_it_was_due(image: FlowiseImage) -> None:
    with redis() as server, exporter(image, at(server)) as running:
        adding = """
            const job = await queue('prediction').add('a', {}, { timestamp: Date.now() - 100000, delay: 60000 })
            await job.promote()
            await queue('schedule').upsertJobScheduler('s', { pattern: '0 0 1 1 *' }, { name: 's', data: {} })
            console.log(JSON.stringify(await queue('prediction').getJobCounts()))
        """
        [counts] = bullmq(image, server.port, adding)
        assert counts["waiting"] == 1
        found = running.values()
        assert 35 < found["flowise_queue_oldest_job_age_seconds", QUEUES[0]] < 60
        assert found["flowise_queue_oldest_job_age_seconds", QUEUES[2]] == 0


def test_redis_restarted_under_it_leaves_no_stale_figure_and_needs_no_restart(image: FlowiseImage) -> None:
    with directory() as place, redis(folder=place) as server:
        port = server.port
        with exporter(image, at(server)) as running:
            assert running.values()["flowise_queue_redis_up",] == 1
            server.cli("shutdown", "nosave")
            found = running.values()
            assert set(found) == {
                ("flowise_queue_redis_up",),
                ("flowise_release_info", "3.1.4", "3.1.4"),
                ("flowise_release_matches",),
            }
            assert found["flowise_queue_redis_up",] == 0
            assert checked_by_promtool(running.get()) == ""
            options = ["--port", str(port), "--save", "", "--bind", "127.0.0.1"]
            again = subprocess.Popen(["redis-server", *options], cwd=place, stdout=subprocess.DEVNULL)
            try:
                wait_for(lambda: running.values()["flowise_queue_redis_up",] == 1, 30)
                assert len(running.values()) == len(QUEUES) * (len(STATES) + 3) + 3
                # A server that takes connections and says nothing: other pages are there at once.
                again.send_signal(signal.SIGSTOP)
                with ThreadPoolExecutor() as pool:
                    asked, started = pool.submit(running.values), time.monotonic()
                    assert running.get("/healthz") == "alive\n"
                    assert time.monotonic() - started < 2
                    assert asked.result()["flowise_queue_redis_up",] == 0
                    assert time.monotonic() - started < ANSWER_SECONDS
                again.send_signal(signal.SIGCONT)
                wait_for(lambda: running.values()["flowise_queue_redis_up",] == 1, 30)
            finally:
                again.kill()
                again.wait()
            said = running.said()
            assert said[0] == "queue-exporter: Redis answers"
            assert f"queue-exporter: Redis doesn't answer: refused (connect ECONNREFUSED 127.0.0.1:{port})" in said
            assert "queue-exporter: Redis doesn't answer: timed out (no answer within 5 s)" in said
            # A line a change, not a scrape.
            assert len(said) < 8


def test_it_speaks_tls_and_logs_in_as_the_deployment_s_user(image: FlowiseImage, tmp_path: Path) -> None:
    signed, key, authority = signed_by_an_authority(tmp_path / "tls", "IP:127.0.0.1")
    configuration = f"""
        tls-port {(port := free_port())}
        tls-cert-file {signed}
        tls-key-file {key}
        tls-ca-cert-file {authority}
        tls-auth-clients no
        user default off
        user limited on >secret-word ~* &* +@all -client|list
    """
    password = SecretKey(secret="redis", key="password")
    with redis(configuration=configuration, answer="NOAUTH") as server:
        del server
        tls = RedisTls(ca=authority.read_text())
        known = Redis(host="127.0.0.1", port=port, username="limited", password=password, tls=tls)
        with exporter(image, known) as running:
            found = running.values()
            assert found["flowise_queue_redis_up",] == 1
            # What an ACL forbids is missing, and no figure of its own.
            assert not [key for key in found if key[0] == "flowise_queue_workers"]
            assert running.said() == ["queue-exporter: Redis forbids CLIENT LIST, so workers are not counted"]
        for wrong in (
            Redis(host="127.0.0.1", port=port, username="nobody", password=password, tls=tls),
            Redis(host="127.0.0.1", port=port, username="limited", password=password, tls=RedisTls()),
        ):
            with exporter(image, wrong) as running:
                assert running.values()["flowise_queue_redis_up",] == 0
                [line] = running.said()
                assert line.startswith("queue-exporter: Redis doesn't answer: ")
                assert "secret-word" not in line


def test_many_scrapes_at_once_are_one_question(image: FlowiseImage) -> None:
    with redis() as server, exporter(image, at(server)) as running:
        running.get()
        before = int(_information(server)["total_connections_received"])
        with ThreadPoolExecutor(20) as pool:
            pages = list(pool.map(lambda _: running.get(), range(60)))
        assert all("flowise_queue_redis_up 1" in page for page in pages)
        info = _information(server)
        assert int(info["total_connections_received"]) - before < 40
        assert int(info["connected_clients"]) <= 2


def _information(server: RunningRedis) -> dict[str, str]:
    return dict(line.split(":", 1) for line in server.cli("info").splitlines() if ":" in line)


def test_another_release_in_the_image_is_a_figure_and_other_names_are_taken(image: FlowiseImage) -> None:
    with redis() as server, exporter(image, at(server), release="3.1.3", name="of-acme") as running:
        found = running.values()
        assert found["flowise_release_info", "3.1.4", "3.1.3"] == 1
        assert found["flowise_release_matches",] == 0
        assert found["flowise_queue_paused", "of-acme-prediction"] == 0


def test_a_release_without_schedules_has_two_queues(tmp_path: Path) -> None:
    older = FlowiseImage(tmp_path / "older", MODULES, version="3.1.2")
    with redis() as server, exporter(older, at(server), release="3.1.2") as running:
        assert {key[1] for key in running.values() if key[0] == "flowise_queue_paused"} == set(QUEUES[:2])


@pytest.mark.skipif(POSTGRES_BIN is None, reason="PostgreSQL of the distribution is not installed")
def test_the_exporter_s_role_reads_statistics_and_no_table() -> None:
    with directory() as place:
        data = place / "postgres"
        data.mkdir()
        give_to_runner(data)
        server = Postgres(data)
        try:
            server.sql("CREATE TABLE chats (text text); INSERT INTO chats VALUES ('hello')")
            for password in ("first's \"$(id)\\".replace(" ", ""), "second"):
                ended = _make_role(place, server, password)
                assert (ended.returncode, ended.stdout) == (0, "monitoring-role: watcher may read statistics\n"), ended
                as_role = {"PGUSER": "watcher", "PGPASSWORD": password}
                assert _ask(server, "SELECT count(*) > 0 FROM pg_ls_waldir()", as_role).stdout == "t\n"
                refused = _ask(server, "SELECT * FROM chats", as_role)
                assert "permission denied for table chats" in refused.stderr
            assert _ask(server, "SELECT 1", {"PGUSER": "watcher", "PGPASSWORD": "first"}).returncode == 2
            assert (
                server.sql("SELECT rolsuper, rolcreaterole, rolconnlimit FROM pg_roles WHERE rolname = 'watcher'")
                == "f|f|5"
            )
            refused = _make_role(place, server, "two words")
            assert refused.returncode == 1
            assert "white space, which the exporter takes for its end: choose another" in refused.stderr
        finally:
            server.stop()


def _make_role(place: Path, server: Postgres, password: str) -> subprocess.CompletedProcess[str]:
    file = place / "role.sh"
    file.write_text(script("postgres-monitoring-role.sh"))
    own = {"PGPASSWORD": server.password, "PGUSER": "flowise", "MONITORING_PASSWORD": password}
    return _run(server, ["sh", str(file)], own | {"PGHOST": "127.0.0.1", "MONITORING_ROLE": "watcher"})


def _ask(server: Postgres, statement: str, login: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return _run(server, ["psql", "-XAtqc", statement], {"PGHOST": "127.0.0.1", **login})


def _run(server: Postgres, command: list[str], own: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    path = f"{server.bin}:{os.environ['PATH']}"
    known = {"PATH": path, "PGPORT": str(server.port), "PGDATABASE": "postgres"}
    return subprocess.run(
        [*as_runner(), *command], env={**known, **own}, capture_output=True, text=True, check=False, cwd="/"
    )
