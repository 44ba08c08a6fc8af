"""Backups of PostgreSQL: the very scripts of the manifests, on a real server and an object store; and every fault."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

pytest.importorskip("moto", reason="not installed: moto[server]")
pytest.importorskip("flask", reason="not installed: moto[server]")

from backup import data
from backup.faults import CuttingProxy, FaultyStore, opened_later
from backup.operated import by_reference, operated
from backup.outcomes import failed, succeeded
from backup.pods import Outcome, give_to_runner
from backup.servers import POSTGRES_BIN, Postgres, free_port
from backup.world import World, directory, missing, object_store, s3
from certificates import self_signed
from moto.server import ThreadedMotoServer

from flowise_constructs import DatabaseTls, PostgresDatabase, SecretKey, Settings
from flowise_constructs.backup.values import Retention

pytestmark = [
    pytest.mark.roundtrip,
    pytest.mark.servers,
    missing("pg_dump", "initdb", "rclone", "busybox", "setpriv", "openssl"),
]

PASSWORD = SecretKey(secret="database", key="password")


@dataclass
class Here:
    """The servers of this file."""

    root: Path
    store: ThreadedMotoServer
    server: Postgres
    certificate: Path
    number: int = 0

    def world(self, database: str = "small", **options: object) -> World:
        """An installation on one of the databases, with a bucket of its own."""
        self.number += 1
        root = self.root / f"world-{self.number}"
        root.mkdir()
        value = PostgresDatabase(host="127.0.0.1", port=self.server.port, name=database, password=PASSWORD)
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

    def empty_database(self) -> str:
        """A new, empty database."""
        self.number += 1
        name = f"empty_{self.number}"
        self.server.sql(f"CREATE DATABASE {name}")
        return name


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1, signed by itself, in a file with its key."""
    signed, key = self_signed(folder, "IP:127.0.0.1")
    (folder / "both.pem").write_text(signed.read_text() + key.read_text())
    key.chmod(0o600)
    return signed


@pytest.fixture(scope="module")
def here() -> Iterator[Here]:
    with directory() as root, object_store() as store:
        signed = certificate(root)
        (root / "server").mkdir()
        tls = ["-c ssl=on", f"-c ssl_cert_file={signed}", f"-c ssl_key_file={signed.parent}/key.pem"]
        give_to_runner(root)
        server = Postgres(root / "server", *tls)
        try:
            for name, messages in (("small", 500), ("large", 100_000)):
                server.sql(f"CREATE DATABASE {name}")
                server.sql(data.postgres(messages), name)
            yield Here(root, store, server, signed)
        finally:
            server.stop()


def test_round_trip_gives_every_row_object_and_sequence_again(here: Here) -> None:
    world = here.world("large")
    succeeded(world.back_up())
    (name,) = world.backups()
    manifest = world.manifest(name)
    assert manifest["rows"]["chat_message"] == 100_000
    assert manifest["rows"]["vectors.documents"] == 100
    assert manifest["flowise"] == "3.1.3"
    assert world.objects() == [f"flowise/{name}.json", f"flowise/{name}/database.dump"]
    succeeded(world.drill())
    empty = here.empty_database()
    world.database = replace(world.database, name=empty)
    succeeded(world.restore(backup=name))
    assert here.server.contents(empty) == here.server.contents("large")
    assert len(here.server.contents(empty)) == 14


def test_the_five_keys_and_the_password_are_in_no_object(here: Here) -> None:
    world = here.world()
    world.encryption_key = "an encryption key that is easily found"
    succeeded(world.back_up())
    everything = b"".join(world.body(key) for key in world.objects())
    assert world.encryption_key.encode() not in everything
    assert here.server.password.encode() not in everything


def test_an_address_in_a_secret_is_backed_up_tried_and_restored(here: Here) -> None:
    world = here.world()
    world.secrets = {"flowise-db-app": operated(here.server, "small")}
    world.database = by_reference(PostgresDatabase)
    succeeded(world.back_up())
    succeeded(world.drill())
    empty = here.empty_database()
    world.secrets["flowise-db-app"]["dbname"] = empty
    failed(world.restore(backup="20260102T030000Z-x7k2p"), "download", "there is none of that name")
    succeeded(world.restore())
    assert here.server.contents(empty) == here.server.contents("small")


