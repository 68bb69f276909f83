"""Reading stock documents of any kind: one, several by ID, their lines and their authors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from models.database import any_id, array, fetch
from models.errors import InvalidInput
from models.stores.locations import Location
from models.text.codes import number_of
from resolvers.context import ActorKind, Context
from resolvers.permissions import for_anyone, requires_its_permission, scoped
from resolvers.slices import Slice, rows_of_each
from resolvers.stock.documents.documents import history_of
from resolvers.stock.documents.kinds import D, DocumentKind, L


@for_anyone
async def by_ids(ctx: Context, kind: DocumentKind[D, Any], ids: Sequence[int]) -> dict[int, D]:
    """Return those of the documents that the caller may read."""
    rows = await visible(ctx, kind, kind.model.filter(id__in=set(ids)))
    return {row.id: row for row in rows}


@requires_its_permission
async def get(
    ctx: Context, kind: DocumentKind[D, Any], row_id: int | None, number: str | None
) -> D | None:
    """Return the document with this ID or number, or None if the caller may not read one.

    Raises: InvalidInput unless exactly one of both is given.
    """
    if (row_id is None) == (number is None):
        raise InvalidInput("Give the id or the number.", path=("id",))
    if row_id is not None:
        return await visible(ctx, kind, kind.model.filter(id=row_id)).first()
    numbered = kind.model.filter(merchant_id=ctx.merchant_id, number=number_of(number or ""))
    return await visible(ctx, kind, numbered).first()


def visible(ctx: Context, kind: DocumentKind[D, Any], query: QuerySet[D]) -> QuerySet[D]:
    """Restrict a query to the documents with a location where the caller may read this kind."""
    if len(kind.locations) == 1:
        return scoped(query, ctx, kind.permission, f"{kind.locations[0]}__organisation")
    if ctx.actor.kind is ActorKind.SYSTEM:
        return query
    locations = scoped(Location.all(), ctx, kind.permission, "organisation")
    within: dict[str, Any] = {
        f"{column}__in": Subquery(locations.values("id")) for column in kind.location_columns
    }
    return query.filter(Q(join_type="OR", **within))


async def lines_of(kind: DocumentKind[Any, L], row_id: int) -> list[L]:
    """Return all lines of a document that the caller may read, in the order of the input."""
    return (await lines_of_each(kind, [row_id]))[row_id]


async def lines_of_each(
    kind: DocumentKind[Any, L], ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[L]]:
    """Return the lines of each document, or a slice of them. The caller may read the documents."""
    return await rows_of_each(kind.lines, kind.line_parent, ids, cut)


async def line_counts(kind: DocumentKind[Any, Any], ids: Sequence[int]) -> dict[int, int]:
    """Return how many lines each document has; one statement for all."""
    parent = kind.line_parent
    rows = await fetch(
        f"SELECT {parent} AS parent, COUNT(*) AS n FROM {kind.lines._meta.db_table}"
        f" WHERE {any_id(parent)} GROUP BY {parent}",
        array(set(ids)),
    )
    return dict.fromkeys(ids, 0) | {row["parent"]: row["n"] for row in rows}


async def authors_of(
    kind: DocumentKind[D, Any], documents: Sequence[D]
) -> list[tuple[str, int | None]]:
    """Return the kind and ID of the actor who created each document.

    Kinds without columns for it take it from the first event of the history, in one statement.
    """
    if kind.author is not None:
        return [
            (getattr(each, f"{kind.author}_kind"), getattr(each, f"{kind.author}_id"))
            for each in documents
        ]
    events = await history_of(kind.name, [each.id for each in documents], Slice(first=1))
    first = {row_id: found[0] for row_id, found in events.items() if found}
    return [
        (first[each.id].actor_kind, first[each.id].actor_id) if each.id in first else ("", None)
        for each in documents
    ]
