"""The image: what a Compose file names, or this library's default."""

from __future__ import annotations

import re

from flowise_constructs import Image
from flowise_constructs.core.findings import shown
from flowise_constructs.flowise.releases import DEFAULT_TAG
from flowise_constructs.importers.notes import Notes
from flowise_constructs.importers.tags import last_before_accounts, numbered, tag_problem

_WITHOUT_TAG = f"{DEFAULT_TAG} is used; check that the live Flowise is not newer, because migrations can't be undone"


def image(notes: Notes, named: str | None, where: str) -> Image:
    """The Flowise image; `named` is a reference as Docker takes it."""
    if named is None:
        notes.remark(
            where, f"is not told by environment files, but by a Compose file (--compose): {_WITHOUT_TAG}", "do"
        )
        return Image()
    match = re.fullmatch(r"([^\s@]+?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?", named)
    if match is None:
        notes.refuse(where, f"{shown(named)} must be an image such as 'flowiseai/flowise:{DEFAULT_TAG}'")
        return Image()
    repository, tag, digest = _full(match[1]), match[2], match[3]
    if tag in (None, "latest") and digest is None:
        notes.remark(where, f"{shown(named)} doesn't tell the release: {_WITHOUT_TAG}", "do")
        tag = DEFAULT_TAG
    elif (problem := tag_problem(tag or "", digest or "", _upgrade)) is not None:
        notes.refuse(where, problem)
        return Image()
    paths = {"repository": where, "tag": where, "digest": where}
    return notes.make(Image, paths, Image(), repository=repository, tag=tag, digest=digest)


def _full(repository: str) -> str:
    """With the registry that Docker takes where none is named."""
    first, slash, _ = repository.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return repository
    return f"docker.io/{repository}" if slash else f"docker.io/library/{repository}"


def _upgrade(major: int) -> str:
    steps = ["back up the volume and the database"]
    if (last := last_before_accounts(major)) is not None:
        steps += [f"set the image's tag to {last}, run docker compose up -d, and make the first account there"]
    steps += [f"set the tag to {DEFAULT_TAG}, and run docker compose up -d", "log in and open a stored credential"]
    return f"upgrade the live one first, in this order: {numbered([*steps, 'run this command again'])}"
