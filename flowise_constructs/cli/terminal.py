"""How the commands look on a terminal: colours, unless NO_COLOR is set, and none in a file or a pipe."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from typing import TextIO

_CODES = {"error": "1;31", "refused": "1;31", "warning": "1;33", "wrote": "32"}
_HEADING = "1"


def say(kind: str, text: str, stream: TextIO | None = None) -> None:
    """Prints `kind: text` to standard error or another stream, its kind in colour on a terminal."""
    target: TextIO = stream or sys.stderr
    print(f"{_coloured(kind, _CODES[kind], target)}: {text}", file=target)


def _coloured(text: str, code: str, stream: TextIO) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if _has_colours(stream) else text


def _has_colours(stream: TextIO) -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Prints descriptions and examples as written, and headings in bold. From Python 3.14 on, argparse does that."""

    def start_section(self, heading: str | None) -> None:
        """Called by argparse for each heading."""
        super().start_section(_heading(heading) if heading else heading)

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],  # pyright: ignore[reportPrivateUsage]
        prefix: str | None = None,
    ) -> None:
        """Called by argparse for the line of usage."""
        if prefix is None and sys.version_info < (3, 14):
            prefix = f"{_heading('usage')}: "
        super().add_usage(usage, actions, groups, prefix)


def _heading(text: str) -> str:
    return text if sys.version_info >= (3, 14) else _coloured(text, _HEADING, sys.stdout)
