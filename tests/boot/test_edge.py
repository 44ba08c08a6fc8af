"""Real proxies in front of the real Flowise, with the numbers of the YAML: silence, streams, bodies, and the public door."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cdk8s import App

from boot.client import HOST, PASSWORD, REPLY, Browser, custom_function, direct_reply
from boot.deployment import SECRETS, deployed
from boot.encoded_paths import spellings
from boot.figures import Figures
from boot.install import Release, missing_packages
from boot.kubelet import Pod
from boot.manifests import Manifests
from boot.network import NODE
from boot.proxies import Caddy, Haproxy, Nginx, Proxy
from flowise_constructs import (
    Auth,
    Doors,
    GatewayRef,
    HttpRoute,
    Image,
    Ingress,
    IngressHost,
    Metrics,
    Settings,
    StandaloneChart,
)

CHATS = "chat.example.com"
SETTINGS = Settings(file_size_limit="1mb", metrics=Metrics())
LIMIT = 2**20
SILENT_SECONDS = 90
PROGRAMS = {"nginx": "nginx", "haproxy": "haproxy", "caddy": "caddy"}
KINDS: dict[str, type[Proxy]] = {"nginx": Nginx, "haproxy": Haproxy, "caddy": Caddy}

pytestmark = [
    pytest.mark.parametrize("release", ["3.1.4"], indirect=True),
    pytest.mark.filterwarnings("ignore:Ingress.controller:flowise_constructs.ConfigWarning"),
]


def doors(kind: str) -> Doors:
    """Both doors through one controller, or through a gateway."""
    if kind == "caddy":
        routes = [HttpRoute(parents=[GatewayRef(name="edge")], hosts=[host]) for host in (HOST, CHATS)]
        return Doors(admin=routes[0], public=routes[1])
    preset = {"nginx": Ingress.nginx, "haproxy": Ingress.haproxy}[kind]
    admin, public = (preset(hosts=[IngressHost(host=host)], tls_in_front=True) for host in (HOST, CHATS))
    return Doors(admin=admin, public=public)


def build(app: App, image: Image, kind: str = "nginx") -> StandaloneChart:
    auth = Auth.from_secret("flowise-auth-secrets")
    return StandaloneChart(app, "edge", auth=auth, image=image, settings=SETTINGS, doors=doors(kind))


@dataclass(frozen=True)
class Edge:
    """A Flowise with an owner, a flow each, and every proxy at both doors."""

    folder: Path
    main: Pod
    owner: Browser
    ports: dict[str, tuple[int, int]]
    """Of the doors of administrators and of chats, by proxy."""
    silent: str
    streaming: str
    quick: str


@pytest.fixture(scope="module")
def edge(release: Release, figures: Figures) -> Iterator[Edge]:
    if packages := missing_packages(PROGRAMS):
        pytest.skip(f"missing: apt-get install {' '.join(packages)}")
    with deployed(release, build, figures) as deployment, ExitStack() as stack:
        [main] = deployment.start("flowise")
        ports = {
            kind: tuple(proxies(stack, deployment.folder, kind, main.address, 8100 + 10 * number))
            for number, kind in enumerate(KINDS)
        }
        owner = Browser(main.address)
        owner.sign_up()
        wait = "await new Promise((resolve) => setTimeout(resolve, {})); return 'late'"
        yield Edge(
            deployment.folder,
            main,
            owner,
            ports,  # type: ignore[arg-type]
            owner.make_flow("silent", custom_function(wait.format(SILENT_SECONDS * 1000))),
            owner.make_flow("streaming", direct_reply(), custom_function(wait.format(6000))),
            owner.make_flow("quick", direct_reply()),
        )


def proxies(stack: ExitStack, folder: Path, kind: str, main: str, port: int) -> Iterator[int]:
    """Both doors' proxies of a kind, on their ports."""
    yaml = folder / f"yaml-{kind}"
    yaml.mkdir()
    manifests = Manifests.synthesize(
        lambda app: build(app, Image(repository="registry.example.com/flowise", tag="3.1.4"), kind), SECRETS, yaml
    )
    for number, name in enumerate(("flowise", "flowise-public")):
        route = manifests.get("HTTPRoute" if kind == "caddy" else "Ingress", name)
        proxy = KINDS[kind](folder / f"{kind}-{number}", route, main, port + number)
        stack.callback(proxy.stop)
        proxy.start()
        yield proxy.port


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    """One request through a proxy, the path as it is written here."""
    head = {"Host": HOST, "Connection": "close", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if body is not None:
        head |= {"Content-Length": str(len(body)), "Content-Type": "application/json"}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    with socket.create_connection((NODE, port), SILENT_SECONDS + 30) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall("\r\n".join(lines).encode("latin-1") + (body or b""))
        response = http.client.HTTPResponse(connection, method=method)
        try:
            response.begin()
            return response.status, response.read()
        except (http.client.HTTPException, ConnectionResetError):
            return 0, b""


def each_door(edge: Edge) -> list[tuple[str, int]]:
    return [(f"{kind}, door {number}", port) for kind, both in edge.ports.items() for number, port in enumerate(both)]


def test_a_silent_prediction_is_answered(edge: Edge, figures: Figures) -> None:
    def predict(door: tuple[str, int]) -> tuple[str, int, Any]:
        status, content = ask(door[1], "POST", f"/api/v1/prediction/{edge.silent}", b'{"question": "hi"}')
        return door[0], status, json.loads(content)["text"] if status == 200 else content

    started = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(predict, each_door(edge)))
    assert [answer for answer in answers if answer[1:] != (200, "late")] == []
    assert time.monotonic() - started > SILENT_SECONDS


