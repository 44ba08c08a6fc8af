"""What a reviewer wants to know about manifests before they are applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowise_constructs.core.findings import Finding
from flowise_constructs.manifests.missing_secrets import incomplete_secrets
from flowise_constructs.manifests.objects import ObjectName
from flowise_constructs.manifests.pod_faults import pod_faults
from flowise_constructs.manifests.ports import port_faults
from flowise_constructs.manifests.references import Manifests, Reference
from flowise_constructs.manifests.schema import schema_faults
from flowise_constructs.manifests.selectors import budget_faults, selected_elsewhere, selector_faults, target_faults


def report(manifests: Manifests, contradictions: Iterable[Finding]) -> str:
    """What must exist already, what contradicts itself, and the images."""
    sections = [
        ("Must exist already", _absent(manifests)),
        ("Contradictions", list(map(str, contradictions))),
        ("Images", manifests.images()),
    ]
    return "\n".join(f"{title}:\n" + "".join(f"  {line}\n" for line in lines or ["none"]) for title, lines in sections)


def contradictions(manifests: Manifests) -> list[Finding]:
    """What can't work whatever the cluster holds, an object after the other."""
    found = [*_of_names(manifests), *_of_keys(manifests)]
    for name, item in manifests.objects.items():
        found += schema_faults(name, item)
    for look in (pod_faults, selector_faults, budget_faults, target_faults, port_faults):
        found += look(manifests)
    return list(dict.fromkeys(found))


def _of_names(manifests: Manifests) -> Iterator[Finding]:
    for name in manifests.twice:
        yield Finding(str(name), "is defined twice: remove one, or rename it")


def _of_keys(manifests: Manifests) -> Iterator[Finding]:
    lacking = sorted(
        {
            (reference.to, str(reference.key), reference.by)
            for reference in manifests.references
            if reference.to.kind == "ConfigMap" and manifests.lacks(reference) and not reference.optional
        }
    )
    for name, key, by in lacking:
        yield Finding(str(name), f"lacks key {key!r}, used by {by}: add it, or correct the reference")
    for secret in incomplete_secrets(manifests):
        yield Finding(str(secret.name), secret.problem)


def _absent(manifests: Manifests) -> list[str]:
    absent: dict[ObjectName, list[Reference]] = {}
    for reference in manifests.references:
        if not manifests.holds(reference.to):
            absent.setdefault(reference.to, []).append(reference)
    selected = [f"{what}: used by {name}" for what, name in selected_elsewhere(manifests)]
    return [*(_line(name, references) for name, references in sorted(absent.items())), *selected]


def _line(name: ObjectName, references: Iterable[Reference]) -> str:
    references = list(references)
    keys = sorted({reference.key for reference in references if reference.key})
    listed = f" with {'key' if len(keys) == 1 else 'keys'} {', '.join(keys)}" if keys else ""
    may = " (may be missing)" if all(reference.optional for reference in references) else ""
    users = ", ".join(sorted({reference.by for reference in references}))
    return f"{name}{listed}{may}: used by {users}"
