"""Pod Security "restricted" for the containers that a user adds to a pod: held, and filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flowise_constructs.core.findings import shown
from flowise_constructs.kubernetes.selectors import Fields

DEFAULTS: Mapping[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
"""What all our containers have."""
_REFUSED = "which Pod Security 'restricted' refuses"
_PROFILES = ("RuntimeDefault", "Localhost")


def restricted(context: Fields) -> Iterator[str]:
    """What a namespace that enforces "restricted" would refuse."""
    for word, allowed in (("privileged", False), ("allowPrivilegeEscalation", False), ("runAsNonRoot", True)):
        if context.get(word, allowed) is not allowed:
            yield f"has securityContext.{word} {shown(context[word])}, {_REFUSED}: leave it out"
    if context.get("runAsUser", 1) < 1:
        yield f"has securityContext.runAsUser {context['runAsUser']}, {_REFUSED}: any other user"
    if context.get("runAsGroup", 0) < 0:
        yield f"has securityContext.runAsGroup {context['runAsGroup']}: 0 or more"
    if context.get("procMount", "Default") != "Default":
        yield f"has securityContext.procMount {shown(context['procMount'])}, {_REFUSED}: leave it out"
    for word in ("windowsOptions", "seLinuxOptions"):
        if word in context:
            yield f"has securityContext.{word}, which is not taken here: add it with a JSON patch"
    yield from _capabilities(context.get("capabilities", {}))
    for word in ("seccompProfile", "appArmorProfile"):
        if word in context:
            yield from _profile(word, context[word])


def filled_in(context: Fields) -> dict[str, Any]:
    """The context with our defaults where it says nothing."""
    capabilities = {**DEFAULTS["capabilities"], **context.get("capabilities", {})}
    return {**DEFAULTS, **context, "capabilities": capabilities}


def _capabilities(capabilities: Fields) -> Iterator[str]:
    if "ALL" not in capabilities.get("drop", ("ALL",)):
        yield f"has capabilities.drop {shown(list(capabilities['drop']))}, {_REFUSED}: leave it out, all are dropped"
    for name in capabilities.get("add", ()):
        if name != "NET_BIND_SERVICE":
            yield f"has the capability {shown(name)}, {_REFUSED}: only NET_BIND_SERVICE may be added"


def _profile(word: str, profile: Fields) -> Iterator[str]:
    kind = profile["type"]
    if kind not in _PROFILES:
        yield f"has securityContext.{word} of type {shown(kind)}, {_REFUSED}: {' or '.join(_PROFILES)}"
    elif (kind == "Localhost") != bool(profile.get("localhostProfile")):
        yield f"has securityContext.{word} of type {kind}: localhostProfile goes with Localhost, and only with it"
