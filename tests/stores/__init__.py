"""Emulators of the object stores of Google and Azure."""
