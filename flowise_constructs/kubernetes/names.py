"""The names of a deployment's objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import naming
from flowise_constructs.core.value import Value


@dataclass(frozen=True, kw_only=True)
class Names(Value):
    """The names of the objects. Once deployed, a change of any of them creates new objects beside the old ones."""

    name: naming.ServiceName = "flowise"
    """Name of main's Deployment and Service, and prefix of the other names: `{name}-worker`, `{name}-data`."""
    instance: naming.ServiceName | None = None
    """`app.kubernetes.io/instance`, and prefix of the bundled servers' names: `{instance}-postgresql`,
    `{instance}-redis`. Default: `name`. Differs for Helm releases whose name doesn't contain `flowise`."""
    app: naming.LabelValue = "flowise"
    """`app.kubernetes.io/name` of mains and workers."""
    namespace: naming.DnsLabel | None = None
    """`metadata.namespace` of every object. Default: left out, so that `kubectl` and Argo CD choose it."""

    def contradictions(self) -> Iterable[Finding]:
        for server in ("postgresql", "redis"):
            taken = f"{self.release}-{server}"
            if self.name == taken or self.name.startswith(f"{taken}-"):
                yield self.finding(
                    "name", f"{self.name!r} is a name of the bundled server's objects ({taken!r}): use another"
                )

    @property
    def release(self) -> str:
        """The instance, given or derived."""
        return self.instance or self.name
