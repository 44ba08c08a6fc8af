"""Shared by the commands: exit codes, arguments, how findings are reported."""

from __future__ import annotations

import argparse
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import shtab

from flowise_constructs.cli.examples import EXAMPLES, epilog
from flowise_constructs.cli.terminal import HelpFormatter, say
from flowise_constructs.core.findings import Finding
from flowise_constructs.flowise.environment import SERVER_VARIABLES
from flowise_constructs.manifests.references import Manifests
from flowise_constructs.manifests.yaml_files import read_documents

DONE, REFUSED, UNUSABLE = 0, 1, 2
# As a shell reports the signals SIGINT and SIGPIPE.
INTERRUPTED, CLOSED = 130, 141

_LONGEST = 1000
_COMPLETED_BY_SHELL = {"MANIFEST": shtab.FILE, "FILE": shtab.FILE, "VALUES": shtab.FILE, "DIR": shtab.DIRECTORY}


class UnusableError(Exception):
    """Arguments or files with which a command can't start."""


@contextmanager
def writing() -> Generator[None, None, None]:
    """Reports what the system refuses to write."""
    try:
        yield
    except OSError as error:
        raise UnusableError(f"{error.filename}: {error.strerror}: name a folder that can be written to") from None


class CommandParser(argparse.ArgumentParser):
    """A parser whose arguments called MANIFEST, FILE, VALUES or DIR are completed as files or folders."""

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Adds an argument, as argparse does."""
        action = super().add_argument(*names, **settings)
        if (completed := _COMPLETED_BY_SHELL.get(str(action.metavar))) is not None:
            action.complete = completed  # type: ignore[attr-defined]
        return action


class Commands(Protocol):
    """What `ArgumentParser.add_subparsers` returns."""

    def add_parser(self, name: str, **settings: Any) -> argparse.ArgumentParser:
        """Adds the parser of one command."""
        ...


def add_command(commands: Commands, name: str, *, summary: str, description: str) -> argparse.ArgumentParser:
    """Adds a command whose description and examples are printed as written."""
    return commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog(EXAMPLES[name]),
        formatter_class=HelpFormatter,
    )


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
        say(kind, line)


def _printable(text: str) -> str:
    """Keeps a finding on one line, whatever its keys contain."""
    line = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text[:_LONGEST])
    return line if len(text) <= _LONGEST else f"{line}..."
