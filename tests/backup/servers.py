"""Database servers of the distribution and an object store, on loopback, for one test session."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from .pods import as_runner, give_to_runner


def free_port() -> int:
    """A port that nobody has, a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def newest(pattern: str) -> str | None:
    """The directory of the newest installed PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob(pattern), key=lambda path: int(path.parts[4]))
    return str(found[-1]) if found else None


POSTGRES_BIN = newest("*/bin")


class Postgres:
    """A PostgreSQL with role `flowise`, which owns its databases."""

    def __init__(self, directory: Path, *options: str) -> None:
        assert POSTGRES_BIN is not None
        self.directory, self.port, self.password = directory, free_port(), "it's:a\\secret"
        self.bin = Path(POSTGRES_BIN)
        data = directory / "data"
        (directory / "password").write_text(self.password)
        give_to_runner(directory)
        form = ["-A", "scram-sha-256", "-E", "UTF8", "--no-sync"]
        self._run("initdb", "-D", str(data), "-U", "flowise", f"--pwfile={directory}/password", *form)
        settings = f"-p {self.port} -h 127.0.0.1 -k {directory} -c fsync=off -c max_wal_size=1GB {' '.join(options)}"
        self._run("pg_ctl", "-D", str(data), "-w", "-l", str(directory / "log"), "-o", settings, "start")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([*as_runner(), str(self.bin / program), *arguments], check=True, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        """Ends the server and its data."""
        self._run("pg_ctl", "-D", str(self.directory / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.directory, ignore_errors=True)

    def sql(self, statements: str, database: str = "postgres") -> str:
        """What psql prints."""
        environment = {**os.environ, "PGPASSWORD": self.password, "PGCLIENTENCODING": "UTF8"}
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "flowise", "-d", database]
        command = [str(self.bin / "psql"), *address, "-XAtq", "-v", "ON_ERROR_STOP=1"]
        done = subprocess.run(command, input=statements, env=environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def contents(self, database: str) -> dict[str, str]:
        """A hash of every table's rows, of every large object, and of the sequences."""
        tables = self.sql(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
            database,
        )
        one = "SELECT '{0}', md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM {0} t;"
        hashes = self.sql("\n".join(one.format(table) for table in tables.split()), database)
        objects = self.sql(
            "SELECT 'object ' || oid, md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY 1", database
        )
        counters = self.sql("SELECT 'sequence ' || sequencename, last_value FROM pg_sequences ORDER BY 1", database)
        lines = [line for part in (hashes, objects, counters) for line in part.splitlines()]
        return dict(line.split("|", 1) for line in lines)


class Mariadb:
    """A MariaDB with user `flowise`."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.port, self.password = directory, free_port(), "it's \"a\\ #secret"
        self.data, self.socket = directory / "data", directory / "s"
        give_to_runner(directory)
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={self.data}", "--skip-test-db"]
        install += ["--auth-root-authentication-method=normal"]
        quiet = subprocess.DEVNULL
        subprocess.run([*as_runner(), *install], check=True, stdout=quiet, stderr=quiet)
        options = [f"--datadir={self.data}", f"--port={self.port}", f"--socket={self.socket}"]
        options += ["--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M"]
        options += [f"--pid-file={directory}/pid", "--skip-name-resolve"]
        program = str(shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin"))
        self.process = subprocess.Popen([*as_runner(), program, "--no-defaults", *options], stdout=quiet, stderr=quiet)
        wait_for(self.socket.exists, 30)
        quoted = self.password.replace("\\", "\\\\").replace("'", "\\'")
        self.sql(f"CREATE USER flowise@'%' IDENTIFIED BY '{quoted}'")

    def stop(self) -> None:
        """Ends the server and its data."""
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.directory, ignore_errors=True)

    def make(self, database: str, *, with_restore: bool = True) -> None:
        """An empty database that is Flowise's, and what a restore needs beside it."""
        grants = [database, *([f"{database}_restore", f"{database}_replaced"] if with_restore else [])]
        granted = "".join(f"GRANT ALL ON `{name}`.* TO flowise@'%';" for name in grants)
        self.sql(f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4; {granted}")

    def sql(self, statements: str, database: str = "mysql") -> str:
        """What the client prints, as root."""
        form = ["-N", "-B", "--raw", "--default-character-set=utf8mb4"]
        command = ["mariadb", "--no-defaults", f"--socket={self.socket}", "-uroot", *form, database]
        return subprocess.run(command, input=statements, check=True, capture_output=True, text=True).stdout.strip()

    def contents(self, database: str) -> dict[str, str]:
        """A checksum of every table, and how it is made."""
        names = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{database}' ORDER BY 1"
        both = "CHECKSUM TABLE `{0}` EXTENDED; SHOW CREATE TABLE `{0}`"
        sums = {table: self.sql(both.format(table), database) for table in self.sql(names).split()}
        return {table: text.replace(f"{database}.", "") for table, text in sums.items()}


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Until it holds; raises TimeoutError where it doesn't."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
