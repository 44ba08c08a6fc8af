"""Records which connections each pod really makes: `python tests/boot/record_flows.py`, as root, some ten minutes.

Each topology is started on the real Flowise from its YAML and used; netfilter in the namespace of each pod keeps what is
opened in either direction. Backups, restores and drills run one at a time in a namespace with their servers.
`tests/data/flows.json` is what `tests/test_network_flows.py` holds the network policies against.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from boot import job_flows, kubelet, network
from boot.client import REPLY, Browser, direct_reply
from boot.deployment import Deployment, deployed, queue, standalone_mariadb, standalone_postgresql, standalone_sqlite
from boot.figures import Figures
from boot.install import Release

RECORD = TESTS / "data" / "flows.json"
SERVERS = {5432: "postgresql", 3306: "mariadb", 6379: "redis", 9000: "s3"}
"""Which server listens at the node, by port."""
OUTSIDE = "outside"
"""The node: kubelet's probes, and the requests that the Ingress passes on."""
Flow = tuple[str, str, str, int]


def main() -> None:
    network.enter()
    release = Release.of_this_run("3.1.4")
    recorded: dict[str, list[list[Any]]] = {}
    for build in (standalone_sqlite, standalone_postgresql, standalone_mariadb):
        recorded[build.__name__] = _sorted(_standalone(release, build))
    recorded["queue"] = _sorted(_queue(release))
    recorded["jobs_postgresql"] = _sorted(job_flows.of_postgres())
    recorded["jobs_mariadb"] = _sorted(job_flows.of_mariadb())
    lines = ",\n".join(
        f'  "{name}": [\n' + ",\n".join(f"    {json.dumps(flow)}" for flow in flows) + "\n  ]"
        for name, flows in recorded.items()
    )
    RECORD.write_text("{\n" + lines + "\n}\n")
    print(f"wrote {RECORD}")


def _sorted(flows: set[Flow]) -> list[list[Any]]:
    return [list(flow) for flow in sorted(flows)]


def _standalone(release: Release, build: Callable[..., Any]) -> set[Flow]:
    with _observed_pods() as enters, deployed(release, build, Figures()) as deployment:
        [pod] = deployment.start("flowise")
        _use(pod.address)
        return _flows(deployment, enters)


def _queue(release: Release) -> set[Flow]:
    def built(app: Any, image: Any) -> Any:
        return queue(app, image, mains=2, workers=2)

    with _observed_pods() as enters, deployed(release, built, Figures()) as deployment:
        first, second, *_ = deployment.start("flowise", "flowise-worker")
        browser, flow = _use(first.address)
        assert browser.at(second.address).predict(flow) == REPLY
        return _flows(deployment, enters)


def _use(address: str) -> tuple[Browser, str]:
    """Signs up, makes a flow, has it answered, with and without a stream."""
    browser = Browser(address)
    browser.sign_up()
    flow = browser.make_flow("smoke", direct_reply())
    assert browser.predict(flow) == REPLY
    assert ("token", REPLY) in browser.stream(flow)
    return browser, flow


@contextmanager
def _observed_pods() -> Iterator[list[network.PodNetwork]]:
    """Every pod that is started meanwhile is observed from before its first container on."""
    networks: list[network.PodNetwork] = []
    real = kubelet.pod_network

    @contextmanager
    def observing() -> Iterator[network.PodNetwork]:
        with real() as made:
            network.observe(made.enter)
            networks.append(made)
            yield made

    kubelet.pod_network = observing
    try:
        yield networks
    finally:
        kubelet.pod_network = real


def _flows(deployment: Deployment, networks: list[network.PodNetwork]) -> set[Flow]:
    roles = {"flowise": "main", "flowise-worker": "worker"}
    names = {pod.address: roles[pod.name.rpartition("-")[0]] for pod in deployment.pods}
    seen = {connection for pod in networks for connection in network.observed(pod.enter)}
    return {
        (
            names.get(item.source, OUTSIDE),
            _server(item) if item.destination == network.NODE else names.get(item.destination, item.destination),
            item.protocol,
            item.port,
        )
        for item in seen
    }


def _server(connection: network.Connection) -> str:
    """The server at the node; a port that is nobody's stays what it is."""
    return SERVERS.get(connection.port, connection.destination)


if __name__ == "__main__":
    main()
