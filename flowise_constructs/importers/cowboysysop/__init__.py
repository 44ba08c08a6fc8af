"""Values of the Helm chart cowboysysop/flowise, 6.x -> this library's values."""
