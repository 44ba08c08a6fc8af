"""The programs of the bundled servers and of drills as a user that the cluster assigns: 1000660000, in group 0, unnamed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from backup import data
from backup.outcomes import succeeded
from backup.pods import give_to_runner
from backup.servers import Postgres
from backup.world import World, directory, missing, object_store, s3
from deployments import BACKUP, POSTGRES, objects, pods, standalone

from flowise_constructs import Drill, SecretKey, Security
from flowise_constructs.kubernetes.scripts import script

USER = 1000660000
PASSWORD = SecretKey(secret="database", key="password")
SERVER = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
WRAPPER = next(iter(Path("/usr/lib").glob("**/libnss_wrapper.so")), None)

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the user is another one"),
    pytest.mark.skipif(SERVER is None, reason="missing: apt-get install postgresql"),
]

needs_wrapper = pytest.mark.skipif(WRAPPER is None, reason="missing: apt-get install libnss-wrapper")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the user's group, as fsGroup makes a volume; below /tmp, which the user can reach."""
    with TemporaryDirectory() as name:
        path = Path(name)
        os.chown(path, 0, USER)
        path.chmod(0o2777)
        (path / "script.sh").write_text(script("assigned-user.sh"))
        yield path


def as_assigned(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    identity = ["setpriv", f"--reuid={USER}", "--regid=0", f"--groups={USER}", "--no-new-privs", "--"]
    environment = {"PATH": f"{SERVER}:{os.environ['PATH']}", "HOME": str(folder), "TMPDIR": str(folder)}
    return subprocess.run(
        [*identity, *command], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_drill_of_postgresql_has_the_script_in_front() -> None:
    backup = replace(BACKUP, drill=Drill())
    for security, before in ((Security.openshift(), ["bash", "/opt/flowise-constructs/assigned-user.sh"]), (None, [])):
        found = pods(objects(standalone(database=POSTGRES, backup=backup, security=security)))
        [drill] = [pod for name, pod in found.items() if name.endswith("-drill")]
        command = drill["containers"][0]["command"]
        assert command == [*before, "bash", "/opt/flowise-constructs/restore-drill-postgres.sh"]


def test_initdb_refuses_a_user_without_a_name(folder: Path) -> None:
    refused = as_assigned(folder, "initdb", "--pgdata=data", "--username=flowise", "--no-sync")
    assert "could not look up effective user ID 1000660000" in refused.stderr


@pytest.mark.roundtrip
@needs_wrapper
def test_the_script_gives_it_one(folder: Path) -> None:
    named = ["bash", "script.sh"]
    made = as_assigned(folder, *named, "initdb", "--pgdata=data", "--username=flowise", "--auth=trust", "--no-sync")
    assert made.returncode == 0, made.stderr
    options = f"--options=-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    started = as_assigned(
        folder, *named, "pg_ctl", "--pgdata=data", "--wait", "--silent", "--log=log", options, "start"
    )
    assert started.returncode == 0, (folder / "log").read_text()
    try:
        asked = as_assigned(
            folder, "psql", f"--host={folder}", "--username=flowise", "--dbname=postgres", "-Atc", "SELECT 1"
        )
        assert (asked.stdout, asked.stderr) == ("1\n", "")
    finally:
        as_assigned(folder, *named, "pg_ctl", "--pgdata=data", "--mode=immediate", "stop")


@pytest.mark.skipif(WRAPPER is not None, reason="libnss_wrapper.so is there")
def test_without_the_library_it_says_so(folder: Path) -> None:
    told = as_assigned(folder, "bash", "script.sh", "initdb")
    assert "use an image with libnss_wrapper.so" in told.stderr


@pytest.mark.roundtrip
@pytest.mark.parametrize(
    "command",
    [
        ["rclone", "lsf", "/usr/share/doc", "--max-depth=1", "--config=/notfound"],
        ["redis-cli", "-p", "1", "--version"],
        [
            "mariadb-install-db",
            "--no-defaults",
            "--datadir={}/data",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        ["pg_dump", "--version"],
    ],
    ids=lambda command: str(command[0]),
)
def test_others_ask_for_no_name(folder: Path, command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"missing: {command[0]}")
    done = as_assigned(folder, *(word.replace("{}", str(folder)) for word in command))
    assert done.returncode == 0, done.stderr


@pytest.mark.roundtrip
@needs_wrapper
@missing("rclone", "busybox", "setpriv")
def test_backup_drill_and_restore_run_as_it() -> None:
    with directory() as root, object_store() as store:
        (root / "server").mkdir()
        give_to_runner(root)
        server = Postgres(root / "server")
        try:
            server.sql("CREATE DATABASE small; CREATE DATABASE empty")
            server.sql(data.postgres(100), "small")
            database = replace(POSTGRES, host="127.0.0.1", port=server.port, name="small", password=PASSWORD)
            files, security = s3("http://127.0.0.1:1", "files"), Security.openshift()
            given: dict[str, Any] = {"password": server.password, "bucket": "backups", "options": {"files": False}}
            world = World(root=root, store=store, database=database, storage=files, security=security, **given)
            world.machine.user, world.machine.group = str(USER), "0"
            succeeded(world.back_up())
            succeeded(world.drill())
            world.database = replace(database, name="empty")
            succeeded(world.restore())
            assert server.contents("empty") == server.contents("small")
        finally:
            server.stop()
