"""The connections of backups, drills and restores: one after another, in a namespace with nothing but their servers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from backup import data
from backup.pods import Outcome, give_to_runner
from backup.servers import Mariadb, Postgres
from backup.world import World, directory, object_store, s3
from moto.server import ThreadedMotoServer

from boot import network
from flowise_constructs import MariadbDatabase, PostgresDatabase, SecretKey

PASSWORD = SecretKey(secret="database", key="password")
PORTS = {"postgresql": 5432, "mariadb": 3306, "s3": 9000}
"""The ports that the servers have elsewhere; here each takes a free one."""
Flow = tuple[str, str, str, int]


def of_postgres() -> set[Flow]:
    """A backup with its files, a drill and a restore of PostgreSQL."""
    with directory() as root, object_store() as store:
        server = Postgres(_folder(root, "server"))
        try:
            for name in ("flows", "restored"):
                server.sql(f"CREATE DATABASE {name}")
            server.sql(data.postgres(100), "flows")
            database = PostgresDatabase(host="127.0.0.1", port=server.port, name="flows", password=PASSWORD)
            return _flows(_world(root, store, database, server.password), {server.port: "postgresql"})
        finally:
            server.stop()


def of_mariadb() -> set[Flow]:
    """The same of MariaDB."""
    with directory() as root, object_store() as store:
        server = Mariadb(_folder(root, "server"))
        try:
            for name in ("flows", "restored"):
                server.make(name)
            server.sql(data.mariadb(100), "flows")
            database = MariadbDatabase(host="127.0.0.1", port=server.port, name="flows", password=PASSWORD)
            return _flows(_world(root, store, database, server.password), {server.port: "mariadb"})
        finally:
            server.stop()


def _folder(root: Path, name: str) -> Path:
    folder = root / name
    folder.mkdir()
    give_to_runner(root)
    return folder


def _world(root: Path, store: ThreadedMotoServer, database: object, password: str) -> World:
    host, port = store.get_host_and_port()
    world = World(
        root=_folder(root, "world"),
        store=store,
        database=database,
        password=password,
        storage=s3(f"http://{host}:{port}", "files"),
        bucket="backups",
    )
    give_to_runner(root)
    return world


def _flows(world: World, servers: Mapping[int, str]) -> set[Flow]:
    known = {**servers, world.store.get_host_and_port()[1]: "s3"}
    flows: set[Flow] = set()
    with _observing():
        for component, run in _runs(world).items():
            network.observed()
            outcome = run()
            if outcome.code != 0:
                raise RuntimeError(outcome.log)
            for item in network.observed():
                server = known.get(item.port, item.destination)
                flows.add((component, server, item.protocol, PORTS.get(server, item.port)))
    return flows


def _runs(world: World) -> Mapping[str, Callable[[], Outcome]]:
    def restored() -> Outcome:
        world.database = replace(world.database, name="restored")
        return world.restore(overwrite=True)

    return {"backup": world.back_up, "drill": world.drill, "restore": restored}


@contextmanager
def _observing() -> Iterator[None]:
    """Here the servers are on loopback, and nobody else is."""
    network.observe(loopback=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", "inet", "observer"], check=True)
