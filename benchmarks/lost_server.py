"""What the bundled PostgreSQL and Redis lose when they are killed under load, or their node loses power, and how soon
they answer again on the same volume.

Servers of the distribution with the configuration and the commands of the synthesized pods, on an ext4 of their own.
Power is lost by ext4's own ioctl for it: from then on nothing reaches the volume, not even its journal. Each of the
writers waits for an answer before it writes again. Needs root and a loop device. Prints a line a run.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from flowise_constructs.jsii_node import use_bundled_node  # noqa: E402

# cdk8s starts Node when it is imported.
use_bundled_node()

from test_servers import POSTGRES, Pod, unprivileged  # noqa: E402
from test_servers import Postgres as FirstStart  # noqa: E402

WRITERS = 8
PASSWORD = "a-password"
SHUTDOWN, WITHOUT_JOURNAL = 0x8004587D, 2
"""EXT4_IOC_SHUTDOWN and EXT4_GOING_FLAGS_NOLOGFLUSH."""
VALUE = "x" * 1024

Write = Callable[[int], None]
"""Writes the number, and returns when that is acknowledged."""


class Volume:
    """A file with an ext4, mounted."""

    def __init__(self, folder: Path, mebibytes: int) -> None:
        self.image, self.place = folder / "image", folder / "data"
        self.place.mkdir(exist_ok=True)
        with self.image.open("wb") as file:
            file.truncate(mebibytes * 2**20)
        subprocess.run(["mkfs.ext4", "-q", str(self.image)], check=True)
        self.mount()

    def mount(self) -> None:
        subprocess.run(["mount", "-o", "loop", str(self.image), str(self.place)], check=True)

    def unmount(self) -> None:
        subprocess.run(["umount", str(self.place)], check=True)

    def lose_power(self) -> None:
        """Nothing reaches the volume any more."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", WITHOUT_JOURNAL))
        finally:
            os.close(descriptor)


class Server:
    """A bundled server on a volume."""

    name = ""
    port_option = ""

    def __init__(self, folder: Path, secrets: dict[str, str], mebibytes: int) -> None:
        self.volume = Volume(folder, mebibytes)
        shutil.rmtree(self.volume.place / "lost+found")
        self.pod = Pod(folder, self.name, secrets)
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: list[subprocess.Popen[bytes]] = []

    def command(self) -> list[str]:
        raise NotImplementedError

    def writer(self, number: int) -> Write:
        """A client of its own."""
        raise NotImplementedError

    def kept(self, number: int) -> int:
        """How many writes of that writer are there."""
        raise NotImplementedError

    def forget(self) -> None:
        """Takes the writes away."""
        raise NotImplementedError

    def start(self) -> float | None:
        """Seconds until the readiness probe succeeds; None: the server ends by itself."""
        began = time.monotonic()
        with (self.pod.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*unprivileged(), *self.command()],
                env=self.pod.environment,
                cwd=self.pod.folder,
                stdout=log,
                stderr=log,
            )
        while self.pod.probe("readiness", port_option=self.port_option).returncode:
            if self._process.poll() is not None:
                return None
            if time.monotonic() - began > 120:
                raise RuntimeError((self.pod.folder / "log").read_text()[-2000:])
            time.sleep(0.02)
        return time.monotonic() - began

    def repair(self) -> None:
        """What an operator does with a server that doesn't start."""
        raise RuntimeError((self.pod.folder / "log").read_text()[-2000:])

    @property
    def processes(self) -> list[int]:
        """Every process of the server."""
        assert self._process is not None
        return [self._process.pid, *children(self._process.pid)]

    def kill(self, processes: list[int]) -> None:
        """All of them at once; some have ended if their volume is gone."""
        assert self._process is not None
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        for client in self._clients:
            client.kill()
            client.wait()
        self._clients.clear()
        while any(lives(pid) for pid in processes):
            time.sleep(0.01)

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(pid: int) -> list[int]:
    found = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*found, *(deeper for child in found for deeper in children(child))]


