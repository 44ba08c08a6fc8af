"""Text that passes through YAML, Kubernetes and Flowise unchanged."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated

_UNQUOTED_NUMBER = re.compile(
    r"[-+]?0[oOBX][0-9a-fA-F_]+|[-+]_[0-9_.eE+-]*|[-+]?[0-9_]*\.?[0-9_]*[eE][-+]?[0-9]*_[0-9_]*"
)
_MISREAD_BLOCK = re.compile(r"\A[ \n]*\t|\n[ \t]+\Z|\A\s*\Z|\r")

# Control characters but tabs and line ends, and lone surrogates. In YAML 1.1, which Kubernetes reads, U+2028 and U+2029
# end a line, and a byte order mark is refused.
_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")

# Linux takes no argument and no variable longer than 32 pages (MAX_ARG_STRLEN), its name and "=" counted.
LONGEST_VARIABLE = 127 * 1024


def text(value: str) -> str | None:
    """A line of printable text. Flowise treats an empty variable as set."""
    if not value.strip():
        return "must not be empty: leave the field out instead"
    if not value.isprintable():
        return "must be one line of printable characters"
    return None


def literal(value: str) -> str | None:
    """A literal value of an environment variable."""
    if not value.strip():
        return "must not be empty: Flowise treats several variables as set even if empty; leave the entry out"
    if unsafe(value):
        return "must not contain lone surrogates, or control characters other than tabs and line ends"
    if len(value.encode()) > LONGEST_VARIABLE:
        return "is longer than 127 KiB, and no program starts with such a variable: mount a file instead"
    return misread(value)


def unsafe(value: str) -> bool:
    """Whether a character can't be represented in YAML or in a process environment."""
    return _UNSAFE.search(value) is not None


def misread(value: str) -> str | None:
    """Whether Kubernetes' YAML reader reads what cdk8s writes for the text as something else.

    Seen with cdk8s 2.70 and kubectl 1.32: cdk8s writes 0o17 without quotes and kubectl reads 15; cdk8s also writes
    multi-line blocks that kubectl can't read, or reads with a backslash in them.
    """
    if _UNQUOTED_NUMBER.fullmatch(value):
        return "would be written to YAML without quotes, and Kubernetes would read it as a number: write it differently"
    if "\n" in value and _MISREAD_BLOCK.search(value):
        return "must not start with a tab, end with a blank line or contain carriage returns: YAML can't represent it"
    return None


def listed(value: str) -> str | None:
    """An item of a list that Flowise splits at commas."""
    return text(value) or unlisted(value)


def certificate(value: str) -> str | None:
    """One or more certificates as PEM text."""
    if "PRIVATE KEY" in value:
        return "must not contain a private key: only certificates belong in the YAML"
    blocks: list[str] = re.findall(_CERTIFICATE, value) if value.isascii() else []
    if not blocks:
        return "must be PEM text with a BEGIN CERTIFICATE block"
    # Node and OpenSSL end at such a block in silence, and trust what stood before it.
    if len(blocks) != len(re.findall("-----(?:BEGIN|END) CERTIFICATE-----", value)) / 2:
        return "has a certificate that is cut off: each needs its BEGIN and its END CERTIFICATE line"
    broken = next((number for number, block in enumerate(blocks, 1) if not _is_certificate(block)), None)
    return f"has a certificate, number {broken}, whose text is damaged: copy it again" if broken else None


def _is_certificate(block: str) -> bool:
    try:
        return base64.b64decode("".join(block.split()), validate=True)[:1] == b"\x30"
    except binascii.Error:
        return False


def unlisted(value: str) -> str | None:
    return "must not contain a comma: make each item an entry of its own" if "," in value else None


Text = Annotated[str, text]
Literally = Annotated[str, literal]
Listed = Annotated[str, listed]
Certificate = Annotated[str, certificate]
