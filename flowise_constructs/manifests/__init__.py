"""Manifests as YAML: reading, references, checks, missing Secrets."""
