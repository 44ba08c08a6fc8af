"""`Deployment`: what a feature needs to know about a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from flowise_constructs.flowise.main import FlowiseMain
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.workload import Workload
from flowise_constructs.storage.values import Storage


class RunsPods(Protocol):
    """A construct of this library that creates pods."""

    @property
    def workload(self) -> Workload:
        """Its pods."""
        ...


@runtime_checkable
class UsesStores(Protocol):
    """A construct whose pods use object stores of their own, as those of backups do."""

    @property
    def stores(self) -> tuple[Storage, ...]:
        """Each of them."""
        ...


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One deployment, frozen. Charts expose it as `.deployment`; `Deployment.of` builds it from constructs."""

    names: Names
    """The names of its objects."""
    flowise: Flowise
    """What its mains and workers share."""
    main_port: int
    """Port of main's Service."""
    workloads: tuple[Workload, ...]
    """Its workloads: main first."""
    stores: Mapping[str, tuple[Storage, ...]] = field(default_factory=dict[str, tuple[Storage, ...]])
    """The object stores of jobs, by component: where backups go, and what is mirrored there."""

    @staticmethod
    def of(main: FlowiseMain, *others: RunsPods) -> Deployment:
        """The deployment of a main, and of the `FlowiseWorker`, the servers and the jobs that belong to it."""
        alone = Deployment(
            names=main.names, flowise=main.flowise, main_port=main.main.service.port, workloads=(main.workload,)
        )
        return alone.including(*others)

    def including(self, *others: RunsPods) -> Deployment:
        """The same with further constructs that belong to it, such as a `RestoreJob` or a `KeyRotationJob`."""
        stores = {other.workload.identity.component: other.stores for other in others if isinstance(other, UsesStores)}
        workloads = (*self.workloads, *(other.workload for other in others))
        return replace(self, workloads=workloads, stores={**self.stores, **stores})

    def workload(self, component: str) -> Workload | None:
        """The workload with that label `app.kubernetes.io/component`: `main` (also with another
        `Names.main_component`), `worker`, `postgresql`, `redis`, `backup`, `drill`, `restore`, `owner`, `key-rotation`,
        `queue-exporter`, `redis-exporter`, `postgresql-exporter`. None if there is none."""
        wanted = self.names.main_component if component == "main" else component
        return next((item for item in self.workloads if item.identity.component == wanted), None)
