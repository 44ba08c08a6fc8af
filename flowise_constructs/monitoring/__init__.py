"""What Prometheus scrapes of a deployment, when it raises an alert, and what Grafana shows."""
