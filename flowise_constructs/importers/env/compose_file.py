"""A Compose file: which of its services is main, which the worker, which a server, and what each is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowise_constructs.core.findings import ConfigError, Finding, shown
from flowise_constructs.core.plain import is_list, is_map
from flowise_constructs.importers.env import compose_env
from flowise_constructs.importers.env.interpolation import InterpolationError, expand
from flowise_constructs.importers.env.reading import Entries, Entry
from flowise_constructs.importers.env.servers import Kind, Server, Servers
from flowise_constructs.importers.guide import GUIDE
from flowise_constructs.importers.notes import Notes
from flowise_constructs.manifests.yaml_files import UnreadableError, read_text

ReadFile = Callable[[str], str]

_OF_DOCKER = frozenset(
    {
        *(
            "restart",
            "container_name",
            "hostname",
            "healthcheck",
            "depends_on",
            "init",
            "tty",
            "stdin_open",
            "profiles",
        ),
        *("networks", "network_mode", "expose", "extra_hosts", "platform", "pull_policy", "logging", "labels"),
        *("stop_grace_period", "security_opt", "user"),
    }
)
"""What a pod has in another way, or needs not."""
_READ = frozenset({"image", "environment", "env_file", "ports", "volumes", "entrypoint", "command"})
_START = re.compile(
    r"(sleep [0-9]+|flowise start|flowise worker|pnpm (run )?start(-worker)?|node /app/\S+|[;&\s]|npx)*"
)
_SERVERS: Mapping[str, Kind] = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "pgvector": "postgres",
    "redis": "redis",
    "valkey": "redis",
    "mysql": "mysql",
    "mariadb": "mysql",
}


@dataclass(frozen=True)
class Service:
    """A service, with its place in the file."""

    name: str
    where: str
    content: Mapping[str, Any]

    @property
    def repository(self) -> str:
        """The last part of its image's name, without tag."""
        last = str(self.content.get("image") or "").rpartition("/")[2]
        return re.split("[:@]", last)[0]

    @property
    def start(self) -> str:
        """What it runs."""
        given = (self.content.get("entrypoint"), self.content.get("command"))
        words = (" ".join(map(str, item)) if is_list(item) else str(item or "") for item in given)
        return re.sub(r"^(/bin/)?(ba)?sh -c\s*|[\"']", "", " ".join(words).strip())

    @property
    def runs_flowise(self) -> bool:
        """Whether it is a main or a worker."""
        return "flowise" in (self.repository or self.name)

    @property
    def is_worker(self) -> bool:
        """Whether it is a worker."""
        return "worker" in self.repository or "worker" in self.start or "worker" in self.name


@dataclass(frozen=True, kw_only=True)
class Compose:
    """What a Compose file says about the deployment."""

    main: Entries
    worker: Entries | None
    service: str
    image: str | None
    image_path: str
    servers: Servers


