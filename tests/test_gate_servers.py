"""What the gate says of servers that answer and that Flowise can't use, or can use with a word on it."""

from __future__ import annotations

import re
import shutil
import socketserver
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deployments
import pytest
from backup.operated import by_reference, operated
from backup.pods import as_runner, give_to_runner
from backup.servers import POSTGRES_BIN, Mariadb, Postgres, free_port, wait_for
from boot.deployment import SECRETS
from boot.install import CACHE
from boot.manifests import Manifests
from test_gate_image import Ended, FlowiseImage

from flowise_constructs import Image, MariadbDatabase, PostgresDatabase, Queue, SecretKey
from flowise_constructs import Redis as RedisServer

CLIENTS = ("ioredis", "pg", "mysql2")
MODULES = next(
    (path for path in sorted(CACHE.glob("flowise-*/node_modules")) if all((path / name).is_dir() for name in CLIENTS)),
    None,
)
pytestmark = [
    pytest.mark.servers,
    pytest.mark.roundtrip,
    pytest.mark.skipif(MODULES is None, reason=f"no Flowise is installed in {CACHE}: run `make boot`"),
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="Redis of the distribution is not installed"),
]
FIT = "gate: database and redis reachable, schema up to date (0 migrations)"
AT_ONCE_SECONDS = 4
AUTH_KEYS = SECRETS["flowise-auth-secrets"]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> FlowiseImage:
    return FlowiseImage(tmp_path_factory.mktemp("image"), MODULES)


@contextmanager
def directory() -> Iterator[Path]:
    # A socket's path is at most 107 bytes long, and the runner must reach it.
    with tempfile.TemporaryDirectory(prefix="gate-", dir="/tmp") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@dataclass(frozen=True)
class Redis:
    """A server of the distribution."""

    folder: Path
    port: int

    def cli(self, *words: str) -> str:
        command = ["redis-cli", "-p", str(self.port), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def redis(*options: str, configuration: str = "", folder: Path | None = None, answer: str = "PONG") -> Iterator[Redis]:
    """A running Redis; `answer` is what tells that it is up."""
    with ExitStack() as stack:
        place = folder or stack.enter_context(directory())
        server = Redis(place, free_port())
        (place / "redis.conf").write_text(f"port {server.port}\nsave ''\nbind 127.0.0.1\n{configuration}\n")
        command = ["redis-server", "redis.conf", *options]
        process = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL)
        stack.callback(process.wait, 60)
        stack.callback(process.kill)
        wait_for(lambda: answer in _asked(server), 60)
        yield server


def _asked(server: Redis) -> str:
    try:
        return server.cli("ping")
    except subprocess.CalledProcessError as error:
        return str(error.stderr)


def queue(image: FlowiseImage, port: int, **variables: str | int) -> Ended:
    """The gate of a queue's main, on SQLite."""
    return image.gate(MODE="queue", REDIS_HOST="127.0.0.1", REDIS_PORT=port, **variables)


def refused(ended: Ended, words: str) -> None:
    """In the only line, and without waiting."""
    assert (ended.code, len(ended.lines)) == (1, 1), ended.lines
    assert re.match(f"gate: {words}", ended.lines[0]), ended.lines
    assert ended.seconds < AT_ONCE_SECONDS


def told(ended: Ended, words: str) -> None:
    """In one line before the last, which says that all is well."""
    assert (ended.code, len(ended.lines)) == (0, 2), ended.lines
    assert re.match(f"gate: {words}", ended.lines[0]), ended.lines
    assert ended.lines[-1] == FIT


@pytest.mark.parametrize("configuration", ["", "maxmemory 64mb\nmaxmemory-policy noeviction"])
def test_a_fit_redis_is_no_word(image: FlowiseImage, configuration: str) -> None:
    with redis(configuration=configuration) as server:
        assert queue(image, server.port).lines == [FIT]


