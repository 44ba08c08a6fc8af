"""PostgreSQL, Redis and an S3 server of this machine, behind the names and ports that the YAML gives their Services."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from certificates import self_signed

from boot.network import ENDS_WITH_US, NODE

_NOBODY = 65534
_AS_NOBODY = ("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", *ENDS_WITH_US[1:])
_STOP_SECONDS = 20


def _postgres_program(name: str) -> str:
    """The newest installed major version's; Debian keeps them off the PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    return str(folders[-1] / name)


class _Server:
    """A process that can be stopped and started again on its data."""

    identity: Sequence[str] = _AS_NOBODY

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        os.chown(folder, _NOBODY, _NOBODY)
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self.identity, *self.command()], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        deadline = time.monotonic() + 60
        while not self.answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"no answer: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is None:
            return
        # To PostgreSQL a fast shutdown, which ends sessions.
        self._process.send_signal(2)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


@dataclass(frozen=True)
class Certificate:
    """A certificate, signed by itself, and its key, as PEM."""

    text: str
    key: str

    @staticmethod
    def make(folder: Path, *names: str) -> Certificate:
        """For servers of those names."""
        signed, key = self_signed(folder, *(f"DNS:{name}" for name in names))
        return Certificate(signed.read_text(), key.read_text())

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Certificate and key as files of a server's own."""
        paths = folder / "certificate.pem", folder / "key.pem"
        for path, text in zip(paths, (self.text, self.key), strict=True):
            path.write_text(text)
            os.chown(path, _NOBODY, _NOBODY)
            path.chmod(0o600)
        return paths


class Postgres(_Server):
    """PostgreSQL with passwords, on the port of its Service; with a certificate it takes nobody without TLS."""

    def __init__(self, folder: Path, *, port: int, admin_password: str, certificate: Certificate | None = None) -> None:
        super().__init__(folder)
        self._port, self._admin_password = port, admin_password
        self._tls = certificate.write(folder) if certificate else None
        password = folder / "password"
        password.write_text(admin_password)
        os.chown(password, _NOBODY, _NOBODY)
        options = [
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "--username=postgres",
            "--no-sync",
            "--locale=C.UTF-8",
        ]
        program = _postgres_program("initdb")
        subprocess.run([*_AS_NOBODY, program, *options, str(folder / "data")], check=True, stdout=subprocess.DEVNULL)
        rules = (folder / "data" / "pg_hba.conf").open("a")
        with rules:
            rules.write(f"host{'ssl' if certificate else ''} all all all scram-sha-256\n")

    def command(self) -> list[str]:
        options = {"listen_addresses": NODE, "port": self._port, "unix_socket_directories": "", "max_connections": 200}
        tls = {"ssl": "on", "ssl_cert_file": self._tls[0], "ssl_key_file": self._tls[1]} if self._tls else {}
        settings = [
            word for name, value in {**options, **tls, "fsync": "off"}.items() for word in ("-c", f"{name}={value}")
        ]
        return [_postgres_program("postgres"), "-D", str(self.folder / "data"), *settings]

    def answers(self) -> bool:
        command = [_postgres_program("pg_isready"), "--quiet", f"--host={NODE}", f"--port={self._port}"]
        return subprocess.run(command, check=False).returncode == 0

    def run_script(self, script: Path, environment: dict[str, str]) -> None:
        """Runs what the image's entrypoint would run on an empty data directory, with psql pointed at the server."""
        command = (
            ["psql", "--no-psqlrc", "--quiet", f"--file={script}"] if script.suffix == ".sql" else ["bash", str(script)]
        )
        known = {
            "PATH": os.environ["PATH"],
            "PGHOST": NODE,
            "PGPORT": str(self._port),
            "PGUSER": "postgres",
            "PGPASSWORD": self._admin_password,
            "PGDATABASE": environment["POSTGRES_DB"],
        }
        subprocess.run(command, env={**known, **environment}, check=True)

    def query(self, sql: str, database: str = "postgres") -> list[list[str]]:
        """Rows of a statement, as the superuser."""
        address = ["--host", NODE, "--port", str(self._port), "--username", "postgres", "--dbname", database]
        command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t", *address]
        environment = {**os.environ, "PGPASSWORD": self._admin_password}
        done = subprocess.run([*command, "--command", sql], env=environment, check=True, capture_output=True, text=True)
        return [line.split("\t") for line in done.stdout.splitlines()]


