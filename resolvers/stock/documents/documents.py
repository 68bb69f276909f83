"""What all stock documents share: numbers, histories, announcements and idempotent execution.

Transfers, purchase orders, supplier returns and stocktakes call these functions in their transactions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from models.database import fetch, marks, transaction
from models.stock.documents.documents import DocumentEvent
from models.stock.state_machines import document_number, series_of
from models.stores.locations import Location
from resolvers.background.outbox import Change, announce
from resolvers.context import Context
from resolvers.idempotency import once
from resolvers.slices import Slice, rows_of_each
from resolvers.sql_pagination import Conditions
from resolvers.validation import text_of

_NEXT = """
INSERT INTO document_counter (merchant_id, series, last_number, created_at) VALUES (?, ?, 1, ?)
ON CONFLICT (merchant_id, series)
DO UPDATE SET last_number = document_counter.last_number + 1 RETURNING last_number
"""


async def next_number(ctx: Context, merchant_id: int, prefix: str) -> str:
    """Return the next number of a merchant's documents of a kind, such as `TR-20261125-0001`.

    The day is that of the setting `timezone`. Concurrent calls for the same day wait until this transaction
    ends.
    """
    day = ctx.now().astimezone(ZoneInfo(ctx.settings.timezone)).date()
    rows = await fetch(_NEXT, merchant_id, series_of(prefix, day), ctx.now())
    return document_number(prefix, day, rows[0]["last_number"])


async def record(
    ctx: Context,
    document: tuple[str, int],
    from_status: str | None,
    to_status: str,
    note: str | None = None,
) -> None:
    """Insert an entry into the history of a document such as `("Transfer", 7)`, by the caller, now."""
    kind, row_id = document
    await DocumentEvent.create(
        document_type=kind,
        document_id=row_id,
        actor_kind=str(ctx.actor.kind),
        actor_id=ctx.actor.id,
        from_status=from_status,
        to_status=to_status,
        note=note,
    )


async def announce_document(
    ctx: Context, topic: str, document: tuple[str, int], locations: Iterable[Location]
) -> None:
    """Announce a document once for each of its locations, so subscribers of every location receive it."""
    kind, row_id = document
    changes = [
        Change(
            topic=topic,
            node_type=kind,
            node_id=row_id,
            merchant_id=location.merchant_id,
            organisation_id=location.organisation_id,
            location_id=location.id,
        )
        for location in locations
    ]
    await announce(ctx, changes)


async def history_of(
    kind: str, ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[DocumentEvent]]:
    """Return the histories of documents that the caller may read, the oldest entries first."""
    own = Conditions()
    own.add("document_type = ?", kind)
    return await rows_of_each(DocumentEvent, "document_id", ids, cut, where=own)


async def paths_of(location_ids: Collection[int]) -> dict[int, str]:
    """Return the path of each location in the organisation tree, to pass to `may`."""
    rows = await fetch(
        "SELECT location.id, organisation.path FROM location JOIN organisation"
        f" ON organisation.id = location.organisation_id WHERE location.id IN ({marks(list(location_ids))})",
        *location_ids,
    )
    return {row["id"]: row["path"] for row in rows}


def note_of(note: str | None) -> str | None:
    """Return the note, or None if it is empty. Raises: InvalidInput for more than 500 characters."""
    return None if note is None else text_of(note, "note", 500, minimum=0) or None


async def do_once(
    ctx: Context,
    operation: str,
    idempotency_key: str | None,
    given: object,
    work: Callable[[], Awaitable[Any]],
) -> Any:
    """Run `work` in one transaction, once for each key. Return the result of the first run.

    Raises: InvalidInput, IdempotencyKeyReused.
    """
    return await transaction(_once, ctx, operation, idempotency_key, given, work)


async def _once(
    ctx: Context, operation: str, key: str | None, given: object, work: Callable[[], Awaitable[Any]]
) -> Any:
    return await work() if key is None else await once(ctx, operation, key, given, work)
