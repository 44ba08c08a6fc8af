"""Object names, labels, selectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.core.rules import naming
from flowise_constructs.kubernetes.labels import COMPONENT, INSTANCE, NAME, PART_OF, ROLE, VERSION
from flowise_constructs.kubernetes.names import Names

STATEFUL_SET_NAME_LIMIT = 52
"""The controller puts the name and a hash into a label of each pod, and a label holds 63 characters."""


@dataclass(frozen=True)
class Identity:
    """The name of a workload and the labels that select its pods. `selector` can't change once deployed."""

    name: str
    selector: Mapping[str, str]
    namespace: str | None
    version: str | None = None

    @property
    def component(self) -> str:
        """Its part in the deployment."""
        return self.selector[COMPONENT]

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the workload's objects: those of the selector and those that may change."""
        version = {VERSION: self.version} if self.version and naming.label_value(self.version) is None else {}
        return {**self.selector, **version}


def flowise_identity(names: Names, component: str, *, suffix: str = "", version: str | None = None) -> Identity:
    """A Flowise workload, with the Helm chart's three selector labels, which must never change."""
    selector = {NAME: names.app, INSTANCE: names.release, COMPONENT: component}
    return Identity(derived(names.name, suffix), selector, names.namespace, version)


def server_identity(names: Names, server: str, version: str | None) -> Identity:
    """A bundled server, with the selector of the Helm chart's subcharts."""
    selector = {
        NAME: server,
        INSTANCE: names.release,
        COMPONENT: server,
        PART_OF: server,
        ROLE: "standalone",
    }
    name = derived(names.release, f"-{server}", limit=STATEFUL_SET_NAME_LIMIT)
    return Identity(name, selector, names.namespace, version)


def derived(name: str, suffix: str, *, limit: int = 63) -> str:
    """A name derived from another; ConfigError if Kubernetes would refuse it."""
    whole = f"{name}{suffix}"
    if len(whole) > limit:
        fix = f"use a name or instance that is {len(whole) - limit} shorter"
        raise ConfigError([Finding("Names", f"give {whole!r}, longer than {limit} characters: {fix}")])
    return whole