@pytest.mark.parametrize("slots", ["all", "none"])
def test_a_cluster_is_refused(image: FlowiseImage, slots: str) -> None:
    # The default, the port and 10,000, may be no port.
    with redis(configuration=f"cluster-enabled yes\ncluster-port {free_port()}") as server:
        if slots == "all":
            server.cli("cluster", "addslotsrange", "0", "16383")
            wait_for(lambda: "cluster_state:ok" in server.cli("cluster", "info"), 60)
        server.cli("acl", "setuser", "blind", "on", ">secret-word", "~*", "&*", "+@all", "-info")
        error = "CROSSSLOT" if slots == "all" else "CLUSTERDOWN"
        words = rf"redis at 127.0.0.1:{server.port} is a Redis Cluster \({error} .*: one with cluster mode disabled$"
        refused(queue(image, server.port), words)
        refused(queue(image, server.port, REDIS_USERNAME="blind", REDIS_PASSWORD="secret-word"), words)


def test_a_sentinel_is_refused(image: FlowiseImage) -> None:
    with redis() as primary:
        monitor = f"sentinel monitor main 127.0.0.1 {primary.port} 1"
        with redis("--sentinel", configuration=monitor) as server:
            words = "redis at .* is a Redis Sentinel, which holds no data, .* that server's own host and port"
            refused(queue(image, server.port), words)


def test_a_replica_is_refused_and_a_writable_one_is_told(image: FlowiseImage) -> None:
    with redis() as primary, redis(configuration=f"replicaof 127.0.0.1 {primary.port}") as replica:
        refused(
            queue(image, replica.port), rf"redis at .* is a read-only replica of 127.0.0.1:{primary.port}\. .*primary$"
        )
        replica.cli("config", "set", "replica-read-only", "no")
        told(queue(image, replica.port), f"redis at .* is a replica of 127.0.0.1:{primary.port}, which overwrites what")


def test_a_replica_that_lost_its_primary_is_not_waited_for(image: FlowiseImage) -> None:
    with redis(configuration=f"replicaof 127.0.0.1 {free_port()}\nreplica-serve-stale-data no", answer="") as replica:
        refused(queue(image, replica.port), "redis at .* is a read-only replica of")


EVICTIONS = [
    (
        "64mb",
        "allkeys-lru",
        r"drops keys when its maxmemory is used up \(maxmemory-policy allkeys-lru\), among them jobs",
    ),
    ("64mb", "volatile-ttl", r"drops keys .* \(maxmemory-policy volatile-ttl\), among them the locks of running jobs"),
    (
        "0",
        "allkeys-random",
        r"drops keys once a maxmemory is set and used up \(maxmemory-policy allkeys-random\)",
    ),
]


@pytest.mark.parametrize(("limit", "policy", "words"), EVICTIONS)
def test_eviction_is_told(image: FlowiseImage, limit: str, policy: str, words: str) -> None:
    with redis(configuration=f"maxmemory {limit}\nmaxmemory-policy {policy}") as server:
        told(queue(image, server.port), f"redis at 127.0.0.1:{server.port} {words}.*: set maxmemory-policy noeviction$")


def test_a_user_without_info_is_told_and_goes_on(image: FlowiseImage) -> None:
    with redis(
        configuration="maxmemory-policy allkeys-lru\nuser blind on >secret-word ~* &* +@all -info -config"
    ) as server:
        ended = queue(image, server.port, REDIS_USERNAME="blind", REDIS_PASSWORD="secret-word")
        told(ended, r"redis at .* refuses INFO, .* \(NOPERM .*\): allow it, with \+info in the user's ACL$")
        assert "secret-word" not in "".join(ended.lines)


def test_a_user_with_only_the_keys_of_its_queue_is_fit(image: FlowiseImage) -> None:
    with redis(configuration="user acme on >secret-word ~bull:acme-* &* +@all") as server:
        user = {"REDIS_USERNAME": "acme", "REDIS_PASSWORD": "secret-word"}
        assert queue(image, server.port, QUEUE_NAME="acme", **user).lines == [FIT]


