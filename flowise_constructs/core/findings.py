"""Errors in values, and how they are reported: all at once, and without showing secrets."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Finding(NamedTuple):
    """One error: where it is, what is wrong and how to fix it."""

    where: str
    """The argument, such as `Redis.port`."""
    problem: str
    """The value and how to fix it."""

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


class ConfigError(ValueError):
    """Values that can't become a working deployment. `findings` holds every independent error."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        lines = [str(finding) for finding in self.findings]
        super().__init__(
            lines[0] if len(lines) == 1 else "\n".join([f"{len(lines)} findings:", *(f"- {line}" for line in lines)])
        )


class ConfigWarning(UserWarning):
    """A value that works but is probably not what was meant."""


def warn(text: str) -> None:
    """Issues a ConfigWarning that points to the line outside this package, and jsii, where the value comes from."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(("flowise_constructs.", "jsii.")):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, ConfigWarning, stacklevel=level)


def shown(given: object) -> str:
    """A value as an error message shows it: short, always printable, and without credentials."""
    try:
        text = ascii(given) if isinstance(given, str) and not given.isprintable() else repr(given)
    except Exception:  # Python refuses to print a huge number, and an object's own repr may fail.
        return f"<{type(given).__name__}>"
    if "PRIVATE KEY" in text:
        return "a private key (not shown)"
    text = re.sub(r"//[^/\s]*@", "//...@", text)
    return text if len(text) <= 80 else f"{text[:77]}..."


class Findings:
    """Collects the errors of several steps, so that all are reported at once."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def attempt(self, make: Callable[[], T]) -> T | None:
        """The result of the step, or None if it was refused."""
        try:
            return make()
        except ConfigError as error:
            self._found += error.findings
            return None

    def require(self, make: Callable[[], T]) -> T:
        """The result of the step; if it was refused, raises everything found so far, because nothing can follow."""
        made = self.attempt(make)
        self.settle()
        assert made is not None
        return made

    def settle(self) -> None:
        """Raises the errors found."""
        if self._found:
            raise ConfigError(dict.fromkeys(self._found))
