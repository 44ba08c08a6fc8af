"""Pinned image references."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import images, naming
from flowise_constructs.core.value import Value

PullPolicy = Literal["Always", "IfNotPresent", "Never"]


@dataclass(frozen=True, kw_only=True)
class ServerImage(Value):
    """The image of a bundled server or of a job, pinned."""

    repository: images.Repository
    """Image name."""
    tag: images.Tag | None = None
    """Image tag."""
    digest: images.Digest | None = None
    """`sha256:...`; takes precedence over the tag."""
    pull_policy: PullPolicy | None = None
    """`imagePullPolicy`. Default: left out."""
    pull_secrets: Sequence[naming.ObjectName] = ()
    """Names of Secrets for a private registry: `imagePullSecrets`."""

    def contradictions(self) -> Iterable[Finding]:
        if self.tag is None and self.digest is None:
            yield self.finding("tag", "None, and no digest: give one of them, so that the image is pinned")

    @property
    def reference(self) -> str:
        """The pod's `image`."""
        return image_reference(self.repository, self.tag, self.digest)


def image_reference(repository: str, tag: str | None, digest: str | None) -> str:
    """Repository, tag and digest as one image reference."""
    return f"{repository}{f':{tag}' if tag else ''}{f'@{digest}' if digest else ''}"
