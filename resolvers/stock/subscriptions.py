"""The subscription to changes of stock levels."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing

from models.database import any_id, array, fetch
from models.errors import InvalidInput, NotFound
from models.outbox import OutboxEvent
from resolvers.context import Context
from resolvers.feed import batches, shared
from resolvers.permissions import concerns, for_anyone
from resolvers.stock.levels import levels

MAXIMUM_IDS = 250
TOPIC = "stock.changed"


@for_anyone
async def changed(
    ctx: Context,
    variant_ids: Collection[int] | None,
    location_ids: Collection[int] | None,
    after: int | None,
) -> AsyncGenerator[tuple[levels.Level, int], None]:
    """Yield the current state of each changed level, with the sequence to resume after.

    None for both filters means all levels of the request's merchant. Changes of one level that are read
    together are yielded once.

    Raises: InvalidInput for too many IDs, NotFound for an ID that does not exist at the request's merchant or
    at one of the caller's.
    """
    for name, ids in (("variantIds", variant_ids), ("locationIds", location_ids)):
        if ids is not None and len(ids) > MAXIMUM_IDS:
            raise InvalidInput("Ask for at most {maximum} IDs.", path=(name,), maximum=MAXIMUM_IDS)
    missing = "There is no such store or warehouse."
    await _refuse_unknown(ctx, "location", location_ids or (), "locationIds", missing)
    await _refuse_unknown(
        ctx, "variant", variant_ids or (), "variantIds", "There is no such variant."
    )
    return _changed(ctx, variant_ids, location_ids, after)


async def _refuse_unknown(
    ctx: Context, table: str, ids: Collection[int], name: str, template: str
) -> None:
    """Raise NotFound for IDs that do not exist, or that belong to a merchant the caller does not see."""
    if not ids:
        return
    rows = await fetch(
        f"SELECT id, merchant_id FROM {table} WHERE {any_id('id')}", array(sorted(set(ids)))
    )
    if {row["id"] for row in rows if concerns(ctx, row["merchant_id"])} != set(ids):
        raise NotFound(template, path=(name,))


async def _changed(
    ctx: Context,
    variant_ids: Collection[int] | None,
    location_ids: Collection[int] | None,
    after: int | None,
) -> AsyncGenerator[tuple[levels.Level, int], None]:
    def wanted(event: OutboxEvent) -> bool:
        if variant_ids is None and location_ids is None:
            return event.merchant_id == ctx.merchant_id
        return (variant_ids is None or event.variant_id in variant_ids) and (
            location_ids is None or event.location_id in location_ids
        )

    async with aclosing(batches(ctx, (TOPIC,), after)) as stream:
        async for events in stream:
            latest = _latest([event for event in events if wanted(event)])
            found = await _levels(ctx, sorted(latest)) if latest else {}
            for level_id, sequence in latest.items():
                if level_id in found:
                    yield found[level_id], sequence


async def _levels(ctx: Context, ids: Sequence[int]) -> dict[int, levels.Level]:
    """Return the levels that the caller may see. Subscribers of the same changes share the rows."""
    rows = await shared(ctx, ("levels", *ids), lambda: levels.unseen_rows(ctx, ids))
    return levels.seen(ctx, rows)


def _latest(events: Sequence[OutboxEvent]) -> dict[int, int]:
    """Return the last sequence of each level, in the order of these sequences."""
    latest: dict[int, int] = {}
    for event in events:
        latest.pop(event.node_id, None)
        latest[event.node_id] = event.sequence or 0
    return latest
