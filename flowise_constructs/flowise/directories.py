"""Where Flowise's pods keep their files."""

from __future__ import annotations

HOME = "/home/node"
DATA_DIRECTORY = f"{HOME}/.flowise"
"""The directory on the data claim."""
LOG_DIRECTORY = "/var/log/flowise"
MODELS_DIRECTORY = "/etc/flowise-constructs/models"
MODEL_LIST = "models.json"
"""The list of models in it, where it comes from a ConfigMap."""
