"""Backups, restores, drills."""
