"""A real API server admits every manifest, strictly and without a warning (make admission)."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import admission
import cluster
import deployments
import pytest
import yaml
from admission import ApiServer
from api_server.record import recorded
from api_server.verdicts import recording
from cdk8s import App, Chart
from deployments import AUTH, BUCKET, POSTGRES, REDIS, objects, synthesized
from hypothesis import given
from pairs import PAIRS, SAYINGS, together
from test_api_server import TAKEN
from test_options import FIELDS, OPTIONS, Option
from test_properties import chart_arguments

from flowise_constructs import (
    ApiKeys,
    ClusterDns,
    ConfigError,
    ConfigWarning,
    Destination,
    Doors,
    GatewayRef,
    HttpRoute,
    Ingress,
    OutsideServers,
    Owner,
    PodOptions,
    PodPeer,
    Queue,
    QueueChart,
    RouteRule,
    Service,
    SqliteDatabase,
    StandaloneChart,
)

pytestmark = [
    pytest.mark.admission,
    pytest.mark.skipif(not admission.ASSETS, reason="KUBEBUILDER_ASSETS names no directory of etcd and kube-apiserver"),
    pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning"),
]

GATEWAY_API = os.environ.get("GATEWAY_API_HTTPROUTES", "")
"""The file of HTTPRoute's definition, as a release of the Gateway API has it."""
MONITORS = "monitoring.coreos.com"
PROMETHEUS_OPERATOR = os.environ.get("PROMETHEUS_OPERATOR_CRDS", "")
"""The directory of the Prometheus Operator's definitions, as a release of it has them."""
NOT_RESTRICTED = "would violate PodSecurity"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    running = ApiServer(tmp_path_factory.mktemp("api-server"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def routes(server: ApiServer) -> bool:
    """Whether the server knows HTTPRoutes."""
    if GATEWAY_API:
        server.define(yaml.safe_load(Path(GATEWAY_API).read_text()))
    return bool(GATEWAY_API)


def objections(server: ApiServer, documents: list[dict[str, Any]], *, routes: bool = False) -> list[str]:
    """Errors and warnings about any of them."""
    known = [item for item in documents if not cluster.is_custom(item) or (routes and item["kind"] == "HTTPRoute")]
    verdicts = [server.admit(document) for document in known]
    return [line for verdict in verdicts for line in (verdict.error, *verdict.warnings) if line]


@pytest.mark.parametrize("variant", deployments.VARIANTS)
def test_variants_are_admitted(server: ApiServer, variant: str) -> None:
    told = objections(server, cluster.documents(deployments.variant(variant)))
    if variant == "ingress-gke":
        # GKE's controller reads the annotation, not the field.
        told = [line for line in told if "kubernetes.io/ingress.class" not in line]
    assert not told or variant == "run-as-root"


@pytest.mark.parametrize(
    ("option", "name"), FIELDS, ids=lambda part: part if isinstance(part, str) else type(part.value).__name__
)
def test_options_are_admitted(server: ApiServer, option: Option, name: str) -> None:
    changed = replace(option.value, **{name: option.changes[name], **option.together.get(name, {})})
    told = objections(server, objects(option.place(changed)))
    if name == "run_as_root":
        assert told
        assert all(NOT_RESTRICTED in line for line in told)
    else:
        assert not told


PAIRED = {
    kind.__name__: kind
    for kind in (
        ApiKeys,
        ClusterDns,
        Destination,
        Doors,
        GatewayRef,
        HttpRoute,
        Ingress,
        OutsideServers,
        Owner,
        PodOptions,
        PodPeer,
        RouteRule,
        Service,
    )
}


def is_taken(server: ApiServer, build: Callable[[], Callable[[App], Chart]], *, routes: bool = False) -> bool:
    """Whether it isn't refused here; then the server must admit it."""
    try:
        documents = objects(build())
    except ConfigError:
        return False
    assert not [line for line in objections(server, documents, routes=routes) if "RuntimeClass" not in line]
    return True


@pytest.mark.parametrize("kind", PAIRED)
def test_two_options_at_once_are_admitted_or_refused_here(server: ApiServer, routes: bool, kind: str) -> None:
    def changed(option: Option, names: tuple[str, ...]) -> Callable[[App], Chart]:
        together = {name: value for one in names for name, value in option.together.get(one, {}).items()}
        value: Any = option.value
        return option.place(replace(value, **{**together, **{name: option.changes[name] for name in names}}))

    builds = [
        partial(changed, option, names)
        for option in OPTIONS
        if type(option.value) is PAIRED[kind]
        for names in combinations(option.changes, 2)
    ]
    taken = [is_taken(server, build, routes=routes) for build in builds]
    assert any(taken)


@pytest.mark.parametrize("one", [one for one in SAYINGS if any(one == first for first, _ in PAIRS)])
def test_any_two_sayings_are_admitted_or_refused_here(server: ApiServer, one: str) -> None:
    builds = [partial(together, SAYINGS[one], SAYINGS[other]) for first, other in PAIRS if first == one]
    taken = [is_taken(server, build) for build in builds]
    assert any(taken)


@pytest.mark.parametrize("build", TAKEN.values(), ids=TAKEN)
def test_what_is_taken_is_admitted(server: ApiServer, build: Callable[[], Callable[[App], Chart]]) -> None:
    told = objections(server, objects(build()))
    assert [line for line in told if NOT_RESTRICTED not in line] == []


def test_the_recording_is_what_the_server_says(server: ApiServer) -> None:
    if server.version() != recording()["server"]:
        pytest.skip(f"{recording()['server']} was recorded, and this is {server.version()}")
    assert recorded(server) == recording()["subjects"]


@pytest.mark.skipif(not GATEWAY_API, reason="GATEWAY_API_HTTPROUTES names no file with the definition of HTTPRoute")
@pytest.mark.usefixtures("routes")
def test_routes_are_admitted_with_every_default_written_out(server: ApiServer) -> None:
    made = [
        document
        for variant in deployments.VARIANTS
        for document in cluster.documents(deployments.variant(variant))
        if document["kind"] == "HTTPRoute"
    ]
    assert len(made) > 4
    for route in made:
        verdict, stored = server.tried(route)
        assert (verdict.error, verdict.warnings) == (None, [])
        assert stored["spec"] == route["spec"]
    [rule, *_] = made[0]["spec"]["rules"]
    rule["timeouts"] = {"request": "1s", "backendRequest": "2s"}
    assert "backendRequest timeout cannot be longer" in str(server.admit(made[0]).error)


@pytest.mark.skipif(not PROMETHEUS_OPERATOR, reason="PROMETHEUS_OPERATOR_CRDS names no directory of its definitions")
def test_monitors_are_admitted_with_every_default_written_out(server: ApiServer) -> None:
    definitions = [yaml.safe_load(path.read_text()) for path in sorted(Path(PROMETHEUS_OPERATOR).glob("*.yaml"))]
    for definition in definitions:
        if definition["spec"]["group"] == MONITORS:
            server.define(definition)
    monitors = [
        document
        for variant in deployments.VARIANTS
        for document in cluster.documents(deployments.variant(variant))
        if document["apiVersion"].startswith(f"{MONITORS}/")
    ]
    assert {document["kind"] for document in monitors} >= {"ServiceMonitor", "PodMonitor", "PrometheusRule"}
    for monitor in monitors:
        verdict, stored = server.tried(monitor)
        assert (verdict.error, verdict.warnings) == (None, []), monitor["metadata"]["name"]
        assert stored["spec"] == monitor["spec"]
    [wrong, *_] = [item for item in monitors if item["kind"] == "ServiceMonitor"]
    wrong["spec"]["endpoints"][0]["timeout"] = "5s"
    assert 'unknown field "spec.endpoints[0].timeout"' in str(server.admit(wrong).error)


def taken(chart: type[StandaloneChart] | type[QueueChart], arguments: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConfigWarning)
            return cluster.documents(synthesized(lambda app: chart(app, "chart", **arguments)))
    except ConfigError:
        return []


def admits(server: ApiServer, chart: type[StandaloneChart] | type[QueueChart], arguments: dict[str, Any]) -> None:
    told = objections(server, taken(chart, arguments))
    if getattr(arguments.get("main"), "run_as_root", False):
        told = [line for line in told if NOT_RESTRICTED not in line]
    assert not told


@given(arguments=chart_arguments(StandaloneChart, {"auth": AUTH, "database": SqliteDatabase()}))
def test_whatever_standalone_takes_is_admitted(server: ApiServer, arguments: dict[str, Any]) -> None:
    admits(server, StandaloneChart, arguments)


@given(
    arguments=chart_arguments(
        QueueChart, {"auth": AUTH, "database": POSTGRES, "queue": Queue(redis=REDIS), "storage": BUCKET}
    )
)
def test_whatever_queue_takes_is_admitted(server: ApiServer, arguments: dict[str, Any]) -> None:
    admits(server, QueueChart, arguments)


def test_a_server_that_admits_anything_would_be_noticed(server: ApiServer) -> None:
    [*_, deployment] = [item for item in objects(deployments.standalone()) if item["kind"] == "Deployment"]
    deployment["spec"]["template"]["spec"]["hostNetwork"] = True
    assert any(NOT_RESTRICTED in line for line in objections(server, [deployment]))
    deployment["spec"]["unknown"] = 1
    assert any('unknown field "spec.unknown"' in line for line in objections(server, [deployment]))
