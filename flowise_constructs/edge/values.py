"""Values for incoming traffic: Service and Ingress."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from flowise_constructs.core.findings import Finding, warn
from flowise_constructs.core.rules import naming, network
from flowise_constructs.core.value import Value


@dataclass(frozen=True, kw_only=True)
class Service(Value):
    """Main's Service."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """`spec.type`."""
    port: network.Port = 3000
    """Port of the Service. The container's port is 3000."""
    annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Annotations."""
    ip_family_policy: Literal["SingleStack", "PreferDualStack", "RequireDualStack"] | None = None
    """`ipFamilyPolicy`. Default: left out."""
    ip_families: Sequence[Literal["IPv4", "IPv6"]] = ()
    """`ipFamilies`. Default: left out."""
    node_port: network.Port | None = None
    """`nodePort`, with NodePort or LoadBalancer. Default: left out, the cluster chooses one. Example: `30080`."""
    external_traffic_policy: Literal["Cluster", "Local"] | None = None
    """`externalTrafficPolicy`, with NodePort or LoadBalancer. `Local` keeps the client's address. Default: left out."""
    internal_traffic_policy: Literal["Cluster", "Local"] | None = None
    """`internalTrafficPolicy`. With `Local` only pods on main's node reach it. Default: left out."""
    load_balancer_class: naming.LabelKey | None = None
    """`loadBalancerClass`, with LoadBalancer. Can't be changed later. Example: `"service.k8s.aws/nlb"`."""
    load_balancer_source_ranges: Sequence[network.Network] = ()
    """`loadBalancerSourceRanges`, with LoadBalancer: the networks of those who may connect, where the load balancer
    knows the field. Example: `["10.0.0.0/8"]`."""
    session_affinity: Literal["ClientIP"] | None = None
    """`sessionAffinity`: a client's address always reaches the same main. Default: left out."""

    def contradictions(self) -> Iterable[Finding]:
        yield from self._of_other_types()
        if len(set(self.ip_families)) != len(self.ip_families):
            yield self.finding("ip_families", f"{list(self.ip_families)!r} names a family twice")
        if len(self.ip_families) == 2 and self.ip_family_policy not in ("PreferDualStack", "RequireDualStack"):
            yield self.finding(
                "ip_family_policy",
                f"{self.ip_family_policy!r} with two families: PreferDualStack or RequireDualStack is needed",
            )

    def _of_other_types(self) -> Iterator[Finding]:
        """Fields that the API server takes with some types alone."""
        both, one = ("NodePort", "LoadBalancer"), ("LoadBalancer",)
        wanted = {
            **{"node_port": both, "external_traffic_policy": both},
            **{"load_balancer_class": one, "load_balancer_source_ranges": one},
        }
        for name, types in wanted.items():
            if getattr(self, name) not in (None, ()) and self.type not in types:
                yield self.finding(name, f"goes with type {' or '.join(types)}, and this is {self.type}: leave it out")
        if self.node_port is not None and not 30000 <= self.node_port <= 32767:
            warn(f"Service.node_port: {self.node_port} is refused unless the cluster's range was moved: 30000 to 32767")


def _ingress_path(value: str) -> str | None:
    if (
        not value.startswith("/")
        or not value.isprintable()
        or "//" in value
        or "/../" in f"{value}/"
        or "/./" in f"{value}/"
        or "%2f" in value.lower()
    ):
        return "must start with '/' and not contain '//', '.', '..' or '%2f'"
    return None


@dataclass(frozen=True, kw_only=True)
class IngressPath(Value):
    """A path that main serves."""

    path: Annotated[str, _ingress_path] = "/"
    """`path`. The UI needs `/`: Flowise has no base path."""
    path_type: Literal["Prefix", "Exact", "ImplementationSpecific"] = "Prefix"
    """`pathType`."""


