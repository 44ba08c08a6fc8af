"""The queue and its Redis: values, variables, the bundled Redis."""
