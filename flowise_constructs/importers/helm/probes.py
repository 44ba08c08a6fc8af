"""The numbers of the chart's probes."""

from __future__ import annotations

from flowise_constructs import ProbeNumbers
from flowise_constructs.importers.release import Release

CHART_PING = "/api/v1/ping"


def probe(release: Release, path: str, timeout: int | None = None) -> ProbeNumbers:
    """A probe's numbers. `timeout` is ours if the chart's default is too short for our probe."""
    if not release.flag(f"{path}.enabled"):
        release.remark(
            f"{path}.enabled", "false is not carried over: every pod has its probes; set larger numbers instead"
        )
    if release.text(f"{path}.path") != CHART_PING:
        release.remark(f"{path}.path", f"is not carried over: Flowise answers 200 to any path, so {CHART_PING} is used")
    if release.below(f"{path}.initialDelaySeconds"):
        release.remark(
            f"{path}.initialDelaySeconds", "is not carried over: the startup probe waits, and the others start after it"
        )
    asked = f"{path}.timeoutSeconds"
    return release.make(
        ProbeNumbers,
        {
            "period_seconds": f"{path}.periodSeconds",
            "timeout_seconds": asked,
            "failure_threshold": f"{path}.failureThreshold",
        },
        ProbeNumbers(),
        period_seconds=release.number(f"{path}.periodSeconds"),
        timeout_seconds=timeout if timeout is not None and not release.given(asked) else release.number(asked),
        failure_threshold=release.number(f"{path}.failureThreshold"),
    )
