"""The command line: one module per command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from flowise_constructs import __version__
from flowise_constructs.cli import check, completion, docs, from_env, from_helm, init, secrets, synth
from flowise_constructs.cli.common import CLOSED, INTERRUPTED, UNUSABLE, CommandParser, UnusableError
from flowise_constructs.cli.examples import EXAMPLES, epilog
from flowise_constructs.cli.terminal import HelpFormatter, say
from flowise_constructs.manifests.yaml_files import UnreadableError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        code = int(parsed.run(parsed))
        sys.stdout.flush()
        return code
    except (UnreadableError, UnusableError) as error:
        say("error", str(error))
        return UNUSABLE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has closed, as `head` does. Python would write what is left once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="flowise-constructs",
        description="Plain Kubernetes YAML for Flowise.",
        epilog=epilog(
            EXAMPLES[name][0] for name in ("init", "synth", "check", "secrets", "from-helm", "from-env", "docs")
        ),
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (init, synth, check, secrets, from_helm, from_env, docs):
        command.add(commands)
    completion.add(commands, _parser)
    return parser
