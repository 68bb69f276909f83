"""The migrations of the database, each of which depends on the previous one."""
