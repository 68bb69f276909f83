"""Steps of a stock document: locking it, changing its status, and recording the change."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise.queryset import QuerySet

from models.errors import NotFound
from models.stock.state_machines import next_status
from resolvers.context import Context
from resolvers.stock.documents.documents import announce_document, record
from resolvers.stock.documents.kinds import D, DocumentKind, StockDocument, key_of, kind_of
from resolvers.stock.documents.reading import visible


async def locked(
    ctx: Context, kind: DocumentKind[D, Any], row_id: int, action: StrEnum, missing: NotFound
) -> D:
    """Lock a document for an action that its status permits, and fetch its locations.

    Raises: `missing` outside the caller's territory, StateConflict.
    """
    query: QuerySet[Any] = kind.model.filter(id=row_id)
    if not await visible(ctx, kind, query).exists():
        raise missing
    document: D = await query.select_for_update().get()
    await document.fetch_related(*kind.locations)
    next_status(kind.transitions, document.status, action)
    return document


async def change_status(
    ctx: Context,
    document: StockDocument,
    to_status: StrEnum,
    note: str | None = None,
    **columns: Any,
) -> None:
    """Set the status and other columns of a locked document, record the change and announce it."""
    from_status = document.status
    document.update_from_dict({**columns, "status": to_status})
    await document.save(update_fields=[*columns, "status", "updated_at"])
    await record_change(ctx, document, from_status, note)


async def record_change(
    ctx: Context, document: StockDocument, from_status: StrEnum | None, note: str | None
) -> None:
    """Add a saved change to the history, and announce it at each location of the document."""
    kind, key = kind_of(document), key_of(document)
    await record(ctx, key, from_status, document.status, note)
    locations = [getattr(document, each) for each in kind.locations]
    await announce_document(ctx, kind.topic, key, locations)
