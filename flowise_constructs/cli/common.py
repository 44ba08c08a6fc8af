"""Shared by the commands: exit codes, how findings are reported."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from flowise_constructs.core.findings import Finding
from flowise_constructs.flowise.environment import SERVER_VARIABLES
from flowise_constructs.manifests.references import Manifests
from flowise_constructs.manifests.yaml_files import read_documents

DONE, REFUSED, UNUSABLE = 0, 1, 2

_LONGEST = 1000


class Commands(Protocol):
    """What `ArgumentParser.add_subparsers` returns."""

    def add_parser(self, name: str, **settings: Any) -> argparse.ArgumentParser:
        """Adds the parser of one command."""
        ...


def add_command(commands: Commands, name: str, *, summary: str, description: str) -> argparse.ArgumentParser:
    """Adds a command whose description is printed as written."""
    raw = argparse.RawDescriptionHelpFormatter
    return commands.add_parser(name, help=summary, description=description, formatter_class=raw)


def add_manifests(parser: argparse.ArgumentParser) -> None:
    """Adds the argument for the files that `check` and `secrets` read."""
    parser.add_argument("manifests", nargs="+", metavar="MANIFEST", help="YAML file; - is standard input")


def read_files(names: Iterable[str]) -> dict[str, list[Any]]:
    """The YAML documents of each file."""
    return {name: read_documents(name) for name in dict.fromkeys(names)}


def manifests_of(files: Mapping[str, list[Any]]) -> Manifests:
    """The objects in these files."""
    return Manifests((document for documents in files.values() for document in documents), hosts=SERVER_VARIABLES)


def report(kind: str, findings: Iterable[Finding]) -> None:
    """Findings on standard error, a line each; the same one once."""
    for line in dict.fromkeys(_printable(str(finding)) for finding in findings):
        print(f"{kind}: {line}", file=sys.stderr)


def _printable(text: str) -> str:
    """Keeps a finding on one line, whatever its keys contain."""
    line = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text[:_LONGEST])
    return line if len(text) <= _LONGEST else f"{line}..."
