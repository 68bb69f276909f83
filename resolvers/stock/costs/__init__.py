"""Settling and reading the cost and value of stock."""
