"""The objects in front of main's Service."""

from __future__ import annotations

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.edge.controllers import annotations_for_gke
from flowise_constructs.edge.entrances import Entrances
from flowise_constructs.edge.http_route import gke_policies, http_route
from flowise_constructs.edge.ingress import backend_config, ingress
from flowise_constructs.edge.routes import HttpRoute
from flowise_constructs.edge.values import Ingress
from flowise_constructs.kubernetes.identity import Identity

PUBLIC_SUFFIX = "-public"


def entrance(
    scope: Construct, identity: Identity, entrances: Entrances, port: int, *, file_size_limit: str, health_path: str
) -> dict[str, ApiObject]:
    """They and what their controllers read beside them, by their ids. `health_path` is what load balancers ask."""
    made: dict[str, ApiObject] = {}
    asked = {"file_size_limit": file_size_limit, "health_path": health_path}
    ways = {f"{number or ''}": values for number, values in enumerate(entrances.all)}
    for which, values in {**ways, **({"Public": entrances.public} if entrances.public else {})}.items():
        suffix = PUBLIC_SUFFIX if which == "Public" else ""
        if isinstance(values, HttpRoute):
            id = f"Route{which}"
            made[id] = http_route(scope, id, identity, values, port, suffix=suffix)
        else:
            id = f"Ingress{which}"
            made[id] = ingress(scope, id, identity, values, port, suffix=suffix, **asked)
    if any(isinstance(values, HttpRoute) and values.gke for values in (*entrances.all, entrances.public)):
        made |= gke_policies(scope, identity, health_path)
    if _has_backend_config(entrances):
        made["BackendConfig"] = backend_config(scope, identity, health_path)
    return made


def service_annotations(entrances: Entrances, name: str) -> dict[str, str]:
    """What controllers read on the Service."""
    return annotations_for_gke(name) if _has_backend_config(entrances) else {}


def _has_backend_config(entrances: Entrances) -> bool:
    ways = (*entrances.all, entrances.public)
    return any(isinstance(values, Ingress) and values.controller == "gke" for values in ways)
