"""Backups of an installation: its database and its files in one archive, taken while it serves."""
