"""What makes values of other descriptions of a deployment."""
