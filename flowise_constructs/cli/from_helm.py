"""`from-helm`: a Helm release as YAML or Python."""

from __future__ import annotations

import argparse

from flowise_constructs.cli.common import DONE, REFUSED, Commands, add_command, report
from flowise_constructs.core.findings import ConfigError
from flowise_constructs.importers.helm.importer import import_values
from flowise_constructs.importers.helm.values_files import read_values
from flowise_constructs.jsii_node import missing_node, use_bundled_node
from flowise_constructs.manifests.yaml_files import UnreadableError

_DESCRIPTION = """\
Reads values files of the Helm chart helmforge/flowise and writes what the release runs as plain YAML, or as the Python
code that generates it. Several files are merged as Helm merges them. What is lost, changed or worth a look is reported
on standard error. What can't be migrated is refused, all at once.
"""


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "from-helm", summary="a Helm release as YAML or Python", description=_DESCRIPTION)
    parser.add_argument("values", nargs="+", metavar="VALUES", help="values file; - is standard input")
    parser.add_argument(
        "--release", default="flowise", metavar="NAME", help="name of the Helm release (default: flowise)"
    )
    parser.add_argument("--namespace", metavar="NAME", help="namespace of every object (default: left to kubectl)")
    parser.add_argument("--format", choices=("yaml", "python"), default="yaml", help="what to write (default: yaml)")
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Prints the release, or reports everything that prevents it."""
    values = read_values(parsed.values)
    try:
        imported = import_values(values, release=parsed.release, namespace=parsed.namespace)
        use_bundled_node()
        if (problem := missing_node()) is not None:
            raise UnreadableError(problem)
        # Starts Node.
        from flowise_constructs.importers.helm.synthesis import synthesize  # noqa: PLC0415

        yaml, warnings = synthesize(imported)
    except ConfigError as error:
        report("refused", error.findings)
        return REFUSED
    report("warning", [*imported.remarks, *warnings])
    if parsed.format == "yaml":
        print(yaml, end="")
    else:
        from flowise_constructs.importers.helm.python_module import python_module  # noqa: PLC0415

        print(python_module(imported), end="")
    return DONE
