"""How objects and pods look, whatever runs in them."""
