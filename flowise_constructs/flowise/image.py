"""The Flowise image."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flowise_constructs.core.findings import Finding, shown, warn
from flowise_constructs.core.rules import images, naming
from flowise_constructs.flowise import releases
from flowise_constructs.kubernetes.images import PinnedImage, PullPolicy


@dataclass(frozen=True, kw_only=True)
class Image(PinnedImage):
    """The image that mains, workers and their gates run."""

    repository: images.Repository = "docker.io/flowiseai/flowise"
    """Image name. The image must have `flowise` and `node` on its PATH, as upstream's does."""
    tag: images.Tag | None = releases.DEFAULT_TAG
    """Image tag: a supported release, also with a suffix such as `3.1.3-acme.2`."""
    digest: images.Digest | None = None
    """`sha256:...`; takes precedence over the tag. Upstream's tags are built without a lock file: pin by digest."""
    release: releases.Tag | None = None
    """The Flowise release in the image. Default: taken from the tag; required if the tag doesn't name it."""
    pull_policy: PullPolicy | None = None
    """`imagePullPolicy`. Default: left out (Kubernetes: `IfNotPresent` for a tag other than latest)."""
    pull_secrets: Sequence[naming.ObjectName] = ()
    """Names of Secrets for a private registry: `imagePullSecrets`."""

    verify: bool = False
    """Whether an image that holds another release than `release`, or else `tag`, says is refused: the pod's gate then
    ends with the reason, before it waits or migrates, and `kubectl describe pod` shows it. Default: False, the gate
    says it in its log and goes on. The price of True: once a tag is pushed again with another release, no pod starts
    from it, not even one that only moves to another node."""

    def contradictions(self) -> Iterable[Finding]:
        yield from super().contradictions()
        if self._release() is None:
            supported = ", ".join(releases.SUPPORTED_TAGS)
            yield self.finding(
                "tag",
                f"{shown(self.tag)} is not a supported release ({supported}): set 'release' if the image contains one",
            )
        elif self.flowise.advisories:
            text = f"Image.tag: Flowise {self.flowise.tag} has {', '.join(self.flowise.advisories)}"
            warn(f"{text}: use {releases.DEFAULT_TAG}")

    @property
    def flowise(self) -> releases.Release:
        """What is known about the release in the image."""
        release = self._release()
        assert release is not None
        return releases.RELEASES[release]

    @property
    def release_tag(self) -> str:
        """The release that the image holds."""
        return self.flowise.tag

    @property
    def is_upstreams(self) -> bool:
        """Whether it is whatever upstream's tag names: by no digest, in upstream's repository or a mirror of it."""
        return self.digest is None and f"/{self.repository}".endswith("/flowiseai/flowise")

    def _release(self) -> str | None:
        if self.release is not None:
            return self.release
        match = re.match(r"v?(\d+\.\d+\.\d+)(?![\d.])", self.tag or "")
        return match[1] if match and match[1] in releases.RELEASES else None
