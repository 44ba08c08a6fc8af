"""Kubernetes objects and pods, independent of what runs in them."""
