"""Frozen values: what a user says, checked when it is said."""
