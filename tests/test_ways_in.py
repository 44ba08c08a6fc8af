"""Presets of controllers, routes and doors: what is asked of each, and what follows for URL and cookies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cluster
import pytest
from cdk8s import App
from deployments import AUTH, CHAT_ROUTE, CHATS, HOST, PRESETS, ROUTE, environment, objects, queue, standalone, variant

from flowise_constructs import (
    Doors,
    Flowise,
    HttpRoute,
    Ingress,
    IngressHost,
    IngressTls,
    Main,
    Settings,
    StandaloneChart,
)
from flowise_constructs.edge.paths import CHAT_PATHS

pytestmark = pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")

HOSTS = [IngressHost(host=HOST)]


def one(documents: list[dict[str, Any]], kind: str, name: str = "flowise") -> dict[str, Any]:
    [found] = [item for item in documents if (item["kind"], item["metadata"]["name"]) == (kind, name)]
    return found


SAID = {
    "traefik": {"router.entrypoints": "websecure", "router.tls": "true"},
    "nginx": {"proxy-body-size": "1536m", "proxy-buffering": "off", "proxy-read-timeout": "3600"},
    "f5-nginx": {"client-max-body-size": "1536m", "proxy-buffering": "False", "proxy-read-timeout": "3600s"},
    "haproxy": {"timeout-server": "3600s", "proxy-body-size": "1536m", "check-http": "/api/v1/ping"},
    "contour": {"response-timeout": "infinity"},
    "alb": {"load-balancer-attributes": "idle_timeout.timeout_seconds=3600", "healthcheck-path": "/api/v1/ping"},
    "gke": {"ingress.class": "gce"},
    "azure": {"request-timeout": "3600", "health-probe-path": "/api/v1/ping"},
}


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_says_what_its_controller_needs(name: str) -> None:
    annotations = one(cluster.documents(variant(f"ingress-{name}")), "Ingress")["metadata"]["annotations"]
    said = {key.partition("/")[2]: value for key, value in annotations.items()}
    assert SAID[name].items() <= said.items()


@pytest.mark.parametrize(("limit", "size"), [("50mb", "50m"), ("1GB", "1024m"), ("1.5kb", "1536"), ("7b", "7")])
def test_the_body_size_is_the_settings(limit: str, size: str) -> None:
    documents = objects(standalone(ingress=Ingress.nginx(hosts=HOSTS), settings=Settings(file_size_limit=limit)))
    annotations = one(documents, "Ingress")["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/proxy-body-size"] == size


def test_what_the_user_says_wins_over_the_preset() -> None:
    name = "nginx.ingress.kubernetes.io/proxy-read-timeout"
    documents = objects(standalone(ingress=Ingress.nginx(hosts=HOSTS, annotations={name: "60"}, class_name="inside")))
    ingress = one(documents, "Ingress")
    assert ingress["metadata"]["annotations"][name] == "60"
    assert ingress["spec"]["ingressClassName"] == "inside"


WITH_TLS: dict[str, Callable[[], Ingress | HttpRoute]] = {
    "Traefik": lambda: Ingress.traefik(hosts=HOSTS),
    "ALB": lambda: Ingress.alb(hosts=HOSTS, certificate="arn:aws:acm:eu:1:certificate/a"),
    "GKE": lambda: Ingress.gke(hosts=HOSTS, managed_certificate="flowise"),
    "Azure": lambda: Ingress.azure(hosts=HOSTS, certificate="flowise"),
    "a Secret": lambda: Ingress.haproxy(hosts=HOSTS, tls=[IngressTls(hosts=[HOST])]),
    "a gateway": lambda: ROUTE,
}
WITHOUT_TLS: dict[str, Callable[[], Ingress]] = {
    "Traefik": lambda: Ingress.traefik(hosts=HOSTS, https=False),
    "ALB": lambda: Ingress.alb(hosts=HOSTS),
    "GKE": lambda: Ingress.gke(hosts=HOSTS),
    "Azure": lambda: Ingress.azure(hosts=HOSTS),
}


@pytest.mark.parametrize("way", WITH_TLS)
def test_url_and_cookies_follow_from_tls_that_annotations_or_gateways_carry(way: str) -> None:
    value = WITH_TLS[way]()
    given: dict[str, Any] = {"ingress": value} if isinstance(value, Ingress) else {"route": value}
    variables = environment(objects(standalone(**given)), "flowise")
    assert (variables["APP_URL"], variables["SECURE_COOKIES"]) == (f"https://{HOST}", "true")


@pytest.mark.parametrize("way", WITHOUT_TLS)
def test_url_and_cookies_are_plain_without(way: str) -> None:
    variables = environment(objects(standalone(ingress=WITHOUT_TLS[way]())), "flowise")
    assert (variables["APP_URL"], variables["SECURE_COOKIES"]) == (f"http://{HOST}", "false")


def test_gke_finds_its_backend_config_by_the_service() -> None:
    documents = objects(standalone(ingress=Ingress.gke(hosts=HOSTS)))
    named = json.loads(one(documents, "Service")["metadata"]["annotations"]["cloud.google.com/backend-config"])
    spec = one(documents, "BackendConfig", named["default"])["spec"]
    assert (spec["timeoutSec"], spec["healthCheck"]["requestPath"]) == (3600, "/api/v1/ping")


ASKED: dict[str, tuple[str, str, str]] = {
    "ALB": ("alb", "Ingress", "alb.ingress.kubernetes.io/healthcheck-path"),
    "Azure": ("azure", "Ingress", "appgw.ingress.kubernetes.io/health-probe-path"),
    "HAProxy": ("haproxy", "Ingress", "haproxy.org/check-http"),
    "HAProxy Ingress": ("haproxy", "Ingress", "haproxy-ingress.github.io/health-check-uri"),
    "GKE": ("gke", "BackendConfig", "requestPath"),
    "GKE's gateway": ("route", "HealthCheckPolicy", "requestPath"),
}
"""The field, or the annotation, with the path that a load balancer asks for."""


@pytest.mark.parametrize("way", ASKED)
def test_load_balancers_ask_what_kubelet_asks(way: str) -> None:
    """Some lead to pods that aren't Ready, if they answer: nobody but the owner's Job may reach a main without one."""
    preset, kind, field = ASKED[way]
    given = {"route": replace(ROUTE, gke=True)} if preset == "route" else {"ingress": PRESETS[preset](hosts=HOSTS)}
    for awaits_owner, path in ((False, "/api/v1/ping"), (True, "/api/v1/owned")):
        documents = objects(standalone(**given, main=Main(awaits_owner=awaits_owner)))
        assert f'"{field}": "{path}"' in json.dumps(one(documents, kind))
        [container] = one(documents, "Deployment")["spec"]["template"]["spec"]["containers"]
        assert container["readinessProbe"]["httpGet"]["path"] == path


def test_gkes_gateway_gets_policies_and_no_timeouts() -> None:
    documents = cluster.documents(variant("doors-mixed"))
    assert all("timeouts" not in rule for rule in one(documents, "HTTPRoute", "chats")["spec"]["rules"])
    assert one(documents, "GCPBackendPolicy")["spec"]["default"] == {"timeoutSec": 3600}
    assert (
        one(documents, "HealthCheckPolicy")["spec"]["targetRef"]["name"]
        == one(documents, "Service")["metadata"]["name"]
    )


def test_each_rule_of_a_public_route_forwards_what_it_matched() -> None:
    rules = one(cluster.documents(variant("doors-of-a-gateway")), "HTTPRoute", "flowise-public")["spec"]["rules"]
    for rule, path in zip(rules, CHAT_PATHS, strict=True):
        assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": path}}]
        [rewrite] = rule["filters"]
        assert rewrite["urlRewrite"]["path"] == {"type": "ReplacePrefixMatch", "replacePrefixMatch": path}


def test_the_expression_of_ingress_nginx_matches_the_paths_and_nothing_else() -> None:
    ingress = one(cluster.documents(variant("doors-of-nginx")), "Ingress", "flowise-public")
    [rule] = ingress["spec"]["rules"]
    [path] = rule["http"]["paths"]
    assert (rule["host"], path["pathType"]) == (CHATS, "ImplementationSpecific")
    for known in CHAT_PATHS:
        for asked in (known, f"{known}/", f"{known}/a/b"):
            match = re.match(path["path"], asked)
            assert match is not None
            assert f"/api/v1/{match[1]}" == asked, "rewrite-target"
        assert re.match(path["path"], f"{known}s") is None
    for other in ("/", "/api/v1/", "/api/v1/metrics", "/api/v1/account/register", "/x/api/v1/prediction/a"):
        assert re.match(path["path"], other) is None
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/rewrite-target"] == "/api/v1/$1"


def test_the_public_door_gives_no_url() -> None:
    flowise = Flowise(
        auth=AUTH, settings=Settings(app_url=f"https://{HOST}"), doors=Doors(admin=None, public=CHAT_ROUTE)
    )
    assert flowise.public_url == f"https://{HOST}"
    chart = StandaloneChart(
        App(), "chart", auth=AUTH, doors=Doors(admin=Ingress.haproxy(hosts=HOSTS), public=CHAT_ROUTE)
    )
    assert chart.main.flowise.public_url == f"http://{HOST}"
    assert set(chart.main.entrance) == {"Ingress", "RoutePublic"}
    assert chart.main.ingress is chart.main.entrance["Ingress"]


def test_the_first_of_several_routes_gives_the_url() -> None:
    variables = environment(cluster.documents(variant("routes")), "flowise")
    assert variables["APP_URL"] == f"https://{HOST}"
    assert "HTTPRoute" not in {item["kind"] for item in objects(queue())}
