"""`from-helm`: a Helm release as YAML or Python."""

from __future__ import annotations

import argparse

from flowise_constructs.cli.common import DONE, REFUSED, Commands, add_command, report
from flowise_constructs.cli.importing import add_output, written
from flowise_constructs.cli.output import refuse_existing, write
from flowise_constructs.core.findings import ConfigError
from flowise_constructs.importers.helm.importer import import_values
from flowise_constructs.importers.helm.values_files import read_values

_DESCRIPTION = """\
Reads values files of the Helm chart helmforge/flowise and writes what the release runs as plain YAML, or as the Python
that makes it. Several files are merged as Helm merges them. What is lost, changed or worth a look is told on standard
error; what can't be carried over is refused, all of it at once, and nothing is written then: give --output, because
the shell empties a file that it redirects to before the command runs.
"""


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "from-helm", summary="a Helm release as YAML or Python", description=_DESCRIPTION)
    parser.add_argument("values", nargs="+", metavar="VALUES", help="values file; - is standard input")
    parser.add_argument(
        "--release", default="flowise", metavar="NAME", help="name of the Helm release (default: flowise)"
    )
    add_output(parser)
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Writes the release, or reports all that stands against it."""
    refuse_existing(parsed.output, force=parsed.force)
    try:
        values = read_values(parsed.values)
        imported = import_values(values, release=parsed.release, namespace=parsed.namespace)
        _, text, warnings = written(imported, parsed.format)
    except ConfigError as error:
        report("refused", error.findings)
        return REFUSED
    report("warning", [*imported.remarks, *warnings])
    write(parsed.output, text, force=parsed.force)
    return DONE
