"""Where the steps are written down."""

GUIDE = "docs/how-to/from-docker.md"
"""The page on moving the data."""
