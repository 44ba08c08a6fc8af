"""Incoming traffic: Service and Ingress."""