WRONG = [
    (
        "port",
        "5432\n",
        "DATABASE_PORT, key 'port' of Secret 'flowise-db-app', begins or ends with a space or a line end",
    ),
    ("host", "", "DATABASE_HOST, key 'host' of Secret 'flowise-db-app', is empty"),
    ("host", "postgresql://flowise:hunter2@db/app", "key 'host' of Secret 'flowise-db-app', holds a URL"),
    ("host", "/cloudsql/a:b:c", "holds the path of a socket, and needs a host"),
    ("port", "tcp://10.0.0.1:5432", "DATABASE_PORT, key 'port' of Secret 'flowise-db-app', holds no port"),
]


@pytest.mark.parametrize(("key", "value", "words"), WRONG)
def test_a_wrong_value_in_the_secret_is_named_and_not_shown(here: Here, key: str, value: str, words: str) -> None:
    world = here.world()
    world.secrets = {"flowise-db-app": {**operated(here.server, "small"), key: value}}
    world.database = by_reference(PostgresDatabase)
    outcome = world.back_up()
    failed(outcome, "dump", words)
    assert "hunter2" not in outcome.log


def test_tables_without_rows_are_restored_empty(here: Here) -> None:
    world = here.world(without_rows_of=["login_sessions"])
    succeeded(world.back_up())
    assert "login_sessions" not in world.manifest(world.backups()[0])["rows"]
    empty = here.empty_database()
    world.database = replace(world.database, name=empty)
    succeeded(world.restore())
    assert here.server.sql("SELECT count(*) FROM login_sessions", empty) == "0"


def test_further_dump_arguments_reach_pg_dump(here: Here) -> None:
    world = here.world(dump_arguments=["--no-such-option"])
    failed(world.back_up(), "dump", "unrecognized option '--no-such-option'")


# Encryption of the connection


def test_connection_is_encrypted_as_the_application_is_told(here: Here) -> None:
    world = here.world()
    world.database = replace(world.database, tls=DatabaseTls(ca=here.certificate.read_text()))
    succeeded(world.back_up())


@pytest.mark.parametrize("form", ["PEM", "base64 of PEM", "base64 in its own field"])
def test_an_authority_may_come_from_a_secret(here: Here, form: str) -> None:
    world = here.world()
    pem = here.certificate.read_text()
    world.secrets["db-ca"] = {"ca.crt": pem if form == "PEM" else base64.b64encode(pem.encode()).decode()}
    key = SecretKey(secret="db-ca", key="ca.crt")
    tls = DatabaseTls(ca_base64=key) if form == "base64 in its own field" else DatabaseTls(ca=key)
    world.database = replace(world.database, tls=tls)
    if form == "base64 in its own field":
        world.secrets["db-ca"]["ca.crt"] = base64.b64encode(pem.encode()).decode()
    succeeded(world.back_up())


def test_authorities_of_the_installation_are_asked_beside_the_public_ones(here: Here) -> None:
    store = FaultyStore(here.store.get_host_and_port()[1], certificate=str(here.certificate.parent / "both.pem"))
    world = here.world()
    world.endpoint = store.url
    world.database = replace(world.database, tls=DatabaseTls())
    failed(world.back_up(), "dump", "certificate verify failed")
    world.settings = Settings(authorities=here.certificate.read_text().rstrip("\n"))
    succeeded(world.back_up())


def test_certificate_of_another_authority_is_refused(here: Here, tmp_path: Path) -> None:
    world = here.world()
    world.database = replace(world.database, tls=DatabaseTls(ca=certificate(tmp_path).read_text()))
    failed(world.back_up(), "dump", "certificate verify failed")


