"""What each ingress controller must be told: predictions are silent for minutes, answers are streamed, uploads large.

Names, forms and units of the annotations are those of the controllers' own documentation and sources:

- ingress-nginx 1.15: docs/user-guide/nginx-configuration/annotations.md, internal/ingress/annotations/proxy (seconds
  without a unit, sizes with b, k, m or g)
- F5's NGINX Ingress Controller 5.5: internal/k8s/validation.go, internal/configs/parsing_helpers.go (times with a unit,
  sizes with k, m or g)
- HAProxy Ingress 0.16: docs/content/en/docs/configuration/keys.md (times with a unit, sizes with k, m or g)
- HAProxy Technologies' controller 3.2: documentation/annotations.md (times with a unit)
- Contour 1.33: site/content/docs/main/config/annotations.md, internal/timeout (a duration of Go, or `infinity`)
- AWS Load Balancer Controller 3.5: docs/guide/ingress/annotations.md (seconds; an ALB takes 1 to 4000)
- GKE's controller (ingress-gce 1.41): pkg/apis/backendconfig/v1, pkg/annotations (seconds)
- Azure's Application Gateway Ingress Controller 1.9: docs/annotations.md, docs/ingress-v1.md (seconds)
- Traefik 3.7: docs/content/reference/routing-configuration/kubernetes/ingress.md
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from flowise_constructs.core.rules.quantities import file_size_bytes

Controller = Literal["traefik", "nginx", "f5-nginx", "haproxy", "contour", "alb", "gke", "azure"]

READ_TIMEOUT_SECONDS = 3600
"""How long a proxy waits for Flowise: a prediction without streaming is silent until it ends."""
AZURE_HEALTH_PATH = "appgw.ingress.kubernetes.io/health-probe-path"
"""Azure's gateway has every pod among its backends, also those that aren't Ready, and asks each for this path."""

CLASSES: Mapping[Controller, str | None] = MappingProxyType(
    {
        "traefik": "traefik",
        "nginx": "nginx",
        "f5-nginx": "nginx",
        "haproxy": "haproxy",
        "contour": "contour",
        "alb": "alb",
        "gke": None,
        "azure": "azure-application-gateway",
    }
)
"""The class that each controller's own installation makes. GKE reads an annotation instead."""

BEYOND: Mapping[Controller, str] = MappingProxyType(
    {
        "traefik": (
            "Traefik's timeouts belong to its entry point, no annotation changes them: set "
            "transport.respondingTimeouts.readTimeout to 0 there (60 s by default, which cuts slow uploads)"
        ),
        "nginx": "ingress-nginx is retired since March 2026, nobody mends it: plan to move to another controller",
        "contour": (
            "Contour cuts a prediction that is silent for longer than timeouts.stream-idle-timeout (5 minutes by "
            "default), which no annotation changes: set it to 'infinity' in Contour's configuration"
        ),
        "azure": (
            "Azure's Application Gateway holds answers back in its response buffer, streams too, which no annotation "
            "changes: set the gateway's globalConfiguration.enableResponseBuffering to false"
        ),
    }
)
"""What can't be said in an Ingress of that controller."""


def annotations_of(controller: Controller, file_size_limit: str, health_path: str) -> Mapping[str, str]:
    """Annotations of the Ingress: read timeout, no buffering of answers, body size, health path.

    The load balancers of GKE and Azure lead to every pod that answers the health path, whether it is Ready or not.
    """
    seconds, size = READ_TIMEOUT_SECONDS, _size(file_size_limit)
    of_nginx, of_f5 = "nginx.ingress.kubernetes.io", "nginx.org"
    known: Mapping[Controller, Mapping[str, str]] = {
        # Neither buffers nor limits anything by itself.
        "traefik": {},
        "nginx": {
            f"{of_nginx}/proxy-body-size": size,
            f"{of_nginx}/proxy-buffering": "off",
            f"{of_nginx}/proxy-read-timeout": f"{seconds}",
            f"{of_nginx}/proxy-send-timeout": f"{seconds}",
        },
        "f5-nginx": {
            f"{of_f5}/client-max-body-size": size,
            f"{of_f5}/proxy-buffering": "False",
            f"{of_f5}/proxy-read-timeout": f"{seconds}s",
            f"{of_f5}/proxy-send-timeout": f"{seconds}s",
        },
        # Two projects, whose annotations differ; each leaves the other's alone.
        "haproxy": {
            "haproxy-ingress.github.io/health-check-uri": health_path,
            "haproxy-ingress.github.io/proxy-body-size": size,
            "haproxy-ingress.github.io/timeout-server": f"{seconds}s",
            "haproxy.org/check-http": health_path,
            "haproxy.org/timeout-server": f"{seconds}s",
        },
        # Envoy's limit is on the whole answer, streams too.
        "contour": {"projectcontour.io/response-timeout": "infinity"},
        "alb": {
            "alb.ingress.kubernetes.io/healthcheck-path": health_path,
            "alb.ingress.kubernetes.io/load-balancer-attributes": f"idle_timeout.timeout_seconds={seconds}",
            "alb.ingress.kubernetes.io/target-type": "ip",
        },
        "gke": {"kubernetes.io/ingress.class": "gce"},
        "azure": {
            AZURE_HEALTH_PATH: health_path,
            "appgw.ingress.kubernetes.io/request-timeout": f"{seconds}",
        },
    }
    return known[controller]


def annotations_for_gke(backend_config: str) -> dict[str, str]:
    """Annotations that GKE's controller reads on the Service, not on the Ingress."""
    return {
        "cloud.google.com/backend-config": f'{{"default": "{backend_config}"}}',
        "cloud.google.com/neg": '{"ingress": true}',
    }


def _size(file_size_limit: str) -> str:
    """As all of them read it: mebibytes, or bytes."""
    given = file_size_bytes(file_size_limit)
    return f"{given // 2**20}m" if given % 2**20 == 0 and given else f"{given}"
