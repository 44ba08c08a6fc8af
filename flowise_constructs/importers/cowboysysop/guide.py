"""Where the steps are written down."""

from __future__ import annotations

GUIDE = "docs/migrate-from-cowboysysop.md"
