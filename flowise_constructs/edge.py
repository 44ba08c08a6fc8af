"""How requests come to main: the Ingress."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

from flowise_constructs.labels import Identity
from flowise_constructs.pod import object_meta
from flowise_constructs.values.edge import Ingress, IngressHost


def ingress(scope: Construct, id: str, identity: Identity, values: Ingress, service_port: int) -> k8s.KubeIngress:
    """The Ingress to the Service that is called like the workload."""
    backend = k8s.IngressBackend(
        service=k8s.IngressServiceBackend(name=identity.name, port=k8s.ServiceBackendPort(number=service_port))
    )
    tls = [k8s.IngressTls(hosts=list(entry.hosts) or None, secret_name=entry.secret_name) for entry in values.tls]
    return k8s.KubeIngress(
        scope,
        id,
        metadata=object_meta(identity, annotations=values.annotations),
        spec=k8s.IngressSpec(
            ingress_class_name=values.class_name,
            rules=[_rule(host, backend) for host in values.hosts],
            tls=tls or None,
        ),
    )


def _rule(host: IngressHost, backend: k8s.IngressBackend) -> k8s.IngressRule:
    paths = [k8s.HttpIngressPath(path=path.path, path_type=path.path_type, backend=backend) for path in host.paths]
    return k8s.IngressRule(host=host.host, http=k8s.HttpIngressRuleValue(paths=paths))
