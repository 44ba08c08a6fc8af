"""Records which connections each pod really makes: `make flows`, as root, with KUBEBUILDER_ASSETS; `ARGS` may name
topologies.

Each topology is started on the real Flowise from its YAML and used; netfilter in the namespace of each pod keeps what is
opened in either direction. The owner's Job runs before them where main awaits it, and asks a real API server where it
stores API keys. Backups, restores and drills run one at a time in a namespace with their servers.
`tests/data/flows.json` is what `tests/test_network_flows.py` holds the network policies against.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cdk8s import App

from boot import deployment, job_flows, monitored, network
from boot.access import REASON_AGAINST, access_of, api_server
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
from boot.kubelet import JobPod, Pod, wait_until
from boot.owned import API_KEYS, NAMESPACE, OWNER, WITH_PASSWORD, up
from flowise_constructs import (
    Auth,
    BundledPostgres,
    BundledRedis,
    Image,
    Names,
    Queue,
    QueueChart,
    StandaloneChart,
)

RECORD = Path(__file__).resolve().parent.parent / "data" / "flows.json"
SERVERS = {5432: "postgresql", 3306: "mariadb", 6379: "redis", 9000: "s3"}
"""Which server listens at the node, by port."""
PARTS = ("flowise-worker", *monitored.EXPORTERS)
API_SERVER = ("api-server", 6443)
"""As it is called here, and its usual port."""
OUTSIDE = "outside"
"""The node: kubelet's probes, and the requests that the Ingress passes on."""
Flow = tuple[str, str, str, int]


def main(*wanted: str) -> None:
    if REASON_AGAINST:
        sys.exit(REASON_AGAINST)
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
    with network.observed_pods() as seen, deployed(release, build, Figures()) as running:
        [pod] = running.start("flowise")
        _use(pod.address)
        return _flows(running, seen)


def _queue(release: Release) -> set[Flow]:
    with network.observed_pods() as seen, deployed(release, queue, Figures()) as running:
        main, _ = running.start("flowise", "flowise-worker")
        _use(main.address)
        return _flows_with_logs(running, seen)


def _owned(release: Release, build: Build, *others: str) -> set[Flow]:
    """With the owner's Job, which stores API keys."""
    with (
        tempfile.TemporaryDirectory() as folder,
        api_server(Path(folder)) as server,
        network.observed_pods() as seen,
        deployed(release, build, Figures(), WITH_PASSWORD) as running,
    ):
        main, *further = [running.add(name) for name in ("flowise", *others)]
        up(main)
        done = running.run_job(access=access_of(server, running, "flowise-owner", NAMESPACE))
        if done.code != 0:
            raise RuntimeError(done.log())
        running.wait_ready(main, *further)
        browser = Browser(main.address)
        browser.log_in()
        assert browser.predict(browser.make_flow("smoke", direct_reply())) == REPLY
        flows = _flows_with_logs(running, seen) if others else _flows(running, seen)
        return {_of_api_server(flow, server.port) for flow in flows}


def _of_api_server(flow: Flow, port: int) -> Flow:
    name, usual = API_SERVER
    return (flow[0], name, flow[2], usual) if flow[1:] == (network.NODE, "tcp", port) else flow


def standalone_owner(app: App, image: Image) -> StandaloneChart:
    """SQLite, whose main awaits its owner."""
    return StandaloneChart(app, "standalone-owner", image=image, **_AWAITING)


def queue_owner(app: App, image: Image) -> QueueChart:
    """Queue mode, whose main awaits its owner."""
    servers: dict[str, Any] = {"database": BundledPostgres(), "queue": Queue(redis=BundledRedis())}
    return QueueChart(app, "queue-owner", image=image, storage=deployment.bucket(), **servers, **_AWAITING)


_AWAITING: dict[str, Any] = {
    "auth": Auth.from_secret("flowise-auth-secrets"),
    "names": Names(namespace=NAMESPACE),
    "owner": replace(OWNER, api_keys=API_KEYS),
}


def _exporters(release: Release) -> set[Flow]:
    """Scraped by the node, which stands for Prometheus. They need no Flowise to run."""
    secrets = monitored.SECRETS_WITH_MONITORING
    with network.observed_pods() as seen, deployed(release, monitored.monitored, Figures(), secrets) as running:
        for pod in running.start(*monitored.EXPORTERS):
            monitored.page(pod.address, pod.container["ports"][0]["containerPort"], "/metrics", {})
        return _flows(running, seen)


def _use(address: str) -> None:
    """Signs up, makes a flow, has it answered, with and without a stream."""
    browser = Browser(address)
    browser.sign_up()
    flow = browser.make_flow("smoke", direct_reply())
    assert browser.predict(flow) == REPLY
    assert ("token", REPLY) in browser.stream(flow)


def _flows_with_logs(running: Deployment, seen: network.Observation) -> set[Flow]:
    """Main and worker send their logs to the bucket, the first ones after some time."""
    wanted = {(role, "s3", "tcp", 9000) for role in ("main", "worker")}
    wait_until(lambda: wanted <= _flows(running, seen), 300, "logs are in the bucket", running.pods)
    return _flows(running, seen)


def _flows(running: Deployment, seen: network.Observation) -> set[Flow]:
    names = {pod.address: _role(pod) for pod in running.pods}
    return {
        (
            names.get(item.source, OUTSIDE),
            _server(item) if item.destination == network.NODE else names.get(item.destination, item.destination),
            item.protocol,
            item.port,
        )
        for item in seen.connections()
    }


def _role(pod: Pod) -> str:
    roles = {"flowise": "main", **{name: name.removeprefix("flowise-") for name in PARTS}}
    return "owner" if isinstance(pod, JobPod) else roles[pod.deployment]


def _server(connection: network.Connection) -> str:
    """The server at the node; a port that is nobody's stays what it is."""
    return SERVERS.get(connection.port, connection.destination)


WAYS: Mapping[str, Callable[[Release], set[Flow]]] = {
    "queue": _queue,
    "exporters": _exporters,
    "queue-owner": lambda release: _owned(release, queue_owner, "flowise-worker"),
    "standalone-owner": lambda release: _owned(release, standalone_owner),
    "standalone-postgresql": lambda release: _standalone(release, standalone_postgresql),
    "standalone-sqlite": lambda release: _standalone(release, standalone_sqlite),
    "standalone-mariadb": lambda release: _standalone(release, standalone_mariadb),
    "jobs-postgresql": lambda _: job_flows.of_postgres(),
    "jobs-mariadb": lambda _: job_flows.of_mariadb(),
}


if __name__ == "__main__":
    main(*sys.argv[1:])
