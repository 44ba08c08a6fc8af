"""A place in an object, and the values that the server is asked about there."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

ABSENT = object()
"""A field that is left out."""
ASCII = [chr(point) for point in range(0x20, 0x7F)]
BEYOND = ["\0", "\t", "\n", "\r", "\x7f", "\xa0", "é", "ß", "Ä", "²", "٣", "五", "🐘", "\u200b", "\u2028"]
LONGEST_TEXT, LONGEST = 100, 260


@dataclass(frozen=True)
class Subject:
    """A place and its values."""

    name: str
    """What the recording calls it."""
    build: Callable[[Any], dict[str, Any]]
    """The object with a value at the place."""
    values: Sequence[Any]
    """Right ones and wrong ones."""


def spelling(value: Any) -> Any:
    """The value as the recording holds it: what is very long by its start, length and hash."""
    text = json.dumps(value, sort_keys=True)
    if len(text) <= (LONGEST_TEXT if isinstance(value, str) else LONGEST):
        return value
    return f"{text[:40]}... {len(text)} characters, {sha256(text.encode()).hexdigest()[:12]}"


def key(value: Any) -> str:
    """The spelling as text, to find it by."""
    return json.dumps(spelling(value), sort_keys=True)


def distinct(values: Iterable[Any]) -> list[Any]:
    """Each value once."""
    return list({key(value): value for value in values}.values())


def spelt(*words: str, around: str = "a", inside: bool = True) -> list[str]:
    """The words, and every character alone, at the start, in the middle and at the end of a word that is right."""
    places = ("{}", "{}" + around, around + "{}", f"{around}{{}}{around}") if inside else ("{}",)
    letters = [place.replace("{}", character) for character in [*ASCII, *BEYOND] for place in places]
    return distinct(["", *words, *letters])


def lengths(*numbers: int, letter: str = "a") -> list[str]:
    """Words at a limit and over it."""
    return [letter * number for number in numbers]


def mappings(
    base: Mapping[str, Any], choices: Mapping[str, Sequence[Any]], *together: tuple[str, str]
) -> list[dict[str, Any]]:
    """The base with every choice of every field, one at a time, and with all pairs of those that go together."""
    changes: list[dict[str, Any]] = [{}]
    changes += [{name: choice} for name, of_field in choices.items() for choice in of_field]
    for first, second in together:
        changes += [{first: one, second: other} for one, other in itertools.product(choices[first], choices[second])]
    return distinct(present({**base, **change}) for change in changes)


def present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are not left out."""
    return {name: item for name, item in fields.items() if item is not ABSENT}
