"""The alerts, a module for each part of a deployment."""
