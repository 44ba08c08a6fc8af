"""The names of a deployment's objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import naming
from flowise_constructs.core.value import Value

EXPORTERS = ("queue-exporter", "redis-exporter", "postgresql-exporter")
"""The components that Prometheus asks beside main."""
_OTHER_COMPONENTS = ("worker", "backup", "drill", "restore", "owner", "key-rotation", *EXPORTERS)


@dataclass(frozen=True, kw_only=True)
class Names(Value):
    """The names of the objects: choose them once.

    `name`: another one creates new objects beside the old ones. A controller that prunes then deletes the old ones, the
    claim with Flowise's data among them, unless it is told not to: `DataClaim.annotations`. `instance`, `app` and
    `main_component` alone change selectors of objects that keep their names, which the API server refuses ("field is
    immutable"): delete those Deployments and StatefulSets first, with `--cascade=orphan`. `namespace`: another one
    makes a new installation, to which the claims don't move.
    """

    name: naming.ServiceName = "flowise"
    """Name of main's Deployment and Service, and prefix of the other names: `{name}-worker`, `{name}-data`."""
    instance: naming.ServiceName | None = None
    """`app.kubernetes.io/instance`, and prefix of the bundled servers' names: `{instance}-postgresql`,
    `{instance}-redis`. Default: `name`. Differs for Helm releases whose name doesn't contain `flowise`."""
    app: naming.LabelValue = "flowise"
    """`app.kubernetes.io/name` of mains and workers."""
    main_component: naming.LabelValue = "main"
    """`app.kubernetes.io/component` of mains. Another one takes over a Deployment that another tool made: the Helm
    chart cowboysysop/flowise says `flowise`."""
    namespace: naming.DnsLabel | None = None
    """`metadata.namespace` of every object. Default: left out, so that `kubectl` and Argo CD choose it."""

    def contradictions(self) -> Iterable[Finding]:
        for server in ("postgresql", "redis"):
            taken = f"{self.release}-{server}"
            if self.name == taken or self.name.startswith(f"{taken}-"):
                yield self.finding(
                    "name", f"{self.name!r} is a name of the bundled server's objects ({taken!r}): use another"
                )
        if self.main_component in _OTHER_COMPONENTS:
            problem = f"{self.main_component!r} is the component of other pods, which main's Service would find too"
            yield self.finding("main_component", f"{problem}: use another")

    @property
    def release(self) -> str:
        """The instance, given or derived."""
        return self.instance or self.name
