"""Connections and group commit of SQLite."""
