"""The environments of main, worker and gate: the variables of all subjects combined."""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs.core.findings import ConfigError, Finding, warn
from flowise_constructs.database import variables as database
from flowise_constructs.flowise import variables
from flowise_constructs.flowise.directories import DATA_DIRECTORY
from flowise_constructs.flowise.further_variables import unwise, useless
from flowise_constructs.flowise.image import Image
from flowise_constructs.flowise.releases import Role
from flowise_constructs.flowise.roles import Main, Worker
from flowise_constructs.flowise.unread_variables import unread
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.kubernetes.environment import Environment, Owner
from flowise_constructs.kubernetes.pod_options import Resources
from flowise_constructs.kubernetes.references import EnvValue, SecretKey, references_of
from flowise_constructs.queueing import variables as queueing
from flowise_constructs.storage import variables as storage

OWNED: Mapping[str, Owner] = {**variables.OWNED, **database.OWNED, **storage.OWNED, **queueing.OWNED}
"""Variables that typed values set. They are refused as extra variables."""
SERVER_VARIABLES = (database.HOST, queueing.HOST)
"""Variables that hold the host of a server."""

_GATE_READS = frozenset(
    {"HOME", "LOG_PATH", "LOG_LEVEL", "NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", queueing.MODE, queueing.NAME}
)
_GATE_READS_PREFIXES = (database.PREFIX, queueing.PREFIX)


def main_environment(flowise: Flowise, main: Main) -> Environment:
    """All of main's variables."""
    own: Environment = {
        "PORT": str(variables.PORT),
        **variables.login_environment(flowise.auth),
        **variables.http_environment(flowise),
        **variables.mail_environment(flowise.settings),
        **variables.metrics_environment(flowise.settings),
        **(queueing.retention_environment(flowise.queue) if flowise.queue else {}),
    }
    further = {"Settings.extra_env": flowise.settings.extra_env, "Main.extra_env": main.extra_env}
    shared = _shared(flowise, main.resources, *main_preloads(flowise, main))
    return {**shared, **own, **_further(flowise, "main", further)}


def main_preloads(flowise: Flowise, main: Main) -> list[str]:
    """The scripts that Node loads in front of main."""
    doors = [variables.ORIGIN_FORM_SCRIPT] if flowise.doors is not None else []
    return [*doors, *([variables.READINESS_SCRIPT] if main.awaits_owner else [])]


def worker_environment(flowise: Flowise, worker: Worker) -> Environment:
    """All of a worker's variables: those that both roles read, and its concurrency. It gets one of the five keys."""
    own = queueing.concurrency_environment(worker.concurrency)
    further = {"Settings.extra_env": flowise.settings.extra_env, "Worker.extra_env": worker.extra_env}
    return {**_shared(flowise, worker.resources), **own, **_further(flowise, "worker", further)}


def gate_environment(process: Mapping[str, EnvValue], image: Image, deadline_seconds: int) -> Environment:
    """What the gate needs from its process's environment: how to reach the servers, and the user's own variables that
    are not secrets; and what the image is said to hold. Flowise's logger opens the storage when its data source is
    loaded; local storage needs no keys."""
    wanted = {
        name: value
        for name, value in process.items()
        if name in _GATE_READS
        or name.startswith(_GATE_READS_PREFIXES)
        or (name not in OWNED and not isinstance(value, SecretKey))
    }
    references = server_references(process)
    return {
        **wanted,
        **({"GATE_REFERENCES": references} if references else {}),
        storage.TYPE: "local",
        "GATE_DEADLINE_SECONDS": str(deadline_seconds),
        "GATE_FLOWISE_RELEASE": image.flowise.tag,
        **({"GATE_IMAGE_TAG": image.tag} if image.tag and image.release is None else {}),
        **({"GATE_VERIFY": "true"} if image.verify else {}),
    }


def server_references(process: Mapping[str, EnvValue]) -> str:
    """Where the addresses of servers are that the YAML doesn't know; empty if it knows them all."""
    return references_of(process, (*database.ADDRESS, *queueing.ADDRESS))


def _shared(flowise: Flowise, resources: Resources, *preloaded: str) -> Environment:
    certificates = [variables.CERTIFICATES_SCRIPT] if _has_certificates(flowise) else []
    return {
        **variables.process_environment(flowise, resources, [*certificates, *preloaded]),
        **variables.behaviour_environment(flowise.settings),
        **variables.model_list_environment(flowise.settings),
        **variables.proxy_environment(flowise),
        **variables.authorities_environment(flowise.settings),
        **database.database_environment(flowise.database, DATA_DIRECTORY),
        **storage.storage_environment(flowise.storage, DATA_DIRECTORY),
        **(queueing.queue_environment(flowise.queue) if flowise.queue else {}),
    }


def _has_certificates(flowise: Flowise) -> bool:
    queue_files = queueing.queue_files(flowise.queue) if flowise.queue else {}
    return bool(flowise.settings.authorities or database.database_files(flowise.database) or queue_files)


def _further(flowise: Flowise, role: Role, sources: Mapping[str, Mapping[str, EnvValue]]) -> Environment:
    """The user's own variables: those that a typed value sets are refused, those that nobody reads are warned of."""
    refused = [
        Finding(where, problem)
        for where, given in sources.items()
        for name in given
        if (problem := f"{name!r} {OWNED[name]}" if name in OWNED else useless(name)) is not None
    ]
    if refused:
        raise ConfigError(refused)
    for where, given in sources.items():
        for name, value in given.items():
            if (warning := unread(name, flowise.image.flowise, role)) is not None:
                warn(f"{where}: {warning}")
            if (problem := unwise(name, value)) is not None:
                warn(f"{where}: {problem}")
    return {name: value for given in sources.values() for name, value in given.items()}
