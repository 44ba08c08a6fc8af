"""Manifests for the Secrets that other manifests refer to but don't contain. Random values are made only here."""

from __future__ import annotations

import base64
import getpass
import json
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from flowise_constructs.manifests.needed_secrets import NeededKey, NeededSecret, needed_secrets
from flowise_constructs.manifests.objects import ObjectName
from flowise_constructs.manifests.references import Manifests

RANDOM_BYTES = 32
LABELS: Mapping[str, str] = {
    "app.kubernetes.io/managed-by": "flowise-constructs",
    "app.kubernetes.io/part-of": "flowise",
}


Problem = Callable[[NeededKey, str], str | None]
"""What is wrong with a value for a key, without the value; None if nothing is."""


class UnknownKeyError(ValueError):
    """A value for a key that isn't missing from the manifests."""


@dataclass
class IncompleteSecret:
    """A Secret that is here, or that something here makes, without keys that others read."""

    name: ObjectName
    is_written: bool
    """Whether it is a Secret or SealedSecret of the manifests, and none that an operator makes."""
    keys: set[str] = field(default_factory=set[str])
    users: set[str] = field(default_factory=set[str])

    @property
    def problem(self) -> str:
        """What is wrong, and the mend."""
        keys = ", ".join(map(repr, sorted(self.keys)))
        lacks = f"lacks {'key' if len(self.keys) == 1 else 'keys'} {keys}, used by {', '.join(sorted(self.users))}"
        if not self.is_written:
            return f"{lacks}: add it to what makes the Secret, such as spec.data of the ExternalSecret"
        return (
            f"{lacks}: add it, or remove the whole Secret and create it separately. If you apply it like this, the "
            "key is deleted from the Secret in the cluster too, if an earlier apply put it there"
        )


def missing_secrets(manifests: Manifests, namespace: str | None, random: Collection[str]) -> list[NeededSecret]:
    """The Secrets that are referred to, but neither in the manifests nor created in the cluster. `random` are the
    variables whose values may be any text without a line end."""
    missing = (
        replace(reference, to=reference.to._replace(namespace=namespace or reference.to.namespace))
        for reference in manifests.references
        if not reference.optional and not manifests.holds(reference.to)
    )
    return needed_secrets(missing, random)


def incomplete_secrets(manifests: Manifests) -> list[IncompleteSecret]:
    """The Secrets that are here, or made of something here, and lack a key."""
    found: dict[ObjectName, IncompleteSecret] = {}
    for reference in manifests.references:
        if reference.to.kind == "Secret" and not reference.optional and manifests.lacks(reference):
            is_written = any(
                reference.to._replace(kind=kind) in manifests.objects for kind in ("Secret", "SealedSecret")
            )
            secret = found.setdefault(reference.to, IncompleteSecret(reference.to, is_written))
            secret.keys.add(str(reference.key))
            secret.users.add(reference.by)
    return [found[name] for name in sorted(found)]


def fill(
    missing: Iterable[NeededSecret],
    given: Iterable[str],
    *,
    ask: bool,
    kept: Collection[NeededKey] = (),
    problem: Problem = lambda key, value: None,
) -> None:
    """Fills in random values, those given as NAME.KEY=VALUE, and those that are asked for, again where there is a
    `problem`. `kept` get no random one."""
    missing = list(missing)
    for assignment in given:
        _assign(missing, assignment)
    for secret in missing:
        for name, key in secret.keys.items():
            if key.value is None and key.is_random and not any(key is other for other in kept):
                key.value, key.is_new = secrets.token_hex(RANDOM_BYTES), True
            elif key.value is None and ask:
                key.value = _asked(f"{secret.name.name}.{name} ({key.use}; empty to fill in later): ", key, problem)


def manifest(secret: NeededSecret) -> str:
    """The Secret as YAML. A placeholder isn't base64, so that Kubernetes refuses it."""
    known = {name: key.value for name, key in secret.keys.items() if key.value is not None}
    unknown = {name: key.use for name, key in secret.keys.items() if key.value is None}
    if secret.whole:
        # Kubernetes doesn't accept it as a key.
        unknown["<FILL IN>"] = secret.whole
    lines = ["apiVersion: v1", "kind: Secret", "metadata:", f"  name: {json.dumps(secret.name.name)}"]
    lines += [f"  namespace: {json.dumps(secret.name.namespace)}"] if secret.name.namespace else []
    lines += ["  labels:", *(f"    {name}: {value}" for name, value in LABELS.items()), f"type: {secret.type}", "data:"]
    lines += [f"  {json.dumps(name)}: {json.dumps(_encoded(value))}" for name, value in known.items()]
    if unknown:
        lines += ["  # Fill in as base64 (printf %s VALUE | base64 -w0), or use --set or --ask; refused as it is"]
    lines += [f"  {json.dumps(name)}: {json.dumps(f'<FILL IN: {use}>')}" for name, use in unknown.items()]
    return "\n".join(lines) + "\n"


def _asked(prompt: str, key: NeededKey, problem: Problem) -> str | None:
    answer = getpass.getpass(prompt)
    while answer and (wrong := problem(key, answer)) is not None:
        answer = getpass.getpass(f"The value {wrong}\n{prompt}")
    return answer or None


def _encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _assign(missing: Iterable[NeededSecret], assignment: str) -> None:
    path, equals, value = assignment.partition("=")
    found = [secret.keys[name] for secret in missing for name in secret.keys if f"{secret.name.name}.{name}" == path]
    if not equals or not value:
        raise UnknownKeyError(f"--set {path}: must be NAME.KEY=VALUE")
    if not found:
        known = ", ".join(f"{secret.name.name}.{name}" for secret in missing for name in secret.keys) or "none"
        raise UnknownKeyError(f"--set {path}: is not a missing key; the missing keys are: {known}")
    for key in found:
        key.value = value
