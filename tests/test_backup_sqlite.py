"""Backups of SQLite and of a storage directory, with the SQLite module of a real Flowise."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("moto", reason="not installed: moto[server]")
pytest.importorskip("flask", reason="not installed: moto[server]")

from backup import data
from backup.outcomes import failed, succeeded
from backup.pods import give_to_runner
from backup.world import RELEASE, World, directory, flowise_image, local, missing, object_store
from moto.server import ThreadedMotoServer

from flowise_constructs import SqliteDatabase

pytestmark = [
    pytest.mark.roundtrip,
    pytest.mark.servers,
    missing("rclone", "busybox", "setpriv"),
    pytest.mark.skipif(RELEASE.missing is not None, reason=str(RELEASE.missing)),
]


@dataclass
class Here:
    """The claim and the store."""

    root: Path
    claim: Path
    store: ThreadedMotoServer
    image: str
    number: int = 0

    @property
    def database(self) -> Path:
        """The file."""
        return self.claim / "database.sqlite"

    def world(self, **options: Any) -> World:
        """The installation on the claim, with a bucket of its own."""
        self.number += 1
        root = self.root / f"world-{self.number}"
        root.mkdir()
        world = World(
            root=root,
            store=self.store,
            database=SqliteDatabase(),
            password="",
            storage=local(),
            bucket=f"backups-{self.number}",
            claim=self.claim,
            flowise=self.image,
            options=options,
        )
        give_to_runner(root)
        return world

    def files(self) -> dict[str, bytes]:
        """What is in the storage directory."""
        storage = self.claim / "storage"
        found = [path for path in storage.rglob("*") if path.is_file()]
        return {str(path.relative_to(storage)): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def store() -> Iterator[ThreadedMotoServer]:
    with object_store() as server:
        yield server


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    with directory() as root:
        yield flowise_image(root / "flowise")


@pytest.fixture
def here(store: ThreadedMotoServer, image: str, request: pytest.FixtureRequest) -> Iterator[Here]:
    with directory() as root:
        claim = root / "claim"
        folder = claim / "storage/org/a flow"
        folder.mkdir(parents=True)
        (folder / "ü (1).pdf").write_bytes(bytes(range(256)) * 100)
        (claim / "storage/.hidden").write_text("h")
        (claim / "storage/empty").mkdir()
        data.sqlite(claim / "database.sqlite", 2000)
        give_to_runner(root)
        yield Here(root, claim, store, image, number=abs(hash(request.node.name)) % 10**9)


def test_round_trip_gives_every_row_and_file_again_and_refuses_data_unless_told(here: Here) -> None:
    here.database.unlink()
    data.sqlite(here.database, 100_000)
    give_to_runner(here.claim)
    world = here.world()
    rows, files = data.sqlite_contents(here.database), here.files()
    succeeded(world.back_up())
    (name,) = world.backups()
    assert world.manifest(name)["rows"]["chat_message"] == 100_000
    assert sorted(world.objects()) == [
        f"flowise/{name}.json",
        f"flowise/{name}/database.sqlite",
        f"flowise/{name}/storage.tar.gz",
    ]
    succeeded(world.drill())
    failed(world.restore(), "unpack", "the directory is not empty")
    with closing(sqlite3.connect(here.database)) as database:
        database.execute("DELETE FROM chat_message")
        database.commit()
    (here.claim / "storage/.hidden").unlink()
    (here.claim / "storage/later").write_text("later")
    give_to_runner(here.claim)
    failed(world.restore(files=False), "database", "it holds 10 tables; nothing was changed")
    succeeded(world.restore(overwrite=True))
    assert (data.sqlite_contents(here.database), here.files()) == (rows, files)
    assert (here.claim / "storage/empty").is_dir()


def test_restore_from_nothing(here: Here) -> None:
    world = here.world()
    rows, files = data.sqlite_contents(here.database), here.files()
    succeeded(world.back_up())
    lost = here.claim.rename(here.root / "lost")
    here.claim.mkdir()
    give_to_runner(here.claim)
    succeeded(world.restore())
    assert (data.sqlite_contents(here.database), here.files()) == (rows, files)
    assert lost.is_dir()


def test_copy_is_of_one_moment_while_flowise_writes(here: Here) -> None:
    world = here.world()
    with closing(sqlite3.connect(here.database, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        database.execute("DELETE FROM chat_message")
        succeeded(world.back_up())
        database.execute("ROLLBACK")
    assert world.manifest(world.backups()[0])["rows"]["chat_message"] == 2000


def test_tables_without_rows_are_copied_empty(here: Here) -> None:
    world = here.world(without_rows_of=["login_sessions"])
    succeeded(world.back_up())
    copied = here.root / "copied.sqlite"
    copied.write_bytes(world.body(f"flowise/{world.backups()[0]}/database.sqlite"))
    with closing(sqlite3.connect(copied)) as database:
        assert database.execute("SELECT count(*) FROM login_sessions").fetchone() == (0,)


def test_faults_end_the_run(here: Here) -> None:
    world = here.world()
    here.database.write_bytes(b"no database at all" * 1000)
    failed(world.back_up(), "dump", "file is not a database")
    here.database.unlink()
    failed(world.back_up(), "dump", "there is no file")
    assert world.objects() == []


def test_database_or_files_too_large_for_the_scratch_volume(here: Here) -> None:
    world = here.world(scratch_size="1Mi")
    (here.claim / "storage/large").write_bytes(random.Random(0).randbytes(3 * 2**20))
    give_to_runner(here.claim)
    failed(world.back_up(), "storage", "File too large")
    here.database.unlink()
    data.sqlite(here.database, 20_000)
    give_to_runner(here.claim)
    failed(world.back_up(), "dump", "too many for the scratch volume: raise Backup.scratch_size")
    assert world.objects() == []


def test_database_in_use_is_not_overwritten(here: Here) -> None:
    world = here.world(files=False)
    succeeded(world.back_up())
    with closing(sqlite3.connect(here.database, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        failed(world.restore(overwrite=True), "database", "somebody uses it: stop Flowise first")


def test_leavings_of_a_restore_are_not_taken_for_files(here: Here) -> None:
    world = here.world()
    (here.claim / "storage/.flowise-restore-old").mkdir()
    failed(world.back_up(), "storage", "a restore was cut before its end")
