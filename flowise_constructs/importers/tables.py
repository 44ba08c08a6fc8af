"""What a chart's values may contain: a table of its keys.

A mapping with keys is a section, an empty one takes any keys. The type of a default is the type that its key takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Section = dict[str, Any]

_ANY_SCALAR = object()
ANY_SCALAR: Any = _ANY_SCALAR
"""The empty default of a key that takes a number or text."""
_ANYTHING = object()
ANYTHING: Any = _ANYTHING
"""The default of a key that takes whatever is given."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """The keys of one chart."""

    keys: Section
    """Its keys with their defaults."""
    secret_keys: frozenset[str]
    """Names of keys whose values no message shows, wherever they are."""
    sections: Sequence[str] = ()
    """Sections in which a key that is at the wrong place is looked for."""

    def section(self, path: str) -> Section:
        """The keys of a section."""
        section: Section = self.keys
        for part in path.split(".") if path else ():
            section = section[part]
        return section

    def default(self, path: str) -> Any:
        """A key's default."""
        section, _, key = path.rpartition(".")
        return self.section(section)[key]

    def elsewhere(self, key: str) -> list[str]:
        """The key's paths in the sections."""
        return [f"{path}.{key}" for path in self.sections if key in self.section(path)]
