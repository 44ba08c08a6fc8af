"""The two topologies, composed from the constructs."""
