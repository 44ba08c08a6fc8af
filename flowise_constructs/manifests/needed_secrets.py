"""The Secrets that objects refer to: their keys, type, and who uses them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from flowise_constructs.manifests.objects import ObjectName
from flowise_constructs.manifests.references import Reference

_TYPES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "tls": ("kubernetes.io/tls", ("tls.crt", "tls.key")),
    "imagePullSecrets": ("kubernetes.io/dockerconfigjson", (".dockerconfigjson",)),
}
OPAQUE = "Opaque"


@dataclass
class NeededKey:
    """A key that must be in a Secret."""

    use: str
    """A use of it, such as `DATABASE_PASSWORD of Deployment flowise`."""
    is_random: bool
    """Whether any text will do as its value."""
    is_own: bool = False
    """Whether it is the password of a server in the same manifests."""
    variables: set[str] = field(default_factory=set[str])
    """The variables that it is the value of."""
    value: str | None = field(default=None, repr=False)
    is_new: bool = False
    """Whether the value is a random one, made just now."""


@dataclass
class NeededSecret:
    """A Secret that must exist."""

    name: ObjectName
    type: str = OPAQUE
    keys: dict[str, NeededKey] = field(default_factory=dict[str, NeededKey])
    whole: str | None = None
    """Who uses all that is in it, so that its keys are not known."""


def needed_secrets(references: Iterable[Reference], random: Collection[str] = ()) -> list[NeededSecret]:
    """The Secrets among what is referred to, by name. `random` are the variables whose values may be any text without a
    line end."""
    found: dict[ObjectName, NeededSecret] = {}
    for reference in references:
        if reference.to.kind == "Secret":
            _note(found.setdefault(reference.to, NeededSecret(reference.to)), reference, random)
    return [found[name] for name in sorted(found)]


def _note(secret: NeededSecret, reference: Reference, random: Collection[str]) -> None:
    use = f"{reference.use} of {reference.by}"
    keys: tuple[str, ...] = () if reference.key is None else (reference.key,)
    if reference.use in _TYPES:
        secret.type, keys = _TYPES[reference.use]
    elif not keys:
        secret.whole = use
    for name in keys:
        key = secret.keys.setdefault(name, NeededKey(use, is_random=False))
        key.variables.add(reference.use)
        key.is_own |= reference.is_own
        key.is_random |= reference.is_own or reference.use in random
