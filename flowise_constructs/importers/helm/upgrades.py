"""From an image tag that is too old for this library to one that it writes: the steps with Helm."""

from __future__ import annotations

from flowise_constructs.flowise.releases import DEFAULT_TAG
from flowise_constructs.importers.helm.names import full_name
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.tags import last_before_accounts, numbered


def upgrade(major: int, release: Release) -> str:
    """The steps to a release of the table, in their order."""
    steps = ["back up the database and the Secret of the five keys"]
    own = f"{full_name(release)}-auth"
    if not release.text("auth.existingSecret"):
        # An upgrade deletes what the chart no longer renders, unless the live object has this annotation.
        steps += [f"kubectl annotate secret {own} helm.sh/resource-policy=keep", f"set auth.existingSecret to {own}"]
    if (last := last_before_accounts(major)) is not None:
        steps += [f"helm upgrade {release.name} with image.tag {last}, and make the first account there"]
    steps += [f"helm upgrade {release.name} with image.tag {DEFAULT_TAG}", "log in and open a stored credential"]
    return f"upgrade the release first, in this order: {numbered([*steps, 'run this command again'])}"
