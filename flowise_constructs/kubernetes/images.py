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
class PinnedImage(Value):
    """What images have in common."""

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
        tag, digest = f":{self.tag}" if self.tag else "", f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"


@dataclass(frozen=True, kw_only=True)
class ServerImage(PinnedImage):
    """The image of a bundled server or of a job, pinned."""
