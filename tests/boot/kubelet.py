"""What a kubelet does with a pod: init containers one after another, then the container with its probes, restarts with
back-off, preStop hook, SIGTERM, SIGKILL."""

from __future__ import annotations

import http.client
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from boot.figures import Figures
from boot.install import Release
from boot.manifests import Manifests, Object
from boot.network import PodNetwork, pod_network
from boot.sandbox import Mount, Process, Sandbox, prepare_etc, prepare_image

# Kubelet gives a container that long after SIGTERM even when its preStop hook has used the grace period up.
MINIMUM_GRACE_SECONDS = 2
NODE_NAME = "boot-node"
ASSIGNED_IDS = {"runAsUser": 1000660000, "runAsGroup": 0, "fsGroup": 1000660000}
"""What a cluster such as OpenShift fills in where the YAML says nothing: a user with no name, in group 0."""

PROGRAMS = {
    "redis_exporter": ["prometheus-redis-exporter"],
    "postgres-exporter": ["prometheus-postgres-exporter"],
}
"""What this machine has of programs that images bring, by the name of the image."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a pod."""

    at: float
    reason: str
    message: str


class BackOff:
    """The seconds before each start of a container: none before the first and the second, then 10, doubled each time."""

    def __init__(self) -> None:
        self._starts = 0

    def next(self) -> int:
        delay = 0 if self._starts < 2 else min(10 * 2 ** (self._starts - 2), 300)
        self._starts += 1
        return delay

    def forget(self) -> None:
        """As kubelet does when the container has run for ten minutes."""
        self._starts = min(self._starts, 1)


@dataclass(frozen=True, kw_only=True)
class Node:
    """What all pods of a deployment have in common."""

    manifests: Manifests
    release: Release
    hosts: Mapping[str, str]
    folder: Path
    figures: Figures
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """What kubelet adds to every container's own."""

    def claim(self, name: str) -> Path:
        """What a claim holds."""
        return self.folder / "claims" / name