def test_a_server_that_is_loading_is_waited_for(image: FlowiseImage) -> None:
    with directory() as folder:
        with redis(folder=folder, configuration="rdbcompression no") as server:
            for start in range(0, 300, 100):
                server.cli("mset", *(word for key in range(start, start + 100) for word in (f"k{key}", "v" * 1024)))
            server.cli("save")
        slowly = "key-load-delay 10000\nloading-process-events-interval-bytes 1024"
        with redis(configuration=slowly, folder=folder, answer="LOADING") as server:
            ended = queue(image, server.port)
            assert re.match(r"gate: waiting for redis at .*: not ready yet \(LOADING ", ended.lines[0])
            assert (ended.code, ended.lines[-1]) == (0, FIT)


def test_a_wrong_password_is_given_up_and_not_shown(image: FlowiseImage) -> None:
    with redis(configuration="requirepass right", answer="NOAUTH") as server:
        ended = queue(image, server.port, REDIS_PASSWORD="wrong-word", GATE_DEADLINE_SECONDS=2)
        assert ended.code == 1
        assert re.match(r"gate: gave up on redis at .*: authentication failed \(WRONGPASS ", ended.lines[-1])
        assert "wrong-word" not in "".join(ended.lines)


def test_tls_on_one_side_alone_is_refused(image: FlowiseImage) -> None:
    with directory() as folder:
        subject = ["-subj", "/CN=localhost", "-days", "2", "-keyout", "key", "-out", "crt"]
        make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject]
        subprocess.run(make, cwd=folder, check=True, capture_output=True)
        files = "tls-cert-file crt\ntls-key-file key\ntls-ca-cert-file crt\ntls-auth-clients no"
        encrypted = free_port()
        with redis(configuration=f"tls-port {encrypted}\n{files}", folder=folder) as server:
            refused(queue(image, encrypted), f"redis at 127.0.0.1:{encrypted} speaks TLS: set Redis.tls$")
            ended = queue(image, server.port, REDIS_TLS="true", GATE_DEADLINE_SECONDS=9)
            assert (ended.code, len(ended.lines)) == (1, 1)
            assert f"redis at 127.0.0.1:{server.port} (TLS) speaks no TLS: leave Redis.tls out" in ended.lines[0]
            # A certificate that isn't trusted is no lack of TLS.
            ended = queue(image, encrypted, REDIS_TLS="true", GATE_DEADLINE_SECONDS=2)
            assert re.match("gate: gave up on redis at .*: TLS ", ended.lines[-1])


class Answering(socketserver.StreamRequestHandler):
    """Says an INFO of our choice, in the place of servers that no distribution has any more."""

    info = ""
    script = ":1"

    def handle(self) -> None:
        while line := self.rfile.readline():
            words = [self.rfile.readline() and self.rfile.readline().strip() for _ in range(int(line[1:]))]
            command = words[0].lower()
            text = f"${len(self.info)}\r\n{self.info}" if command == b"info" else "+OK"
            self.wfile.write(f"{self.script if command == b'eval' else text}\r\n".encode())


@contextmanager
def answering(info: str, script: str = ":1") -> Iterator[int]:
    """The port of a server that says so."""
    handler = type("Handler", (Answering,), {"info": info.replace(" ", "\r\n"), "script": script})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


