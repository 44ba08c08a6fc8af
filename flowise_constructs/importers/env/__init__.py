"""From the environment files and the Compose file of Flowise's own Docker set-up to this library's values."""
