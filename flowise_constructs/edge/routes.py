"""Values for an HTTPRoute of the Gateway API, which stands in the place of an Ingress."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import naming, network
from flowise_constructs.core.value import Value
from flowise_constructs.edge.paths import RoutePath, without_ui
from flowise_constructs.edge.values import covers

FILTERS: Mapping[str, str] = {
    "CORS": "cors",
    "ExtensionRef": "extensionRef",
    "RequestHeaderModifier": "requestHeaderModifier",
    "RequestMirror": "requestMirror",
    "ResponseHeaderModifier": "responseHeaderModifier",
    "URLRewrite": "urlRewrite",
}
"""Types of filters, and the field of each. RequestRedirect can't stand beside a backend."""
_ANY_NUMBER = ("ExtensionRef", "RequestMirror")
_MOST = 16
_UNITS = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}


def _duration(value: str) -> str | None:
    if re.fullmatch(r"([0-9]{1,5}(h|m|s|ms)){1,4}", value):
        return None
    return "must be a duration of the Gateway API such as '0s' (no limit), '90s' or '1h30m'"


def _milliseconds(value: str) -> int:
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9]+)(ms|h|m|s)", value))


Duration = Annotated[str, _duration]


@dataclass(frozen=True, kw_only=True)
class GatewayRef(Value):
    """A Gateway that serves a route: an entry of `parentRefs`. Must exist already, and admit routes of this namespace
    (its listener's `allowedRoutes`)."""

    name: naming.ObjectName
    """`name` of the Gateway. Example: `"public"`."""
    namespace: naming.DnsLabel | None = None
    """`namespace` of the Gateway. Default: left out, the route's own."""
    section_name: naming.ObjectName | None = None
    """`sectionName`: a single listener. Default: left out, every listener that fits. Example: `"https"`."""
    port: network.Port | None = None
    """`port`: the listeners of that port alone. Default: left out."""


@dataclass(frozen=True, kw_only=True)
class RouteRule(Value):
    """Paths that a route leads to main, and what happens on the way: an entry of `rules`."""

    paths: Sequence[RoutePath] = ("/",)
    """Prefixes: `matches[].path.value`, of type `PathPrefix`. The UI needs `/`."""
    filters: Sequence[Mapping[str, Any]] = ()
    """`filters`, as plain data under Kubernetes' names. Example:
    `[{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["server"]}}]`."""
    request_timeout: Duration | None = "0s"
    """`timeouts.request`: for the whole answer, streams too. `0s`: none; Envoy Gateway cuts at 15 s without it. None:
    left out, for a gateway that refuses the field. Example: `"1h"`."""
    backend_request_timeout: Duration | None = None
    """`timeouts.backendRequest`, no longer than `request_timeout`. Default: left out."""

    def contradictions(self) -> Iterable[Finding]:
        if not 1 <= len(self.paths) <= 64:
            yield self.finding("paths", f"has {len(self.paths)} entries: 1 to 64 are needed")
        for path in sorted({path for path in self.paths if self.paths.count(path) > 1}):
            yield self.finding("paths", f"{path!r} is listed twice")
        yield from self._timeouts()
        yield from self._filters()

    def _timeouts(self) -> Iterator[Finding]:
        whole, one = (_milliseconds(value or "0s") for value in (self.request_timeout, self.backend_request_timeout))
        if 0 < whole < one:
            problem = f"{self.backend_request_timeout!r} is longer than request_timeout {self.request_timeout!r}"
            yield self.finding("backend_request_timeout", f"{problem}: the API server refuses that")

    def _filters(self) -> Iterator[Finding]:
        types = [entry.get("type") for entry in self.filters]
        if len(types) > _MOST:
            yield self.finding("filters", f"has {len(types)} entries: {_MOST} at most")
        for entry in self.filters:
            kind = str(entry.get("type"))
            if kind not in FILTERS:
                yield self.finding("filters", f"type {kind!r} must be one of {', '.join(FILTERS)}")
            elif set(entry) != {"type", FILTERS[kind]}:
                yield self.finding("filters", f"a filter of type {kind!r} has 'type' and {FILTERS[kind]!r} alone")
        for kind in sorted({str(kind) for kind in types if types.count(kind) > 1 and kind not in _ANY_NUMBER}):
            yield self.finding("filters", f"{kind!r} stands there twice: put both into one filter")


