"""The lease by which mains are restarted one after the other, on a real Redis; and the probe that asks for it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from backup.servers import free_port
from test_gate_image import FlowiseImage
from test_gate_servers import MODULES, Redis, redis

from flowise_constructs.kubernetes.scripts import scripts

KEY = "bull:flowise-queue-main:restarting"
LEASE_SECONDS = 180
ONE, OTHER = "flowise-6d4c-aaaaa", "flowise-6d4c-bbbbb"

pytestmark = [
    pytest.mark.servers,
    pytest.mark.roundtrip,
    pytest.mark.skipif(MODULES is None, reason="no Flowise is installed: run `make boot`"),
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="Redis of the distribution is not installed"),
]


@dataclass(frozen=True)
class Mains:
    """What the probes of several pods do with one Redis."""

    folder: Path
    server: Redis
    variables: Mapping[str, str]

    def waits_for(self, pod: str, **variables: str) -> str | None:
        """Whom the pod waits for; None: it is its turn."""
        answer: str | None = self._call("waitsFor", pod, variables)
        return answer

    def ends_turn(self, pod: str, **variables: str) -> bool:
        """Whether the pod has nothing more to give back."""
        answer: bool = self._call("endTurn", pod, variables)
        return answer

    def _call(self, function: str, pod: str, variables: Mapping[str, str]) -> Any:
        code = f"""
            require('os').hostname = () => '{pod}'
            const turn = require('{self.folder}/main-turn.js')
            const Redis = require('{MODULES}/ioredis')
            turn.{function}(Redis, process.env, 1000)
                .then((answer) => console.log(JSON.stringify(answer === undefined ? null : answer)))"""
        environment = {"PATH": os.environ["PATH"], **self.variables, **variables}
        command = [os.environ.get("JSII_NODE", "node"), "-e", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def seconds_left(self) -> float:
        return int(self.server.cli("pttl", KEY)) / 1000


@pytest.fixture
def mains(tmp_path: Path) -> Iterator[Mains]:
    with redis() as server:
        yield mains_of(tmp_path, server)


def mains_of(folder: Path, server: Redis, **variables: str) -> Mains:
    for name, text in scripts("main-turn.js").items():
        (folder / name).write_text(text)
    return Mains(folder, server, {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(server.port), **variables})


def test_the_first_has_its_turn_and_the_other_waits(mains: Mains) -> None:
    assert mains.waits_for(ONE) is None
    assert mains.waits_for(OTHER) == ONE
    assert mains.waits_for(ONE) is None, "each of its probes asks again"


def test_of_many_that_ask_at_once_one_has_its_turn(mains: Mains) -> None:
    pods = [f"flowise-6d4c-{letter * 5}" for letter in "abcd"]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(mains.waits_for, pods))
    [first] = [pod for pod, other in zip(pods, answers, strict=True) if other is None]
    assert {other for other in answers if other is not None} == {first}


def test_once_it_serves_again_it_is_the_others_turn(mains: Mains) -> None:
    mains.waits_for(ONE)
    assert mains.ends_turn(ONE)
    assert mains.server.cli("exists", KEY) == "0"
    assert mains.waits_for(OTHER) is None
    assert mains.waits_for(ONE) == OTHER


def test_nobody_ends_the_turn_of_another(mains: Mains) -> None:
    mains.waits_for(ONE)
    assert mains.ends_turn(OTHER)
    assert mains.waits_for(OTHER) == ONE


def test_who_never_comes_back_is_not_waited_for_for_ever(mains: Mains) -> None:
    mains.waits_for(ONE)
    assert LEASE_SECONDS - 10 < mains.seconds_left() <= LEASE_SECONDS
    mains.server.cli("pexpire", KEY, "1")
    time.sleep(0.05)
    assert mains.waits_for(OTHER) is None


def test_each_failed_probe_begins_the_lease_anew(mains: Mains) -> None:
    mains.waits_for(ONE)
    mains.server.cli("pexpire", KEY, "5000")
    mains.waits_for(ONE)
    assert mains.seconds_left() > LEASE_SECONDS - 10


def test_who_waits_does_not_lengthen_the_lease(mains: Mains) -> None:
    mains.waits_for(ONE)
    mains.server.cli("pexpire", KEY, "5000")
    mains.waits_for(OTHER)
    assert mains.seconds_left() <= 5


def test_deployments_with_other_queues_do_not_wait_for_each_other(mains: Mains) -> None:
    assert mains.waits_for(ONE) is None
    assert mains.waits_for(OTHER, QUEUE_NAME="chat") is None
    assert mains.server.cli("get", "bull:chat-main:restarting") == OTHER


REFUSING = {
    "no memory": "maxmemory 1\nmaxmemory-policy noeviction",
    "a replica": "replicaof 127.0.0.1 1\nreplica-serve-stale-data yes",
    "no scripts": 'rename-command EVAL ""',
}


@pytest.mark.parametrize("configuration", REFUSING.values(), ids=REFUSING)
def test_where_redis_refuses_the_lease_both_go(tmp_path: Path, configuration: str) -> None:
    with redis(configuration=configuration) as server:
        both = mains_of(tmp_path, server)
        assert both.waits_for(ONE) is None
        assert both.waits_for(OTHER) is None
        assert both.ends_turn(ONE)


def test_where_an_acl_forbids_it_both_go(tmp_path: Path) -> None:
    with redis(configuration="user flowise on >secret ~none:* +@all") as server:
        both = mains_of(tmp_path, server, REDIS_USERNAME="flowise", REDIS_PASSWORD="secret")
        assert both.waits_for(ONE) is None
        assert both.waits_for(OTHER) is None


def test_an_acl_for_the_queue_is_enough(tmp_path: Path) -> None:
    with redis(configuration="user flowise on >secret ~bull:* +@all") as server:
        both = mains_of(tmp_path, server, REDIS_USERNAME="flowise", REDIS_PASSWORD="secret")
        assert both.waits_for(ONE) is None
        assert both.waits_for(OTHER) == ONE


def test_where_redis_does_not_answer_nobody_goes(mains: Mains) -> None:
    """A restart wouldn't bring the connections back."""
    assert mains.waits_for(ONE, REDIS_PORT="1") == "Redis"
    assert not mains.ends_turn(ONE, REDIS_PORT="1"), "it is told later"


