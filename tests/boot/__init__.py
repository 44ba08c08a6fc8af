"""Starts the real Flowise from the synthesized YAML, on a node of local processes. See README.md."""
