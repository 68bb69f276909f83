"""Migration operations that Tortoise lacks."""
