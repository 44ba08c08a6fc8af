"""The Service in front of main."""

from __future__ import annotations

from flowise_constructs.edge.values import Service
from flowise_constructs.kubernetes.objects import Manifest


def service_spec(values: Service) -> Manifest:
    """Its spec, but for the selector; it leads to the port that is called `http`."""
    port = {"name": "http", "port": values.port, "targetPort": "http", "nodePort": values.node_port}
    return {
        "type": values.type,
        "ipFamilyPolicy": values.ip_family_policy,
        "ipFamilies": list(values.ip_families) or None,
        "externalTrafficPolicy": values.external_traffic_policy,
        "internalTrafficPolicy": values.internal_traffic_policy,
        "loadBalancerClass": values.load_balancer_class,
        "loadBalancerSourceRanges": list(values.load_balancer_source_ranges) or None,
        "sessionAffinity": values.session_affinity,
        "ports": [{name: item for name, item in port.items() if item is not None}],
    }
