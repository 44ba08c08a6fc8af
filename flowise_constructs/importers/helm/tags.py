"""Image tags of releases that this library doesn't write: too old, too new, or untold."""

from __future__ import annotations

import re

from flowise_constructs.flowise.releases import DEFAULT_TAG, RELEASES, SUPPORTED_TAGS
from flowise_constructs.importers.helm.names import full_name
from flowise_constructs.importers.helm.release import Release

_FIRST_WITH_ACCOUNTS = 3


def tag_problem(tag: str, digest: str, release: Release) -> str | None:
    """Why the tag is none of a release that this library writes; None where it is one, or is wrong as a tag."""
    version = re.match(r"v?([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})(?![0-9.])", tag)
    if tag == "latest" or (version is not None and version[0].removeprefix("v") in RELEASES):
        return None
    known = f"{SUPPORTED_TAGS[0]} to {SUPPORTED_TAGS[-1]}"
    if version is None:
        told = f"{tag[:80]!r} doesn't tell" if tag else f"{digest[:80]!r} without a tag doesn't tell"
        return (
            f"{told} which Flowise the image holds: write the release in front, such as "
            f"{DEFAULT_TAG}-{tag or 'mine'}, import, and put the image's own tag into the YAML"
        )
    if tuple(map(int, version.groups())) > tuple(map(int, SUPPORTED_TAGS[-1].split("."))):
        return (
            f"{tag[:80]!r} is newer than the releases that this library knows ({known}): take a newer "
            "flowise-constructs; an older image can't read the database, because migrations don't go back"
        )
    steps = _upgrade(int(version[1]), release)
    return f"{tag[:80]!r} is older than the releases that this library writes ({known}): {steps}"


def _upgrade(major: int, release: Release) -> str:
    """The steps to a release of the table, in their order."""
    steps = ["back up the database and the Secret of the five keys"]
    own = f"{full_name(release)}-auth"
    if not release.text("auth.existingSecret"):
        # An upgrade deletes what the chart no longer renders, unless the live object has this annotation.
        steps += [f"kubectl annotate secret {own} helm.sh/resource-policy=keep", f"set auth.existingSecret to {own}"]
    if major < _FIRST_WITH_ACCOUNTS:
        # The last release that reads FLOWISE_USERNAME: its login becomes an account there.
        last = next(tag for tag in reversed(SUPPORTED_TAGS) if "FLOWISE_USERNAME" in RELEASES[tag].variables)
        steps += [f"helm upgrade {release.name} with image.tag {last}, and make the first account there"]
    steps += [f"helm upgrade {release.name} with image.tag {DEFAULT_TAG}", "log in and open a stored credential"]
    numbered = "; ".join(f"{number}. {step}" for number, step in enumerate([*steps, "run this command again"], 1))
    return f"upgrade the release first, in this order: {numbered}"
