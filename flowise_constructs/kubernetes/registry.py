"""A registry that mirrors those of the images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar

from flowise_constructs.core.rules import images, naming
from flowise_constructs.core.value import Value
from flowise_constructs.kubernetes.images import PinnedImage
from flowise_constructs.kubernetes.pod_options import PodOptions
from flowise_constructs.kubernetes.schema import plain

AnyImage = TypeVar("AnyImage", bound=PinnedImage)


def _address(value: str) -> str | None:
    problem = images.repository(value)
    if problem is None and ("." in value.partition("/")[0] or ":" in value.partition("/")[0]):
        return None
    return "must be a registry's host, with a path where it has one, such as 'registry.example.com/mirror'"


@dataclass(frozen=True, kw_only=True)
class Registry(Value):
    """A registry that has every image under its own path: `docker.io/library/redis` is `{address}/library/redis`."""

    address: Annotated[str, _address]
    """Host and path. Example: `"registry.example.com:5000/mirror"`."""
    pull_secrets: Sequence[naming.ObjectName] = ()
    """Names of Secrets for it, beside those of an image: `imagePullSecrets`."""

    def of(self, image: AnyImage) -> AnyImage:
        """The image as this registry has it; one that is there already stays."""
        secrets = tuple(dict.fromkeys((*image.pull_secrets, *self.pull_secrets)))
        return replace(image, repository=self._address_of(image.repository), pull_secrets=secrets)

    def of_pod(self, options: PodOptions) -> PodOptions:
        """The options with the images of further containers as this registry has them."""
        return replace(
            options,
            sidecars=self._containers(options.sidecars),
            init_containers=self._containers(options.init_containers),
            init_containers_after_gate=self._containers(options.init_containers_after_gate),
        )

    def _containers(self, containers: object) -> list[Mapping[str, Any]]:
        return [{**container, "image": self._address_of(container["image"])} for container in plain(containers)]

    def _address_of(self, reference: str) -> str:
        if reference.startswith(f"{self.address}/"):
            return reference
        host, slash, path = reference.partition("/")
        has_host = slash and ("." in host or ":" in host or host == "localhost")
        return f"{self.address}/{path if has_host else reference}"
