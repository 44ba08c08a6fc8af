"""What existing and bundled servers have in common."""

from __future__ import annotations

from flowise_constructs import PodOptions, SecretKey, ServerImage
from flowise_constructs.importers.fields import pull_secrets
from flowise_constructs.importers.helm.names import full_name
from flowise_constructs.importers.inline_secrets import InlineSecrets
from flowise_constructs.importers.pods import pod_options, scheduling_paths, secret_key, service_account
from flowise_constructs.importers.release import Release


def external_password(release: Release, secrets: InlineSecrets, at: str, suffix: str, key: str) -> SecretKey:
    """The password of an existing server: from an existing Secret, inline, or from the one that the chart expects."""
    existing = release.text(f"{at}.existingSecret")
    if existing:
        key_path = f"{at}.existingSecretPasswordKey"
        return secret_key(release, existing, f"{at}.existingSecret", release.text(key_path) or key, key_path)
    name = f"{full_name(release)}-{suffix}"
    if release.text(f"{at}.password"):
        secrets.add(name, {key: f"{at}.password"}, instead=f"{at}.existingSecret")
    else:
        release.remark(
            f"{at}.existingSecret", f"is empty, and so is {at}.password: key {key!r} of Secret {name!r} must exist"
        )
    return secret_key(release, name, "fullnameOverride", key, at)


def server_image(release: Release, at: str, default: ServerImage) -> ServerImage:
    """A bundled server's image; the chart's current default if none is given."""
    path, where = (
        f"{at}.image",
        {
            "repository": f"{at}.image.repository",
            "tag": f"{at}.image.tag",
            "digest": f"{at}.image.tag",
            "pull_secrets": f"{at}.imagePullSecrets",
            "pull_policy": f"{at}.image.pullPolicy",
        },
    )
    tag, _, digest = release.text(f"{path}.tag").partition("@")
    if not tag and not digest:
        tag = default.tag or ""
        release.remark(
            f"{path}.tag", f"is not given: {tag} is used; check that the live server has the same major version"
        )
    return release.make(
        ServerImage,
        where,
        default,
        repository=release.text(f"{path}.repository"),
        tag=tag or None,
        digest=digest or None,
        pull_policy=release.text(f"{path}.pullPolicy") if release.given(f"{path}.pullPolicy") else None,
        pull_secrets=pull_secrets(release, f"{at}.imagePullSecrets"),
    )


def server_pod(release: Release, at: str) -> PodOptions:
    """Labels, annotations, scheduling and service account of a bundled server."""
    paths = {
        "labels": f"{at}.podLabels",
        "annotations": f"{at}.podAnnotations",
        **scheduling_paths(f"{at}."),
        "topology_spread_constraints": f"{at}.topologySpreadConstraints",
        "priority_class_name": f"{at}.priorityClassName",
    }
    account = service_account(release, f"{at}.serviceAccount", f"{release.name}-{at}")
    return pod_options(release, paths, service_account=account)
