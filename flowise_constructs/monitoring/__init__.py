"""What Prometheus scrapes: main, the queues, the bundled servers."""
