"""`secrets`: manifests for the Secrets that must exist."""

from __future__ import annotations

import argparse

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
from flowise_constructs.cli.terminal import say
from flowise_constructs.core.findings import Finding
from flowise_constructs.flowise.auth import VARIABLES
from flowise_constructs.manifests import missing_secrets as missing

_DESCRIPTION = """\
Prints a manifest for each Secret that the YAML refers to but doesn't contain. Flowise's five keys and the passwords of
bundled servers get new random values; a value that only you can know gets a placeholder that Kubernetes refuses.

Create the output, don't apply it, and nothing is overwritten:
  flowise-constructs secrets flowise.yaml | kubectl create -f -
For Git, seal it first, and don't store the plain output anywhere:
  flowise-constructs secrets flowise.yaml | kubeseal --format yaml > sealed-secrets.yaml
Back up the five keys separately from the database: without the encryption key no stored credential can be read.
  kubectl get secret flowise-auth-secrets -o yaml > flowise-auth-secrets.backup.yaml
"""


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "secrets", summary="the Secrets that must exist", description=_DESCRIPTION)
    add_manifests(parser)
    parser.add_argument("--namespace", metavar="NAME", help="namespace of every Secret")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME.KEY=VALUE", help="the value of a key; may be repeated"
    )
    parser.add_argument("--ask", action="store_true", help="ask for the values that only you can know, without echo")
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Prints the manifests."""
    manifests = manifests_of(read_files(parsed.manifests))
    # Flowise's five keys; upstream makes them as 32 bytes in hexadecimal.
    found = missing.missing_secrets(manifests, parsed.namespace, frozenset(VARIABLES.values()))
    try:
        missing.fill(found, parsed.set, ask=parsed.ask)
    except missing.UnknownKeyError as error:
        say("error", str(error))
        return UNUSABLE
    incomplete = missing.incomplete_secrets(manifests)
    report("warning", [Finding(f"Secret {secret.name.name}", secret.problem) for secret in incomplete])
    print("---\n".join(map(missing.manifest, found)), end="")
    if not found:
        say("warning", "no Secret is missing from the manifests")
    return DONE
