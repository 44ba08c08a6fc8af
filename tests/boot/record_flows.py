"""Records which connections each pod really makes: `make flows`, as root; `ARGS` may name topologies.

Each topology is started on the real Flowise from its YAML and used; netfilter in the namespace of each pod keeps what is
opened in either direction. Backups, restores and drills run one at a time in a namespace with their servers.
`tests/data/flows.json` is what `tests/test_network_flows.py` holds the network policies against.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from boot import deployment, job_flows, monitored, network
from boot.client import REPLY, Browser, direct_reply
from boot.deployment import (
    Build,
    Deployment,
    deployed,
    queue,
    standalone_mariadb,
    standalone_postgresql,
    standalone_sqlite,
)
from boot.figures import Figures
from boot.install import Release

RECORD = Path(__file__).resolve().parent.parent / "data" / "flows.json"
SERVERS = {5432: "postgresql", 3306: "mariadb", 6379: "redis", 9000: "s3"}
"""Which server listens at the node, by port."""
PARTS = ("flowise-worker", *monitored.EXPORTERS)
OUTSIDE = "outside"
"""The node: kubelet's probes, and the requests that the Ingress passes on."""
Flow = tuple[str, str, str, int]


def main(*wanted: str) -> None:
    network.enter()
    # Nothing is measured here, and the machine may be busy.
    deployment.BOOT_SECONDS = 3600
    release = Release.of_this_run("3.1.4")
    for name in wanted or WAYS:
        flows = [list(flow) for flow in sorted(WAYS[name](release))]
        recorded = json.loads(RECORD.read_text()) if RECORD.exists() else {}
        RECORD.write_text(_text({**recorded, name: flows}))
        print(f"{name}: {len(flows)} flows, in {RECORD}")


def _text(recorded: dict[str, list[list[Any]]]) -> str:
    """A flow a line."""
    parts = [
        f'  "{name}": [\n' + ",\n".join(f"    {json.dumps(flow)}" for flow in flows) + "\n  ]"
        for name, flows in sorted(recorded.items())
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _standalone(release: Release, build: Build) -> set[Flow]:
    with network.observed_pods() as networks, deployed(release, build, Figures()) as running:
        [pod] = running.start("flowise")
        _use(pod.address)
        return _flows(running, networks)


def _queue(release: Release) -> set[Flow]:
    with network.observed_pods() as networks, deployed(release, queue, Figures()) as running:
        main, _ = running.start("flowise", "flowise-worker")
        _use(main.address)
        return _flows(running, networks)


def _exporters(release: Release) -> set[Flow]:
    """Scraped by the node, which stands for Prometheus. They need no Flowise to run."""
    secrets = monitored.SECRETS_WITH_MONITORING
    with network.observed_pods() as networks, deployed(release, monitored.monitored, Figures(), secrets) as running:
        for pod in running.start(*monitored.EXPORTERS):
            monitored.page(pod.address, pod.container["ports"][0]["containerPort"], "/metrics", {})
        return _flows(running, networks)


def _use(address: str) -> None:
    """Signs up, makes a flow, has it answered, with and without a stream."""
    browser = Browser(address)
    browser.sign_up()
    flow = browser.make_flow("smoke", direct_reply())
    assert browser.predict(flow) == REPLY
    assert ("token", REPLY) in browser.stream(flow)


def _flows(running: Deployment, networks: list[network.PodNetwork]) -> set[Flow]:
    roles = {"flowise": "main", **{name: name.removeprefix("flowise-") for name in PARTS}}
    names = {pod.address: roles[pod.name.rpartition("-")[0]] for pod in running.pods}
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


WAYS: Mapping[str, Callable[[Release], set[Flow]]] = {
    "queue": _queue,
    "exporters": _exporters,
    "standalone-postgresql": lambda release: _standalone(release, standalone_postgresql),
    "standalone-sqlite": lambda release: _standalone(release, standalone_sqlite),
    "standalone-mariadb": lambda release: _standalone(release, standalone_mariadb),
    "jobs-postgresql": lambda _: job_flows.of_postgres(),
    "jobs-mariadb": lambda _: job_flows.of_mariadb(),
}


if __name__ == "__main__":
    main(*sys.argv[1:])
