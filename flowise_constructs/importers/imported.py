"""What every importer returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flowise_constructs import Finding


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A field of Kubernetes that none of this library's values has: a JSON patch on an object of the chart."""

    construct: str
    """The chart's attribute that is the object. Example: `main.service`."""
    pointer: str
    """Where it is added. Example: `/spec/clusterIP`."""
    value: Any
    """As in YAML."""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A deployment as this library's values."""

    chart: Literal["StandaloneChart", "QueueChart"]
    """The chart class."""
    arguments: Mapping[str, Any]
    """Its arguments, all of them values."""
    name: str
    """The chart's id, and the name of its file."""
    title: str
    """What it is, in a sentence without its full stop."""
    paths: Mapping[str, str]
    """The source's paths of fields that constructs check, not values."""
    remarks: tuple[Finding, ...]
    """What the user should know."""
    labels: Mapping[str, str]
    """Labels for every object."""
    objects: tuple[Mapping[str, Any], ...] = ()
    """Extra objects beside the chart's, as in YAML."""
    patches: tuple[Patch, ...] = ()
    """What is added to the chart's own objects."""
    objects_path: str = ""
    """Where the source has extra objects."""
    external_secrets_path: str = ""
    """Where the source has the keys of an ExternalSecret."""
