"""`completion`: the command line's words, for the shell's TAB key."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import shtab

from flowise_constructs.cli.common import DONE, Commands, add_command

_SHELLS = ("bash", "zsh", "fish")
_DESCRIPTION = """\
Prints a script that completes commands, options and files when you press TAB.
For bash, put the first example into ~/.bashrc. zsh needs a folder of its `fpath`.
"""


def add(commands: Commands, parser_of_all: Callable[[], argparse.ArgumentParser]) -> None:
    """Adds the command, which describes every other one."""
    parser = add_command(commands, "completion", summary="completion for bash, zsh and fish", description=_DESCRIPTION)
    parser.add_argument("shell", choices=_SHELLS, help="the shell")
    parser.set_defaults(run=run, parser_of_all=parser_of_all)


def run(parsed: argparse.Namespace) -> int:
    """Prints the script."""
    print(shtab.complete(parsed.parser_of_all(), parsed.shell))
    return DONE
