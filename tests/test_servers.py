"""The bundled servers' scripts and configuration, out of the YAML, on the servers of the distribution."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cdk8s import App
from deployments import objects

from flowise_constructs import (
    Auth,
    BundledPostgres,
    BundledRedis,
    Queue,
    QueueChart,
    S3Bucket,
)

pytestmark = pytest.mark.servers

POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
PASSWORDS = ("plain", 'it\'s "quoted" $HOME \\ `id` %s', "pässwörd ☃ #1;")
RUNNER = 65534


def unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={RUNNER}", f"--regid={RUNNER}", "--clear-groups", "--"]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def eventually(holds: Any) -> bool:
    for _ in range(100):
        if holds():
            return True
        time.sleep(0.1)
    return False


def command_lines() -> str:
    lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    return b"\n".join(lines).replace(b"\0", b" ").decode(errors="replace")


class Pod:
    """A bundled server's pod: its volumes as folders, its paths mapped to them."""

    def __init__(self, folder: Path, name: str, secrets: dict[str, str]) -> None:
        documents = objects(self._build)
        self.folder, self.port = folder, free_port()
        self.spec = next(d for d in documents if d["kind"] == "StatefulSet" and d["metadata"]["name"] == name)
        pod = self.spec["spec"]["template"]["spec"]
        self.container = pod["containers"][0]
        config_maps = {d["metadata"]["name"]: d["data"] for d in documents if d["kind"] == "ConfigMap"}
        self.paths: dict[str, Path] = {}
        for mount in self.container["volumeMounts"]:
            self.paths[mount["mountPath"]] = path = folder / mount["name"]
            path.mkdir(exist_ok=True)
        self.secrets = secrets
        for volume in pod["volumes"]:
            self._fill(folder / volume["name"], volume, config_maps)
        if os.geteuid() == 0:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, RUNNER, RUNNER)

    @staticmethod
    def _build(app: App) -> None:
        QueueChart(
            app,
            "servers",
            auth=Auth.from_secret("auth"),
            database=BundledPostgres(config={"max_connections": "50"}),
            queue=Queue(redis=BundledRedis(config={"maxclients": "500"})),
            storage=S3Bucket(bucket="files"),
        )

    def _fill(self, path: Path, volume: dict[str, Any], config_maps: dict[str, dict[str, str]]) -> None:
        if "configMap" in volume:
            for name, content in config_maps[volume["configMap"]["name"]].items():
                (path / name).write_text(self.mapped(content))
        for source in volume.get("projected", {}).get("sources", []):
            for item in source["secret"]["items"]:
                (path / item["path"]).write_text(self.secrets[item["key"]])

    def mapped(self, text: str) -> str:
        inside = "|".join(re.escape(path) for path in sorted(self.paths, key=len, reverse=True))
        return re.sub(inside, lambda match: str(self.paths[match[0]]), text)

    @property
    def environment(self) -> dict[str, str]:
        found = {"PATH": f"{POSTGRES}:{os.environ['PATH']}", "LANG": "C.UTF-8"}
        for variable in self.container["env"]:
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            found[variable["name"]] = self.secrets[reference["key"]] if reference else self.mapped(variable["value"])
        return found

    def run(self, *command: str, given: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*unprivileged(), *command],
            env={**self.environment, **environment},
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def probe(self, name: str, *, port_option: str) -> subprocess.CompletedProcess[str]:
        command = list(self.container[f"{name}Probe"]["exec"]["command"])
        if command[0] == "pg_isready":
            return self.run(*command, f"{port_option}{self.port}")
        return self.run(*[word.replace("redis-cli", f"redis-cli {port_option}{self.port}") for word in command])


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    # A socket's path is at most 107 bytes long, and the runner must reach it.
    path = Path("/tmp") / f"servers-{os.getpid()}-{free_port()}"
    path.mkdir(mode=0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.mark.skipif(POSTGRES is None, reason="PostgreSQL of the distribution is not installed")
@pytest.mark.parametrize("password", PASSWORDS, ids=["plain", "quotes", "unicode"])
def test_postgres_makes_the_role_that_owns_the_database(folder: Path, password: str) -> None:
    pod = Pod(folder, "flowise-postgresql", {"postgres-password": f"admin {password}", "user-password": password})
    server = Postgres(pod)
    try:
        server.first_start()
        server.start(listen=True)
        assert eventually(lambda: pod.probe("readiness", port_option="--port=").returncode == 0)
        user = {"PGUSER": "flowise", "PGPASSWORD": password}
        assert (
            server.sql("select pg_get_userbyid(datdba) from pg_database where datname = 'flowise'", **user) == "flowise"
        )
        assert server.sql(
            "create table t (id uuid default uuid_generate_v4()); insert into t default values; select count(*) from t",
            **user,
        ).endswith("1")
        assert (
            server.sql(
                "select rolsuper or rolcreatedb or rolcreaterole from pg_roles where rolname = current_user", **user
            )
            == "f"
        )
        assert server.sql("show max_connections", **user) == "50"
        assert "authentication failed" in server.sql("select 1", PGUSER="flowise", PGPASSWORD="wrong")
        assert password not in command_lines()
    finally:
        server.stop()


class Postgres:
    """Does with the pod's arguments what the official image's entrypoint does."""

    def __init__(self, pod: Pod) -> None:
        self.pod = pod
        self.data = pod.environment["PGDATA"]
        self.arguments = [pod.mapped(word) for word in pod.container["args"]]
        assert self.arguments[0] == "postgres"

    def first_start(self) -> None:
        password = self.pod.environment["POSTGRES_PASSWORD_FILE"]
        made = self.pod.run(
            "initdb",
            "--username=postgres",
            f"--pwfile={password}",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--no-sync",
            "-D",
            self.data,
        )
        assert made.returncode == 0, made.stderr
        self.start(listen=False)
        admin = Path(password).read_text()
        assert self.sql("create database flowise", PGUSER="postgres", PGPASSWORD=admin, PGDATABASE="postgres") == ""
        for path in sorted(self.pod.paths["/docker-entrypoint-initdb.d"].iterdir()):
            self.initialize(path, admin)
        self.stop()

    def initialize(self, path: Path, password: str) -> None:
        environment = {**self.address, "PGPASSWORD": password}
        if path.suffix == ".sh":
            # As the image's entrypoint does with a script that is not executable, and ConfigMaps' files aren't.
            done = self.pod.run("bash", "-c", 'set -Eeo pipefail; . "$0"; [[ $- != *u* ]]', str(path), **environment)
        else:
            psql = (
                "psql",
                "-v",
                "ON_ERROR_STOP=1",
                "--no-psqlrc",
                "--username=postgres",
                "--dbname=flowise",
                "-f",
                str(path),
            )
            done = self.pod.run(*psql, **environment)
        assert done.returncode == 0, done.stderr

    @property
    def address(self) -> dict[str, str]:
        return {"PGHOST": str(self.pod.paths["/var/run/postgresql"]), "PGPORT": str(self.pod.port)}

    def start(self, *, listen: bool) -> None:
        socket_path = self.pod.paths["/var/run/postgresql"]
        options = [
            *self.arguments[1:],
            "-p",
            str(self.pod.port),
            "-c",
            f"unix_socket_directories={socket_path}",
            "-c",
            "fsync=off",
        ]
        options += [] if listen else ["-c", "listen_addresses="]
        done = self.pod.run(
            "pg_ctl", "-D", self.data, "-w", "-l", str(self.pod.folder / "log"), "-o", " ".join(options), "start"
        )
        assert done.returncode == 0, (self.pod.folder / "log").read_text()

    def stop(self) -> None:
        self.pod.run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def sql(self, statement: str, **environment: str) -> str:
        done = self.pod.run(
            "psql", "-XAtq", given=statement, **{"PGDATABASE": "flowise", **self.address, **environment}
        )
        return (done.stdout + done.stderr).strip()


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="Redis of the distribution is not installed")
@pytest.mark.parametrize("password", PASSWORDS, ids=["plain", "quotes", "unicode"])
def test_redis_asks_for_its_password_and_keeps_everything(folder: Path, password: str) -> None:
    pod = Pod(folder, "flowise-redis", {"redis-password": password})
    config = pod.paths["/opt/flowise-constructs"] / "redis.conf"
    config.write_text(config.read_text().replace("port 6379", f"port {pod.port}"))
    command = [pod.mapped(word) for word in pod.container["command"]]
    server = subprocess.Popen([*unprivileged(), *command], env=pod.environment, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        assert eventually(lambda: pod.probe("readiness", port_option="-p ").returncode == 0)
        cli = ("redis-cli", "-p", str(pod.port))
        assert "NOAUTH" in pod.run(*cli, "get", "x", REDISCLI_AUTH="").stdout
        for name, value in {
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
            "maxclients": "500",
            "maxmemory": str(307 * 2**20),
        }.items():
            assert pod.run(*cli, "config", "get", name).stdout.split() == [name, value]
        assert password not in command_lines()
        assert (pod.paths["/run/redis"] / "auth.conf").stat().st_mode & 0o077 == 0
        assert not pod.run(*cli, "set", "x", "1").returncode
    finally:
        server.terminate()
        server.wait(10)
    assert list(pod.paths["/data"].rglob("*.aof")), "the append-only file is on the claim"