def test_certificate_of_another_host_is_refused(here: Here) -> None:
    world = here.world()
    world.database = replace(world.database, host="localhost", tls=DatabaseTls(ca=here.certificate.read_text()))
    failed(world.back_up(), "dump", "does not match host name")


def test_certificate_goes_unchecked_where_the_application_does_not_check(here: Here, tmp_path: Path) -> None:
    world = here.world()
    tls = DatabaseTls(ca=certificate(tmp_path).read_text(), verify=False)
    world.database = replace(world.database, host="localhost", tls=tls)
    succeeded(world.back_up())


def test_public_authorities_are_asked_where_the_application_names_none(here: Here) -> None:
    world = here.world()
    world.database = replace(world.database, tls=DatabaseTls())
    failed(world.back_up(), "dump", "certificate verify failed")


def test_store_behind_an_authority_of_its_own(here: Here) -> None:
    store = FaultyStore(here.store.get_host_and_port()[1], certificate=str(here.certificate.parent / "both.pem"))
    world = here.world(ca=here.certificate.read_text())
    world.endpoint = store.url
    succeeded(world.back_up())
    world.options.pop("ca")
    failed(world.back_up(), "upload", "certificate")
    store.close()


# Faults: each ends the pod with a non-zero code and a last line, makes no backup and deletes none


@dataclass
class Before:
    """A bucket with a good backup that the rules would delete as soon as another is made."""

    world: World
    backups: list[str]

    def holds(self) -> None:
        """Nothing was added to what is listed, and nothing was deleted."""
        assert self.world.backups() == self.backups
        assert f"flowise/{self.backups[0]}/database.dump" in self.world.objects()


ONE_TRY = {"RCLONE_LOW_LEVEL_RETRIES": "1", "RCLONE_RETRIES": "1"}
ONE_ALONE = Retention(last=1, daily=0, weekly=0, monthly=0)


@pytest.fixture
def before(here: Here) -> Before:
    world = here.world(retention=ONE_ALONE)
    name = "20200101T000000Z-old01"
    for key in (f"flowise/{name}.json", f"flowise/{name}/database.dump"):
        world.client.put_object(Bucket=world.bucket, Key=key, Body=b"{}")
    return Before(world, [name])


def test_a_good_run_deletes_what_the_faults_must_leave(before: Before) -> None:
    succeeded(before.world.back_up())
    (made,) = before.world.backups()
    assert made not in before.backups
    assert sorted(before.world.objects()) == [f"flowise/{made}.json", f"flowise/{made}/database.dump"]


def test_server_down(before: Before) -> None:
    before.world.database = replace(before.world.database, port=free_port())
    failed(before.world.back_up(), "dump", "Connection refused")
    before.holds()


def test_wrong_password(before: Before) -> None:
    before.world.password = "wrong"
    failed(before.world.back_up(), "dump", "password authentication failed")
    before.holds()


def test_database_that_is_not_flowises(here: Here, before: Before) -> None:
    before.world.database = replace(before.world.database, name=here.empty_database())
    failed(before.world.back_up(), "dump", "table 'chat_flow' is not in the dump")
    before.holds()


def test_connection_cut_in_the_middle_of_the_dump(here: Here, before: Before) -> None:
    proxy = CuttingProxy(here.server.port, after=5_000_000)
    before.world.database = replace(before.world.database, name="large", port=proxy.port)
    failed(before.world.back_up(), "dump", "pg_dump")
    assert proxy.cut == 1
    proxy.close()
    before.holds()


def test_dump_larger_than_the_scratch_volume(before: Before) -> None:
    before.world.database = replace(before.world.database, name="large")
    before.world.options["scratch_size"] = "2Mi"
    failed(before.world.back_up(), "dump", "File too large")
    before.holds()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small file system")
def test_scratch_disk_full(here: Here, before: Before) -> None:
    scratch = here.root / "scratch"
    scratch.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=777", "none", str(scratch)], check=False).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        before.world.machine.scratch_directory = scratch
        before.world.database = replace(before.world.database, name="large")
        failed(before.world.back_up(), "dump", "No space left on device")
    finally:
        subprocess.run(["umount", str(scratch)], check=True)
    before.holds()


