"""What a chart is told once and all of its pods follow: registry, users, labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from flowise_constructs.backup.engines import engine_of
from flowise_constructs.backup.values import Backup
from flowise_constructs.database.values import BundledPostgres
from flowise_constructs.flowise.roles import Main, Worker
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.kubernetes.pod_options import PodOptions
from flowise_constructs.kubernetes.registry import AnyImage, Registry
from flowise_constructs.kubernetes.security import Security
from flowise_constructs.queueing.values import BundledRedis

Server = TypeVar("Server", BundledPostgres, BundledRedis)
Process = TypeVar("Process", Main, Worker)


@dataclass(frozen=True, kw_only=True)
class Everywhere:
    """It is put into values before a construct gets them, so that what a construct is given says all."""

    registry: Registry | None
    security: Security | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    """Of the pods."""

    def image(self, image: AnyImage) -> AnyImage:
        """The image as the registry has it."""
        return self.registry.of(image) if self.registry is not None else image

    def server(self, server: Server) -> Server:
        """A bundled server."""
        security = server.security if self.security is None else self.security
        return replace(server, image=self.image(server.image), security=security, pod=self._pod(server.pod))

    def process(self, process: Process) -> Process:
        """A main or a worker."""
        return replace(process, pod=self._pod(process.pod))

    def backup(self, backup: Backup, flowise: Flowise) -> Backup:
        """Backups with their drills."""
        drill = replace(backup.drill, pod=self._pod(backup.drill.pod)) if backup.drill is not None else None
        backup = replace(backup, pod=self._pod(backup.pod), drill=drill)
        if self.registry is None:
            return backup
        tools = backup.dump_image or engine_of(flowise.database).image
        return replace(
            backup,
            dump_image=self.image(tools) if tools is not None else None,
            upload_image=self.image(backup.upload_image),
        )

    def _pod(self, options: PodOptions) -> PodOptions:
        mirrored = self.registry.of_pod(options) if self.registry is not None else options
        if not self.labels and not self.annotations:
            return mirrored
        labels, annotations = {**self.labels, **options.labels}, {**self.annotations, **options.annotations}
        return replace(mirrored, labels=labels, annotations=annotations)


def everywhere_in(
    registry: Registry | None, security: Security | None, on_pods: tuple[Mapping[str, str], Mapping[str, str]] | None
) -> Everywhere:
    """From a chart's arguments; `on_pods` are its labels and annotations, where pods get them too."""
    labels, annotations = on_pods or ({}, {})
    return Everywhere(registry=registry, security=security, labels=labels, annotations=annotations)
