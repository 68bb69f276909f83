"""Codes folded by the database: an index of each column finds what `models.text.codes.folded` returns."""

from __future__ import annotations

from models.database import is_postgres

COLUMNS = (("product", "code"), ("variant", "sku"), ("location", "code"))


def folded_column(column: str) -> str:
    """The SQL of a column of codes as `models.text.codes.folded` folds them: they are printable ASCII."""
    return expression(column, postgres=is_postgres())


def expression(column: str, *, postgres: bool) -> str:
    # The byte order knows no language: a Turkish database would fold I to a letter that is not ASCII.
    return f'lower({column} COLLATE "C")' if postgres else f"lower({column})"
