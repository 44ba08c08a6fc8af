"""Flowise's image, which mains and workers share."""

from __future__ import annotations

from flowise_constructs import Image
from flowise_constructs.flowise.releases import DEFAULT_TAG
from flowise_constructs.importers.cowboysysop.known import DEFAULT_RELEASE
from flowise_constructs.importers.cowboysysop.names import full_name
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.tags import last_before_accounts, numbered, tag_problem


def image(release: Release, *, queued: bool) -> Image:
    """The Flowise image; this library's default if the values name no tag."""
    tag, digest = release.text("image.tag") if release.given("image.tag") else "", release.text("image.digest")
    if not tag:
        tag = DEFAULT_TAG
        release.remark(
            "image.tag",
            f"is not given: {DEFAULT_TAG} is used, while version 6.0.0 of the chart runs {DEFAULT_RELEASE}: its first "
            "start "
            "changes the database, which can't be undone. Give the tag that runs now; if that is older, back up, and "
            f"upgrade with Helm first (helm upgrade {release.name} --set image.tag={DEFAULT_TAG})",
        )
    if (problem := tag_problem(tag, digest, lambda major: _upgrade(major, release))) is not None:
        release.refuse("image.tag", problem)
        return Image()
    if queued:
        _refuse_another_for_workers(release, tag)
    repository = release.text("image.repository")
    registry = release.text("global.imageRegistry") or release.text("image.registry")
    return release.make(
        Image,
        {
            "repository": "image.repository",
            "tag": "image.tag",
            "digest": "image.digest",
            "pull_policy": "image.pullPolicy",
            "pull_secrets": "global.imagePullSecrets",
        },
        Image(),
        repository=f"{registry}/{repository}" if registry else repository,
        tag=tag,
        digest=digest or None,
        pull_policy=release.text("image.pullPolicy") if release.given("image.pullPolicy") else None,
        pull_secrets=_pull_secrets(release, queued=queued),
    )


def _refuse_another_for_workers(release: Release, tag: str) -> None:
    at = "worker.image"
    theirs = release.text(f"{at}.tag")
    if release.given(f"{at}.tag") and theirs != tag:
        release.refuse(
            f"{at}.tag",
            f"{theirs[:80]!r} is another than main's {tag[:80]!r}: both run one image; set both to the same",
        )
    for key in ("registry", "repository", "digest", "pullPolicy"):
        if release.below(f"{at}.{key}"):
            release.remark(f"{at}.{key}", "is not carried over: workers run main's image, with another command")


def _pull_secrets(release: Release, *, queued: bool) -> list[str]:
    found: dict[str, None] = {}
    for path in ("global.imagePullSecrets", "image.pullSecrets", *(["worker.image.pullSecrets"] if queued else [])):
        for number, item in enumerate(release.items(path)):
            name = item.get("name") if isinstance(item, dict) else item
            if isinstance(name, str) and name:
                found[name] = None
            else:
                release.refuse(f"{path}[{number}]", "must be the name of a Secret")
    return list(found)


def _upgrade(major: int, release: Release) -> str:
    steps = [f"back up the database, and Secret {release.text('existingSecret') or full_name(release)!r}"]
    if (last := last_before_accounts(major)) is not None:
        steps += [
            "upgrade to version 6.0.0 of the chart, as its README says",
            f"helm upgrade {release.name} with image.tag {last}, and make the first account there",
        ]
    steps += [
        f"helm upgrade {release.name} with image.tag {DEFAULT_TAG}, and worker.image.tag if there are workers",
        "log in and open a stored credential",
        "run this command again",
    ]
    return f"upgrade the release first, in this order: {numbered(steps)}"