def test_the_first_byte_of_a_stream_comes_at_once(edge: Edge) -> None:
    for name, port in each_door(edge):
        connection = http.client.HTTPConnection(NODE, port, timeout=30)
        body = json.dumps({"question": "hi", "streaming": True})
        started = time.monotonic()
        connection.request("POST", f"/api/v1/prediction/{edge.streaming}", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        first = b""
        while REPLY.encode() not in first:
            first += response.read1()
        begun = time.monotonic() - started
        rest = response.read()
        assert begun < 4 < time.monotonic() - started, name
        assert b'"event":"end"' in rest, name
        connection.close()


def test_bodies_just_under_the_limit_pass_and_just_over_it_do_not(edge: Edge) -> None:
    def body(size: int) -> bytes:
        head = b'{"question": "hi", "more": "'
        return head + b"x" * (size - len(head) - 2) + b'"}'

    for name, port in each_door(edge):
        path = f"/api/v1/prediction/{edge.quick}"
        assert ask(port, "POST", path, body(LIMIT))[0] == 200, name
        assert ask(port, "POST", path, body(LIMIT + 1))[0] in (413, 500), name


REGISTER = json.dumps({"user": {"name": "a", "email": "b@example.com", "credential": PASSWORD}}).encode()
FORBIDDEN: dict[str, tuple[tuple[str, ...], str, bytes | None, bytes]] = {
    "register": (("account", "register"), "POST", REGISTER, b"one organization"),
    "metrics": (("metrics",), "GET", None, b"flowise_version_info"),
    "flows": (("chatflows",), "GET", None, b"flowData"),
}


def reached(edge: Edge, port: int, what: str) -> list[str]:
    """The spellings that reach the handler through that port."""
    segments, method, body, trace = FORBIDDEN[what]
    headers = {"Authorization": f"Bearer {edge.owner.api_key}"}

    def arrives(path: str) -> bool:
        return trace in ask(port, method, path, body, **headers)[1]

    every = list(spellings(*segments))
    with ThreadPoolExecutor(4) as pool:
        return [path for path, yes in zip(every, pool.map(arrives, every), strict=True) if yes]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_of_the_administrators_is_reached_through_the_public_door(
    edge: Edge, what: str, figures: Figures
) -> None:
    for kind, (admin, public) in edge.ports.items():
        through = reached(edge, admin, what)
        assert len(through) > 3, f"{kind}: the spellings would be harmless"
        assert reached(edge, public, what) == [], kind


def test_a_public_door_that_only_matches_would_let_them_in(edge: Edge) -> None:
    """What the doors' rewriting is for: nginx with the very paths, and no rewriting."""
    plain = {"host": CHATS, "http": {"paths": [{"path": "/api/v1/prediction"}]}}
    names = ("proxy-body-size", "proxy-buffering", "proxy-read-timeout", "proxy-send-timeout")
    told = dict(zip(names, ("1m", "off", "60", "60"), strict=True))
    annotations = {f"nginx.ingress.kubernetes.io/{name}": value for name, value in told.items()}
    proxy = Nginx(
        edge.folder / "nginx-plain",
        {"metadata": {"annotations": annotations}, "spec": {"rules": [plain]}},
        edge.main.address,
        8190,
    )
    proxy.start()
    try:
        assert any("%3C" in path for path in reached(edge, 8190, "register"))
    finally:
        proxy.stop()
