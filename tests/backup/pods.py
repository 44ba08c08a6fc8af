"""Runs the containers of a synthesized pod on this machine: their commands, environment, files and secrets."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Manifest = dict[str, Any]
Secrets = Mapping[str, Mapping[str, str]]

RUNNER = "postgres"
"""Who runs the containers where the tests run as root: servers refuse to be root's."""


@dataclass(frozen=True)
class Outcome:
    """How a pod ended."""

    code: int
    container: str
    log: str

    @property
    def last_line(self) -> str:
        """What the pod's status shows."""
        return self.log.rstrip().rpartition("\n")[2]


@dataclass
class Machine:
    """Stands for the node: which images there are, and what claims hold."""

    root: Path
    paths: Mapping[str, str]
    """Image repository -> PATH of its containers."""
    secrets: Secrets
    claims: dict[str, Path] = field(default_factory=dict[str, Path])
    scratch_directory: Path | None = None
    environment: dict[str, str] = field(default_factory=dict[str, str])
    overrides: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables that are otherwise than the manifest has them, so that a test needn't wait."""
    user: str = RUNNER
    """Who runs the containers where the tests run as root."""
    group: str | None = None
    """The user's group. Default: of the same name."""
    runs: int = 0

    def run(self, manifests: Sequence[Manifest], kind: str, name: str, *, stop_after: float | None = None) -> Outcome:
        """Runs the pod of the CronJob or Job of that name."""
        owner = next(item for item in manifests if item["kind"] == kind and item["metadata"]["name"] == name)
        spec = owner["spec"]["jobTemplate"]["spec"] if kind == "CronJob" else owner["spec"]
        return self._run(spec["template"]["spec"], manifests, f"{name}-29384{self.runs:03}-", stop_after)

    def _run(self, pod: Manifest, manifests: Sequence[Manifest], name: str, stop_after: float | None) -> Outcome:
        self.runs += 1
        name += f"x{self.runs:04}"
        volumes = {volume["name"]: self._volume(volume, manifests, name) for volume in pod["volumes"]}
        log = ""
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            code, told = self._container(container, volumes, name, stop_after)
            log += told
            if code != 0:
                return Outcome(code, container["name"], log)
        return Outcome(0, pod["containers"][-1]["name"], log)

    def _volume(self, volume: Manifest, manifests: Sequence[Manifest], name: str) -> Path:
        if "persistentVolumeClaim" in volume:
            claim: str = volume["persistentVolumeClaim"]["claimName"]
            return self.claims[claim]
        if volume["name"] == "scratch" and self.scratch_directory:
            return self.scratch_directory
        path: Path = self.root / name / volume["name"]
        path.mkdir(parents=True)
        for file, content in self._content(volume, manifests).items():
            (path / file).write_text(content)
        give_to_runner(path.parent, self.user)
        return path

    def _content(self, volume: Manifest, manifests: Sequence[Manifest]) -> dict[str, str]:
        config_maps = {item["metadata"]["name"]: item["data"] for item in manifests if item["kind"] == "ConfigMap"}
        if "configMap" in volume and "items" not in volume["configMap"]:
            return dict(config_maps[volume["configMap"]["name"]])
        projected = volume.get("projected", {}).get("sources", [])
        found = [(self.secrets, source["secret"]) for source in projected if "secret" in source]
        found += [(config_maps, source["configMap"]) for source in projected if "configMap" in source]
        if "configMap" in volume:
            found.append((config_maps, volume["configMap"]))
        if "secret" in volume:
            found.append((self.secrets, {**volume["secret"], "name": volume["secret"]["secretName"]}))
        return {item["path"]: data[one["name"]][item["key"]] for data, one in found for item in one["items"]}

    def _container(
        self, container: Manifest, volumes: Mapping[str, Path], name: str, stop_after: float | None
    ) -> tuple[int, str]:
        mounts = {mount["mountPath"]: str(volumes[mount["name"]]) for mount in container["volumeMounts"]}
        repository = container["image"].split("@")[0].rpartition(":")[0]
        environment = {"PATH": self.paths[repository], **self.environment}
        for variable in container.get("env", []):
            environment[variable["name"]] = mapped(self._value(variable, name), mounts)
        environment |= {name: value for name, value in self.overrides.items() if name in environment}
        command = [mapped(word, mounts) for word in container["command"]]
        return run_as_runner(command, environment, stop_after, as_runner(self.user, self.group))

    def _value(self, variable: Manifest, name: str) -> str:
        if "value" in variable:
            return str(variable["value"])
        source = variable["valueFrom"]
        if "fieldRef" in source:
            return name
        reference = source["secretKeyRef"]
        return self.secrets[reference["name"]][reference["key"]]


def mapped(word: str, mounts: Mapping[str, str]) -> str:
    """A path inside the container as the path that stands for it here."""
    for inside in sorted(mounts, key=len, reverse=True):
        if word == inside or word.startswith(f"{inside}/"):
            return mounts[inside] + word[len(inside) :]
    return word


def run_as_runner(
    command: list[str], environment: Mapping[str, str], stop_after: float | None, identity: Sequence[str]
) -> tuple[int, str]:
    """Exit code and output. `stop_after` seconds it is told to stop, as the kubelet does."""
    program = shutil.which(command[0], path=environment["PATH"]) or command[0]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*identity, program, *command[1:]],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        if stop_after is not None:
            try:
                process.wait(stop_after)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGTERM)
        code = process.wait()
        output.seek(0)
        return code, output.read().decode(errors="replace")


def as_runner(user: str = RUNNER, group: str | None = None) -> list[str]:
    """Gives root's rights up."""
    return (
        [str(shutil.which("setpriv")), f"--reuid={user}", f"--regid={group or user}", "--clear-groups", "--"]
        if os.geteuid() == 0
        else []
    )


def give_to_runner(path: Path, user: str = RUNNER) -> None:
    """Makes a directory and what is in it the runner's."""
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{user}:{user}", str(path)], check=True)
