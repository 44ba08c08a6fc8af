"""The labels of our objects, and those that find pods, which can't change once deployed."""

from __future__ import annotations

NAME = "app.kubernetes.io/name"
INSTANCE = "app.kubernetes.io/instance"
COMPONENT = "app.kubernetes.io/component"
VERSION = "app.kubernetes.io/version"
PART_OF = "app.kubernetes.io/part-of"
ROLE = "app.kubernetes.io/role"

SELECTOR_LABELS = (NAME, INSTANCE, COMPONENT)
"""Of Flowise's own pods."""
SERVER_SELECTOR_LABELS = (*SELECTOR_LABELS, PART_OF, ROLE)
"""Of the pods of bundled servers."""