class Pod:
    """A pod of a Deployment."""

    kind = "Deployment"

    def __init__(self, node: Node, owner: str, name: str) -> None:
        self.name = name
        self.node = node
        self.deployment = owner
        self.spec = node.manifests.template(owner, self.kind)
        self.events: list[Event] = []
        self.back_off = BackOff()
        self.ready = False
        self.process: Process | None = None
        self.created = time.monotonic()
        self.deleted: float | None = None
        self._stack = ExitStack()
        self._folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=node.folder))
        self.network: PodNetwork = self._stack.enter_context(pod_network())
        self._stopping = threading.Event()
        # Never mounted at once, like a node's volumes: they outlive a container that is restarted.
        self._volumes = {volume["name"]: self._volume(volume) for volume in self.spec.get("volumes", [])}
        self._image = prepare_image(self._folder / "image")
        containers = [*self.spec.get("initContainers", []), *self.spec["containers"]]
        self._etc = prepare_etc(
            self._folder / "etc",
            {"localhost": "127.0.0.1", name: self.network.address, **node.hosts},
            [mount["mountPath"] for container in containers for mount in container.get("volumeMounts", [])],
        )
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _template(self, deployment: str) -> Object:
        return self.node.manifests.template(deployment)

    @property
    def address(self) -> str:
        return self.network.address

    @property
    def has_started(self) -> bool:
        """Whether the container runs or ran; before that a pod has no endpoint."""
        return any(event.reason == "Started" and event.message == self.container["name"] for event in list(self.events))

    @property
    def container(self) -> Object:
        """The one container; the init containers come before it."""
        [container] = self.spec["containers"]
        found: Object = container
        return found

    @property
    def _security(self) -> Object:
        return {**ASSIGNED_IDS, **self.spec["securityContext"]}

    def failures(self) -> list[Event]:
        """Every start of an init container or the container that failed."""
        return [event for event in list(self.events) if event.reason in ("InitFailed", "Ended")]

    def restarts(self) -> list[Event]:
        """Every end of the container that nobody asked for."""
        return [event for event in list(self.events) if event.reason == "Ended"]

    def alarms(self) -> list[Event]:
        """Every time that a liveness probe failed for good."""
        return [event for event in list(self.events) if event.reason == "Liveness"]

    def log(self, container: str | None = None, start: int | None = None) -> str:
        """What the container, or the named one, has written in all its starts, or in the one of that number."""
        name, number = container or self.container["name"], "*" if start is None else start
        files = sorted(self._folder.glob(f"{name}-{number}.log"), key=lambda file: file.stat().st_mtime)
        return "".join(file.read_text(errors="replace") for file in files)

    def story(self) -> str:
        """Events and the ends of the logs, for a failed test."""
        events = [f"  {event.at - self.created:7.1f} s {event.reason}: {event.message}" for event in list(self.events)]
        logs = [
            f"--- {file.name}\n" + file.read_text(errors="replace")[-3000:]
            for file in sorted(self._folder.glob("*.log"))
        ]
        return "\n".join([f"=== {self.name} at {self.address}", *events, *logs])

    def delete(self, *, wait: bool = True, force: bool = False) -> None:
        """Stops the pod for good, as `kubectl delete pod` does."""
        if self.deleted is None:
            self.deleted = time.monotonic()
            self._stopping.set()
            self._note("Deleted", "with force" if force else "")
            grace = 0 if force else self._grace_of({})
            threading.Thread(target=self._terminate, args=(grace, "deleted"), daemon=True).start()
        if wait:
            self._thread.join()

    def _note(self, reason: str, message: str) -> None:
        self.events.append(Event(time.monotonic(), reason, message))

    def _volume(self, volume: Object) -> Path:
        folder = self._folder / "volumes" / str(volume["name"])
        owner, group = 0, self._security["fsGroup"]
        if "persistentVolumeClaim" in volume:
            folder = self.node.claim(str(volume["persistentVolumeClaim"]["claimName"]))
        folder.mkdir(parents=True, exist_ok=True)
        if "persistentVolumeClaim" in volume:
            hand_to_group(folder, group)
            return folder
        if "emptyDir" in volume:
            os.chown(folder, owner, group)
            folder.chmod(0o2777)
            return folder
        for path, file in self.node.manifests.files(volume).items():
            (folder / path).write_text(file.content)
            os.chown(folder / path, owner, group)
            (folder / path).chmod(file.mode)
        return folder

    def _sandbox(self, container: Object) -> Sandbox:
        security = {**self._security, **container["securityContext"]}
        if not (security["readOnlyRootFilesystem"] and security["runAsNonRoot"]):
            raise NotImplementedError("only containers with a read-only root and without root")
        fields = {
            "metadata.name": self.name,
            "metadata.namespace": "default",
            "status.podIP": self.address,
            "spec.nodeName": NODE_NAME,
        }
        return Sandbox(
            release=self.node.release,
            network=self.network,
            hostname=self.name,
            user=security["runAsUser"],
            group=security["runAsGroup"],
            further_group=security["fsGroup"],
            environment={**self.node.variables, **self.node.manifests.environment(container, fields)},
            mounts=[
                Mount(self._volumes[mount["name"]], mount["mountPath"], mount.get("readOnly", False))
                for mount in container.get("volumeMounts", [])
            ],
            etc=self._etc,
            image=self._image,
        )

    def _run(self) -> None:
        try:
            if all(self._initialize(container) for container in self.spec.get("initContainers", [])):
                self._keep_running()
        finally:
            self.ready = False
            self._stack.close()

    def _initialize(self, container: Object) -> bool:
        """Whether the init container has succeeded, and not the pod been deleted first."""
        back_off = BackOff()
        for attempt in count():
            if self._stopping.wait(back_off.next()):
                return False
            started = time.monotonic()
            code = self._start(container, attempt).wait()
            seconds = time.monotonic() - started
            self._note(
                "Initialized" if code == 0 else "InitFailed",
                f"{container['name']}: exit code {code} after {seconds:.1f} s",
            )
            if code == 0:
                self.node.figures.gate(self.node.release.label, container["name"], seconds)
                return not self._stopping.is_set()
        return False

    def _keep_running(self) -> None:
        for attempt in count():
            if self._stopping.wait(self.back_off.next()):
                return
            process = self._start(self.container, attempt)
            ended = threading.Event()
            watcher = threading.Thread(target=self._watch, args=(process, ended), daemon=True)
            watcher.start()
            code = process.wait()
            ended.set()
            self.ready = False
            watcher.join()
            self.node.figures.memory(self.node.release.label, self.container["name"], process.peak_memory)
            self._note("Stopped" if self._stopping.is_set() else "Ended", f"exit code {code}")

    def _start(self, container: Object, attempt: int) -> Process:
        log = self._folder / f"{container['name']}-{attempt}.log"
        self.process = self._sandbox(container).start(_command(container), log)
        self._note("Started", container["name"])
        if self._stopping.is_set():
            self.process.signal(signal.SIGKILL)
        return self.process

    def _watch(self, process: Process, ended: threading.Event) -> None:
        """The probes of one start of the container."""
        container, started = self.container, time.monotonic()
        if not self._has_started(process, ended):
            return
        seconds = time.monotonic() - started
        self._note("Up", f"startup probe passed after {seconds:.1f} s")
        self.node.figures.boot(self.node.release.label, container["name"], seconds)
        others = [threading.Thread(target=self._watch_readiness, args=(process, ended), daemon=True)]
        others.append(threading.Thread(target=self._watch_liveness, args=(process, ended), daemon=True))
        for thread in others:
            thread.start()
        for thread in others:
            thread.join()

    def _has_started(self, process: Process, ended: threading.Event) -> bool:
        probe = self.container["startupProbe"]
        for failures, fault in enumerate(self._results(probe, process, ended), start=1):
            if fault is None:
                return True
            if failures >= probe["failureThreshold"]:
                self._note("Startup", fault)
                self._terminate(self._grace_of(probe), "startup probe")
                return False
        return False

    def _watch_readiness(self, process: Process, ended: threading.Event) -> None:
        probe = self.container.get("readinessProbe")
        if probe is None:
            self.ready = True
            return
        failures = 0
        for fault in self._results(probe, process, ended):
            failures = failures + 1 if fault else 0
            ready = failures < probe["failureThreshold"] if self.ready else failures == 0
            if ready != self.ready:
                self.ready = ready
                self._note("Ready" if ready else "NotReady", fault or "")

    def _watch_liveness(self, process: Process, ended: threading.Event) -> None:
        probe, failures = self.container["livenessProbe"], 0
        for fault in self._results(probe, process, ended):
            failures = failures + 1 if fault else 0
            if fault:
                self._note("Unhealthy", fault)
            if failures >= probe["failureThreshold"]:
                self._note("Liveness", fault or "")
                self._terminate(self._grace_of(probe), "liveness probe")
                return

    def _grace_of(self, probe: Mapping[str, int]) -> int:
        grace: int = probe.get("terminationGracePeriodSeconds", self.spec.get("terminationGracePeriodSeconds", 30))
        return grace

    def _results(self, probe: Object, process: Process, ended: threading.Event) -> Iterator[str | None]:
        """The fault, or None, of every run of a probe, as long as the container runs and isn't to be stopped."""
        due = time.monotonic() + probe.get("initialDelaySeconds", 0)
        while not ended.wait(max(0.0, due - time.monotonic())) and not self._stopping.is_set():
            fault = self._check(probe, process)
            process.measure()
            if ended.is_set():
                return
            yield fault
            while due <= time.monotonic():
                due += probe["periodSeconds"]

    def _check(self, probe: Object, process: Process) -> str | None:
        timeout = probe.get("timeoutSeconds", 1)
        if "exec" in probe:
            started = time.monotonic()
            fault = process.run(probe["exec"]["command"], timeout).fault
            self.node.figures.probe(self.node.release.label, self.container["name"], time.monotonic() - started)
            return fault
        return self._get(probe["httpGet"], timeout)

    def _get(self, request: Mapping[str, Any], timeout: float) -> str | None:
        port = request["port"]
        if isinstance(port, str):
            port = next(entry["containerPort"] for entry in self.container["ports"] if entry["name"] == port)
        connection = http.client.HTTPConnection(self.address, port, timeout=timeout)
        try:
            connection.request("GET", request["path"], headers={"User-Agent": "kube-probe/1.33"})
            status = connection.getresponse().status
            return None if 200 <= status < 400 else f"status {status}"
        except OSError as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()

    def _terminate(self, grace: float, reason: str) -> None:
        """Stops what runs now: preStop hook, SIGTERM, SIGKILL when the grace is over. Returns when it has ended."""
        process, started = self.process, time.monotonic()
        if process is None or not process.running:
            return
        if grace > 0:
            self._pre_stop(process, grace)
            process.signal(signal.SIGTERM)
            left = max(MINIMUM_GRACE_SECONDS, started + grace - time.monotonic())
            if process.wait(left) is not None:
                return
            self._note("Killed", f"{reason}: still there after {time.monotonic() - started:.1f} s")
        process.signal(signal.SIGKILL)
        process.wait()

    def _pre_stop(self, process: Process, grace: float) -> None:
        hook = self.container.get("lifecycle", {}).get("preStop")
        if hook is not None and self.has_started:
            process.run(hook["exec"]["command"], grace)


