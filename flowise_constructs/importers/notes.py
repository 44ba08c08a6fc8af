"""What an import has to say: all that prevents it, and all that the user should know."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Literal, TypeVar

from flowise_constructs import ConfigError, ConfigWarning, Finding

T = TypeVar("T")

Paths = str | Mapping[str, str]
"""Where the fields of a value come from: the source's path for each, or one for all."""


Weight = Literal["do", "know", "left out"]
"""What a remark asks of the user: to do something before the first apply, to know that something behaves otherwise or
is weak, or to see that something was left out."""


class Notes:
    """The errors and remarks of one import, with the source's own paths."""

    def __init__(self) -> None:
        self._findings: dict[Finding, None] = {}
        self._remarks: dict[Finding, Weight] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is refused."""
        return tuple(self._findings)

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """What the user should know."""
        return tuple(self._remarks)

    @property
    def weights(self) -> Mapping[Finding, Weight]:
        """What each remark asks of the user."""
        return dict(self._remarks)

    def refuse(self, path: str, problem: str) -> None:
        """Adds an error: the source can't become YAML."""
        self._findings[Finding(path, problem)] = None

    def remark(self, path: str, text: str, weight: Weight = "know") -> None:
        """Adds a remark: something that the user should know, but that prevents nothing."""
        self._remarks[Finding(path, text)] = weight

    def make(self, cls: Callable[..., T], paths: Paths, otherwise: T, /, **fields: Any) -> T:
        """One of this library's values. If it is refused, its findings are reported with the source's paths."""
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always", ConfigWarning)
            made = self._attempt(cls, paths, otherwise, fields)
        for warning in raised:
            where, _, text = str(warning.message).partition(": ")
            self.remark(_path(where, paths), _translated(text, paths))
        return made

    def _attempt(self, cls: Callable[..., T], paths: Paths, otherwise: T, fields: Mapping[str, Any]) -> T:
        try:
            return cls(**fields)
        except ConfigError as error:
            for finding in error.findings:
                self.refuse(_path(finding.where, paths), _translated(finding.problem, paths))
            return otherwise


def nearest(key: str, known: Any) -> str:
    """A question after the known key that is spelt most like this one; empty if there is none."""
    near = get_close_matches(key[:100], list(known), n=1, cutoff=0.6)
    return f": did you mean {near[0]!r}?" if near else ""


def _path(where: str, paths: Paths) -> str:
    field = where.partition(".")[2]
    if isinstance(paths, str):
        return paths
    return paths.get(field) or paths.get("") or where


def _translated(problem: str, paths: Paths) -> str:
    """The problem with our field names replaced by the source's paths."""
    if isinstance(paths, str):
        return problem
    return re.sub(r"'([a-z_]+)'", lambda match: paths.get(match[1], match[0]), problem)
