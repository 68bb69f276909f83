"""Carts, quotes, orders, fulfilments and payments."""
