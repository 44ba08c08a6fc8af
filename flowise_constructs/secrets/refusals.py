"""What can't be fetched from a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flowise_constructs.core.findings import Finding
from flowise_constructs.kubernetes.references import SecretKey
from flowise_constructs.manifests.needed_secrets import NeededSecret
from flowise_constructs.secrets.values import RemoteRef


def external_secrets_findings(
    needed: Sequence[NeededSecret],
    stored: Sequence[NeededSecret],
    *,
    overrides: Mapping[SecretKey, RemoteRef],
    whole: Mapping[str, RemoteRef],
    exclude: Sequence[str | SecretKey],
) -> Iterator[Finding]:
    """Names that fit nothing, and Secrets whose keys are not known. `needed` are all, `stored` those to fetch."""
    secrets = {item.name.name for item in needed}
    keys = {SecretKey(secret=item.name.name, key=key) for item in needed for key in item.keys}
    fetched = {SecretKey(secret=item.name.name, key=key) for item in stored for key in item.keys}
    for excluded in exclude:
        if excluded not in secrets and excluded not in keys:
            yield _unknown("exclude", excluded, secrets, keys)
    for key in overrides:
        if key not in keys:
            yield _unknown("overrides", key, secrets, keys)
        elif key not in fetched:
            yield Finding("ExternalSecrets.overrides", f"{_name(key)} is excluded or generated: leave it out")
    opaque = {item.name.name for item in stored if item.whole}
    for name in whole:
        if name not in opaque:
            yield Finding("ExternalSecrets.whole", f"no pod uses {name!r} as a whole: give its keys in overrides")
    for item in stored:
        if item.whole and item.name.name not in whole:
            problem = f"{item.name.name!r} is used as a whole ({item.whole}), so its keys are not known"
            mend = f"give whole={{{item.name.name!r}: RemoteRef(key=...)}}, or exclude it"
            yield Finding("ExternalSecrets.whole", f"{problem}: {mend}")


def _unknown(argument: str, item: str | SecretKey, secrets: set[str], keys: set[SecretKey]) -> Finding:
    known = sorted(map(_name, keys)) if isinstance(item, SecretKey) else sorted(secrets)
    problem = f"{_name(item)} is not referred to by the deployment's pods; those are: {', '.join(known)}"
    return Finding(f"ExternalSecrets.{argument}", problem)


def _name(item: str | SecretKey) -> str:
    return f"{item.secret}.{item.key}" if isinstance(item, SecretKey) else repr(item)
