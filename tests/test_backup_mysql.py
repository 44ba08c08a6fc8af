"""Backups of MariaDB: the very scripts of the manifests, on a real server and an object store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("moto", reason="not installed: moto[server]")
pytest.importorskip("flask", reason="not installed: moto[server]")

from backup import data
from backup.faults import CuttingProxy, opened_later
from backup.operated import by_reference, operated
from backup.outcomes import failed, succeeded
from backup.pods import give_to_runner
from backup.servers import Mariadb, free_port
from backup.world import World, directory, missing, object_store, s3
from moto.server import ThreadedMotoServer

from flowise_constructs import MariadbDatabase, SecretKey

pytestmark = [
    pytest.mark.roundtrip,
    pytest.mark.servers,
    missing("mariadb-dump", "mariadb-install-db", "mariadbd", "rclone", "busybox", "setpriv"),
]


@dataclass
class Here:
    """The servers of this file."""

    root: Path
    store: ThreadedMotoServer
    server: Mariadb
    number: int = 0

    def world(self, database: str = "small", **options: Any) -> World:
        """An installation on one of the databases, with a bucket of its own."""
        self.number += 1
        root = self.root / f"world-{self.number}"
        root.mkdir()
        secret = SecretKey(secret="database", key="password")
        value = MariadbDatabase(host="127.0.0.1", port=self.server.port, name=database, password=secret)
        world = World(
            root=root,
            store=self.store,
            database=value,
            password=self.server.password,
            storage=s3("http://127.0.0.1:1", f"files-{self.number}"),
            bucket=f"backups-{self.number}",
            options={"files": False, **options},
        )
        give_to_runner(root)
        return world


@pytest.fixture(scope="module")
def here() -> Iterator[Here]:
    with directory() as root, object_store() as store:
        (root / "server").mkdir()
        server = Mariadb(root / "server")
        try:
            for name, messages in (("small", 200), ("large", 100_000)):
                server.make(name)
                server.sql(data.mariadb(messages), name)
            yield Here(root, store, server)
        finally:
            server.stop()


def test_round_trip_gives_every_row_again_and_refuses_data_unless_told(here: Here) -> None:
    world = here.world("large")
    succeeded(world.back_up())
    (name,) = world.backups()
    assert world.manifest(name)["rows"]["chat_message"] == 100_000
    assert world.objects() == [f"flowise/{name}.json", f"flowise/{name}/database.sql.gz"]
    succeeded(world.drill())
    here.server.make("empty")
    world.database = replace(world.database, name="empty")
    succeeded(world.restore())
    there = here.server.contents("large")
    assert here.server.contents("empty") == there
    failed(world.restore(), "database", "it holds 10 tables; nothing was changed")
    here.server.sql("DELETE FROM chat_message; CREATE TABLE mine (a int)", "empty")
    succeeded(world.restore(overwrite=True))
    assert here.server.contents("empty") == there
    left = here.server.sql("SHOW DATABASES").split()
    assert not [name for name in left if name.endswith(("_restore", "_replaced"))]


def test_an_address_in_a_secret_is_backed_up_tried_and_restored(here: Here) -> None:
    world = here.world()
    world.secrets = {"flowise-db-app": operated(here.server, "small")}
    world.database = by_reference(MariadbDatabase)
    succeeded(world.back_up())
    succeeded(world.drill())
    empty = "by_reference"
    here.server.make(empty)
    world.secrets["flowise-db-app"]["dbname"] = empty
    failed(world.restore(backup="20260102T030000Z-x7k2p"), "download", "there is none of that name")
    succeeded(world.restore())
    assert here.server.contents(empty) == here.server.contents("small")


def test_tables_without_rows_are_restored_empty(here: Here) -> None:
    world = here.world(without_rows_of=["login_sessions"])
    succeeded(world.back_up())
    assert "login_sessions" not in world.manifest(world.backups()[0])["rows"]
    here.server.make("without")
    world.database = replace(world.database, name="without")
    succeeded(world.restore())
    assert here.server.sql("SELECT count(*) FROM login_sessions", "without") == "0"


def test_faults_of_the_server_end_the_run(here: Here) -> None:
    world = here.world()
    world.password = "wrong"
    failed(world.back_up(), "dump", "Access denied for user 'flowise'")
    world.password = here.server.password
    world.database = replace(world.database, port=free_port())
    failed(world.back_up(), "dump", "Can't connect to server")
    assert world.objects() == []


def test_connection_cut_in_the_middle_of_the_dump(here: Here) -> None:
    proxy = CuttingProxy(here.server.port, after=5_000_000)
    world = here.world("large")
    world.database = replace(world.database, port=proxy.port)
    failed(world.back_up(), "dump", "mariadb-dump: Error 2013: Lost connection")
    assert proxy.cut == 1
    proxy.close()
    assert world.objects() == []


def test_dump_larger_than_the_scratch_volume(here: Here) -> None:
    world = here.world("large", scratch_size="1Mi")
    failed(world.back_up(), "dump", "gzip: stdout: File too large")
    assert world.objects() == []


def test_client_older_than_the_server(here: Here) -> None:
    world = here.world()
    old = here.root / "old"
    old.mkdir()
    (old / "mariadb-dump").write_text("#!/bin/sh\necho 'mariadb-dump  Ver 10.19 Distrib 10.6.5-MariaDB, for Linux'\n")
    (old / "mariadb-dump").chmod(0o755)
    image = "docker.io/library/mariadb"
    world.machine.paths = {**world.machine.paths, image: f"{old}:{world.machine.paths[image]}"}
    failed(world.back_up(), "dump", "mariadb-dump is 10.6.5: give Backup.dump_image a MariaDB image")


def test_restore_waits_for_a_server_that_starts(here: Here) -> None:
    world = here.world()
    succeeded(world.back_up())
    here.server.make("later")
    world.database = replace(world.database, name="later", port=opened_later(here.server.port, 3))
    succeeded(world.restore())
    assert here.server.contents("later") == here.server.contents("small")
    world.database = replace(world.database, port=free_port())
    failed(world.restore(overwrite=True, server_wait_seconds=2), "database", "Can't connect to")


def test_restore_without_the_right_to_prepare_says_which(here: Here) -> None:
    world = here.world()
    succeeded(world.back_up())
    here.server.make("bare", with_restore=False)
    world.database = replace(world.database, name="bare")
    failed(world.restore(), "database", "GRANT ALL ON `bare_restore`.* TO 'flowise'")


def test_restore_that_differs_from_its_manifest_leaves_what_was_there(here: Here) -> None:
    world = here.world()
    succeeded(world.back_up())
    key = f"flowise/{world.backups()[0]}.json"
    told = world.body(key).replace(b'"chat_message": 200', b'"chat_message": 201')
    world.client.put_object(Bucket=world.bucket, Key=key, Body=told)
    here.server.make("kept")
    here.server.sql("CREATE TABLE mine AS SELECT 1 AS a", "kept")
    there = here.server.contents("kept")
    world.database = replace(world.database, name="kept")
    failed(world.restore(overwrite=True), "database", "table chat_message has 200 rows, the manifest says 201")
    assert here.server.contents("kept") == there
    failed(world.drill(), "drill", "table chat_message has 200 rows, the manifest says 201")
