"""Network policies: who may reach the pods of a deployment, and what they may reach."""
