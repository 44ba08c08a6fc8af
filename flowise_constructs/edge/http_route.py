"""The HTTPRoute in front of main, and GKE's policies for its Service."""

from __future__ import annotations

from typing import Any

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.edge.controllers import READ_TIMEOUT_SECONDS
from flowise_constructs.edge.routes import GatewayRef, HttpRoute, RouteRule
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta

GATEWAY_GROUP = "gateway.networking.k8s.io"
_BACKEND: Manifest = {"group": "", "kind": "Service"}


def http_route(
    scope: Construct, id: str, identity: Identity, values: HttpRoute, service_port: int, *, suffix: str = ""
) -> ApiObject:
    """The HTTPRoute to the Service that has the workload's name."""
    metadata = object_meta(identity, suffix=suffix, annotations=values.annotations)
    return api_object(
        scope,
        id,
        api_version=f"{GATEWAY_GROUP}/v1",
        kind="HTTPRoute",
        metadata={**metadata, "name": values.name or metadata["name"]},
        spec={
            "parentRefs": [_parent(parent) for parent in values.parents],
            "hostnames": list(values.hosts),
            "rules": [_rule(rule, values, identity.name, service_port) for rule in values.rules],
        },
    )


def gke_policies(scope: Construct, identity: Identity, health_path: str) -> dict[str, ApiObject]:
    """What GKE's Gateway controller reads of the Service, beside it."""
    check = {"type": "HTTP", "httpHealthCheck": {"requestPath": health_path}}
    bodies: dict[str, dict[str, Any]] = {
        "GCPBackendPolicy": {"timeoutSec": READ_TIMEOUT_SECONDS},
        "HealthCheckPolicy": {"config": check},
    }
    target = {**_BACKEND, "name": identity.name}
    return {
        kind: api_object(
            scope,
            kind,
            api_version="networking.gke.io/v1",
            kind=kind,
            metadata=object_meta(identity),
            spec={"default": body, "targetRef": target},
        )
        for kind, body in bodies.items()
    }


def _parent(parent: GatewayRef) -> Manifest:
    return {
        "group": GATEWAY_GROUP,
        "kind": "Gateway",
        "name": parent.name,
        "namespace": parent.namespace,
        "sectionName": parent.section_name,
        "port": parent.port,
    }


def _rule(rule: RouteRule, route: HttpRoute, service: str, port: int) -> Manifest:
    timeouts = {"request": rule.request_timeout, "backendRequest": rule.backend_request_timeout}
    has_timeouts = any(timeouts.values()) and not route.gke
    return {
        "matches": [{"path": {"type": "PathPrefix", "value": path}} for path in rule.paths],
        "filters": [dict(entry) for entry in rule.filters] or None,
        "backendRefs": [{**_BACKEND, "name": service, "port": port, "weight": 1}],
        "timeouts": timeouts if has_timeouts else None,
    }
