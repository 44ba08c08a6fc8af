"""Probes."""

from __future__ import annotations

from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.pod_options import ProbeNumbers


def exec_probe(command: tuple[str, ...], numbers: ProbeNumbers, *, grace_seconds: int | None = None) -> Manifest:
    """A probe that runs a command in the container."""
    return {
        "exec": {"command": list(command)},
        "terminationGracePeriodSeconds": grace_seconds,
        **_numbers(numbers),
    }


def http_probe(path: str, numbers: ProbeNumbers, *, port: str = "http") -> Manifest:
    """A probe of a port by its name."""
    return {"httpGet": {"path": path, "port": port}, **_numbers(numbers)}


def _numbers(numbers: ProbeNumbers) -> Manifest:
    return {
        "periodSeconds": numbers.period_seconds,
        "timeoutSeconds": numbers.timeout_seconds,
        "failureThreshold": numbers.failure_threshold,
    }