def test_a_redis_that_is_stopped_in_mid_answer_is_one_that_does_not_answer(mains: Mains) -> None:
    mains.server.cli("client", "pause", "3000")
    assert mains.waits_for(ONE) == "Redis"


# The whole probe, against processes that answer the ping and hold connections.

MAIN = """
    const http = require('http')
    const net = require('net')
    const connect = () => net.connect(Number(process.env.REDIS_PORT), '127.0.0.1')
    const sockets = Array.from({ length: 8 }, connect)
    process.on('SIGUSR2', () => sockets.splice(0, 2).forEach((socket) => socket.destroy()))
    process.on('SIGHUP', () => sockets.push(connect(), connect()))
    http.createServer((_, response) => response.end('pong')).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('up'))
"""
IN_A_POD = """
    require('os').hostname = () => process.env.HOSTNAME
    require('os').uptime = () => Number(process.env.NOW)
"""


class FakeMain:
    """A process in the place of main, and its probe."""

    def __init__(self, image: FlowiseImage, server: Redis, name: str, stack: ExitStack) -> None:
        self.name, self._image, self._stack = name, image, stack
        self._tmp = image.folder / name
        self._tmp.mkdir()
        self._preload = image.folder / "in-a-pod.js"
        self._preload.write_text(IN_A_POD)
        self._variables = {
            "PATH": f"{image.folder / 'bin'}:{os.environ['PATH']}",
            "HOST": "127.0.0.1",
            "PORT": str(free_port()),
            "MODE": "queue",
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(server.port),
            "HOSTNAME": name,
            "TMPDIR": str(self._tmp),
        }
        self.start()

    def start(self) -> None:
        command = [os.environ.get("JSII_NODE", "node"), "-e", MAIN]
        self._process = subprocess.Popen(command, env=self._variables, stdout=subprocess.PIPE)
        self._stack.callback(self._process.wait)
        self._stack.callback(self._process.kill)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"up\n"
        time.sleep(0.3)

    def restart(self) -> None:
        self._process.kill()
        self._process.wait()
        self.start()

    def lose_connections(self) -> None:
        self._process.send_signal(signal.SIGUSR2)
        time.sleep(0.3)

    def find_connections(self) -> None:
        self._process.send_signal(signal.SIGHUP)
        time.sleep(0.3)

    def hang(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def probe(self, now: int) -> tuple[int, str]:
        """Exit code and text of the probe at that second."""
        node = [os.environ.get("JSII_NODE", "node"), f"--require={self._preload}"]
        command = [*node, str(self._image.scripts / "main-alive.js")]
        environment = {**self._variables, "NOW": str(now)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, f"{done.stdout}{done.stderr}".strip()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[FakeMain, FakeMain]]:
    with ExitStack() as stack:
        server = stack.enter_context(redis())
        image = FlowiseImage(tmp_path / "image", MODULES)
        yield FakeMain(image, server, ONE, stack), FakeMain(image, server, OTHER, stack)


LOST = "2 of 8 connections to redis were lost and did not come back (FlowiseAI/Flowise#5126)"


def test_the_second_probe_fails_once_the_first_main_is_back(two: tuple[FakeMain, FakeMain]) -> None:
    first, second = two
    assert [main.probe(0) for main in two] == [(0, "alive")] * 2
    for main in two:
        main.lose_connections()
        assert main.probe(10) == (0, "alive")
    assert first.probe(20) == (1, LOST)
    assert second.probe(20) == (0, f"alive, and waits for {ONE}: {LOST}")
    assert first.probe(30) == (1, LOST)
    first.restart()
    assert second.probe(30)[0] == 0, "the first is not back yet"
    assert first.probe(40) == (0, "alive")
    assert second.probe(40) == (1, LOST)
    second.restart()
    assert second.probe(50) == (0, "alive")
    first.lose_connections()
    assert [first.probe(now)[0] for now in (50, 60)] == [0, 1], "both are whole again, and the lease is free"


def test_mains_that_hang_do_not_wait(two: tuple[FakeMain, FakeMain]) -> None:
    for main in two:
        assert main.probe(0) == (0, "alive")
        main.hang()
    for main in two:
        assert main.probe(10) == (1, "ping: no answer within 8 s")


def test_who_still_serves_waits_for_who_hangs(two: tuple[FakeMain, FakeMain]) -> None:
    first, second = two
    for main in two:
        main.probe(0)
    second.lose_connections()
    second.probe(10)
    first.hang()
    assert first.probe(10)[0] == 1
    assert second.probe(20) == (0, f"alive, and waits for {ONE}: {LOST}")
    first.restart()
    assert first.probe(30) == (0, "alive")
    assert second.probe(30) == (1, LOST)


def test_what_came_back_by_itself_gives_the_lease_back(two: tuple[FakeMain, FakeMain]) -> None:
    first, second = two
    for main in two:
        main.probe(0)
        main.lose_connections()
        main.probe(10)
    assert first.probe(20)[0] == 1
    first.find_connections()
    assert first.probe(30) == (0, "alive")
    assert second.probe(30) == (1, LOST)