@dataclass(frozen=True, kw_only=True)
class HttpRoute(Value):
    """An HTTPRoute (`gateway.networking.k8s.io/v1`) to main's Service, in the place of an Ingress. All defaults are
    written out, so that Argo CD sees no difference.

    Must exist already: the Gateway API's definitions, 1.1 or newer, and the Gateway. What a route can't say belongs to
    the gateway's own policies: a limit on bodies, which must be at least `Settings.file_size_limit`, and Envoy's limit
    of five minutes without a byte (Envoy Gateway: `BackendTrafficPolicy`, `ClientTrafficPolicy`)."""

    parents: Sequence[GatewayRef]
    """The Gateways that serve it: `parentRefs`. Example: `[GatewayRef(name="public", namespace="gateways")]`."""
    hosts: Sequence[network.IngressHostName]
    """`hostnames`. The first one gives the public URL, unless `Settings.app_url` sets another. Example:
    `["flowise.example.com"]`."""
    rules: Sequence[RouteRule] = (RouteRule(),)
    """`rules`."""
    tls: bool = True
    """Whether browsers reach the hosts over https: TLS ends at the Gateway's listener, which a route knows nothing of.
    In the YAML it changes only the URL and the cookies."""
    name: naming.ObjectName | None = None
    """`metadata.name`. Default: main's name. Several routes need several names. Example: `"flowise-internal"`."""
    annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Annotations."""
    gke: bool = False
    """For GKE's own Gateway controller, which refuses a route with timeouts: they are left out, and a GCPBackendPolicy
    with the timeout and a HealthCheckPolicy with the path are made for the Service (one each a Service). Its load
    balancers lead to pods that aren't Ready too, if they answer that path: with an Owner, the path says no until there
    is one. Without `gke` they would ask for `/`, which any Flowise answers."""

    def contradictions(self) -> Iterable[Finding]:
        for name, most in {"parents": 32, "hosts": _MOST, "rules": _MOST}.items():
            if not 1 <= len(getattr(self, name)) <= most:
                yield self.finding(name, f"has {len(getattr(self, name))} entries: 1 to {most} are needed")
        for name in ("parents", "hosts"):
            given = list(getattr(self, name))
            if any(given.count(entry) > 1 for entry in given):
                yield self.finding(name, "has an entry twice")
        yield from self._parents_of_one()
        paths = [path for rule in self.rules for path in rule.paths]
        if len(paths) > 128:
            yield self.finding("rules", f"have {len(paths)} paths: 128 at most in one route")
        if "/" not in paths:
            yield from without_ui("HttpRoute.rules", paths)

    def _parents_of_one(self) -> Iterator[Finding]:
        """The API server wants several references to one Gateway told apart by sectionName, all of them."""
        for parent in self.parents:
            same = [other for other in self.parents if (other.name, other.namespace) == (parent.name, parent.namespace)]
            sections = {other.section_name for other in same}
            if len(same) > 1 and (None in sections or len(sections) < len(same)):
                yield self.finding("parents", f"{parent.name!r} is named twice: give each a section_name of its own")
                return

    @property
    def public_url(self) -> str | None:
        """The first host that is not a wildcard."""
        host = self.hosts[0]
        return None if host.startswith("*.") else f"{'https' if self.tls else 'http'}://{host}"

    def serves(self, host: str) -> bool:
        """Whether it leads that very host to main."""
        return host in self.hosts

    def serves_tls(self, host: str) -> bool:
        """Whether browsers reach the host over https."""
        return self.tls and any(covers(name, host) for name in self.hosts)
