"""What existing and bundled servers have in common."""

from __future__ import annotations

import base64
import binascii
import re

from flowise_constructs import PodOptions, SecretKey, ServerImage
from flowise_constructs.core.rules import texts
from flowise_constructs.importers.helm.inline_secrets import InlineSecrets
from flowise_constructs.importers.helm.names import full_name
from flowise_constructs.importers.helm.pods import pod_options, scheduling_paths, secret_key, service_account
from flowise_constructs.importers.helm.release import Release


def port_of(release: Release, path: str) -> int:
    """A port; 1 if it is refused."""
    text = release.text(path)
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    release.refuse(path, f"{text[:80]!r} must be a port from 1 to 65535")
    return 1


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


def authority(release: Release, path: str, encoded: str) -> str | None:
    """The certificate. No message shows it, because it may be a private key."""
    try:
        text = base64.b64decode(encoded, validate=False).decode()
    except (binascii.Error, ValueError):
        text = ""
    problem = texts.certificate(text)
    if problem is None:
        return text
    release.refuse(path, f"the value (not shown), decoded from base64, {problem}")
    return None


def directives(release: Release, path: str, pattern: str, form: str) -> dict[str, str]:
    """The lines of a configuration file."""
    found: dict[str, str] = {}
    for line in release.text(path).splitlines():
        text = line.partition("#")[0].strip()
        match = re.fullmatch(pattern, text)
        if match:
            found[match[1]] = match[2].strip().removeprefix("'").removesuffix("'")
        elif text:
            release.refuse(path, f"the line {text[:80]!r} must read '{form}'")
    return found


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


def pull_secrets(release: Release, path: str) -> list[str]:
    """The names of a list of `name:` entries."""
    names: list[str] = []
    for where, entry in release.entries(path):
        release.only(entry, where, "name")
        name = entry.get("name")
        if isinstance(name, str) and name:
            names.append(name)
        else:
            release.refuse(f"{where}.name", "must be the name of a Secret")
    return names


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
