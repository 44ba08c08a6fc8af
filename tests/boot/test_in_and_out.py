"""Owner, doors and network policies of one installation, together: nobody but the owner's Job comes first, each door
serves what it should, and the policies allow each connection that the pods make."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from admission import ApiServer
from cdk8s import App
from policy_judge import End, Judge, Outside
from policy_judge import Pod as Labelled

from boot import network
from boot.access import REASON_AGAINST, access_of, api_server
from boot.client import HOST, PASSWORD, PORT, REPLY, Browser, direct_reply
from boot.deployment import Build, Deployment, bucket, deployed
from boot.edges import CHATS, Way, ask
from boot.encoded_paths import spellings
from boot.figures import Figures
from boot.install import Release, missing_packages
from boot.kubelet import Pod, wait_until
from boot.network import NODE
from boot.owned import API_KEYS, NAMESPACE, OWNER, WITH_PASSWORD, up
from boot.proxies import Caddy, Haproxy, Nginx, Proxy
from flowise_constructs import (
    Auth,
    BundledPostgres,
    BundledRedis,
    Destination,
    Doors,
    GatewayRef,
    HttpRoute,
    Image,
    Ingress,
    IngressHost,
    Metrics,
    Names,
    NetworkPolicies,
    OutsideServers,
    Queue,
    QueueChart,
    Settings,
    StandaloneChart,
)

PROGRAMS = {"nginx": "nginx", "haproxy": "haproxy", "caddy": "caddy"}
AT_THE_NODE = [f"{NODE}/32"]
"""Kubelet, the proxies and the servers outside."""
COMMON: dict[str, Any] = {
    "auth": Auth.from_secret("flowise-auth-secrets"),
    "database": BundledPostgres(),
    "names": Names(namespace=NAMESPACE),
    "owner": replace(OWNER, api_keys=API_KEYS),
    "settings": Settings(metrics=Metrics(), file_size_limit="1mb"),
}

pytestmark = [
    pytest.mark.parametrize("release", ["3.1.4"], indirect=True),
    pytest.mark.filterwarnings("ignore:Ingress.controller:flowise_constructs.ConfigWarning"),
]


def ingress(preset: Callable[..., Ingress], host: str) -> Ingress:
    return preset(hosts=[IngressHost(host=host)], tls_in_front=True)


def standalone(app: App, image: Image, api_port: int) -> StandaloneChart:
    doors = Doors(admin=ingress(Ingress.haproxy, HOST), public=ingress(Ingress.nginx, CHATS))
    chart = StandaloneChart(app, "standalone", image=image, doors=doors, **COMMON)
    policies(chart, OutsideServers(), api_port)
    return chart


def queue(app: App, image: Image, api_port: int) -> QueueChart:
    route = HttpRoute(parents=[GatewayRef(name="edge")], hosts=[CHATS])
    doors = Doors(admin=ingress(Ingress.haproxy, HOST), public=route)
    servers: dict[str, Any] = {"queue": Queue(redis=BundledRedis()), "storage": bucket()}
    chart = QueueChart(app, "queue", image=image, doors=doors, **servers, **COMMON)
    policies(chart, OutsideServers(store=AT_THE_NODE), api_port)
    return chart


def policies(chart: StandaloneChart | QueueChart, servers: OutsideServers, api_port: int) -> None:
    NetworkPolicies(
        chart,
        "NetworkPolicies",
        deployment=chart.deployment,
        edge=AT_THE_NODE,
        monitoring=AT_THE_NODE,
        nodes=AT_THE_NODE,
        servers=servers,
        allow=[Destination(to=AT_THE_NODE, ports=[api_port], components=["owner"])],
    )


TOPOLOGIES: dict[str, tuple[Callable[[App, Image, int], Any], tuple[str, ...], tuple[str, type[Proxy]]]] = {
    "standalone": (standalone, (), ("Ingress", Nginx)),
    "queue": (queue, ("flowise-worker",), ("HTTPRoute", Caddy)),
}


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_way_in_the_way_out_and_who_owns_it(
    release: Release, figures: Figures, tmp_path: Path, topology: str
) -> None:
    if packages := missing_packages(PROGRAMS):
        pytest.skip(f"missing: apt-get install {' '.join(packages)}")
    if REASON_AGAINST:
        pytest.skip(REASON_AGAINST)
    make, further, (kind, proxy) = TOPOLOGIES[topology]
    with api_server(tmp_path) as server, network.observed_pods() as observation, ExitStack() as stack:
        build: Build = lambda app, image: make(app, image, server.port)  # noqa: E731
        deployment = stack.enter_context(deployed(release, build, figures, WITH_PASSWORD))
        main, *others = [deployment.add(name) for name in ("flowise", *further)]
        up(main)
        assert deployment.endpoints("flowise") == []
        door = Door(deployment, main, stack)
        admin = door.opened(Haproxy, "Ingress", "flowise", HOST)
        refuse_through_a_balancer(admin)

        access = access_of(server, deployment, "flowise-owner", NAMESPACE)
        done = deployment.run_job(access=access)
        assert done.code == 0, done.log()
        deployment.wait_ready(main, *others)
        assert deployment.endpoints("flowise") == [main.address]
        public = door.opened(proxy, kind, "flowise-public", CHATS)
        use(main, admin, public, server.secret(API_KEYS.secret)["metrics"])

        flows = Flows(deployment, server, observation)
        seen = flows.allowed()
        assert {("owner", "main"), ("owner", "the API server"), ("main", "postgresql")} <= seen
        flows.refuse_others()


@dataclass(frozen=True)
class Door:
    """Opens the doors of a deployment, one main behind each."""

    deployment: Deployment
    main: Pod
    stack: ExitStack

    def opened(self, proxy: type[Proxy], kind: str, name: str, host: str) -> Way:
        """A proxy with what that object of the YAML says."""
        port = 8200 + len(name)
        route = self.deployment.manifests.get(kind, name)
        running = proxy(self.deployment.folder / f"proxy-{name}", route, self.main.address, port)
        self.stack.callback(running.stop)
        running.start()
        return Way(name, host, port)


def refuse_through_a_balancer(way: Way) -> None:
    """GKE's and Azure's lead to pods that aren't Ready, unless they say no themselves: here HAProxy is told of such a
    pod, and asks it for the health path of the YAML."""
    wait_until(lambda: ask(way, "GET", "/api/v1/ping")[0] == 503, 30, "the balancer finds no healthy main")
    user = {"user": {"name": "Intruder", "email": "intruder@example.com", "credential": PASSWORD}}
    body = json.dumps(user).encode()
    answers = {ask(way, "POST", path, body)[0] for path in spellings("account", "register", host=HOST)}
    # 0 and 4xx: HAProxy itself refuses what isn't well-formed.
    assert answers & {200, 201, 500} == set()
    assert 503 in answers


def use(main: Pod, admin: Way, public: Way, key: str) -> None:
    """Administrators at their door, chats at theirs, metrics for whoever has the key at the first alone."""
    wait_until(lambda: ask(admin, "GET", "/api/v1/ping")[0] == 200, 30, "the balancer finds main healthy")
    owner = Browser(main.address)
    owner.log_in()
    flow = owner.make_flow("smoke", direct_reply())
    login = json.dumps({"email": OWNER.email, "password": PASSWORD}).encode()
    assert b'"isOrganizationAdmin":true' in ask(admin, "POST", "/api/v1/auth/login", login)[1]
    assert b'"isOrganizationAdmin"' not in ask(public, "POST", "/api/v1/auth/login", login)[1]
    for way in (admin, public):
        status, answer = ask(way, "POST", f"/api/v1/prediction/{flow}", b'{"question": "hi"}')
        assert (status, json.loads(answer)["text"]) == (200, REPLY), way.name
    bearer = {"Authorization": f"Bearer {key}"}
    assert b"flowise_version_info" in ask(admin, "GET", "/api/v1/metrics", None, **bearer)[1]
    for path in spellings("metrics", host=CHATS):
        assert b"flowise_version_info" not in ask(public, "GET", path, None, **bearer)[1], path


class Flows:
    """What the pods of a deployment connected to, before its own policies."""

    def __init__(self, deployment: Deployment, server: ApiServer, observation: network.Observation) -> None:
        objects = deployment.manifests.objects
        self._observation, self._server_port = observation, server.port
        self._templates = {
            entry["metadata"]["name"]: entry["spec"]["template"]["metadata"]["labels"]
            for entry in objects
            if "template" in entry.get("spec", {})
        }
        self._judges = [
            Judge(
                [entry for entry in objects if entry["kind"] == "NetworkPolicy"],
                own_namespace=NAMESPACE,
                blocks_match_pods=both,
            )
            for both in (False, True)
        ]
        self.pods = {pod.address: self._pod(pod.address, pod.deployment) for pod in deployment.pods}
        self._bundled = {
            deployment.manifests.get("Service", service)["spec"]["ports"][0]["port"]: self._pod(
                f"10.99.0.{number}", name
            )
            for number, (name, service) in enumerate(
                {"flowise-postgresql": "flowise-postgresql", "flowise-redis": "flowise-redis-client"}.items()
            )
            if name in self._templates
        }

    def _pod(self, address: str, name: str) -> Labelled:
        return Labelled(address, self._templates[name], NAMESPACE)

    def _end(self, address: str, port: int | None = None) -> End:
        if address == NODE and port in self._bundled:
            return self._bundled[port]
        return self.pods.get(address) or Outside(address)

    def _name(self, end: End, port: int) -> str:
        if isinstance(end, Labelled):
            return end.labels["app.kubernetes.io/component"]
        return "the API server" if port == self._server_port else end.address

    def _verdicts(self, source: End, target: End, port: int, protocol: str = "TCP") -> set[bool]:
        return {judge.allows(source, target, port, protocol) for judge in self._judges}

    def allowed(self) -> set[tuple[str, str]]:
        """From where to where; each connection must be allowed."""
        flows = set()
        for item in self._observation.connections():
            source, target = self._end(item.source), self._end(item.destination, item.port)
            assert self._verdicts(source, target, item.port, item.protocol.upper()) == {True}, item
            flows.add((self._name(source, 0), self._name(target, item.port)))
        return flows

    def refuse_others(self) -> None:
        """Of one kind of pod to another all that wasn't needed, and what none may reach."""
        by_component = {
            pod.labels["app.kubernetes.io/component"]: pod for pod in (*self.pods.values(), *self._bundled.values())
        }
        stranger = Labelled("10.1.5.2", {"app": "something"}, "elsewhere")
        wanted = {
            ("owner", "main"),
            *((user, server) for user in ("main", "worker") for server in ("postgresql", "redis")),
        }
        ports = (53, 80, 443, PORT, self._server_port, *self._bundled)
        for first, source in by_component.items():
            for second, target in by_component.items():
                if (first, second) not in wanted:
                    twin = replace(target, address="10.1.7.7")
                    assert all(self._verdicts(source, twin, port) == {False} for port in ports), (first, second)
            closed: list[End] = [Outside("169.254.169.254"), Outside("10.96.0.1"), stranger]
            assert all(self._verdicts(source, end, port) == {False} for end in closed for port in ports), first
            assert all(self._verdicts(stranger, source, port) == {False} for port in ports), first
            if first != "owner":
                assert self._verdicts(source, Outside(NODE), self._server_port) == {False}, first
