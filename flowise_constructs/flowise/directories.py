"""Where Flowise's pods keep their files."""

from __future__ import annotations

HOME = "/home/node"
DATA_DIRECTORY = f"{HOME}/.flowise"
"""The directory on the data claim."""
LOG_DIRECTORY = "/var/log/flowise"
