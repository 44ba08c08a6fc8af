"""The command line: one module per command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from flowise_constructs import __version__
from flowise_constructs.cli import check, from_helm, secrets
from flowise_constructs.cli.common import UNUSABLE
from flowise_constructs.manifests.yaml_files import UnreadableError

_EXAMPLES = """\
examples:
  flowise-constructs from-helm values.yaml values-prod.yaml --release flowise --output flowise.yaml
  helm get values flowise -o yaml | flowise-constructs from-helm - --format python --output flowise_release.py
  flowise-constructs check flowise.yaml
  flowise-constructs secrets flowise.yaml | kubectl create -f -
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except UnreadableError as error:
        print(f"error: {error}", file=sys.stderr)
        return UNUSABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="flowise-constructs",
        description="Plain Kubernetes YAML for Flowise.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (from_helm, secrets, check):
        command.add(commands)
    return parser
