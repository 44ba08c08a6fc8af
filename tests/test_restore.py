"""Round trips of SQLite and MariaDB, with the scripts of the manifests; PostgreSQL's are in test_backup_postgres."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("moto", reason="not installed: moto[server]")
pytest.importorskip("flask", reason="not installed: moto[server]")

from backup import data
from backup.pods import give_to_runner
from backup.servers import Mariadb
from backup.world import FLOWISE, World, directory, local, missing, object_store, s3

from flowise_constructs import MariadbDatabase, SecretKey, SqliteDatabase

pytestmark = [pytest.mark.roundtrip, pytest.mark.servers, missing("rclone", "busybox", "setpriv")]


def dumped(file: Path) -> list[str]:
    """The whole file as SQL."""
    with sqlite3.connect(file) as connection:
        return list(connection.iterdump())


@pytest.mark.skipif(not (FLOWISE / "node_modules/sqlite3").exists(), reason="not installed: Flowise (make boot)")
def test_sqlite_and_files_come_back() -> None:
    with directory() as root, object_store() as store:
        claim = root / "claim"
        (claim / "storage/a b").mkdir(parents=True)
        (claim / "storage/a b/ü.txt").write_text("hello")
        with sqlite3.connect(claim / "database.sqlite") as connection:
            for table in data.TABLES:
                connection.execute(f'CREATE TABLE "{table}" (id integer primary key, a text)')
            rows = ((f"{data.UNICODE}{number}",) for number in range(100_000))
            connection.executemany("INSERT INTO chat_message (a) VALUES (?)", rows)
        before = dumped(claim / "database.sqlite")
        (root / "w").mkdir()
        world = World(
            root=root / "w",
            store=store,
            database=SqliteDatabase(),
            password="",
            storage=local(),
            bucket="backups",
            claim=claim,
        )
        give_to_runner(root)
        made = world.back_up()
        assert made.code == 0, made.log
        (claim / "storage/new").write_text("after")
        refused = world.restore()
        assert refused.code != 0
        assert "the directory is not empty" in refused.last_line
        world.encryption_key = "another"
        assert "another encryption key" in world.restore(overwrite=True).last_line
        world.encryption_key = "the key"
        (claim / "database.sqlite").unlink()
        restored = world.restore(overwrite=True)
        assert restored.code == 0, restored.log
        assert dumped(claim / "database.sqlite") == before
        assert sorted(path.name for path in (claim / "storage").rglob("*")) == ["a b", "ü.txt"]


@missing("mariadbd", "mariadb-dump", "mariadb-install-db")
def test_mariadb_comes_back() -> None:
    with directory() as root, object_store() as store:
        for name in ("server", "w"):
            (root / name).mkdir()
        server = Mariadb(root / "server")
        try:
            server.make("source")
            server.make("copy")
            server.sql(data.mariadb(100_000), "source")
            password = SecretKey(secret="database", key="password")
            database = MariadbDatabase(host="127.0.0.1", port=server.port, name="source", password=password)
            files = s3("http://127.0.0.1:1", "files")
            world = World(
                root=root / "w",
                store=store,
                database=database,
                password=server.password,
                storage=files,
                bucket="backups",
                options={"files": False},
            )
            give_to_runner(root)
            made = world.back_up()
            assert made.code == 0, made.log
            listed = world.backups()
            world.password = "wrong"
            assert "Access denied" in world.back_up().last_line
            world.password = server.password
            assert world.backups() == listed
            world.database = replace(database, name="copy")
            restored = world.restore()
            assert restored.code == 0, restored.log
            assert server.contents("copy") == server.contents("source")
            assert "it holds 10 tables; nothing was changed" in world.restore().last_line
        finally:
            server.stop()