FIT_INFO = [
    "redis_version:7.2.4 server_name:valkey valkey_version:8.1.0 redis_mode:standalone role:master cluster_enabled:0",
    "redis_version:7.4.0 dragonfly_version:df-v1.30.0 redis_mode:cluster cluster_enabled:1 role:master",
    "redis_version:6.3.4 redis_mode:standalone role:active-replica maxmemory_policy:noeviction",
    "redis_version:10.0.1",
    "redis_version:255.255.255",
    "",
]
REFUSED_INFO = [
    ("redis_version:7.1.0 redis_mode:cluster os:Amazon_ElastiCache cluster_enabled:1", ":1", "is a Redis Cluster"),
    ("redis_version:7.4.0 dragonfly_version:df-v1.30.0 cluster_enabled:1", "-CROSSSLOT x", "is a Redis Cluster"),
    ("redis_version:7.4.0 redis_mode:standalone", "-MOVED 866 10.0.0.9:6379", "is a Redis Cluster"),
    ("redis_version:7.4.0 loading:1 cluster_enabled:1", "-LOADING x", "is a Redis Cluster"),
    ("redis_version:4.0.14 redis_mode:standalone", ":1", "reports Redis 4.0.14, .* refuses servers below 5.0"),
]
TOLD_INFO = [
    ("redis_version:6.0.16", ":1", "reports Redis 6.0.16, .* made for 6.2 and newer: update the server"),
    ("redis_version:5.0.7 redis_mode:standalone role:master", ":1", "reports Redis 5.0.7,"),
    ("redis_version:7.4.0 maxmemory_policy:eviction", ":1", "drops keys when"),
    ("redis_version:7.4.0", "-ERR unknown command 'eval'", "runs no scripts, of which Flowise's queue is made"),
]


@pytest.mark.parametrize("info", FIT_INFO)
def test_an_info_without_fault_is_no_word(image: FlowiseImage, info: str) -> None:
    with answering(info) as port:
        assert queue(image, port).lines == [FIT]


@pytest.mark.parametrize(("info", "script", "words"), REFUSED_INFO)
def test_an_info_that_is_refused(image: FlowiseImage, info: str, script: str, words: str) -> None:
    with answering(info, script) as port:
        refused(queue(image, port), f"redis at 127.0.0.1:{port} {words}")


@pytest.mark.parametrize(("info", "script", "words"), TOLD_INFO)
def test_an_info_that_is_told(image: FlowiseImage, info: str, script: str, words: str) -> None:
    with answering(info, script) as port:
        told(queue(image, port), f"redis at 127.0.0.1:{port} {words}")


def gate_of(image: FlowiseImage, folder: Path, secrets: Mapping[str, Mapping[str, str]], **given: Any) -> Ended:
    """The gate of a queue's main whose servers are in Secrets, as a cluster runs it."""
    build = deployments.queue(image=Image(tag="3.1.3"), **given)
    manifests = Manifests.synthesize(build, secrets, folder / f"yaml-{len(list(folder.iterdir()))}")
    [gate] = manifests.template("flowise")["initContainers"]
    known = {"FLOWISE_SECRETKEY_OVERWRITE": "key"}
    fields = {"metadata.name": "pod"}
    return image.gate_of(gate, {**known, **manifests.environment(gate, fields)})


WRONG = [
    (
        "port",
        "5432\n",
        "DATABASE_PORT, key 'port' of Secret 'flowise-db-app', begins or ends with a space or a line end",
    ),
    ("host", "", "DATABASE_HOST, key 'host' of Secret 'flowise-db-app', is empty"),
    (
        "host",
        "postgresql://flowise:hunter2@db/app",
        "DATABASE_HOST, key 'host' of Secret 'flowise-db-app', holds a URL",
    ),
    ("password", "db/?Action=connect&X-Amz-Signature=hunter2", "DATABASE_PASSWORD holds a token of AWS IAM, which"),
]