@pytest.mark.parametrize("said", ["pg_dump (PostgreSQL) 99.1", "pg_dump (PostgreSQL) 99.1 (Homebrew)"])
def test_version_of_the_client_is_read_whoever_built_it(here: Here, said: str) -> None:
    world = here.world()
    wrapped = world.root / "bin"
    wrapped.mkdir()
    asked = f"[ \"$1\" = --version ] && echo '{said}' && exit"
    (wrapped / "pg_dump").write_text(f'#!/bin/sh\n{asked}\nexec {POSTGRES_BIN}/pg_dump "$@"\n')
    (wrapped / "pg_dump").chmod(0o755)
    image = "docker.io/library/postgres"
    world.machine.paths = {**world.machine.paths, image: f"{wrapped}:{world.machine.paths[image]}"}
    succeeded(world.back_up())
    assert world.manifest(world.backups()[0])["client_version"] == said.removeprefix("pg_dump (PostgreSQL) ")


def test_client_older_than_the_server(here: Here, before: Before) -> None:
    old = here.root / f"old-{here.number}"
    old.mkdir()
    (old / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 12.22'\n")
    (old / "pg_dump").chmod(0o755)
    paths = before.world.machine.paths
    image = "docker.io/library/postgres"
    before.world.machine.paths = {**paths, image: f"{old}:{paths[image]}"}
    failed(before.world.back_up(), "dump", "pg_dump is 12: give Backup.dump_image a PostgreSQL image of version")
    before.holds()


def test_pod_that_is_told_to_stop(here: Here, before: Before) -> None:
    with blocked(here, "small"):
        failed(before.world.back_up(stop_after=1.0), "dump", "asked to stop (SIGTERM)")
    before.holds()


@contextmanager
def blocked(here: Here, database: str) -> Iterator[None]:
    """Somebody holds a table, so that a dump waits."""
    command = [str(here.server.bin / "psql"), "-h", "127.0.0.1", "-p", str(here.server.port), "-U", "flowise", database]
    environment = {**os.environ, "PGPASSWORD": here.server.password}
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
    assert holder.stdin
    assert holder.stdout
    holder.stdin.write("BEGIN; LOCK TABLE tool IN ACCESS EXCLUSIVE MODE;\n\\echo held\n")
    holder.stdin.flush()
    while "held" not in holder.stdout.readline():
        pass
    yield
    holder.kill()
    holder.wait()


@pytest.fixture
def faulty(here: Here, before: Before) -> Iterator[FaultyStore]:
    store = FaultyStore(here.store.get_host_and_port()[1])
    before.world.endpoint = store.url
    yield store
    store.close()


def when(method: str, part: str, verdict: str) -> Callable[[str, str], str | None]:
    """A verdict on the requests of a method whose path holds a part."""
    return lambda called, path: verdict if called == method and part in path else None


@pytest.mark.parametrize(
    ("method", "part", "verdict", "last_line"),
    [
        pytest.param("PUT", "database.dump", "refuse", "AccessDenied", id="refusing the dump"),
        pytest.param("PUT", ".json", "refuse", "AccessDenied", id="refusing the manifest"),
        pytest.param("GET", "prefix=", "refuse", "AccessDenied", id="refusing to list"),
        pytest.param("GET", "database.dump", "corrupt", "its SHA-256 is", id="giving another content back"),
        pytest.param("GET", "Z-", "refuse", "AccessDenied", id="refusing to give it back"),
        pytest.param("GET", ".json", "corrupt", "it is not what was written", id="giving another manifest back"),
    ],
)
def test_store(before: Before, faulty: FaultyStore, method: str, part: str, verdict: str, last_line: str) -> None:
    faulty.verdict = when(method, part, verdict)
    failed(before.world.back_up(), "upload", last_line)
    assert ("DELETE" in {called for called, _ in faulty.calls}) is False
    listed = before.world.backups()
    assert listed == before.backups or part in (".json", "prefix=")


def test_store_that_cuts_the_upload(before: Before, faulty: FaultyStore) -> None:
    before.world.machine.overrides = ONE_TRY
    faulty.verdict = when("PUT", "database.dump", "cut")
    failed(before.world.back_up(), "upload", "rclone")
    before.holds()


IN_PARTS = {"RCLONE_CONFIG_TARGET_UPLOAD_CUTOFF": "5M", "RCLONE_CONFIG_TARGET_CHUNK_SIZE": "5M"}


def test_upload_in_parts(before: Before, faulty: FaultyStore) -> None:
    world = before.world
    world.machine.overrides = {**IN_PARTS, **ONE_TRY}
    world.database = replace(world.database, name="large")
    faulty.verdict = when("PUT", "partNumber=2", "cut")
    failed(world.back_up(), "upload", "rclone")
    before.holds()
    faulty.verdict = lambda method, path: None
    succeeded(world.back_up())
    assert [path for method, path in faulty.calls if method == "PUT" and "partNumber=2" in path]
    succeeded(world.drill())


def test_store_down(before: Before) -> None:
    before.world.machine.overrides = ONE_TRY
    before.world.endpoint = f"http://127.0.0.1:{free_port()}"
    failed(before.world.back_up(), "upload", "refused")
    before.holds()


def test_wrong_keys_of_the_store_are_told_and_not_shown(before: Before, faulty: FaultyStore) -> None:
    faulty.verdict = lambda method, path: "refuse"
    outcome = before.world.back_up()
    failed(outcome, "upload", "AccessDenied")
    assert "s3 secret" not in outcome.log
    before.holds()


def test_leavings_of_failed_runs_go_when_no_run_can_be_alive(before: Before) -> None:
    world = before.world
    world.client.put_object(Bucket=world.bucket, Key="flowise/20210101T000000Z-dead1/database.dump", Body=b"x")
    fresh = f"flowise/{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-alive/database.dump"
    world.client.put_object(Bucket=world.bucket, Key=fresh, Body=b"x")
    world.client.put_object(Bucket=world.bucket, Key="flowise/notes.txt", Body=b"x")
    world.client.put_object(Bucket=world.bucket, Key="other/20200101T000000Z-other.json", Body=b"x")
    succeeded(world.back_up())
    left = [key for key in world.objects() if world.backups()[0] not in key]
    assert left == [fresh, "flowise/notes.txt", "other/20200101T000000Z-other.json"]


def both(world: World) -> list[Outcome]:
    """Two runs at once."""
    succeeded(world.back_up())
    manifests = world.manifests()
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(world.machine.run, manifests, "CronJob", "flowise-backup") for _ in range(2)]
        return [run.result() for run in runs]


