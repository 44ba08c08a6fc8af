"""`from-helm`: a Helm release as YAML or Python."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from flowise_constructs.cli.common import DONE, REFUSED, Commands, add_command, report
from flowise_constructs.cli.importing import add_output, written
from flowise_constructs.cli.output import refuse_existing, write
from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.importers.cowboysysop import importer as cowboysysop
from flowise_constructs.importers.helm import importer as helmforge
from flowise_constructs.importers.helm.values_files import read_values
from flowise_constructs.importers.told_apart import ChartName, chart_of

_DESCRIPTION = """\
Reads values files of the Helm charts helmforge/flowise and cowboysysop/flowise (6.x) and writes what the release runs
as plain YAML, or as the Python that makes it. The keys tell which chart it is; where both have them all, they are read
as helmforge's, unless --chart says otherwise. Several files are merged as Helm merges them. What is lost, changed or
worth a look is told on standard error; what can't be carried over is refused, all of it at once, and nothing is written
then: give --output, because the shell empties a file that it redirects to before the command runs.
"""


_IMPORTERS = {"helmforge": helmforge.import_values, "cowboysysop": cowboysysop.import_values}


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "from-helm", summary="a Helm release as YAML or Python", description=_DESCRIPTION)
    parser.add_argument("values", nargs="+", metavar="VALUES", help="values file; - is standard input")
    parser.add_argument(
        "--chart", choices=tuple(_IMPORTERS), help="repository of the chart (default: told by the keys)"
    )
    parser.add_argument(
        "--release", default="flowise", metavar="NAME", help="name of the Helm release (default: flowise)"
    )
    add_output(parser)
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Writes the release, or reports all that stands against it."""
    refuse_existing(parsed.output, force=parsed.force)
    try:
        values = read_values(parsed.values, parsed.chart)
        chart, doubts = _chart(parsed.chart, values)
        imported = _IMPORTERS[chart](values, release=parsed.release, namespace=parsed.namespace)
        _, text, warnings = written(imported, parsed.format)
    except ConfigError as error:
        report("refused", error.findings)
        return REFUSED
    report("warning", [*doubts, *imported.remarks, *warnings])
    write(parsed.output, text, force=parsed.force)
    return DONE


def _chart(given: ChartName | None, values: Mapping[str, Any]) -> tuple[ChartName, list[Finding]]:
    """The chart of the values, and a word where they may be another's."""
    if (chart := given or chart_of(values)) is not None:
        return chart, []
    problem = "is not given, and the keys are of helmforge/flowise and of cowboysysop/flowise: read as helmforge's"
    return "helmforge", [Finding("--chart", problem)] if values else []
