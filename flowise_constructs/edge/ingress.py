"""The Ingress in front of main."""

from __future__ import annotations

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.edge.values import Ingress, IngressHost
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta


def ingress(scope: Construct, id: str, identity: Identity, values: Ingress, service_port: int) -> ApiObject:
    """The Ingress for the Service that has the workload's name."""
    backend = {"service": {"name": identity.name, "port": {"number": service_port}}}
    tls = [{"hosts": list(entry.hosts) or None, "secretName": entry.secret_name} for entry in values.tls]
    return api_object(
        scope,
        id,
        api_version="networking.k8s.io/v1",
        kind="Ingress",
        metadata=object_meta(identity, annotations=values.annotations),
        spec={
            "ingressClassName": values.class_name,
            "rules": [_rule(host, backend) for host in values.hosts],
            "tls": tls or None,
        },
    )


def _rule(host: IngressHost, backend: Manifest) -> Manifest:
    paths = [{"path": path.path, "pathType": path.path_type, "backend": backend} for path in host.paths]
    return {"host": host.host, "http": {"paths": paths}}
