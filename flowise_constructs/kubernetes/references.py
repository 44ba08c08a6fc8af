"""References to data in the cluster: keys of Secrets and ConfigMaps, fields of the pod."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from flowise_constructs.core.rules import naming, texts
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
