"""Service meshes: what the pods say to those that put a proxy beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import network
from flowise_constructs.core.value import Value


class _Proxied(Value):
    """What both meshes have in common: without a native sidecar, init containers have no network and jobs don't end."""

    native_sidecar: bool
    exclude_outbound_ports: Sequence[int]

    def contradictions(self) -> Iterable[Finding]:
        ports = list(self.exclude_outbound_ports)
        if len(set(ports)) != len(ports):
            yield self.finding("exclude_outbound_ports", f"{ports!r} names a port twice")

    def refusals(self, init_ports: Iterable[int], *, ends: bool) -> Iterable[Finding]:
        """Why a pod with that mesh can't work; `init_ports` are those that its init containers connect to."""
        if self.native_sidecar:
            return
        if ends:
            problem = "False in a job: the proxy would run on when the job's container has ended; use True there"
            yield self.finding("native_sidecar", problem)
        for port in init_ports:
            if port not in self.exclude_outbound_ports:
                fix = f"the gate needs it before the proxy is there; add {port}, or use native_sidecar=True"
                yield self.finding("exclude_outbound_ports", f"lacks {port}: {fix}")

    @property
    def annotations(self) -> dict[str, str]:
        """Annotations of the pod."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Istio(_Proxied):
    """Istio's sidecar mode. Ambient mode needs nothing: leave this out there. Injection itself is a label of the
    namespace, or `PodOptions(labels={"sidecar.istio.io/inject": "true"})`."""

    native_sidecar: bool = True
    """`sidecar.istio.io/nativeSidecar`: the proxy is an init container that keeps running, in front of the gate. Needs
    Kubernetes 1.29 and Istio 1.24; since Istio 1.27 it is the default. False: `holdApplicationUntilProxyStarts`, and
    `exclude_outbound_ports` must name the ports that the gate connects to."""
    exclude_outbound_ports: Sequence[network.Port] = ()
    """`traffic.sidecar.istio.io/excludeOutboundPorts`: connections to these ports go past the proxy, without its mutual
    TLS. Example: `[5432, 6379]`."""

    @property
    def annotations(self) -> dict[str, str]:
        """Annotations of the pod."""
        hold = {"proxy.istio.io/config": '{"holdApplicationUntilProxyStarts": true}'}
        return {
            "sidecar.istio.io/nativeSidecar": "true" if self.native_sidecar else "false",
            **({} if self.native_sidecar else hold),
            **_ports("traffic.sidecar.istio.io/excludeOutboundPorts", self.exclude_outbound_ports),
        }


@dataclass(frozen=True, kw_only=True)
class Linkerd(_Proxied):
    """Linkerd. Injection itself is an annotation of the namespace, or `PodOptions(annotations={"linkerd.io/inject":
    "enabled"})`."""

    native_sidecar: bool = True
    """`config.beta.linkerd.io/proxy-enable-native-sidecar`: the proxy is an init container that keeps running, in front
    of the gate. Needs Kubernetes 1.29 and Linkerd 2.19; before, the annotation was called `config.alpha.…`. False:
    `config.linkerd.io/proxy-await`, and `exclude_outbound_ports` must name the ports that the gate connects to."""
    exclude_outbound_ports: Sequence[network.Port] = ()
    """`config.linkerd.io/skip-outbound-ports`: connections to these ports go past the proxy, without its mutual TLS.
    Example: `[5432, 6379]`."""

    @property
    def annotations(self) -> dict[str, str]:
        """Annotations of the pod."""
        return {
            "config.beta.linkerd.io/proxy-enable-native-sidecar": "true" if self.native_sidecar else "false",
            **({} if self.native_sidecar else {"config.linkerd.io/proxy-await": "enabled"}),
            **_ports("config.linkerd.io/skip-outbound-ports", self.exclude_outbound_ports),
        }


def _ports(annotation: str, ports: Sequence[int]) -> Mapping[str, str]:
    return {annotation: ",".join(map(str, ports))} if ports else {}


Mesh: TypeAlias = Istio | Linkerd
"""A service mesh with a proxy in each pod."""
