"""References to data in the cluster: keys of Secrets and ConfigMaps, fields of the pod."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from flowise_constructs.core.rules import naming, network, texts
from flowise_constructs.core.value import Value


def pod_field(value: str) -> str | None:
    """A field of the pod, as a variable takes it."""
    plain = {"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"}
    plain |= {"status.hostIP", "status.podIP", "status.hostIPs", "status.podIPs"}
    if value in plain:
        return None
    for kind in ("labels", "annotations"):
        start = f"metadata.{kind}['"
        if value.startswith(start) and value.endswith("']") and not naming.label_key(value[len(start) : -2]):
            return None
    return (
        "must be a field that Kubernetes offers, such as 'metadata.name', 'status.podIP' or \"metadata.labels['team']\""
    )


@dataclass(frozen=True, kw_only=True)
class SecretKey(Value):
    """A key of an existing Secret in the pod's namespace: `secretKeyRef`. The only way to give a secret here."""

    secret: naming.ObjectName
    """Name of the Secret. Example: `"flowise-auth-secrets"`."""
    key: naming.DataKey
    """Key in its data. Example: `"encryption-key"`."""


@dataclass(frozen=True, kw_only=True)
class ConfigMapKey(Value):
    """A key of an existing ConfigMap in the pod's namespace: `configMapKeyRef`."""

    config_map: naming.ObjectName
    """Name of the ConfigMap. Example: `"corporate-ca"`."""
    key: naming.DataKey
    """Key in its data. Example: `"ca.crt"`."""


@dataclass(frozen=True, kw_only=True)
class PodField(Value):
    """A field of the pod itself: `fieldRef`."""

    path: Annotated[str, pod_field]
    """Field path. Example: `"metadata.name"`."""


Pem: TypeAlias = texts.Certificate | SecretKey | ConfigMapKey
"""Certificates as PEM text, or a key that holds PEM, as cert-manager, trust-manager and CloudNativePG make them."""
EnvValue: TypeAlias = texts.Literally | SecretKey | ConfigMapKey | PodField
"""A literal, or a reference to the value."""
AnyHost: TypeAlias = network.ServerHost | SecretKey | ConfigMapKey
"""A server's host, or the key that holds it, as operators make it."""
AnyPort: TypeAlias = network.Port | SecretKey | ConfigMapKey
"""A server's port, or the key that holds it."""
AnyText: TypeAlias = texts.Text | SecretKey | ConfigMapKey
"""A name that is no secret, or the key that holds it."""


def variable_of(value: AnyHost | AnyPort | AnyText) -> EnvValue:
    """The value as a variable of a container."""
    return str(value) if isinstance(value, int) else value


def references_of(variables: Mapping[str, EnvValue], names: Iterable[str]) -> str:
    """Where those of the variables are that a Secret or ConfigMap holds, for scripts: `NAME=Secret/name/key,...`."""
    found = {name: variables[name] for name in names if name in variables}
    return ",".join(f"{name}={path}" for name, value in found.items() if (path := _path_of(value)))


def _path_of(value: EnvValue) -> str:
    if isinstance(value, SecretKey):
        return f"Secret/{value.secret}/{value.key}"
    return f"ConfigMap/{value.config_map}/{value.key}" if isinstance(value, ConfigMapKey) else ""


def place_of(reference: SecretKey | ConfigMapKey) -> str:
    """Where a value is, as messages say it."""
    if isinstance(reference, SecretKey):
        return f"key {reference.key!r} of Secret {reference.secret!r}"
    return f"key {reference.key!r} of ConfigMap {reference.config_map!r}"
