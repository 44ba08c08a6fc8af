"""Values of the owner and of API keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import naming, quantities, texts
from flowise_constructs.core.value import Value
from flowise_constructs.kubernetes.pod_options import PodOptions, Resources
from flowise_constructs.kubernetes.references import SecretKey

_EMAIL = re.compile(r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}")
"""Flowise's own pattern (validation.util)."""
PASSWORD_FILE = "OWNER_PASSWORD_FILE"
"""The variable by which the Job knows where its password is."""
_PASSWORD = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[^a-zA-Z0-9]).{8,}")
_PERMISSION = re.compile(r"[A-Za-z]+:[a-z-]+")


def _email(value: str) -> str | None:
    if len(value) > 255 or not _EMAIL.fullmatch(value):
        return "must be an e-mail address that Flowise takes: at most 255 characters, with a domain such as example.com"
    return None


def _user_name(value: str) -> str | None:
    return texts.text(value) or ("must be at most 100 characters" if len(value) > 100 else None)


def _permission(value: str) -> str | None:
    if value.startswith(("workspace:", "admin:")):
        return "is refused by Flowise: API keys can't manage workspaces or users"
    return None if _PERMISSION.fullmatch(value) else "must be a permission of Flowise, such as 'chatflows:view'"


def password_problem(value: str) -> str | None:
    """Why Flowise, or the Job, refuses a password, without the password."""
    if any(end in value for end in "\r\n"):
        return "has a line end, which nobody can type: leave it out (printf %s, or $(cat FILE))"
    # Flowise counts as JavaScript does.
    if len(value.encode("utf-16-le", errors="surrogatepass")) <= 2 * 128 and _PASSWORD.fullmatch(value):
        return None
    rules = "8 to 128 characters, among them a lower-case letter, an upper-case letter, a digit and another character"
    return f"breaks Flowise's rules for passwords: {rules}"


Email = Annotated[str, _email]
UserName = Annotated[str, _user_name]
Permission = Annotated[str, _permission]


@dataclass(frozen=True, kw_only=True)
class ApiKeys(Value):
    """API keys for machines, which the owner's Job makes in Flowise and stores in one Secret. The Job gets a token, a
    Role that lets it read, create and change the Secret of this name, and no other, and a RoleBinding. Flowise shows
    each key as `{secret}/{key}`. The Secret isn't in the YAML, and stays when the deployment is deleted."""

    secret: naming.ObjectName
    """Name of the Secret that the Job makes. Keys that others have in it stay. Example: `"flowise-api-keys"`."""
    keys: Mapping[naming.DataKey, Sequence[Permission]]
    """Each key in the Secret's data, and its permissions in Flowise, which takes no key without one. For metrics any
    permission will do: `{"metrics": ["templates:marketplace"]}` can see the list of templates and nothing that users
    made. A key that is left out later stays in Flowise: delete it there."""

    def contradictions(self) -> Iterable[Finding]:
        if not self.keys:
            yield self.finding("keys", "is empty: name a key with its permissions, or leave 'api_keys' out")
        for name, permissions in self.keys.items():
            if not permissions:
                yield self.finding("keys", f"{name!r} has no permission, and Flowise makes no such key: give it one")
            if len(set(permissions)) != len(permissions):
                yield self.finding("keys", f"{name!r} names a permission twice")


@dataclass(frozen=True, kw_only=True)
class Owner(Value):
    """The first account, which owns the installation. An `OwnerJob` makes it where there is none, and changes nothing
    where there is one, whatever its password: that is changed in Flowise."""

    email: Email
    """E-mail address, with which the owner logs in. Example: `"admin@example.com"`."""
    password: SecretKey
    """The password: 8 to 128 characters, among them a lower-case letter, an upper-case letter, a digit and another
    character. Only the Job's pod sees it. It is used again only to make API keys."""
    name: UserName | None = None
    """The name that Flowise shows. Default: left out (Flowise: the e-mail address)."""
    api_keys: ApiKeys | None = None
    """API keys for machines. None: none are made, and the Job has no token."""
    deadline_seconds: quantities.Positive = 600
    """How long the Job waits for main, in each of its seven attempts; every attempt reads the Secret anew."""
    ttl_seconds: quantities.Count | None = None
    """`ttlSecondsAfterFinished`: when a finished Job is deleted. None: never. Not with Argo CD or Flux, which would
    make it again each time."""
    annotations: naming.Annotations = field(default_factory=dict[str, str])
    """Annotations of the Job. Example: `{"argocd.argoproj.io/sync-wave": "0"}`, main's own."""
    resources: Resources = Resources(cpu_request="50m", memory_request="64Mi", memory_limit="256Mi")
    """Requests and limits."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations, volumes. Another `rollout_token` runs the Job again."""
