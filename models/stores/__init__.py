"""Locations, coordinates, distances and opening hours."""
