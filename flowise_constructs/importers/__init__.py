"""Importers, which turn other descriptions of a deployment into values."""
