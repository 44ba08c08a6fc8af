"""Environment files and a Compose file -> what the import reads."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.core.plain import is_map
from flowise_constructs.importers.compose_services import compose_services
from flowise_constructs.importers.env import compose_env, dotenv
from flowise_constructs.importers.env.compose_file import ComposeFile, compose_content
from flowise_constructs.importers.env.importer import Source
from flowise_constructs.importers.env.reading import Entries, Reading
from flowise_constructs.importers.notes import Notes
from flowise_constructs.manifests.yaml_files import UnreadableError, load_documents, read_text

_ASSIGNMENT = re.compile(r"^[ \t]*(export[ \t]+)?[\w.-]+[ \t]*=", re.MULTILINE)
_USE = "from-env reads environment files (NAME=VALUE)"


@dataclass(frozen=True, kw_only=True)
class Files:
    """The names of the files."""

    main: str
    worker: str | None = None
    compose: str | None = None
    encryption_key: str | None = None


def read_source(notes: Notes, files: Files) -> Source:
    """What the files say; ConfigError where one is another thing than it should be."""
    text = _text(files.main)
    worker_text = None if files.worker is None else _text(files.worker)
    key = None if files.encryption_key is None else _key(notes, files.encryption_key)
    if files.compose is None:
        worker = None if worker_text is None else _entries(notes, str(files.worker), worker_text)
        main = _entries(notes, files.main, text)
        return Source(file=files.main, main=main, worker=worker, encryption_key=key)
    content = compose_content(load_documents(read_text(files.compose), files.compose), files.compose)
    compose = ComposeFile(notes, files.compose, content, (files.main, text)).read()
    worker = compose.worker
    if worker_text is not None:
        worker = compose_env.read(worker_text, str(files.worker), lambda _: None).entries(str(files.worker))
    return Source(
        file=files.main,
        main=compose.main,
        worker=worker,
        image=compose.image,
        image_path=compose.image_path,
        servers=compose.servers,
        service=compose.service,
        encryption_key=key,
    )


def _text(name: str) -> str:
    text = read_text(name)
    if (problem := _another(text, name)) is not None:
        raise ConfigError([Finding(name, problem)])
    return text


def _another(text: str, name: str) -> str | None:
    """What the text is, where it is no environment file, and what to do."""
    if _ASSIGNMENT.search(text) or not text.strip():
        return None
    try:
        documents = load_documents(text, name)
    except UnreadableError:
        return f"has no line NAME=VALUE: {_USE}"
    tree = documents[0] if len(documents) == 1 else None
    if is_map(tree) and compose_services(tree):
        return f"is a Docker Compose file: {_USE}; give the file of its variables, and this one with --compose"
    if any(is_map(item) and "kind" in item and "apiVersion" in item for item in documents):
        return f"contains Kubernetes objects: {_USE}; to look at the objects run 'flowise-constructs check'"
    if is_map(tree):
        return f"is YAML: {_USE}; values of a Helm chart are read by 'flowise-constructs from-helm {name}'"
    return None if all(document is None for document in documents) else f"has no line NAME=VALUE: {_USE}"


def _entries(notes: Notes, name: str, text: str) -> Entries:
    """The variables as dotenv reads them, and a word where Compose reads another value."""
    reading = dotenv.read(text)
    for number in reading.skipped:
        notes.remark(
            f"{name}:{number}",
            "is not NAME=VALUE, and is passed over: a value of several lines needs quotes",
            "left out",
        )
    for line in reading.twice():
        notes.remark(f"{name}:{line.number} {line.name}", "is there twice: the last one counts")
    _tell_of_other_reading(notes, name, text, reading)
    return reading.entries(name)


def _tell_of_other_reading(notes: Notes, name: str, text: str, reading: Reading) -> None:
    try:
        other = compose_env.read(text, name, lambda _: None).entries(name)
    except ConfigError:
        return
    for line_name, entry in reading.entries(name).items():
        if line_name in other and other[line_name].value != entry.value:
            notes.remark(
                entry.where,
                "is another value to Docker Compose than to Node's dotenv (a '#', '$', backtick or backslash): this is "
                "dotenv's; if Compose read the file, give --compose FILE",
            )


def _key(notes: Notes, name: str) -> str:
    text = read_text(name)
    if not text.strip():
        raise ConfigError([Finding("--encryption-key", f"{name} is empty: Flowise's encryption.key holds the key")])
    if text != text.strip():
        notes.remark("--encryption-key", f"{name} ends with a line end or space, which is taken as part of the key")
    return text
