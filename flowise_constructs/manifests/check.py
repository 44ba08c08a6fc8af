"""What a reviewer wants to know about manifests before they are applied."""

from __future__ import annotations

from collections.abc import Iterable

from flowise_constructs.manifests.references import Manifests, ObjectName, Reference


def report(manifests: Manifests) -> str:
    """What must exist already, what contradicts itself, and the images."""
    sections = [
        ("Must exist already", _absent(manifests)),
        ("Contradictions", contradictions(manifests)),
        ("Images", manifests.images()),
    ]
    return "\n".join(f"{title}:\n" + "".join(f"  {line}\n" for line in lines or ["none"]) for title, lines in sections)


def contradictions(manifests: Manifests) -> list[str]:
    """What can't work, whatever exists in the cluster."""
    twice = [f"{_label(name)} is defined twice" for name in manifests.twice]
    return [*twice, *_lacking(manifests, "ConfigMap")]


def _lacking(manifests: Manifests, kind: str) -> list[str]:
    lacking = {
        f"{_label(reference.to)} is in the manifests without key {reference.key!r}: used by {reference.by}"
        for reference in manifests.references
        if reference.to.kind == kind and manifests.lacks(reference) and not reference.optional
    }
    return sorted(lacking)


def _absent(manifests: Manifests) -> list[str]:
    absent: dict[ObjectName, list[Reference]] = {}
    for reference in manifests.references:
        if not manifests.holds(reference.to):
            absent.setdefault(reference.to, []).append(reference)
    # Apply merges with the Secret in the cluster, which may have the key.
    return [*(_line(name, references) for name, references in sorted(absent.items())), *_lacking(manifests, "Secret")]


def _line(name: ObjectName, references: Iterable[Reference]) -> str:
    references = list(references)
    keys = sorted({reference.key for reference in references if reference.key})
    listed = f" with {'key' if len(keys) == 1 else 'keys'} {', '.join(keys)}" if keys else ""
    may = " (may be missing)" if all(reference.optional for reference in references) else ""
    users = ", ".join(sorted({reference.by for reference in references}))
    return f"{_label(name)}{listed}{may}: used by {users}"


def _label(name: ObjectName) -> str:
    return f"{name.kind} {name.namespace}/{name.name}" if name.namespace else f"{name.kind} {name.name}"
