"""The user's own variables: what can't have the effect that it is given for, and what shouldn't stand in the YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from flowise_constructs.core.checking import SECRET_KEY
from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules.paths import is_below
from flowise_constructs.core.rules.secrets import looks_like_a_secret
from flowise_constructs.kubernetes.references import EnvValue

_USELESS: Mapping[str, str] = {
    "NODE_PATH": "has no effect on Flowise's nodes, which load from its node_modules: make an image that holds them",
    "BASE_PATH": "is read by nothing: Flowise is served from the root of a host, so give it a host of its own",
}
_FILES = re.compile(
    r"(_FILE|_CERTS?|_CA|CAFILE|CA_BUNDLE|_CERT_DIR|_KEYFILE|ROOTCERT)$|^(GOOGLE_APPLICATION_CREDENTIALS"
    r"|GOOGLE_CLOUD_STORAGE_CREDENTIAL|KUBECONFIG|PGPASSFILE|OPENSSL_CONF|MODEL_LIST_CONFIG_JSON|WORKSPACE_INVITE_TEMPLATE_PATH)$"
)
_OF_THE_IMAGE = ("/bin", "/dev", "/etc/ssl", "/etc/pki", "/lib", "/opt", "/proc", "/run/secrets", "/sbin", "/usr")
"""Where an image may have files of its own, and where admission controllers mount tokens."""


def useless(name: str) -> str | None:
    """Why a variable can't do what it is given for."""
    return f"{name!r} {_USELESS[name]}" if name in _USELESS else None


def unwise(name: str, value: EnvValue) -> str | None:
    """Why a variable is dangerous, where it may be meant."""
    if name == "NODE_TLS_REJECT_UNAUTHORIZED" and value == "0":
        return f"{name}=0 trusts whoever answers, in every connection: give Settings.authorities"
    if looks_like_a_secret(name, value):
        return f"{name} looks like a secret and stands in the YAML as it is: give {SECRET_KEY}"
    return None


def lost_files(variables: Mapping[str, EnvValue], mounts: Iterable[str]) -> Iterator[Finding]:
    """Variables that name a file on no volume of the pod, and not where its image may have it."""
    places = (*mounts, *_OF_THE_IMAGE)
    for name, value in variables.items():
        names_a_file = isinstance(value, str) and value.startswith("/") and _FILES.search(name.upper())
        if names_a_file and not any(is_below(str(value), place) for place in places):
            mend = "mount it with PodOptions.volumes of this very pod; authorities are Settings.authorities"
            yield Finding(f"env[{name!r}]", f"names {value!r}, which is on no volume of the pod: {mend}")