class JobPod(Pod):
    """A pod of a Job, whose container is started once."""

    kind = "Job"
    code: int | None = None
    """The container's exit code, once it has ended."""

    @property
    def last_line(self) -> str:
        """What the pod's status shows."""
        return self.log().rstrip().rpartition("\n")[2]

    def wait(self, seconds: float) -> int:
        """The exit code."""
        self._thread.join(seconds)
        assert self.code is not None, f"still running after {seconds:.0f} s\n{self.story()}"
        return self.code

    def _keep_running(self) -> None:
        self.code = self._start(self.container, 0).wait()
        self._note("Stopped", f"exit code {self.code}")


def _command(container: Object) -> list[str]:
    """What the container runs; where that is the image's own program, the distribution's of the same name."""
    image = container["image"].rpartition("/")[2].partition(":")[0]
    return [*(container.get("command") or PROGRAMS[image]), *container.get("args", ())]


def hand_to_group(folder: Path, group: int) -> None:
    """What fsGroup does to a volume whose root isn't the group's yet (OnRootMismatch)."""
    status = folder.stat()
    if status.st_gid == group and status.st_mode & 0o2770 == 0o2770:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, -1, group, follow_symlinks=False)
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o2770 if path.is_dir() else 0o660))


def wait_until(condition: Callable[[], Any], seconds: float, what: str, pods: list[Pod] | None = None) -> None:
    """Waits; tells the pods' stories when it takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            stories = "\n".join(pod.story() for pod in pods or [])
            raise AssertionError(f"not within {seconds:.0f} s: {what}\n{stories}")
        time.sleep(0.2)