@dataclass(frozen=True, kw_only=True)
class IngressHost(Value):
    """A host and the paths below it."""

    host: network.IngressHostName
    """`host`. Example: `"flowise.example.com"`."""
    paths: Sequence[IngressPath] = (IngressPath(),)
    """`paths`."""

    def contradictions(self) -> Iterable[Finding]:
        if not self.paths:
            yield self.finding("paths", "is empty: a host serves nothing without a path; leave the field out for '/'")
        serves_the_ui = any(path.path == "/" and path.path_type != "Exact" for path in self.paths)
        if not serves_the_ui and not all(path.path.startswith("/api/") or path.path == "/api" for path in self.paths):
            yield self.finding(
                "paths",
                "lacks '/', which the UI needs for its own files, and which can't be moved below another path: leave "
                "the field out, or name paths below '/api/' alone for a host without the UI",
            )


@dataclass(frozen=True, kw_only=True)
class IngressTls(Value):
    """A certificate and the hosts that it covers."""

    hosts: Sequence[network.IngressHostName]
    """`hosts`."""
    secret_name: naming.ObjectName | None = None
    """`secretName`: a Secret of type kubernetes.io/tls, yours or cert-manager's. None: the controller's default
    certificate."""


_ISSUERS = re.compile(r"(acme\.)?cert-manager\.io/|kubernetes\.io/tls-acme$")
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


@dataclass(frozen=True, kw_only=True)
class Ingress(Value):
    """The Ingress in front of main. Set your controller's annotations: predictions can send nothing for minutes, so use
    read timeouts of an hour, no response buffering, and a body size limit of at least `Settings.file_size_limit`."""

    hosts: Sequence[IngressHost]
    """Hosts. The first one gives the public URL, unless `Settings.app_url` sets another."""
    class_name: naming.ObjectName | None = None
    """`ingressClassName`. Default: left out, the cluster's default class."""
    annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Annotations."""
    tls: Sequence[IngressTls] = ()
    """`tls`. Empty: plain http, unless TLS is terminated in front of the Ingress."""
    tls_in_front: bool = False
    """Whether TLS is terminated in front of the Ingress, or by its controller with the default certificate: the public
    URL is then https without `tls` here. In the YAML it changes only the URL and the cookies."""

    def contradictions(self) -> Iterable[Finding]:
        if not self.hosts:
            yield self.finding("hosts", "is empty: name at least one host, or leave the Ingress out")
        if not self.tls and not self.tls_in_front:
            yield from self._unsaid_tls()
        known = {entry.host for entry in self.hosts}
        for entry in self.tls:
            for host in entry.hosts:
                if host not in known and not any(_covers(host, other) for other in known):
                    yield self.finding("tls", f"{host!r} is not a host of this Ingress: add it to 'hosts' or remove it")
        hosts = [entry.host for entry in self.hosts]
        for host in sorted({host for host in hosts if hosts.count(host) > 1}):
            yield self.finding("hosts", f"{host!r} is listed twice: use one entry with several paths")

    def _unsaid_tls(self) -> Iterator[Finding]:
        """TLS that an annotation asks for, and URL and cookies wouldn't know of."""
        for name, value in self.annotations.items():
            if _ISSUERS.match(name):
                yield self.finding(
                    "annotations", f"{name!r} asks for a certificate, and 'tls' names no Secret for it: give IngressTls"
                )
            elif ends_tls(name, value):
                yield self.finding(
                    "annotations",
                    f"{name!r} makes the controller serve https, but the URL would be http: say tls_in_front=True",
                )

    @property
    def public_url(self) -> str | None:
        """The first host that is not a wildcard, with https if TLS covers it."""
        host = self.hosts[0].host
        if host.startswith("*."):
            return None
        return f"{'https' if self.serves_tls(host) else 'http'}://{host}"

    def serves_tls(self, host: str) -> bool:
        """Whether browsers reach the host over https."""
        return self.tls_in_front or any(_covers(name, host) for entry in self.tls for name in entry.hosts)


def _covers(pattern: str, host: str) -> bool:
    return pattern == host or (pattern.startswith("*.") and host.split(".", 1)[-1] == pattern[2:])
