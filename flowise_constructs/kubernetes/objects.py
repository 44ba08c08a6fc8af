"""Kubernetes objects from plain data, with Kubernetes' own field names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from cdk8s import ApiObject, Chart
from constructs import Construct, IConstruct

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.core.plain import plain_data
from flowise_constructs.kubernetes.identity import Identity, derived
from flowise_constructs.kubernetes.plain_object import PlainObject

Manifest = dict[str, Any]
"""An object, or a part of one, as the YAML has it. What is None is left out."""
LARGEST_OBJECT = 250 * 1024
"""Annotations of an object may have 256 KiB together."""
ANNOTATED: WeakKeyDictionary[IConstruct, Mapping[str, str]] = WeakKeyDictionary()
"""Charts whose objects all have certain annotations, those too that join later. cdk8s knows labels of a chart alone."""
_CHARTS: WeakKeyDictionary[IConstruct, Chart] = WeakKeyDictionary()


def api_object(
    scope: Construct, id: str, *, api_version: str, kind: str, metadata: Manifest, **body: object
) -> ApiObject:
    """An object of any kind; `body` is everything except its metadata."""
    if ANNOTATED and (of_chart := ANNOTATED.get(chart_of(scope))):
        metadata = {**metadata, "annotations": {**(metadata.get("annotations") or {}), **of_chart}}
    text = json.dumps(plain_data({**body, "apiVersion": api_version, "kind": kind, "metadata": metadata}))
    if len(text) > LARGEST_OBJECT:
        problem = "is larger than 250 KiB, which `kubectl apply` can't take: it keeps a copy in an annotation"
        mend = "make large files a ConfigMap or Secret of your own, and name its key"
        raise ConfigError([Finding(f"{kind} {metadata['name']}", f"{problem}; {mend}")])
    return PlainObject(scope, id, text)


def object_meta(identity: Identity, *, suffix: str = "", annotations: Mapping[str, str] | None = None) -> Manifest:
    """Metadata of one of a workload's objects."""
    return {
        "name": derived(identity.name, suffix),
        "namespace": identity.namespace,
        "labels": identity.labels,
        "annotations": dict(annotations) if annotations else None,
    }


def chart_of(scope: Construct) -> Chart:
    """The chart that a construct is in; cdk8s is asked once for each construct."""
    if scope not in _CHARTS:
        _CHARTS[scope] = Chart.of(scope)
    return _CHARTS[scope]
