"""The variables that the chart gives to its containers, each with the path that it comes from.

The values' own variables come after them and win, so what Flowise runs with is read from these alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs import EnvValue
from flowise_constructs.importers.cowboysysop.directories import CHART_DATA_DIRECTORY
from flowise_constructs.importers.cowboysysop.names import full_name, server_host, server_name
from flowise_constructs.importers.extra_env import extra_env
from flowise_constructs.importers.inline_secrets import InlineSecrets
from flowise_constructs.importers.pods import secret_key
from flowise_constructs.importers.release import Release
from flowise_constructs.importers.variables import Variables

Found = dict[str, tuple[str, EnvValue]]

EXTERNAL = {"mariadb": "externalMariadb", "postgresql": "externalPostgresql", "redis": "externalRedis"}
"""The section of an existing server of each kind."""
PASSWORD_KEYS = {"mariadb": "mariadb-password", "postgresql": "password", "redis": "redis-password"}
"""The key in the Secret of the chart's server, and in the one that the chart makes for an existing server."""
_PORTS = {
    "mariadb": "primary.service.ports.mysql",
    "postgresql": "primary.service.ports.postgresql",
    "redis": "master.service.ports.redis",
}
_TYPES = {"mariadb": "mysql", "postgresql": "postgres"}


def main_variables(release: Release, secrets: InlineSecrets) -> Variables:
    """Main's variables."""
    path = "config.mode"
    found: Found = {
        "MODE": (path, release.text(path)),
        "DATABASE_PATH": ("extraEnvVars", CHART_DATA_DIRECTORY),
        "BLOB_STORAGE_PATH": ("extraEnvVars", f"{CHART_DATA_DIRECTORY}/storage"),
    }
    return _with_own(release, {**found, **_of_both(release, secrets)}, "extraEnvVars")


def worker_variables(release: Release) -> Variables:
    """The workers' variables."""
    return _with_own(release, _of_both(release, None), "worker.extraEnvVars")


def _with_own(release: Release, found: Found, path: str) -> Variables:
    own = extra_env(release, path)
    return Variables(release, path, {**found, **own.found()})


def _of_both(release: Release, secrets: InlineSecrets | None) -> Found:
    found = _encryption_key(release, secrets)
    for server, kind in _TYPES.items():
        if _is_used(release, server):
            at = _at(release, server)
            found["DATABASE_TYPE"] = (f"{at}.enabled", kind)
            found |= {f"DATABASE_{name}": item for name, item in _address(release, server, secrets).items()}
            part = at if at != server else f"{server}.auth"
            found["DATABASE_USER"] = (f"{part}.username", release.text(f"{part}.username"))
            found["DATABASE_NAME"] = (f"{part}.database", release.text(f"{part}.database"))
    if _is_used(release, "redis"):
        found |= {f"REDIS_{name}": item for name, item in _address(release, "redis", secrets).items()}
    return found


def _encryption_key(release: Release, secrets: InlineSecrets | None) -> Found:
    existing, name = release.text("existingSecret"), "FLOWISE_SECRETKEY_OVERWRITE"
    if existing:
        path = "existingSecretKeyEncryptionKey"
        return {name: ("existingSecret", secret_key(release, existing, "existingSecret", release.text(path), path))}
    own, path = full_name(release), "config.encryptionKey"
    if not release.text(path):
        return {}
    if secrets is not None:
        secrets.add(own, {"encryption-key": path}, instead="existingSecret")
    return {name: (path, secret_key(release, own, "fullnameOverride", "encryption-key", path))}


def _is_used(release: Release, server: str) -> bool:
    return release.flag(f"{server}.enabled") or release.flag(f"{EXTERNAL[server]}.enabled")


def _at(release: Release, server: str) -> str:
    """The section that says where a server is: the chart's own server wins."""
    return server if release.flag(f"{server}.enabled") else EXTERNAL[server]


def _address(release: Release, server: str, secrets: InlineSecrets | None) -> Mapping[str, tuple[str, EnvValue]]:
    at = _at(release, server)
    if at == server:
        port = f"{at}.{_PORTS[server]}"
        existing = release.text(f"{at}.auth.existingSecret")
        path = f"{at}.auth.existingSecret" if existing else f"{at}.fullnameOverride"
        key = secret_key(release, existing or server_name(release, server), path, PASSWORD_KEYS[server], path)
        return {
            "HOST": (f"{at}.enabled", server_host(release, server)),
            "PORT": (port, release.text(port)),
            "PASSWORD": (path, key),
        }
    return {
        "HOST": (f"{at}.host", release.text(f"{at}.host")),
        "PORT": (f"{at}.port", release.text(f"{at}.port")),
        "PASSWORD": _external_password(release, server, secrets),
    }


def _external_password(release: Release, server: str, secrets: InlineSecrets | None) -> tuple[str, EnvValue]:
    at, key = EXTERNAL[server], PASSWORD_KEYS[server]
    path, key_path = f"{at}.existingSecret", f"{at}.existingSecretKeyPassword"
    if existing := release.text(path):
        return path, secret_key(release, existing, path, release.text(key_path), key_path)
    own, path = server_name(release, server), f"{at}.password"
    if not release.text(path):
        release.refuse(path, f"is empty, and so is {at}.existingSecret: name the Secret that holds the password")
    elif secrets is not None:
        secrets.add(own, {key: path}, instead=f"{at}.existingSecret")
    return path, secret_key(release, own, f"{server}.fullnameOverride", key, path)
