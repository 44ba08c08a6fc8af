"""Where Secrets come from, and a new encryption key."""
