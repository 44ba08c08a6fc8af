"""Text that YAML, Kubernetes and Flowise carry as it is."""

from __future__ import annotations

import re
from typing import Annotated

_UNQUOTED_NUMBER = re.compile(
    r"[-+]?0[oOBX][0-9a-fA-F_]+|[-+]_[0-9_.eE+-]*|[-+]?[0-9_]*\.?[0-9_]*[eE][-+]?[0-9]*_[0-9_]*"
)
_MISREAD_BLOCK = re.compile(r"\A[ \n]*\t|\n[ \t]+\Z|\A\s*\Z|\r")


# Linux takes no argument and no variable longer than 32 pages (MAX_ARG_STRLEN), its name and "=" counted.
LONGEST_VARIABLE = 127 * 1024


def text(value: str) -> str | None:
    """A line of printable text; Flowise takes an empty variable for a set one."""
    if not value.strip():
        return "must not be empty: leave the field out instead"
    if not value.isprintable():
        return "must be one line of printable characters"
    return None


def literal(value: str) -> str | None:
    """A literal value of an environment variable."""
    if not value.strip():
        return "must not be empty: several Flowise variables take an empty value for a set one; leave the entry out"
    if any(unsafe(character) for character in value):
        return "must not hold control characters other than tab and line ends, nor lone surrogates"
    if len(value.encode()) > LONGEST_VARIABLE:
        return "is longer than 127 KiB, and no program starts with such a variable: mount a file instead"
    return misread(value)


def unsafe(character: str) -> bool:
    """Whether YAML or a process environment can't carry the character."""
    point = ord(character)
    if character in "\t\n\r":
        return False
    # YAML 1.1, which Kubernetes reads, ends lines at U+2028 and U+2029 and refuses a byte order mark.
    if point in (0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF):
        return True
    return point < 0x20 or 0x7F <= point <= 0x9F or 0xD800 <= point <= 0xDFFF


def misread(value: str) -> str | None:
    """Whether what cdk8s writes for the text is read as something else by Kubernetes' YAML reader.

    As seen with cdk8s 2.70 and kubectl 1.32: the one leaves 0o17 without quotes, the other reads 15; and the one writes
    blocks of lines that the other can't read, or reads with a backslash in them.
    """
    if _UNQUOTED_NUMBER.fullmatch(value):
        return "would be read as a number by Kubernetes, from YAML without quotes: write it otherwise"
    if "\n" in value and _MISREAD_BLOCK.search(value):
        return "must not start with a tab, end in a line of blanks or hold carriage returns: YAML can't carry it"
    return None


def listed(value: str) -> str | None:
    """An item of a list that Flowise splits at commas."""
    return text(value) or unlisted(value)


def certificate(value: str) -> str | None:
    """One or more certificates as PEM text."""
    if "PRIVATE KEY" in value:
        return "must not hold a private key: only certificates stand in the YAML"
    blocks = value.isascii() and re.findall(
        r"-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----", value
    )
    return None if blocks else "must be PEM text with a BEGIN CERTIFICATE block"


def unlisted(value: str) -> str | None:
    return "must not hold a comma: each item is an entry of its own" if "," in value else None


Text = Annotated[str, text]
Literally = Annotated[str, literal]
Listed = Annotated[str, listed]
Certificate = Annotated[str, certificate]
