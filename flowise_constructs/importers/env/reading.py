"""What the readers of environment files return."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Entry:
    """A variable's value, which no message shows, and where it is."""

    value: str
    where: str


Entries: TypeAlias = Mapping[str, Entry]
"""Variables by name."""


@dataclass(frozen=True)
class Line:
    """A variable as a file has it."""

    name: str
    value: str
    number: int


@dataclass(frozen=True)
class Reading:
    """A file as one of the readers understands it."""

    lines: tuple[Line, ...]
    """The variables in their order; of two with one name the last counts."""
    skipped: tuple[int, ...]
    """Numbers of lines that hold something, and that the reader passes over."""

    def entries(self, file: str) -> dict[str, Entry]:
        """The variables by name."""
        return {line.name: Entry(line.value, f"{file}:{line.number} {line.name}") for line in self.lines}

    def twice(self) -> Iterator[Line]:
        """The variables that a later line replaces."""
        last = {line.name: line for line in self.lines}
        return (line for line in self.lines if last[line.name] is not line)


def numbers(text: str, spans: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """Numbers of the lines outside these spans of the text that are neither empty nor comments."""
    covered = [False] * len(text)
    for start, end in spans:
        covered[start:end] = [True] * (end - start)
    found: list[int] = []
    position = 0
    for number, line in enumerate(text.split("\n"), 1):
        rest = "".join(char for at, char in enumerate(line, position) if not covered[at]).strip()
        if rest and not rest.startswith("#"):
            found.append(number)
        position += len(line) + 1
    return tuple(found)
