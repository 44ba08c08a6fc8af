"""What the API server said, as it was recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from api_server.subject import key

FOLDER = Path(__file__).parent.parent / "data" / "api_server"
FILE = FOLDER / "verdicts.json"
ADMITTED = "admitted"
Said = Mapping[str, Mapping[str, list[Any]]]
"""Subject -> what is said -> the values of which it is said, as `spelling` has them."""


@cache
def recording() -> Mapping[str, Any]:
    """The server's version and its verdicts."""
    content: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content


@cache
def differences(name: str) -> Said:
    """The list of differences `stricter` or `laxer`."""
    content: Said = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return content


@cache
def verdicts(subject: str) -> Mapping[str, str]:
    """Each value of a subject, as `key` spells it, and what was said to it."""
    said: Said = recording()["subjects"]
    return {key(value): message for message, values in said[subject].items() for value in values}


def refusal(subject: str, value: Any) -> str | None:
    """What the server had against a value; None where it admitted it, LookupError where it was never asked."""
    said = verdicts(subject)[key(value)]
    return None if said == ADMITTED else said


@cache
def longest(subject: str) -> int:
    """How long the longest word of one letter is that the server admitted."""
    return max(number for number in range(1, 2000) if verdicts(subject).get(key("a" * number)) == ADMITTED)


@cache
def spelt_as_admitted(subject: str, text: str) -> bool:
    """Whether the server admitted the text or, where it was never asked, each character at such a place, and the length.

    This says yes too often, where a rule looks at neighbours ("a..b"), and never no to a right word.
    """
    if key(text) in verdicts(subject):
        return refusal(subject, text) is None
    places = [f"{text[:1]}a", *(f"a{character}a" for character in text[1:-1]), f"a{text[-1:]}"]
    return len(text) <= longest(subject) and all(verdicts(subject).get(key(place)) == ADMITTED for place in places)