def test_two_runs_at_once_make_two_backups(here: Here) -> None:
    world = here.world()
    for outcome in both(world):
        succeeded(outcome)
    assert len(world.backups()) == 3
    succeeded(world.drill())


def test_two_runs_at_once_that_delete_the_same(here: Here) -> None:
    """Whatever of the two is deleted, what is listed is whole."""
    world = here.world(retention=ONE_ALONE)
    assert 0 in [outcome.code for outcome in both(world)]
    assert world.backups()
    for name in world.backups():
        assert f"flowise/{name}/database.dump" in world.objects()
    succeeded(world.drill())


def test_without_retention_nothing_is_deleted(before: Before) -> None:
    before.world.options["retention"] = None
    succeeded(before.world.back_up())
    assert before.backups[0] in before.world.backups()


# Restores


@dataclass
class Restorable:
    """A backup of `small`, and another database to restore into."""

    world: World
    name: str
    backup: str


@pytest.fixture(scope="module")
def archived(here: Here) -> dict[str, bytes]:
    """The objects of one backup of `small`."""
    world = here.world()
    succeeded(world.back_up())
    return {key: world.body(key) for key in world.objects()}


@pytest.fixture
def restorable(here: Here, archived: dict[str, bytes]) -> Restorable:
    world = here.world()
    for key, body in archived.items():
        world.client.put_object(Bucket=world.bucket, Key=key, Body=body)
    name = here.empty_database()
    world.database = replace(world.database, name=name)
    return Restorable(world, name, world.backups()[0])


