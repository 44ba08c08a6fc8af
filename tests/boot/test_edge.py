"""Real proxies in front of the real Flowise, with the numbers of the YAML: silence, streams, bodies, and the public door."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cdk8s import App

from boot.client import HOST, PASSWORD, PORT, REPLY, Browser, custom_function, direct_reply
from boot.deployment import SECRETS, deployed
from boot.edges import CHATS, Way, ask
from boot.encoded_paths import spellings
from boot.figures import Figures
from boot.install import Release, missing_packages
from boot.kubelet import Pod
from boot.manifests import Manifests
from boot.network import NODE
from boot.proxies import Caddy, Haproxy, Nginx, Proxy
from flowise_constructs import (
    Auth,
    BundledPostgres,
    Doors,
    GatewayRef,
    HttpRoute,
    Image,
    Ingress,
    IngressHost,
    Main,
    Metrics,
    Settings,
    StandaloneChart,
)

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
    return StandaloneChart(
        app,
        "edge",
        auth=auth,
        # SQLite's one connection isn't for a hundred refused requests at once.
        database=BundledPostgres(),
        image=image,
        settings=SETTINGS,
        doors=doors(kind),
        main=Main(awaits_owner=False),
    )


@dataclass(frozen=True)
class Edge:
    """A Flowise with an owner, a flow each, and every proxy at both doors."""

    folder: Path
    main: Pod
    owner: Browser
    doors: list[Way]
    """Of administrators and of chats, by proxy."""
    silent: str
    streaming: str
    quick: str

    @property
    def direct(self) -> Way:
        """Without a proxy."""
        return Way("main", HOST, PORT, self.main.address)


@pytest.fixture(scope="module")
def edge(release: Release, figures: Figures) -> Iterator[Edge]:
    if packages := missing_packages(PROGRAMS):
        pytest.skip(f"missing: apt-get install {' '.join(packages)}")
    with deployed(release, build, figures) as deployment, ExitStack() as stack:
        [main] = deployment.start("flowise")
        ways = [
            way
            for number, kind in enumerate(KINDS)
            for way in proxies(stack, deployment.folder, kind, main.address, 8100 + 10 * number)
        ]
        owner = Browser(main.address)
        owner.sign_up()
        wait = "await new Promise((resolve) => setTimeout(resolve, {})); return 'late'"
        yield Edge(
            deployment.folder,
            main,
            owner,
            ways,
            owner.make_flow("silent", custom_function(wait.format(SILENT_SECONDS * 1000))),
            owner.make_flow("streaming", direct_reply(), custom_function(wait.format(6000))),
            owner.make_flow("quick", direct_reply()),
        )


def proxies(stack: ExitStack, folder: Path, kind: str, main: str, port: int) -> Iterator[Way]:
    """Both doors' proxies of a kind."""
    yaml = folder / f"yaml-{kind}"
    yaml.mkdir()
    manifests = Manifests.synthesize(
        lambda app: build(app, Image(repository="registry.example.com/flowise", tag="3.1.4"), kind), SECRETS, yaml
    )
    for number, (name, host) in enumerate({"flowise": HOST, "flowise-public": CHATS}.items()):
        route = manifests.get("HTTPRoute" if kind == "caddy" else "Ingress", name)
        proxy = KINDS[kind](folder / f"{kind}-{number}", route, main, port + number)
        stack.callback(proxy.stop)
        proxy.start()
        yield Way(f"{kind}, {'public' if number else 'admin'}", host, proxy.port)


def test_a_silent_prediction_is_answered(edge: Edge, figures: Figures) -> None:
    def predict(way: Way) -> tuple[str, int, Any]:
        status, content = ask(way, "POST", f"/api/v1/prediction/{edge.silent}", b'{"question": "hi"}')
        return way.name, status, json.loads(content)["text"] if status == 200 else content

    started = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(predict, edge.doors))
    assert [answer for answer in answers if answer[1:] != (200, "late")] == []
    assert time.monotonic() - started > SILENT_SECONDS


