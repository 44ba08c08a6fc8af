"""Values for incoming traffic: Service and Ingress."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from flowise_constructs.core.findings import Finding, warn
from flowise_constructs.core.rules import naming, network
from flowise_constructs.core.value import Value
from flowise_constructs.edge.controllers import BEYOND, CLASSES, Controller
from flowise_constructs.edge.paths import Path, without_ui
from flowise_constructs.edge.tls import ISSUERS, ends_tls


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


@dataclass(frozen=True, kw_only=True)
class IngressPath(Value):
    """A path that main serves."""

    path: Path = "/"
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
        if not serves_the_ui:
            yield from without_ui("IngressHost.paths", [path.path for path in self.paths])


@dataclass(frozen=True, kw_only=True)
class IngressTls(Value):
    """A certificate and the hosts that it covers."""

    hosts: Sequence[network.IngressHostName]
    """`hosts`."""
    secret_name: naming.ObjectName | None = None
    """`secretName`: a Secret of type kubernetes.io/tls, yours or cert-manager's. None: the controller's default
    certificate."""


if TYPE_CHECKING:
    from typing_extensions import Unpack


class Further(TypedDict, total=False):
    """Fields of an Ingress that any controller takes."""

    class_name: str | None
    annotations: Mapping[str, str]
    tls: Sequence[IngressTls]
    tls_in_front: bool


@dataclass(frozen=True, kw_only=True)
class Ingress(Value):
    """The Ingress in front of main. Predictions can send nothing for minutes, so the controller needs read timeouts of
    an hour, no response buffering, and a body size limit of at least `Settings.file_size_limit`: name the controller
    (`Ingress.traefik(...)`, `.nginx`, `.f5_nginx`, `.haproxy`, `.contour`, `.alb`, `.gke`, `.azure`), or set its
    annotations yourself."""

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
    controller: Controller | None = None
    """The controller that reads it: its annotations for read timeout, buffering, body size (`Settings.file_size_limit`)
    and health path are added to yours, which win. None: yours alone. Example: `"haproxy"`."""

    def contradictions(self) -> Iterable[Finding]:
        if not self.hosts:
            yield self.finding("hosts", "is empty: name at least one host, or leave the Ingress out")
        if self.controller is not None and self.controller in BEYOND:
            warn(f"Ingress.controller: {BEYOND[self.controller]}")
        if not self.tls and not self.tls_in_front:
            yield from self._unsaid_tls()
        known = {entry.host for entry in self.hosts}
        for entry in self.tls:
            for host in entry.hosts:
                if host not in known and not any(covers(host, other) for other in known):
                    yield self.finding("tls", f"{host!r} is not a host of this Ingress: add it to 'hosts' or remove it")
        hosts = [entry.host for entry in self.hosts]
        for host in sorted({host for host in hosts if hosts.count(host) > 1}):
            yield self.finding("hosts", f"{host!r} is listed twice: use one entry with several paths")

    def _unsaid_tls(self) -> Iterator[Finding]:
        """TLS that an annotation asks for, and URL and cookies wouldn't know of."""
        for name, value in self.annotations.items():
            if ISSUERS.match(name):
                yield self.finding(
                    "annotations", f"{name!r} asks for a certificate, and 'tls' names no Secret for it: give IngressTls"
                )
            elif ends_tls(name, value):
                yield self.finding(
                    "annotations",
                    f"{name!r} makes the controller serve https, but the URL would be http: say tls_in_front=True",
                )

    @classmethod
    def traefik(cls, *, hosts: Sequence[IngressHost], https: bool = True, **further: Unpack[Further]) -> Ingress:
        """For Traefik, on its entry point `websecure` with TLS, or on `web` without. Traefik neither buffers nor limits
        bodies. Its timeouts belong to the entry point, and nothing in an Ingress changes them: set there
        `transport.respondingTimeouts.readTimeout` to 0 (60 s by default since 3.0 and 2.11.2); a warning says so."""
        point, prefix = "websecure" if https else "web", "traefik.ingress.kubernetes.io/router"
        annotations = {f"{prefix}.entrypoints": point, **({f"{prefix}.tls": "true"} if https else {})}
        return cls._of("traefik", hosts, annotations, further, tls_in_front=https)

    @classmethod
    def nginx(cls, *, hosts: Sequence[IngressHost], **further: Unpack[Further]) -> Ingress:
        """For ingress-nginx, the Kubernetes project's, which is retired since March 2026: nobody mends it, and a
        warning says so. Read and send timeout, no buffering, body size."""
        return cls._of("nginx", hosts, {}, further)

    @classmethod
    def f5_nginx(cls, *, hosts: Sequence[IngressHost], **further: Unpack[Further]) -> Ingress:
        """For F5's NGINX Ingress Controller (`nginx.org/...`). Read and send timeout, no buffering, body size."""
        return cls._of("f5-nginx", hosts, {}, further)

    @classmethod
    def haproxy(cls, *, hosts: Sequence[IngressHost], **further: Unpack[Further]) -> Ingress:
        """For both HAProxy controllers: HAProxy Technologies' (`haproxy.org/...`, without a limit on bodies) and the
        community's (`haproxy-ingress.github.io/...`). Server timeout, body size, health path."""
        return cls._of("haproxy", hosts, {}, further)

    @classmethod
    def contour(cls, *, hosts: Sequence[IngressHost], **further: Unpack[Further]) -> Ingress:
        """For Contour: no response timeout; Envoy neither buffers nor limits bodies. A prediction that is silent for
        longer than `timeouts.stream-idle-timeout` of Contour's own configuration, 5 minutes by default, is cut all the
        same, and nothing in an Ingress changes that; a warning says so."""
        return cls._of("contour", hosts, {}, further)

    @classmethod
    def alb(
        cls, *, hosts: Sequence[IngressHost], certificate: str | None = None, **further: Unpack[Further]
    ) -> Ingress:
        """For the AWS Load Balancer Controller: idle timeout, health path, targets by the pods' addresses. An ALB
        neither buffers nor limits bodies. `certificate` is the ARN of one in ACM: https, and http is redirected."""
        prefix = "alb.ingress.kubernetes.io"
        tls = {
            f"{prefix}/certificate-arn": certificate or "",
            f"{prefix}/listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
            f"{prefix}/ssl-redirect": "443",
        }
        return cls._of("alb", hosts, tls if certificate else {}, further, tls_in_front=bool(certificate))

    @classmethod
    def gke(
        cls, *, hosts: Sequence[IngressHost], managed_certificate: str | None = None, **further: Unpack[Further]
    ) -> Ingress:
        """For GKE's own controller: the Ingress of class `gce`, a BackendConfig `{name}` with timeout and health path,
        and the Service's annotations that lead to it. `managed_certificate` is the name of a ManagedCertificate."""
        tls = {"networking.gke.io/managed-certificates": managed_certificate} if managed_certificate else {}
        return cls._of("gke", hosts, tls, further, tls_in_front=bool(managed_certificate))

    @classmethod
    def azure(
        cls, *, hosts: Sequence[IngressHost], certificate: str | None = None, **further: Unpack[Further]
    ) -> Ingress:
        """For Azure's Application Gateway Ingress Controller: request timeout, health path. Only a WAF policy limits
        bodies. The gateway's response buffer holds streams back, and nothing in an Ingress changes that: set its
        `globalConfiguration.enableResponseBuffering` to false; a warning says so. `certificate` is the name of one that
        is installed on the gateway: https, and http is redirected."""
        prefix = "appgw.ingress.kubernetes.io"
        tls = {f"{prefix}/appgw-ssl-certificate": certificate or "", f"{prefix}/ssl-redirect": "true"}
        return cls._of("azure", hosts, tls if certificate else {}, further, tls_in_front=bool(certificate))

    @classmethod
    def _of(
        cls,
        controller: Controller,
        hosts: Sequence[IngressHost],
        annotations: Mapping[str, str],
        further: Further,
        *,
        tls_in_front: bool = False,
    ) -> Ingress:
        fields: dict[str, Any] = {"class_name": CLASSES[controller], "tls_in_front": tls_in_front, **further}
        own = fields.setdefault("annotations", {})
        if isinstance(own, Mapping):
            fields["annotations"] = {**annotations, **own}
        return cls(hosts=hosts, controller=controller, **fields)

    @property
    def public_url(self) -> str | None:
        """The first host that is not a wildcard, with https if TLS covers it."""
        host = self.hosts[0].host
        if host.startswith("*."):
            return None
        return f"{'https' if self.serves_tls(host) else 'http'}://{host}"

    def serves(self, host: str) -> bool:
        """Whether it leads that very host to main."""
        return any(entry.host == host for entry in self.hosts)

    def serves_tls(self, host: str) -> bool:
        """Whether browsers reach the host over https."""
        return self.tls_in_front or any(covers(name, host) for entry in self.tls for name in entry.hosts)


def covers(pattern: str, host: str) -> bool:
    """Whether a host, or a wildcard, has another in it."""
    return pattern == host or (pattern.startswith("*.") and host.split(".", 1)[-1] == pattern[2:])
