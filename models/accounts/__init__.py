"""Organisations, staff, API clients, sessions and passwords."""
