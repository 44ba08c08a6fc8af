"""`secrets`: manifests for the Secrets that must exist."""

from __future__ import annotations

import argparse
import sys

from flowise_constructs.cli.common import (
    DONE,
    UNUSABLE,
    Commands,
    add_command,
    add_manifests,
    manifests_of,
    read_files,
    report,
)
from flowise_constructs.core.findings import Finding
from flowise_constructs.flowise.auth import VARIABLES
from flowise_constructs.manifests import missing_secrets as missing

_DESCRIPTION = """\
Prints a manifest for each Secret that the YAML refers to and doesn't hold: Flowise's five keys and the passwords of
bundled servers with fresh random values, a mark that Kubernetes refuses for what only you can know.

Nothing is overwritten if you create, and don't apply, what is printed:
  flowise-constructs secrets flowise.yaml | kubectl create -f -
For Git, seal it first, and keep what is printed nowhere:
  flowise-constructs secrets flowise.yaml | kubeseal --format yaml > sealed-secrets.yaml
Back up the five keys, apart from the database: without the encryption key no stored credential can be read.
  kubectl get secret flowise-auth-secrets -o yaml > flowise-auth-secrets.backup.yaml
"""


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "secrets", summary="the Secrets that must exist", description=_DESCRIPTION)
    add_manifests(parser)
    parser.add_argument("--namespace", metavar="NAME", help="put it into every Secret")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME.KEY=VALUE", help="the value of a key; may be given often"
    )
    parser.add_argument("--ask", action="store_true", help="ask for what only you can know, without echo")
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Prints the manifests."""
    manifests = manifests_of(read_files(parsed.manifests))
    # Flowise's five keys; upstream makes them as 32 bytes in hexadecimal.
    found = missing.missing_secrets(manifests, parsed.namespace, frozenset(VARIABLES.values()))
    try:
        missing.fill(found, parsed.set, ask=parsed.ask)
    except missing.UnknownKeyError as error:
        print(f"error: {error}", file=sys.stderr)
        return UNUSABLE
    incomplete = missing.incomplete_secrets(manifests)
    report("warning", [Finding(f"Secret {secret.name.name}", secret.problem) for secret in incomplete])
    print("---\n".join(map(missing.manifest, found)), end="")
    if not found:
        print("warning: the manifests miss no Secret", file=sys.stderr)
    return DONE