def unchanged(here: Here, restorable: Restorable) -> None:
    assert here.server.contents(restorable.name) == {}


def test_restore_onto_data_is_refused_unless_told(here: Here, restorable: Restorable) -> None:
    statements = "CREATE TABLE mine AS SELECT 1 AS a; CREATE VIEW v AS SELECT * FROM mine; CREATE TYPE t AS ENUM ('x');"
    here.server.sql(f"{statements} CREATE SCHEMA vectors; SELECT lo_create(4711)", restorable.name)
    there = here.server.contents(restorable.name)
    failed(restorable.world.restore(), "database", "it holds 2 tables; nothing was changed")
    assert here.server.contents(restorable.name) == there
    succeeded(restorable.world.restore(overwrite=True))
    assert here.server.contents(restorable.name) == here.server.contents("small")


def test_restore_that_fails_late_leaves_what_was_there(here: Here, restorable: Restorable) -> None:
    here.server.sql("CREATE TABLE mine AS SELECT 1 AS a", restorable.name)
    there = here.server.contents(restorable.name)
    key = f"flowise/{restorable.backup}.json"
    told = restorable.world.body(key).replace(b'"chat_message": 500', b'"chat_message": 501')
    restorable.world.client.put_object(Bucket=restorable.world.bucket, Key=key, Body=told)
    outcome = restorable.world.restore(overwrite=True)
    failed(outcome, "database", "table chat_message has 500 rows, the manifest says 501")
    assert here.server.contents(restorable.name) == there
    failed(restorable.world.drill(), "drill", "table chat_message has 500 rows, the manifest says 501")


def test_restore_cut_in_the_middle_leaves_nothing(here: Here, restorable: Restorable) -> None:
    world = here.world("large")
    succeeded(world.back_up())
    proxy = CuttingProxy(here.server.port, after=3_000_000, toward_server=True)
    world.database = replace(world.database, name=restorable.name, port=proxy.port)
    failed(world.restore(), "database", "nothing was changed")
    assert proxy.cut == 1
    proxy.close()
    unchanged(here, restorable)


def test_restore_waits_for_a_server_that_starts(here: Here, restorable: Restorable) -> None:
    world = restorable.world
    world.database = replace(world.database, port=opened_later(here.server.port, 3))
    succeeded(world.restore())
    assert here.server.contents(restorable.name) == here.server.contents("small")


def test_restore_gives_up_on_a_server_that_never_answers(restorable: Restorable) -> None:
    world = restorable.world
    world.database = replace(world.database, port=free_port())
    outcome = world.restore(server_wait_seconds=2)
    failed(outcome, "database", f"waiting for the database server at 127.0.0.1:{world.database.port}")
    assert "Connection refused" in outcome.last_line


def test_restore_with_a_wrong_password_does_not_wait(restorable: Restorable) -> None:
    restorable.world.password = "wrong"
    failed(restorable.world.restore(), "database", "password authentication failed")


def test_restore_with_another_encryption_key_is_refused_unless_told(here: Here, restorable: Restorable) -> None:
    restorable.world.encryption_key = "another"
    failed(restorable.world.restore(), "download", "it was made with another encryption key")
    failed(restorable.world.drill(), "download", "it was made with another encryption key")
    unchanged(here, restorable)
    succeeded(restorable.world.restore(accept_lost_credentials=True))


def test_restore_into_an_older_release_is_refused(here: Here, restorable: Restorable) -> None:
    restorable.world.image = "3.1.2"
    failed(restorable.world.restore(), "download", "it is of Flowise 3.1.3, whose schema Flowise 3.1.2 doesn't know")
    unchanged(here, restorable)
    restorable.world.image = "3.1.4"
    succeeded(restorable.world.restore())


