"""Image tags of releases that this library doesn't write: too old, too new, or untold."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from flowise_constructs.flowise.releases import DEFAULT_TAG, RELEASES, SUPPORTED_TAGS


def tag_problem(tag: str, digest: str, upgrade: Callable[[int], str]) -> str | None:
    """Why the tag is none of a release that this library writes; None where it is one, or is wrong as a tag.

    `upgrade` gives the steps from a release of an older major version.
    """
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
    steps = upgrade(int(version[1]))
    return f"{tag[:80]!r} is older than the releases that this library writes ({known}): {steps}"


_FIRST_WITH_ACCOUNTS = 3


def last_before_accounts(major: int) -> str | None:
    """The release to stop at on the way from this major version, because only there a login becomes an account."""
    if major >= _FIRST_WITH_ACCOUNTS:
        return None
    # The last release that reads FLOWISE_USERNAME: its login becomes an account there.
    return next(tag for tag in reversed(SUPPORTED_TAGS) if "FLOWISE_USERNAME" in RELEASES[tag].variables)


def numbered(steps: Sequence[str]) -> str:
    """The steps in one line."""
    return "; ".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
