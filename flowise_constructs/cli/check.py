"""`check`: a report to read before apply."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from flowise_constructs.cli.common import DONE, REFUSED, Commands, add_command, add_manifests, manifests_of, read_files
from flowise_constructs.core.findings import Finding
from flowise_constructs.manifests.check import contradictions, report
from flowise_constructs.manifests.objects import described, flat, is_object
from flowise_constructs.manifests.yaml_files import UnreadableError

_DESCRIPTION = """\
Tells, without a cluster, what the YAML refers to that it doesn't hold, what contradicts itself, and the images.
Contradictions are fields and types that Kubernetes doesn't know, ports, selectors, targets, volumes and keys that lead
nowhere among what is given: give all files of a deployment together. Custom resources are not held against a schema.
Exits with 1 where something contradicts itself, with 2 where no object is given.
"""


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "check", summary="what to know before you apply", description=_DESCRIPTION)
    add_manifests(parser)
    parser.add_argument("--images", action="store_true", help="print only the images, one per line")
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Prints the report, or the images."""
    files = read_files(parsed.manifests)
    manifests = manifests_of(files)
    if not manifests.objects:
        raise UnreadableError(
            "; ".join(f"{name}: contains no Kubernetes object, {_instead(files[name])}" for name in files)
        )
    if parsed.images:
        print("".join(f"{image}\n" for image in manifests.images()), end="")
        return DONE
    found = [*_strays(files), *contradictions(manifests)]
    print(report(manifests, found), end="")
    return REFUSED if found else DONE


def _instead(documents: list[Any]) -> str:
    there = list(flat(documents))
    what = f"but {described(there[0])}" if there else "it is empty or has only comments"
    return f"{what}: give the YAML that is to be applied; of a values file 'flowise-constructs from-helm' makes it"


def _strays(files: Mapping[str, list[Any]]) -> Iterator[Finding]:
    for name, documents in files.items():
        for number, document in enumerate(flat(documents), 1):
            if not is_object(document):
                yield Finding(
                    name, f"document {number} is not a Kubernetes object, but {described(document)}: remove it"
                )
