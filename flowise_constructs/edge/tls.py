"""Annotations with which a controller or a cloud's load balancer ends TLS by itself."""

from __future__ import annotations

import re

ISSUERS = re.compile(r"(acme\.)?cert-manager\.io/|kubernetes\.io/tls-acme$")
_CONTROLLER_TLS = {
    "alb.ingress.kubernetes.io/certificate-arn": ".",
    "alb.ingress.kubernetes.io/listen-ports": "HTTPS",
    "alb.ingress.kubernetes.io/ssl-redirect": ".",
    "appgw.ingress.kubernetes.io/appgw-ssl-certificate": ".",
    "appgw.ingress.kubernetes.io/ssl-redirect": "true",
    "haproxy-ingress.github.io/ssl-redirect": "true",
    "haproxy.org/ssl-redirect": "true",
    "ingress.gcp.kubernetes.io/pre-shared-cert": ".",
    "ingress.kubernetes.io/force-ssl-redirect": "true",
    "networking.gke.io/managed-certificates": ".",
    "nginx.ingress.kubernetes.io/force-ssl-redirect": "true",
    "nginx.org/redirect-to-https": "true",
    "projectcontour.io/tls-cert-namespace": ".",
    "route.openshift.io/termination": ".",
    "tailscale.com/funnel": "true",
    "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
    "traefik.ingress.kubernetes.io/router.tls": "true",
    "traefik.ingress.kubernetes.io/router.tls.": ".",
    "service.beta.kubernetes.io/aws-load-balancer-ssl-cert": ".",
    "service.beta.kubernetes.io/do-loadbalancer-certificate-": ".",
    "service.beta.kubernetes.io/do-loadbalancer-tls-ports": ".",
    "service.beta.kubernetes.io/linode-loadbalancer-tls": ".",
    "service.beta.kubernetes.io/oci-load-balancer-ssl-ports": ".",
    "service.beta.kubernetes.io/oci-load-balancer-tls-secret": ".",
    "service.beta.kubernetes.io/scw-loadbalancer-certificate-ids": ".",
    "load-balancer.hetzner.cloud/http-certificates": ".",
    "load-balancer.hetzner.cloud/http-managed-certificate-": ".",
}
"""Annotations, or the start of their names, with which a controller or a cloud's load balancer ends TLS by itself, and
the values that mean so."""


def ends_tls(name: str, value: str) -> bool:
    """Whether an annotation lets who reads it serve https."""
    return any(
        (name.startswith(key) if key.endswith((".", "-")) else name == key) and re.search(pattern, value)
        for key, pattern in _CONTROLLER_TLS.items()
    )
