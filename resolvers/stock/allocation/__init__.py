"""Holds and backorders: the units that belong to orders."""
