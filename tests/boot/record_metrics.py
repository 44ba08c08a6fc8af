"""Records which metrics Prometheus finds: `make metrics`, as root.

The real Flowise, its worker and the exporters are started from the YAML and used; of each page that Prometheus would read
the names of the samples and of their labels are kept, no values; null for a metric that hasn't counted anything yet. Alerts and dashboards are held against them. The
exporters of Redis and PostgreSQL are the distribution's, which are older than those of the images.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from scraping import declared, samples

from boot import deployment, monitored, network
from boot.client import REPLY, RefusedError, custom_function
from boot.figures import Figures
from boot.install import Release

RECORD = Path(__file__).resolve().parent.parent / "data" / "metrics.json"
TARGETS = {"flowise": "main", **{name: name.removeprefix("flowise-") for name in monitored.EXPORTERS}}
FAILS = "throw new Error('on purpose')"


def main() -> None:
    network.enter()
    # Nothing is measured here, and the machine may be busy.
    deployment.BOOT_SECONDS = 3600
    with monitored.running(Release.of_this_run("3.1.4"), Figures()) as running:
        _use(running)
        recorded = {target: names(running.answer(owner)) for owner, target in TARGETS.items()}
    RECORD.write_text(_text(recorded))
    print({target: len(found) for target, found in recorded.items()}, "in", RECORD)


def _use(running: monitored.Monitored) -> None:
    """Predictions that succeed and fail, streamed and not, from the editor and from outside, and an unknown path."""
    browser = running.browser
    assert browser.predict(running.flow) == REPLY
    assert ("token", REPLY) in browser.stream(running.flow)
    failing = browser.make_flow("failing", custom_function(FAILS))
    with suppress(RefusedError):
        browser.predict(failing)
    browser.request("POST", f"internal-prediction/{running.flow}", {"question": "hi"})
    browser.request("GET", "chatflows/none")


def names(text: str) -> dict[str, list[str] | None]:
    """The labels of each metric of a page; None of one that hasn't counted anything yet."""
    found = samples(text)
    labels = {name: sorted({label for labels in each for label in labels}) for name, each in found.items()}
    counted = {name.removesuffix(suffix) for name in found for suffix in ("", "_bucket", "_count", "_sum")}
    return dict(sorted({**labels, **{name: None for name in declared(text) if name not in counted}}.items()))


def _text(recorded: dict[str, dict[str, list[str] | None]]) -> str:
    """A metric a line."""
    parts = [
        f'  "{target}": {{\n'
        + ",\n".join(f"    {json.dumps(name)}: {json.dumps(labels)}" for name, labels in found.items())
        + "\n  }"
        for target, found in recorded.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()
