"""Numbers and Kubernetes quantities."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

_QUANTITY = re.compile(r"([0-9]+|[0-9]+\.[0-9]+|\.[0-9]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_PERCENTAGE = re.compile(r"[0-9]+%")
_BYTES = re.compile(r"[0-9]+(\.[0-9]+)?(b|kb|mb|gb)", re.IGNORECASE)
_INT32 = 2**31 - 1
# 8 PiB: the API server counts bytes in thousandths, and finds a fraction in what is more than 64 bits hold.
_IMPLAUSIBLE = 2**53
_BINARY: dict[str, int] = {suffix: 1024**power for power, suffix in enumerate(("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))}
_DECIMAL: dict[str, int] = {suffix: 1000**power for power, suffix in enumerate(("", "k", "M", "G", "T", "P", "E"))}


def positive(value: int) -> str | None:
    return None if 1 <= value <= _INT32 else f"must be from 1 to {_INT32}"


def count(value: int) -> str | None:
    return None if 0 <= value <= _INT32 else f"must be from 0 to {_INT32}"


def quantity(value: str) -> str | None:
    """A Kubernetes quantity above zero, such as 500m, 2 or 8Gi."""
    if not _QUANTITY.fullmatch(value):
        return "must be a Kubernetes quantity such as '500m', '2' or '8Gi'"
    if amount(value) == 0:
        return "must be above zero"
    return None


def size(value: str) -> str | None:
    """A Kubernetes quantity of bytes: at least one mebibyte, so that a forgotten suffix is noticed."""
    if (problem := quantity(value)) is not None:
        return problem
    given = amount(value)
    if not 2**20 <= given < _IMPLAUSIBLE:
        return "is not a plausible size in bytes: write it as '512Mi' or '8Gi'"
    return None if given == given // 1 else f"is no whole number of bytes: write it as '{given // 2**20 + 1}Mi'"


def amount(value: str) -> Decimal:
    """The number that a quantity stands for, in its base unit."""
    match = _QUANTITY.fullmatch(value)
    if match is None:
        raise ValueError(value)
    suffix = match[2] or ""
    if suffix == "m":
        return Decimal(match[1]) / Decimal(1000)
    factor = _BINARY[suffix] if suffix in _BINARY else _DECIMAL[suffix]
    return Decimal(match[1]) * Decimal(factor)


def mebibytes(value: str) -> int:
    """A quantity of bytes as whole mebibytes."""
    return int(amount(value) // 2**20)


def percentage(value: str) -> str | None:
    """A share of a number of pods."""
    held = _PERCENTAGE.fullmatch(value) is not None and int(value[:-1]) <= 100
    return None if held else "must be a number, or a percentage such as '25%'"


def share(value: str, whole: int) -> int:
    """A percentage of a number, rounded up."""
    return -(-int(value[:-1]) * whole // 100)


def file_size(value: str) -> str | None:
    """A size as Node's `bytes` package reads it; a value that it can't read means no limit at all."""
    return None if _BYTES.fullmatch(value) else "must be a number followed by b, kb, mb or gb, such as '50mb'"


def file_size_bytes(value: str) -> int:
    """The number of bytes that Node's `bytes` package reads."""
    number, unit = re.fullmatch(r"([0-9.]+)([kmg]?)b", value.lower()).groups()  # type: ignore[union-attr]
    return int(Decimal(number) * 1024 ** " kmg".index(unit or " "))


Positive = Annotated[int, positive]
Count = Annotated[int, count]
Quantity = Annotated[str, quantity]
Percentage = Annotated[str, percentage]
Size = Annotated[str, size]
FileSize = Annotated[str, file_size]
