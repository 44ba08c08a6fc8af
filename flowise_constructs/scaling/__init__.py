"""How many pods there are: autoscalers that follow the queues, or the CPU."""