class Postgres(Server):
    """The bundled PostgreSQL."""

    name, port_option = "flowise-postgresql", "--port="

    def __init__(self, folder: Path, mebibytes: int) -> None:
        super().__init__(folder, {"postgres-password": PASSWORD, "user-password": PASSWORD}, mebibytes)
        self._first = FirstStart(self.pod)
        self._first.first_start()
        # Its first start syncs nothing.
        self.volume.unmount()
        self.volume.mount()

    def command(self) -> list[str]:
        options = ["-p", str(self.pod.port), "-c", f"unix_socket_directories={self._first.address['PGHOST']}"]
        return [f"{POSTGRES}/postgres", "-D", self._first.data, *self._first.arguments[1:], *options]

    def _sql(self, statement: str) -> str:
        return str(self._first.sql(statement, PGUSER="flowise", PGPASSWORD=PASSWORD))

    def fill(self, kibibytes: int) -> None:
        self._sql("create table filled (t text); create table written (writer int, n int, t text)")
        self._sql(f"insert into filled select repeat('x', 1000) from generate_series(1, {kibibytes})")

    def writer(self, number: int) -> Write:
        environment = {**self.pod.environment, **self._first.address, "PGDATABASE": "flowise"}
        client = subprocess.Popen(
            [*unprivileged(), f"{POSTGRES}/psql", "-XAtq"],
            env={**environment, "PGUSER": "flowise", "PGPASSWORD": PASSWORD},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._clients.append(client)
        assert client.stdin is not None
        assert client.stdout is not None
        into, out = client.stdin, client.stdout

        def write(n: int) -> None:
            into.write(f"insert into written values ({number}, {n}, '{VALUE}') returning n;\n".encode())
            into.flush()
            if int(out.readline() or b"-1") != n:
                raise ConnectionError

        return write

    def kept(self, number: int) -> int:
        return int(self._sql(f"select count(*) from written where writer = {number}"))

    def forget(self) -> None:
        self._sql("truncate written")


class Redis(Server):
    """The bundled Redis."""

    name, port_option = "flowise-redis", "-p "
    further = ""
    """Lines of `BundledRedis.config`."""

    def __init__(self, folder: Path, mebibytes: int) -> None:
        super().__init__(folder, {"redis-password": PASSWORD}, mebibytes)
        config = self.pod.paths["/opt/flowise-constructs"] / "redis.conf"
        config.write_text(config.read_text().replace("port 6379", f"port {self.pod.port}") + self.further)

    def command(self) -> list[str]:
        return [self.pod.mapped(word) for word in self.pod.container["command"]]

    def repair(self) -> None:
        [manifest] = self.pod.paths["/data"].rglob("*.manifest")
        done = self.pod.run("redis-check-aof", "--fix", str(manifest), given="y\n")
        say(self, "repaired", (done.stdout + done.stderr).strip().splitlines()[-1])

    def _client(self) -> Callable[..., bytes]:
        connection = socket.create_connection(("127.0.0.1", self.pod.port))
        answers = connection.makefile("rb")

        def call(*words: str) -> bytes:
            parts = [f"${len(word)}\r\n{word}\r\n" for word in words]
            connection.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
            answer = answers.readline()
            if not answer or answer.startswith(b"-"):
                raise ConnectionError(answer)
            return answer.strip()

        call("AUTH", PASSWORD)
        return call

    def fill(self, kibibytes: int) -> None:
        call = self._client()
        for number in range(kibibytes):
            call("SET", f"filled:{number}", VALUE)

    def writer(self, number: int) -> Write:
        call = self._client()

        def write(n: int) -> None:
            call("RPUSH", f"written:{number}", f"{n}{VALUE}")

        return write

    def kept(self, number: int) -> int:
        return int(self._client()("LLEN", f"written:{number}")[1:])

    def forget(self) -> None:
        for number in range(WRITERS):
            self._client()("DEL", f"written:{number}")


class SyncedRedis(Redis):
    """The same with `BundledRedis(config={"appendfsync": "always"})`."""

    further = "appendfsync always\n"


class Load:
    """Writers, and when each of their writes was acknowledged."""

    def __init__(self, server: Server) -> None:
        self.acknowledged: list[list[float]] = [[] for _ in range(WRITERS)]
        self._threads = [
            threading.Thread(target=self._write, args=(server.writer(number), number), daemon=True)
            for number in range(WRITERS)
        ]
        for thread in self._threads:
            thread.start()

    def _write(self, write: Write, number: int) -> None:
        try:
            for n in range(10_000_000):
                write(n)
                self.acknowledged[number].append(time.monotonic())
        except (OSError, ValueError):
            return

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


def run(server: Server, fault: str, seconds: float) -> tuple[float, int, float, int]:
    """Seconds to the first answer, acknowledged writes that are lost, of how many seconds they are, and whether it
    started only once its file was repaired."""
    server.forget()
    load = Load(server)
    time.sleep(seconds)
    processes, lost_at = server.processes, time.monotonic()
    if fault == "power lost":
        server.volume.lose_power()
    server.kill(processes)
    load.join()
    server.volume.unmount()
    server.volume.mount()
    took = server.start()
    repaired = took is None
    if took is None:
        server.repair()
        took = server.start()
        assert took is not None
    lost, since = 0, lost_at
    for number, times in enumerate(load.acknowledged):
        known = [at for at in times if at <= lost_at]
        kept = server.kept(number)
        lost += max(0, len(known) - kept)
        since = min([since, *known[kept:]])
    rate, ago = sum(len(times) for times in load.acknowledged) / seconds, lost_at - since
    say(server, fault, f"answers after {took:.2f} s, lost {lost} of {rate:.0f}/s: the last {ago:.2f} s")
    return took, lost, ago, repaired


def say(server: Server, what: str, text: str) -> None:
    print(f"{type(server).__name__:12} {what:12} {text}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each fault")
    parser.add_argument("--seconds", type=float, default=10, help="load before each fault")
    parser.add_argument("--filled", type=int, default=100, help="MiB of data that is there already")
    parser.add_argument("--only", nargs="*", help="which of Postgres, Redis and SyncedRedis; default: all")
    given = parser.parse_args()
    for kind, mebibytes in ((Postgres, 4096), (Redis, 2048), (SyncedRedis, 2048)):
        if given.only and kind.__name__ not in given.only:
            continue
        # A socket's path is at most 107 bytes long, and the servers must reach it.
        with tempfile.TemporaryDirectory(dir="/tmp", prefix="lost-") as name:
            folder = Path(name)
            folder.chmod(0o755)
            server = kind(folder, mebibytes)
            try:
                first = server.start()
                assert first is not None
                say(server, "first start", f"answers after {first:.2f} s")
                server.fill(given.filled * 1024)
                for fault in ("killed", "power lost"):
                    outcomes = zip(*(run(server, fault, given.seconds) for _ in range(given.runs)), strict=True)
                    for what, column in zip(
                        ("answers after", "lost", "seconds lost", "repaired"), outcomes, strict=True
                    ):
                        spread = f"{min(column):.2f} to {max(column):.2f}"
                        say(server, fault, f"{what}: median {statistics.median(column):.2f}, {spread}")
                server.stop()
            finally:
                server.volume.unmount()
    return 0


if __name__ == "__main__":
    if os.environ.get("OWN_MOUNTS") is None:
        # In another process's copy of the mounts a lost volume would live on.
        command = ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv]
        os.execvpe("unshare", command, {**os.environ, "OWN_MOUNTS": "yes"})
    sys.exit(main())
