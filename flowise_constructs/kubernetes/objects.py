"""Kubernetes objects from plain data, with Kubernetes' own field names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from cdk8s import ApiObject, ApiObjectMetadata, Chart, JsonPatch
from constructs import Construct, IConstruct

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.core.plain import plain_data
from flowise_constructs.kubernetes.identity import Identity, derived

Manifest = dict[str, Any]
"""An object, or a part of one, as the YAML has it. What is None is left out."""
LARGEST_OBJECT = 250 * 1024
"""Annotations of an object may have 256 KiB together."""
ANNOTATED: WeakKeyDictionary[IConstruct, Mapping[str, str]] = WeakKeyDictionary()
"""Charts whose objects all have certain annotations, those too that join later. cdk8s knows labels of a chart alone."""


def api_object(
    scope: Construct, id: str, *, api_version: str, kind: str, metadata: Manifest, **body: object
) -> ApiObject:
    """An object of any kind; `body` is everything except its metadata.

    From Python, cdk8s takes a body only through the classes of cdk8s_plus_27, and importing them takes as long as a
    synthesis. So the first JSON patch adds it unchanged.
    """
    content = plain_data(body)
    if len(json.dumps(content)) > LARGEST_OBJECT:
        problem = "is larger than 250 KiB, which `kubectl apply` can't take: it keeps a copy in an annotation"
        mend = "make large files a ConfigMap or Secret of your own, and name its key"
        raise ConfigError([Finding(f"{kind} {metadata['name']}", f"{problem}; {mend}")])
    if ANNOTATED:
        metadata = {**metadata, "annotations": {**(metadata.get("annotations") or {}), **_of_chart(scope)} or None}
    made = ApiObject(scope, id, api_version=api_version, kind=kind, metadata=_metadata(metadata))
    made.add_json_patch(*(JsonPatch.add(f"/{name}", item) for name, item in sorted(content.items())))
    return made


def object_meta(identity: Identity, *, suffix: str = "", annotations: Mapping[str, str] | None = None) -> Manifest:
    """Metadata of one of a workload's objects."""
    return {
        "name": derived(identity.name, suffix),
        "namespace": identity.namespace,
        "labels": identity.labels,
        "annotations": dict(annotations) if annotations else None,
    }


def _of_chart(scope: Construct) -> Mapping[str, str]:
    """The annotations of all of the chart's objects."""
    return ANNOTATED.get(Chart.of(scope), {})


def _metadata(metadata: Manifest) -> ApiObjectMetadata:
    """cdk8s adds the chart's own labels and namespace to these."""
    return ApiObjectMetadata(**plain_data(metadata))