def test_restore_of_a_damaged_object_is_refused(here: Here, restorable: Restorable) -> None:
    key = f"flowise/{restorable.backup}/database.dump"
    damaged = bytearray(restorable.world.body(key))
    damaged[len(damaged) // 2] ^= 1
    restorable.world.client.put_object(Bucket=restorable.world.bucket, Key=key, Body=bytes(damaged))
    failed(restorable.world.restore(), "download", "its SHA-256 is not the manifest's")
    failed(restorable.world.drill(), "download", "its SHA-256 is not the manifest's")
    unchanged(here, restorable)


def test_restore_while_flowise_is_connected_is_refused(here: Here, restorable: Restorable) -> None:
    here.server.sql("CREATE TABLE tool (id int)", restorable.name)
    with blocked(here, restorable.name):
        failed(restorable.world.restore(overwrite=True), "database", "1 other sessions are connected: stop Flowise")


def test_restore_of_a_backup_that_is_not_there(restorable: Restorable) -> None:
    outcome = restorable.world.restore(backup="20200101T000000Z-none1")
    failed(outcome, "download", f"there is none of that name; the newest are {restorable.backup}")


def test_restore_from_an_empty_bucket(restorable: Restorable) -> None:
    restorable.world.forget()
    failed(restorable.world.restore(), "download", "there is no backup there")


def test_restore_takes_the_newest_that_has_a_manifest(restorable: Restorable) -> None:
    bucket = restorable.world.bucket
    restorable.world.client.put_object(Bucket=bucket, Key="flowise/20990101T000000Z-half1/database.dump", Body=b"x")
    outcome = restorable.world.restore()
    succeeded(outcome)
    assert restorable.backup in outcome.last_line


def test_drill_fails_when_backups_do_not_succeed_any_more(restorable: Restorable) -> None:
    world, old = restorable.world, "20200101T000000Z-old01"
    manifest = world.body(f"flowise/{restorable.backup}.json").replace(restorable.backup.encode(), old.encode())
    world.forget()
    world.client.put_object(Bucket=world.bucket, Key=f"flowise/{old}.json", Body=manifest)
    failed(world.drill(), "download", "backups don't succeed any more")


# The files of a bucket


def test_bucket_of_files_is_mirrored_and_given_back_as_it_was(here: Here) -> None:
    world = here.world(files=True)
    files = f"files-{here.number}"
    world.storage = s3(world.url, files)
    put = world.client.put_object
    for key, body in {"org/flow/a ü.pdf": b"first", "org/flow/b": b"b", "logs/server/x": b"log"}.items():
        put(Bucket=files, Key=key, Body=body)
    succeeded(world.back_up())
    first = world.backups()[0]
    assert world.body("flowise/files/org/flow/a ü.pdf") == b"first"
    assert world.objects("flowise/files/logs") == []
    put(Bucket=files, Key="org/flow/a ü.pdf", Body=b"second, longer")
    world.client.delete_object(Bucket=files, Key="org/flow/b")
    succeeded(world.back_up())
    assert world.body("flowise/files/org/flow/b") == b"b"
    world.client.delete_object(Bucket=files, Key="org/flow/a ü.pdf")
    world.database = replace(world.database, name=here.empty_database())
    succeeded(world.restore(backup=first))
    assert world.body("org/flow/a ü.pdf", files) == b"first"
    assert world.body("org/flow/b", files) == b"b"
    succeeded(world.restore(overwrite=True))
    assert world.body("org/flow/a ü.pdf", files) == b"second, longer"
    world.options["retention"] = ONE_ALONE
    world.database = replace(world.database, name="small")
    succeeded(world.back_up())
    assert world.objects("flowise/files-replaced") == []


def test_mirror_in_the_bucket_that_it_mirrors(here: Here) -> None:
    world = here.world(files=True)
    world.storage = s3(world.url, world.bucket)
    world.options["prefix"] = "backups"
    world.client.put_object(Bucket=world.bucket, Key="org/a", Body=b"a")
    for _ in range(2):
        succeeded(world.back_up())
    assert world.objects("backups/files") == ["backups/files/org/a"]
