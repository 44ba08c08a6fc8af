"""From values files of the Helm chart helmforge/flowise to this library's values."""
