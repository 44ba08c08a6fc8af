"""A container as a local process: bubblewrap gives it a read-only root, the mounts of the YAML and a process namespace
in which its command is the first process."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from boot.install import Release
from boot.network import ENDS_WITH_US, PodNetwork, child_of

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TIMED_OUT = "no end within {} s"
# What setpriv itself needs; it drops them all.
_CAPABILITIES = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")


@dataclass(frozen=True)
class Mount:
    """A folder of this machine in the container."""

    source: Path
    target: str
    read_only: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a command in a container ended."""

    code: int | None
    output: str

    @property
    def fault(self) -> str | None:
        return None if self.code == 0 else self.output.strip() or f"exit code {self.code}"


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """All that a container is made of, but its command."""

    release: Release
    network: PodNetwork
    hostname: str
    user: int
    group: int
    further_group: int
    """`fsGroup`."""
    environment: Mapping[str, str]
    mounts: Sequence[Mount]
    etc: Path
    """Folder that becomes /etc: hosts, passwd and the like."""
    image: Path
    """Folder that becomes /usr/local, with empty places for what is mounted below."""

    def start(self, command: Sequence[str], log: Path) -> Process:
        """Starts the container."""
        read, write = os.pipe()
        line = [
            *self.network.enter,
            "bwrap",
            *self._options(),
            "--info-fd",
            str(write),
            "--",
            *self._identity(),
            *command,
        ]
        with log.open("wb") as output:
            outer = subprocess.Popen(
                [*ENDS_WITH_US, *line],
                env=self._variables(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[write],
            )
        os.close(write)
        with os.fdopen(read, "rb") as information:
            # A JSON object; no end of file follows it, because nsenter keeps its copy open.
            started = any(b"}" in line for line in information)
        if not started:
            raise RuntimeError(f"bwrap did not start: {log.read_text()}")
        # nsenter, bubblewrap, and the container's first process, each the child of the one before.
        return Process(self, outer, child_of(child_of(outer.pid)))

    def _variables(self) -> dict[str, str]:
        return {"PATH": PATH, "HOSTNAME": self.hostname, **self.environment}

    def _identity(self) -> list[str]:
        ids = [f"--reuid={self.user}", f"--regid={self.group}", f"--groups={self.further_group}"]
        return ["setpriv", *ids, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]

    def _options(self) -> list[str]:
        options = ["--unshare-pid", "--as-pid-1", "--unshare-ipc", "--unshare-uts", "--hostname", self.hostname]
        options += ["--die-with-parent", "--cap-drop", "ALL"]
        for capability in _CAPABILITIES:
            options += ["--cap-add", capability]
        return [*options, *self._root(), *self._volumes(), "--remount-ro", "/", "--chdir", "/"]

    def _root(self) -> list[str]:
        options = ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev", "--ro-bind", str(self.etc), "/etc"]
        for name in ("bin", "sbin", "lib", "lib64"):
            if Path("/", name).is_symlink():
                options += ["--symlink", f"usr/{name}", f"/{name}"]
        node, modules = self.release.node, self.release.modules
        options += ["--ro-bind", str(self.image), "/usr/local", "--ro-bind", str(node), "/usr/local/bin/node"]
        options += ["--ro-bind", str(modules), "/usr/local/lib/node_modules"]
        for place, source in self.release.replaced.items():
            options += ["--ro-bind", str(source), f"/usr/local/lib/node_modules/{place}"]
        return options

    def _volumes(self) -> list[str]:
        options = []
        targets = [mount.target for mount in self.mounts]
        for target in targets:
            # /etc is a folder of ours, and read-only by now.
            if target.startswith("/etc/"):
                (self.etc / target.removeprefix("/etc/")).mkdir(parents=True, exist_ok=True)
        parents = {str(parent) for target in targets for parent in PurePosixPath(target).parents} - {"/", *targets}
        for parent in sorted(parents):
            options += ["--perms", "0755", "--dir", parent]
        for mount in self.mounts:
            options += ["--ro-bind" if mount.read_only else "--bind", str(mount.source), mount.target]
        return options


@dataclass
class Process:
    """A running container."""

    sandbox: Sandbox
    outer: subprocess.Popen[bytes]
    pid: int
    """The container's first process, as this machine numbers it."""
    peak_memory: int = field(default=0)
    """Bytes."""

    @property
    def running(self) -> bool:
        return self.outer.poll() is None

    def run(self, command: Sequence[str], timeout: float) -> Outcome:
        """Runs a command in the container, as `exec` does."""
        inside = ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--net", "--ipc", "--uts"]
        line = [*inside, *self.sandbox._identity(), *command]
        process = subprocess.Popen(
            line,
            env=self.sandbox._variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=timeout)
            return Outcome(process.returncode, output)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return Outcome(None, _TIMED_OUT.format(round(timeout)))

    def signal(self, number: signal.Signals) -> None:
        self.measure()
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def measure(self) -> None:
        """Takes down the highest resident memory so far."""
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
            peak = next(line for line in lines if line.startswith("VmHWM:"))
            self.peak_memory = max(self.peak_memory, int(peak.split()[1]) * 1024)

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit code; None if it still runs after the timeout."""
        try:
            return self.outer.wait(timeout)
        except subprocess.TimeoutExpired:
            return None


def prepare_image(folder: Path) -> Path:
    """/usr/local as the image has it; Node and the modules are mounted over its empty places."""
    for place in ("bin", "lib/node_modules"):
        (folder / place).mkdir(parents=True)
    (folder / "bin" / "node").touch()
    (folder / "bin" / "flowise").symlink_to("../lib/node_modules/flowise/bin/run")
    return folder


def prepare_etc(folder: Path, hosts: Mapping[str, str], mounts: Iterable[str]) -> Path:
    """/etc with the names of the Services, and empty places for what is mounted below: it is read-only then."""
    folder.mkdir()
    for path in mounts:
        if path.startswith("/etc/"):
            (folder / path.removeprefix("/etc/")).mkdir(parents=True, exist_ok=True)
    (folder / "hosts").write_text("".join(f"{address} {name}\n" for name, address in hosts.items()))
    (folder / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n")
    (folder / "group").write_text("root:x:0:\nnode:x:1000:\n")
    (folder / "nsswitch.conf").write_text("hosts: files\npasswd: files\ngroup: files\n")
    return folder


def reason_against() -> str | None:
    """Why bubblewrap can't make a container here."""
    trial = subprocess.run(
        ["bwrap", "--unshare-pid", "--as-pid-1", "--ro-bind", "/", "/", "--proc", "/proc", "true"],
        check=False,
        capture_output=True,
        text=True,
    )
    return f"bubblewrap makes no sandbox: {trial.stderr.strip()}" if trial.returncode else None
