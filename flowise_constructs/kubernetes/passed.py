"""The types of what is passed through to a pod under Kubernetes' own names: plain data, or cdk8s' structs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from flowise_constructs.kubernetes import containers, pod_network, scheduling
from flowise_constructs.kubernetes.schema import Passed
from flowise_constructs.kubernetes.volume_source import volume_source


class TolerationStruct(Protocol):
    """`Toleration` as the classes of cdk8s-plus, or of `cdk8s import k8s`, have it."""

    @property
    def toleration_seconds(self) -> int | float | None:
        """`tolerationSeconds`."""
        ...


class AffinityStruct(Protocol):
    """`Affinity` as those classes have it."""

    @property
    def pod_anti_affinity(self) -> object:
        """`podAntiAffinity`."""
        ...


class SpreadStruct(Protocol):
    """`TopologySpreadConstraint` as those classes have it."""

    @property
    def when_unsatisfiable(self) -> str:
        """`whenUnsatisfiable`."""
        ...


class ContainerStruct(Protocol):
    """`Container` as those classes have it."""

    @property
    def volume_mounts(self) -> object:
        """`volumeMounts`."""
        ...


class PortStruct(Protocol):
    """`ContainerPort` as those classes have it."""

    @property
    def container_port(self) -> int | float:
        """`containerPort`."""
        ...


class EnvFromStruct(Protocol):
    """`EnvFromSource` as those classes have it."""

    @property
    def secret_ref(self) -> object:
        """`secretRef`."""
        ...


class HostAliasStruct(Protocol):
    """`HostAlias` as those classes have it."""

    @property
    def hostnames(self) -> object:
        """`hostnames`."""
        ...


class DnsConfigStruct(Protocol):
    """`PodDnsConfig` as those classes have it."""

    @property
    def nameservers(self) -> object:
        """`nameservers`."""
        ...


Toleration = Annotated[Mapping[str, Any] | TolerationStruct, Passed("Toleration"), scheduling.toleration]
Affinity = Annotated[Mapping[str, Any] | AffinityStruct, Passed("Affinity"), scheduling.affinity]
Spread = Annotated[Mapping[str, Any] | SpreadStruct, Passed("TopologySpreadConstraint"), scheduling.spread]
VolumeSource = Annotated[Mapping[str, Any], Passed("Volume", without="name"), volume_source]
InitContainer = Annotated[Mapping[str, Any] | ContainerStruct, Passed("Container"), containers.init_container]
Sidecar = Annotated[Mapping[str, Any] | ContainerStruct, Passed("Container"), containers.sidecar]
Port = Annotated[Mapping[str, Any] | PortStruct, Passed("ContainerPort"), containers.port]
EnvFrom = Annotated[Mapping[str, Any] | EnvFromStruct, Passed("EnvFromSource"), containers.env_from]
HostAlias = Annotated[Mapping[str, Any] | HostAliasStruct, Passed("HostAlias"), pod_network.host_alias]
DnsConfig = Annotated[Mapping[str, Any] | DnsConfigStruct, Passed("PodDNSConfig"), pod_network.dns_config]