class ComposeFile:
    """A Compose file, and the environment file that its variables come from."""

    def __init__(self, notes: Notes, file: str, content: Mapping[str, Any], environment: tuple[str, str]) -> None:
        self._notes = notes
        self._file = file
        self._environment = environment
        name, text = environment
        self._used: set[str] = set()
        self._entries = compose_env.read(text, name, lambda _: None).entries(name)
        services = content["services"]
        self.services = [
            Service(str(key), f"{file} services.{key}", self._expanded(item, f"{file} services.{key}"))
            for key, item in services.items()
            if is_map(item)
        ]

    def read(self) -> Compose:
        """The deployment. ConfigError where there is no main, or more than one."""
        main = self._only("main", [item for item in self.services if item.runs_flowise and not item.is_worker])
        workers = [item for item in self.services if item.runs_flowise and item.is_worker]
        worker = self._only("worker", workers) if workers else None
        for service in (main, worker):
            if service is not None:
                self._tell(service)
        self._tell_of_others()
        entries = self._variables(main)
        unused = [name for name in self._entries if name not in entries and name not in self._used]
        if unused:
            told = f"{', '.join(unused[:10])}{' and others' if len(unused) > 10 else ''}"
            self._notes.remark(
                main.where, f"is not given {told} of {self._environment[0]}, so Flowise has not read them", "left out"
            )
        return Compose(
            main=entries,
            worker=self._variables(worker) if worker else None,
            service=main.name,
            image=None if main.content.get("image") is None else str(main.content["image"]),
            image_path=f"{main.where}.image",
            servers=dict(self._servers()),
        )

    def _only(self, role: str, services: list[Service]) -> Service:
        if len(services) == 1:
            return services[0]
        names = ", ".join(item.name for item in services)
        told = f"has {len(services)} services that are Flowise's {role} ({names}): leave one in"
        raise ConfigError(
            [Finding(self._file, told if services else f"has no service whose image is Flowise's {role}")]
        )

    def _servers(self) -> Iterator[tuple[str, Server]]:
        for service in self.services:
            kind = _SERVERS.get(service.repository)
            for name in (service.name, service.content.get("container_name"), service.content.get("hostname")):
                if kind is not None and isinstance(name, str):
                    yield name, Server(kind, service.where)

    def _tell(self, service: Service) -> None:
        for key in service.content:
            if key not in _OF_DOCKER | _READ:
                self._notes.remark(
                    f"{service.where}.{key}", "is not carried over: say it in Python, with Main or Worker", "left out"
                )
        if service.start and not _START.fullmatch(service.start):
            self._notes.remark(
                f"{service.where}.command", "is not carried over: the pod starts Flowise itself", "left out"
            )
        if service.content.get("ports") and not service.is_worker:
            self._notes.remark(
                f"{service.where}.ports",
                "is not carried over: the Service has port 3000; the way in is an Ingress, or kubectl port-forward",
                "left out",
            )
        if service.content.get("volumes"):
            self._notes.remark(
                f"{service.where}.volumes",
                f"is not carried over: SQLite and local files that are there must be copied to the claim; {GUIDE}",
                "do",
            )

    def _tell_of_others(self) -> None:
        for service in self.services:
            if not service.runs_flowise and service.repository not in _SERVERS:
                self._notes.remark(service.where, "is not carried over: deploy it by itself", "do")

    def _variables(self, service: Service) -> Entries:
        found: dict[str, Entry] = {}
        for name in self._env_files(service):
            found |= self._env_file(name)
        given = service.content.get("environment")
        items = given.items() if is_map(given) else map(_split, given) if is_list(given) else ()
        for name, value in items:
            if value is None:
                if name in self._entries:
                    found[name] = self._entries[name]
                continue
            text = ("true" if value else "false") if isinstance(value, bool) else str(value)
            found[name] = Entry(text, f"{service.where}.environment {name}")
        return found

    def _env_files(self, service: Service) -> Iterator[str]:
        given = service.content.get("env_file")
        for item in given if is_list(given) else [given]:
            name = item.get("path") if is_map(item) else item
            if isinstance(name, str):
                yield name
            elif item is not None:
                self._notes.refuse(f"{service.where}.env_file", f"{shown(item)} must be the name of a file")

    def _env_file(self, name: str) -> dict[str, Entry]:
        given, text = self._environment
        if Path(name).name == Path(given).name or given == "-":
            return dict(self._entries)
        path = Path(name) if self._file == "-" else Path(self._file).parent / name
        text = read_text(str(path))
        return compose_env.read(text, str(path), self._lookup).entries(str(path))

    def _lookup(self, name: str) -> str | None:
        self._used.add(name)
        return self._entries[name].value if name in self._entries else None

    def _expanded(self, content: Any, where: str) -> Any:
        if is_map(content):
            return {key: self._expanded(item, f"{where}.{key}") for key, item in content.items()}
        if is_list(content):
            return [self._expanded(item, where) for item in content]
        if not isinstance(content, str):
            return content
        try:
            return expand(content, self._lookup)
        except InterpolationError as error:
            self._notes.refuse(where, str(error))
            return ""


def _split(item: object) -> tuple[str, str | None]:
    name, equals, value = str(item).partition("=")
    return name, value if equals else None


def compose_content(documents: list[Any], file: str) -> Mapping[str, Any]:
    """The content of a Compose file; ConfigError where it is another file."""
    content = documents[0] if len(documents) == 1 else None
    services = content.get("services") if is_map(content) else None
    if not is_map(content) or not is_map(services) or not all(is_map(item) for item in services.values()):
        raise UnreadableError(f"{file}: is no Compose file: it needs services, each with what it runs")
    unresolved = [name for name, item in services.items() if "extends" in item]
    if unresolved or "include" in content:
        told = f"services.{unresolved[0]}.extends" if unresolved else "include"
        raise ConfigError(
            [Finding(f"{file} {told}", "refers to another file: give what 'docker compose config' prints")]
        )
    return content
