"""SQL for case-insensitive codes, which matches `models.text.codes.folded` and has an index."""

from __future__ import annotations

from models.database import is_postgres

COLUMNS = (("product", "code"), ("variant", "sku"), ("location", "code"))


def folded_column(column: str) -> str:
    """Return the SQL that folds a column of codes, which are printable ASCII."""
    return expression(column, postgres=is_postgres())


def expression(column: str, *, postgres: bool) -> str:
    # Byte order is independent of language: a Turkish database would fold I to a non-ASCII letter.
    return f'lower({column} COLLATE "C")' if postgres else f"lower({column})"
