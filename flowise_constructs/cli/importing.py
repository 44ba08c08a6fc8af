"""Shared by the commands that import: where they write, and what."""

from __future__ import annotations

import argparse

from flowise_constructs.cli.output import STANDARD_OUTPUT
from flowise_constructs.core.findings import Finding
from flowise_constructs.importers.imported import Imported
from flowise_constructs.jsii_node import missing_node, use_bundled_node
from flowise_constructs.manifests.yaml_files import UnreadableError


def add_output(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments for what is written."""
    parser.add_argument("--namespace", metavar="NAME", help="namespace of every object (default: left to kubectl)")
    parser.add_argument("--format", choices=("yaml", "python"), default="yaml", help="what to write (default: yaml)")
    parser.add_argument(
        "--output",
        default=STANDARD_OUTPUT,
        metavar="FILE",
        help="write all to FILE, or nothing (default: standard output)",
    )
    parser.add_argument("--force", action="store_true", help="let --output overwrite a file")


def written(imported: Imported, format: str) -> tuple[str, str, list[Finding]]:
    """The deployment's YAML, the text to write, and the constructs' warnings."""
    use_bundled_node()
    if (problem := missing_node()) is not None:
        raise UnreadableError(problem)
    # Both start Node.
    from flowise_constructs.importers.python_module import python_module  # noqa: PLC0415
    from flowise_constructs.importers.synthesis import synthesize  # noqa: PLC0415

    yaml, warnings = synthesize(imported)
    return yaml, yaml if format == "yaml" else python_module(imported), warnings