def test_the_first_byte_of_a_stream_comes_at_once(edge: Edge) -> None:
    for way in edge.doors:
        connection = http.client.HTTPConnection(NODE, way.port, timeout=30)
        body = json.dumps({"question": "hi", "streaming": True})
        head = {"Host": way.host, "Content-Type": "application/json"}
        started = time.monotonic()
        connection.request("POST", f"/api/v1/prediction/{edge.streaming}", body, head)
        response = connection.getresponse()
        first = b""
        while REPLY.encode() not in first:
            first += response.read1()
        begun = time.monotonic() - started
        rest = response.read()
        assert begun < 4 < time.monotonic() - started, way.name
        assert b'"event":"end"' in rest, way.name
        connection.close()


def test_bodies_just_under_the_limit_pass_and_just_over_it_do_not(edge: Edge) -> None:
    def body(size: int) -> bytes:
        head = b'{"question": "hi", "more": "'
        return head + b"x" * (size - len(head) - 2) + b'"}'

    for way in edge.doors:
        path = f"/api/v1/prediction/{edge.quick}"
        assert ask(way, "POST", path, body(LIMIT))[0] == 200, way.name
        assert ask(way, "POST", path, body(LIMIT + 1))[0] in (413, 500), way.name


class Forbidden(NamedTuple):
    """What a public door mustn't serve."""

    segments: tuple[str, ...]
    method: str = "POST"
    body: Any = None
    trace: bytes | None = None
    """What the answer of its handler has in it. None: all that it answers to this request."""


NOBODY = {"email": "nobody@example.com", "password": PASSWORD, "credential": PASSWORD, "tempToken": "none"}
FORBIDDEN = {
    "register": Forbidden(("account", "register"), body={"user": {**NOBODY, "credential": "weak"}}),
    "login": Forbidden(("auth", "login"), body=NOBODY),
    "where sign-in leads": Forbidden(("auth", "resolve"), body={}, trace=b'"redirectUrl"'),
    "forgotten password": Forbidden(("account", "forgot-password"), body={"user": NOBODY}),
    "new password": Forbidden(("account", "reset-password"), body={"user": NOBODY}),
    "verification": Forbidden(("account", "verify"), body={"user": NOBODY}),
    "logout": Forbidden(("account", "logout"), trace=b"logged_out"),
    "metrics": Forbidden(("metrics",), "GET", trace=b"flowise_version_info"),
    "flows": Forbidden(("chatflows",), "GET", trace=b"flowData"),
    "settings": Forbidden(("settings",), "GET"),
}


def reached(edge: Edge, way: Way, what: str) -> list[str]:
    """The spellings that reach the handler that way."""
    wanted = FORBIDDEN[what]
    plain = "/api/v1/" + "/".join(wanted.segments)
    trace = wanted.trace or answer(edge, edge.direct, wanted, plain)
    assert wanted.trace or trace.startswith(b'{"statusCode":') or what == "settings", (what, trace)
    every = list(spellings(*wanted.segments, host=way.host))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda path: answer(edge, way, wanted, path), every))
    assert trace in answer(edge, edge.direct, wanted, plain), f"{what}: the handler answers as before"
    return [path for path, told in zip(every, answers, strict=True) if trace in told]


def answer(edge: Edge, way: Way, wanted: Forbidden, path: str) -> bytes:
    body = None if wanted.body is None else json.dumps(wanted.body).encode()
    return ask(way, wanted.method, path, body, Authorization=f"Bearer {edge.owner.api_key}")[1]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_of_the_administrators_is_reached_through_the_public_door(edge: Edge, what: str) -> None:
    assert len(reached(edge, edge.direct, what)) > 20, "the spellings would be harmless"
    for way in edge.doors:
        if way.host == CHATS:
            assert reached(edge, way, what) == [], way.name


def test_the_administrators_door_leads_to_the_handlers(edge: Edge) -> None:
    for way in edge.doors:
        if way.host == HOST:
            assert len(reached(edge, way, "register")) > 3, way.name


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
        assert any("%3C" in path for path in reached(edge, Way("nginx", CHATS, 8190), "register"))
    finally:
        proxy.stop()
