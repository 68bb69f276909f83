"""The first rows of each of many parents, cut in the database: one statement for a whole level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from models.database import any_id, array, fetch
from models.errors import InvalidInput
from models.tables.fields import Row
from resolvers.orm_pagination import MAXIMUM_SIZE, checked_size
from resolvers.sql_pagination import Conditions

R = TypeVar("R", bound=Row)
FURTHEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Slice:
    """`first` entries after `skip` that are left out. Raises: InvalidInput for what makes no sense."""

    first: int = MAXIMUM_SIZE
    skip: int = 0

    def __post_init__(self) -> None:
        checked_size(self.first)
        if not 0 <= self.skip <= FURTHEST:
            raise InvalidInput(
                "{name} must lie between 0 and {maximum}.",
                path=("skip",),
                name="skip",
                maximum=FURTHEST,
            )

    @property
    def end(self) -> int:
        return self.skip + self.first

    def condition(self, place: str) -> str:
        """Of a column that counts from 1."""
        return f"{place} > {self.skip} AND {place} <= {self.end}"


async def rows_of_each(
    model: type[R],
    parent: str,
    ids: Iterable[int],
    cut: Slice | None = None,
    *,
    order: str = "id",
    where: Conditions | None = None,
) -> dict[int, list[R]]:
    """The rows whose column `parent` is one of `ids`, by it: the slice of each, or all of them.

    `order` and `where` name columns of the table.
    """
    found: dict[int, list[R]] = {row_id: [] for row_id in ids}
    if not found:
        return found
    asked = where or Conditions()
    rows = await fetch(_statement(model, parent, cut, order, asked), array(found), *asked.values)
    for row in rows:
        found[row[f"r_{parent}"]].append(model.read(row, "r"))
    return found


def _statement(
    model: type[Row], parent: str, cut: Slice | None, order: str, where: Conditions
) -> str:
    table, condition = model._meta.db_table, f"{any_id(parent)} AND {where}"
    if cut is None:
        return f"SELECT {model.selected('r')} FROM {table} AS r WHERE {condition} ORDER BY {order}"
    return (
        f"SELECT {model.selected('r')} FROM (SELECT *, ROW_NUMBER()"
        f" OVER (PARTITION BY {parent} ORDER BY {order}) AS place FROM {table} WHERE {condition}) AS r"
        f" WHERE {cut.condition('place')} ORDER BY place"
    )
