"""Lists of the nodes that the caller may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.accounts.organisations import Organisation, OrganisationKind
from models.database import marks
from resolvers.accounts.organisations.organisations import seen
from resolvers.context import Context
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import for_anyone
from resolvers.sql_pagination import Conditions, Order, page_of_ids
from resolvers.tallies import SqlTally
from resolvers.validation import text_of

_TABLE = "organisation n"
_ESCAPED = "ESCAPE '!'"
_BY_CODE = Order(("n.code", "n.id"), (str, int))


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationQuery:
    """Nodes of these kinds whose code or name contains `search`; what is None cuts nothing."""

    kinds: Sequence[OrganisationKind] | None = None
    search: str | None = None


@for_anyone
async def page(ctx: Context, wanted: OrganisationQuery, request: PageRequest) -> Page[Organisation]:
    """The nodes that the caller may see, by code. Raises: InvalidInput."""
    conditions = _conditions(ctx, wanted)
    found = await page_of_ids(_TABLE, conditions, _BY_CODE, request, f"organisations {wanted}")
    rows = await Organisation.in_bulk(list(found.rows), "id")
    return Page(
        [rows[each] for each in found.rows], found.cursors, found.has_next, found.has_previous
    )


@for_anyone
async def tally(ctx: Context, wanted: OrganisationQuery) -> SqlTally:
    """The count of the whole list."""

    async def conditions(_: bool) -> Conditions:
        return _conditions(ctx, wanted)

    return SqlTally(_TABLE, conditions)


def _conditions(ctx: Context, wanted: OrganisationQuery) -> Conditions:
    found = Conditions()
    visible = seen(ctx)
    found.add(str(visible), *visible.values)
    if wanted.kinds is not None:
        kinds = [str(each) for each in wanted.kinds]
        found.add(f"n.kind IN ({marks(kinds)})" if kinds else "1 = 0", *kinds)
    if wanted.search is not None:
        text = _like(text_of(wanted.search, ("filter", "search"), 100).lower())
        found.add(
            f"(LOWER(n.code) LIKE ? {_ESCAPED} OR LOWER(n.name) LIKE ? {_ESCAPED})", text, text
        )
    return found


def _like(text: str) -> str:
    for sign in "!%_":
        text = text.replace(sign, f"!{sign}")
    return f"%{text}%"