class Mariadb(_Server):
    """MariaDB with a user `flowise`, to whom the database `flowise` is granted."""

    def __init__(self, folder: Path, *, port: int, password: str) -> None:
        super().__init__(folder)
        self._port, self._password, self._socket = port, password, folder / "socket"
        options = ["--no-defaults", f"--datadir={folder / 'data'}", "--skip-test-db"]
        install = ["mariadb-install-db", *options, "--auth-root-authentication-method=normal"]
        subprocess.run([*_AS_NOBODY, *install], check=True, stdout=subprocess.DEVNULL, cwd=folder)

    def command(self) -> list[str]:
        options = [f"--datadir={self.folder / 'data'}", f"--socket={self._socket}", f"--pid-file={self.folder / 'pid'}"]
        address = [f"--bind-address={NODE}", f"--port={self._port}", "--skip-name-resolve"]
        return ["mariadbd", "--no-defaults", *options, *address, "--innodb-flush-log-at-trx-commit=0"]

    def answers(self) -> bool:
        return self._client("SELECT 1", check=False).returncode == 0

    def make_database(self) -> None:
        quoted = self._password.replace("\\", "\\\\").replace("'", "\\'")
        self.query("CREATE DATABASE flowise CHARACTER SET utf8mb4")
        self.query(f"CREATE USER flowise@'%' IDENTIFIED BY '{quoted}'; GRANT ALL ON flowise.* TO flowise@'%'")

    def query(self, sql: str, database: str = "mysql") -> list[list[str]]:
        """Rows of a statement, as root."""
        return [line.split("\t") for line in self._client(sql, database).stdout.splitlines()]

    def _client(self, sql: str, database: str = "mysql", *, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [
            "mariadb",
            "--no-defaults",
            f"--socket={self._socket}",
            "--user=root",
            "--batch",
            "--skip-column-names",
        ]
        return subprocess.run([*command, database], input=sql, check=check, capture_output=True, text=True)


class Redis(_Server):
    """Redis with a password, on the port of its Service, which with a certificate speaks TLS alone."""

    def __init__(self, folder: Path, *, port: int, password: str, certificate: Certificate | None = None) -> None:
        super().__init__(folder)
        self._port, self._password = port, password
        self._tls = certificate.write(folder) if certificate else None
        lines = [f"bind {NODE}", "appendonly yes", 'save ""', "maxmemory-policy noeviction"]
        if self._tls:
            files = [
                f"tls-cert-file {self._tls[0]}",
                f"tls-key-file {self._tls[1]}",
                f"tls-ca-cert-file {self._tls[0]}",
            ]
            lines += ["port 0", f"tls-port {port}", "tls-auth-clients no", *files]
        else:
            lines += [f"port {port}"]
        (folder / "redis.conf").write_text("\n".join([*lines, f"requirepass {password}", f"dir {folder}"]) + "\n")

    def command(self) -> list[str]:
        return ["redis-server", str(self.folder / "redis.conf")]

    def answers(self) -> bool:
        return self.run("PING") == "PONG"

    def run(self, *words: str) -> str:
        """A command's answer, as redis-cli prints it."""
        tls = ["--tls", "--cacert", str(self._tls[0])] if self._tls else []
        command = ["redis-cli", "-h", NODE, "-p", str(self._port), *tls, *words]
        environment = {**os.environ, "REDISCLI_AUTH": self._password}
        return subprocess.run(command, env=environment, check=False, capture_output=True, text=True).stdout.strip()

    def connections(self, address: str) -> list[int]:
        """The ids of the clients at an address, the oldest first."""
        clients = [
            dict(word.split("=", 1) for word in line.split()) for line in self.run("CLIENT", "LIST").splitlines()
        ]
        return sorted(int(client["id"]) for client in clients if client["addr"].rsplit(":", 1)[0] == address)

    def kill(self, connection: int) -> None:
        """Cuts a client's connection."""
        self.run("CLIENT", "KILL", "ID", str(connection))


class S3(_Server):
    """An S3 server in memory."""

    # The environment of the tests need not be readable to others.
    identity = ENDS_WITH_US

    def __init__(self, folder: Path, *, port: int) -> None:
        super().__init__(folder)
        self._url = f"http://{NODE}:{port}"
        self._port = port

    def command(self) -> list[str]:
        # Else the first word of the host name is taken for the bucket's.
        program = ["env", "S3_IGNORE_SUBDOMAIN_BUCKETNAME=true", str(Path(sys.executable).parent / "moto_server")]
        return [*program, "-H", NODE, "-p", str(self._port)]

    def answers(self) -> bool:
        try:
            return self._request("GET", "/moto-api/") == 200
        except OSError:
            return False

    def make_bucket(self, name: str) -> None:
        if (status := self._request("PUT", f"/{name}")) != 200:
            raise RuntimeError(f"bucket {name}: status {status}")

    def names(self, bucket: str) -> str:
        """The listing of a bucket, as XML."""
        with urllib.request.urlopen(f"{self._url}/{bucket}?list-type=2", timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def _request(self, method: str, path: str) -> int:
        try:
            with urllib.request.urlopen(urllib.request.Request(self._url + path, method=method), timeout=10) as answer:
                status: int = answer.status
                return status
        except urllib.error.HTTPError as error:
            return error.code
