"""`check`: a report to read before apply."""

from __future__ import annotations

import argparse

from flowise_constructs.cli.common import DONE, REFUSED, Commands, add_command, add_manifests, read_manifests
from flowise_constructs.manifests.check import contradictions, report

_DESCRIPTION = """\
Reports, without a cluster, the objects that the YAML refers to but doesn't contain, the contradictions, and the images.
Exits with 1 if there is a contradiction.
"""


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "check", summary="what to know before you apply", description=_DESCRIPTION)
    add_manifests(parser)
    parser.add_argument("--images", action="store_true", help="print only the images, one per line")
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Prints the report, or the images."""
    manifests = read_manifests(parsed.manifests)
    if parsed.images:
        print("".join(f"{image}\n" for image in manifests.images()), end="")
        return DONE
    print(report(manifests), end="")
    return REFUSED if contradictions(manifests) else DONE
