"""How statements reach SQLite and PostgreSQL; only `models.database` and migrations import it."""
