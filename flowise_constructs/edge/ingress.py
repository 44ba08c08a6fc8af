"""The Ingress in front of main, and what its controller reads beside it."""

from __future__ import annotations

from collections.abc import Mapping

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.edge.controllers import READ_TIMEOUT_SECONDS, annotations_of
from flowise_constructs.edge.values import Ingress, IngressHost
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta


def ingress(
    scope: Construct,
    id: str,
    identity: Identity,
    values: Ingress,
    service_port: int,
    *,
    file_size_limit: str,
    health_path: str,
    suffix: str = "",
) -> ApiObject:
    """The Ingress for the Service that has the workload's name."""
    backend = {"service": {"name": identity.name, "port": {"number": service_port}}}
    tls = [{"hosts": list(entry.hosts) or None, "secretName": entry.secret_name} for entry in values.tls]
    of_controller: Mapping[str, str] = {}
    if values.controller is not None:
        of_controller = annotations_of(values.controller, file_size_limit, health_path)
    return api_object(
        scope,
        id,
        api_version="networking.k8s.io/v1",
        kind="Ingress",
        metadata=object_meta(identity, suffix=suffix, annotations={**of_controller, **values.annotations}),
        spec={
            "ingressClassName": values.class_name,
            "rules": [_rule(host, backend) for host in values.hosts],
            "tls": tls or None,
        },
    )


def backend_config(scope: Construct, identity: Identity, health_path: str) -> ApiObject:
    """GKE's BackendConfig, which an annotation of the Service names."""
    return api_object(
        scope,
        "BackendConfig",
        api_version="cloud.google.com/v1",
        kind="BackendConfig",
        metadata=object_meta(identity),
        spec={
            "timeoutSec": READ_TIMEOUT_SECONDS,
            "healthCheck": {"type": "HTTP", "requestPath": health_path},
        },
    )


def _rule(host: IngressHost, backend: Manifest) -> Manifest:
    paths = [{"path": path.path, "pathType": path.path_type, "backend": backend} for path in host.paths]
    return {"host": host.host, "http": {"paths": paths}}
