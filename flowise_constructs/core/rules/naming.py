"""Names, keys, labels and annotations of Kubernetes objects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from flowise_constructs.core.rules import texts

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SERVICE_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")


def dns_label(value: str) -> str | None:
    """RFC 1123 label: Deployments, StatefulSets, CronJobs."""
    if len(value) > 63 or not _LABEL.fullmatch(value):
        return "must be at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends"
    return None


def service_name(value: str) -> str | None:
    """RFC 1035 label: a Service's name must start with a letter."""
    if len(value) > 63 or not _SERVICE_LABEL.fullmatch(value):
        return (
            "must be at most 63 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen"
        )
    return None


def dns_subdomain(value: str) -> str | None:
    """RFC 1123 subdomain: names of Secrets, ConfigMaps, claims and classes."""
    if len(value) > 253 or not _SUBDOMAIN.fullmatch(value):
        return "must be a Kubernetes object name: at most 253 lower-case letters, digits, hyphens and dots"
    return None


def csi_driver(value: str) -> str | None:
    """The name by which a storage driver is registered; its case doesn't matter."""
    if len(value) > 63 or not _SUBDOMAIN.fullmatch(value.lower()):
        return "must be the name of a CSI driver: at most 63 letters, digits, hyphens and dots"
    return None


def env_name(value: str) -> str | None:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        return "must be the name of an environment variable: letters, digits and underscores, not starting with a digit"
    return None


def data_key(value: str) -> str | None:
    """A key of a Secret or ConfigMap."""
    if (
        len(value) > 253
        or not re.fullmatch(r"[-._a-zA-Z0-9]+", value)
        or value in (".", "..")
        or value.startswith("..")
    ):
        return "must be a key of a Secret or ConfigMap: at most 253 letters, digits, '-', '_' and '.'"
    return None


def port_name(value: str) -> str | None:
    """RFC 6335 service name."""
    if len(value) > 15 or not _LABEL.fullmatch(value) or "--" in value or not re.search(r"[a-z]", value):
        return "must be the name of a port: at most 15 lower-case letters, digits and single hyphens, with a letter"
    return None


def header_name(value: str) -> str | None:
    return None if re.fullmatch(r"[-A-Za-z0-9]+", value) else "must be the name of an HTTP header"


def label_key(value: str) -> str | None:
    """A key of a label or annotation: an optional DNS prefix, a slash, a name."""
    prefix, slash, name = value.rpartition("/")
    if (slash and dns_subdomain(prefix)) or len(name) > 63 or not _QUALIFIED.fullmatch(name):
        return "must be a Kubernetes key: [prefix/]name, with at most 63 characters in the name"
    return None


def label_value(value: str) -> str | None:
    if value and (len(value) > 63 or not _QUALIFIED.fullmatch(value)):
        return "must be a label value: at most 63 letters, digits, '-', '_' and '.'"
    return None


def annotation_value(value: str) -> str | None:
    if texts.unsafe(value):
        return "must be text without control characters"
    return None


def all_annotations(values: Mapping[str, str]) -> str | None:
    """Kubernetes accepts 256 KiB per object; this library and other tools add some of their own."""
    length = sum(len(key.encode()) + len(value.encode()) for key, value in values.items())
    return "are together longer than 200 KiB" if length > 200 * 1024 else None


def identifier(value: str) -> str | None:
    """A name of a database or role that a bundled server creates."""
    if not re.fullmatch(r"[a-z_][-a-z0-9_]{0,62}", value):
        return "must be at most 63 lower-case letters, digits, '_' and '-', and start with a letter"
    return None


DnsLabel = Annotated[str, dns_label]
ServiceName = Annotated[str, service_name]
ObjectName = Annotated[str, dns_subdomain]
EnvName = Annotated[str, env_name]
DataKey = Annotated[str, data_key]
LabelKey = Annotated[str, label_key]
LabelValue = Annotated[str, label_value]
AnnotationValue = Annotated[str, annotation_value]
Annotations = Annotated[Mapping[LabelKey, AnnotationValue], all_annotations]
Identifier = Annotated[str, identifier]