@pytest.mark.skipif(POSTGRES_BIN is None, reason="PostgreSQL of the distribution is not installed")
@pytest.mark.skipif(shutil.which("mariadb-install-db") is None, reason="MariaDB of the distribution is not installed")
@pytest.mark.parametrize("family", [PostgresDatabase, MariadbDatabase])
def test_addresses_in_secrets_are_reached_and_wrong_ones_are_named(
    image: FlowiseImage, family: type[PostgresDatabase] | type[MariadbDatabase]
) -> None:
    with directory() as folder, redis(configuration="user queue on >secret-word ~* &* +@all") as other:
        server = Postgres(folder) if family is PostgresDatabase else Mariadb(folder)
        try:
            if isinstance(server, Mariadb):
                server.make("app", with_restore=False)
            else:
                server.sql("CREATE DATABASE app")
            keys = {"host": "127.0.0.1", "port": str(other.port), "user": "queue", "password": "secret-word"}
            secrets = {"flowise-db-app": operated(server, "app"), "redis": keys, "flowise-auth-secrets": AUTH_KEYS}
            database = by_reference(family)
            parts: dict[str, Any] = {
                field: SecretKey(secret="redis", key=field) for field in ("host", "port", "password")
            }
            queue = Queue(redis=RedisServer(**parts, username=SecretKey(secret="redis", key="user")))
            given: dict[str, Any] = {"database": database, "queue": queue}
            assert gate_of(image, folder, secrets, **given).lines == [FIT]
            for key, value, words in WRONG:
                wrong = {**secrets, "flowise-db-app": {**secrets["flowise-db-app"], key: value}}
                ended = gate_of(image, folder, wrong, **given)
                refused(ended, words)
                assert "hunter2" not in "".join(ended.lines)
            lost = {
                **secrets,
                "flowise-db-app": {**secrets["flowise-db-app"], "host": ""},
                "redis": {**keys, "port": "tcp://10.0.0.1:6379"},
            }
            ended = gate_of(image, folder, lost, **given)
            refused(ended, "DATABASE_HOST, .* is empty; REDIS_PORT, key 'port' of Secret 'redis', holds no port$")
        finally:
            server.stop()


def sql(image: FlowiseImage, kind: str, server: Postgres | Mariadb, name: str) -> Ended:
    address: dict[str, str | int] = {"DATABASE_TYPE": kind, "DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": server.port}
    return image.gate(**address, DATABASE_NAME=name, DATABASE_USER="flowise", DATABASE_PASSWORD=server.password)


@pytest.mark.skipif(POSTGRES_BIN is None, reason="PostgreSQL of the distribution is not installed")
def test_a_postgresql_that_takes_no_writes_is_refused(image: FlowiseImage) -> None:
    with directory() as folder:
        server = Postgres(folder)
        try:
            assert sql(image, "postgres", server, "postgres").lines == [FIT.replace(" and redis", "")]
            server.sql("ALTER ROLE flowise SET default_transaction_read_only = on")
            words = f"database postgres .* at 127.0.0.1:{server.port} as flowise takes no writes"
            refused(sql(image, "postgres", server, "postgres"), words)
            (folder / "data" / "standby.signal").touch()
            give_to_runner(folder)
            restart = [f"{POSTGRES_BIN}/pg_ctl", "-D", str(folder / "data"), "-m", "fast", "-w", "restart"]
            subprocess.run([*as_runner(), *restart], check=True, stdout=subprocess.DEVNULL)
            words = "database postgres .* is a read-only standby, and Flowise writes: give the host of the primary$"
            refused(sql(image, "postgres", server, "postgres"), words)
        finally:
            server.stop()


@pytest.mark.skipif(shutil.which("mariadb-install-db") is None, reason="MariaDB of the distribution is not installed")
def test_a_mysql_that_lacks_the_collation_is_refused_before_it_is_changed(image: FlowiseImage) -> None:
    with directory() as folder:
        server = Mariadb(folder)
        try:
            server.make("flowise", with_restore=False)
            assert sql(image, "mariadb", server, "flowise").lines == [FIT.replace(" and redis", "")]
            server.sql("SET GLOBAL read_only = 1")
            ended = sql(image, "mariadb", server, "flowise")
            assert (ended.code, len(ended.lines)) == (0, 2)
            assert "as flowise is read-only, as replicas are, and Flowise writes" in ended.lines[0]
            server.sql("SET GLOBAL read_only = 0")
            image.migrations("mysql", "exports.mysqlMigrations = new Array(class One1000000000001 {})")
            words = "database flowise .* is .*MariaDB.*, which doesn't know the collation utf8mb4_0900_ai_ci"
            refused(sql(image, "mysql", server, "flowise"), words)
        finally:
            server.stop()
