"""Flowise itself: its values, its environment, the pods of mains and workers."""
