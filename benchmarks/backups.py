"""How long a backup takes, against a bare pg_dump -Fc and a copy of it into the same bucket, and its largest process.

Needs PostgreSQL, rclone and busybox of the distribution, as the round trips do. Prints medians of runs made in turn.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from backup import data, pods  # noqa: E402
from backup.outcomes import succeeded  # noqa: E402
from backup.pods import as_runner, give_to_runner  # noqa: E402
from backup.servers import POSTGRES_BIN, Postgres  # noqa: E402
from backup.world import World, directory, object_store, s3  # noqa: E402

from flowise_constructs import PostgresDatabase, Retention, SecretKey  # noqa: E402


def bare(world: World, server: Postgres, database: str) -> float:
    """Seconds of the shortest script that leaves a dump in the bucket; it looks at nothing."""
    script = (
        f'set -e; PGPASSFILE="$TMPDIR/pgpass" {POSTGRES_BIN}/pg_dump -Fc -w -h 127.0.0.1 -p {server.port} -U flowise'
        f' -f "$TMPDIR/database.dump" {database}; rclone copyto "$TMPDIR/database.dump" "target:{world.bucket}/bare"'
    )
    folder = world.root / "bare"
    folder.mkdir(exist_ok=True)
    (folder / "pgpass").write_text("*:*:*:*:" + server.password.replace("\\", "\\\\").replace(":", "\\:") + "\n")
    (folder / "pgpass").chmod(0o600)
    give_to_runner(folder)
    store = {
        "TYPE": "s3",
        "PROVIDER": "Other",
        "ENDPOINT": world.url,
        "FORCE_PATH_STYLE": "true",
        "NO_CHECK_BUCKET": "true",
    }
    keys = {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "s3 secret"}
    remote = {f"RCLONE_CONFIG_TARGET_{name}": value for name, value in {**store, **keys}.items()}
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(folder), "HOME": str(folder), **remote}
    start = time.perf_counter()
    subprocess.run([*as_runner(), "sh", "-c", script], env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def ours(world: World) -> float:
    """Seconds of the pod that the library makes."""
    start = time.perf_counter()
    succeeded(world.back_up())
    return time.perf_counter() - start


MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "a") as file:
    file.write(f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}\\n")
sys.exit(code)
"""


def measured(world: World) -> int:
    """MiB of the largest process of a backup. Between it and this process is a small one, since a new process counts
    what it was forked from."""
    file = world.root / "memory"
    file.touch()
    give_to_runner(file)
    pods.as_runner = lambda *who: [*as_runner(*who), sys.executable, "-c", MEASURE, str(file)]
    try:
        succeeded(world.back_up())
    finally:
        pods.as_runner = as_runner
    kibibytes = [int(line) for line in file.read_text().split()]
    file.unlink()
    return max(kibibytes) // 1024


def compare(world: World, server: Postgres, messages: int, runs: int) -> None:
    database = f"messages_{messages}"
    server.sql(f"CREATE DATABASE {database}")
    server.sql(data.postgres(messages), database)
    world.database = PostgresDatabase(
        host="127.0.0.1", port=server.port, name=database, password=SecretKey(secret="database", key="password")
    )
    world.manifests()
    pairs = [(ours(world), bare(world, server, database)) for _ in range(runs)]
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    mine, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    dumped = world.manifest(world.backups()[-1])["database_bytes"] / 2**20
    print(
        f"{messages:8} messages, dump of {dumped:6.1f} MiB: backup {mine:6.2f} s, bare {theirs:6.2f} s, "
        f"ratio {ratio:4.2f} (reach: 1.2), largest process {measured(world)} MiB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--messages", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with directory() as root, object_store() as store:
        (root / "server").mkdir()
        give_to_runner(root)
        server = Postgres(root / "server")
        try:
            world = World(
                root=root,
                store=store,
                database=None,
                password=server.password,
                storage=s3("http://127.0.0.1:1", "files"),
                bucket="backups",
                # A bare dump deletes nothing either.
                options={"files": False, "scratch_size": "20Gi", "retention": Retention(last=1000)},
            )
            give_to_runner(root)
            for messages in options.messages:
                compare(world, server, messages, options.runs)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
