"""Where the steps are written down."""

GUIDE = "see 'flowise-constructs docs from-docker'"
"""The page on moving the data."""
