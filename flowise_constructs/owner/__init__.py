"""The first account, which owns the installation."""
