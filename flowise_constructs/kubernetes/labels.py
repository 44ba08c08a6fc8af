"""The labels of our objects, and the selector labels, which can't change once deployed."""

from __future__ import annotations

NAME = "app.kubernetes.io/name"
INSTANCE = "app.kubernetes.io/instance"
COMPONENT = "app.kubernetes.io/component"
VERSION = "app.kubernetes.io/version"
PART_OF = "app.kubernetes.io/part-of"
ROLE = "app.kubernetes.io/role"

SELECTOR_LABELS = (NAME, INSTANCE, COMPONENT)
"""Selector of Flowise's own pods."""
SERVER_SELECTOR_LABELS = (*SELECTOR_LABELS, PART_OF, ROLE)
"""Selector of the bundled servers' pods."""
