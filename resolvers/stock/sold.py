"""How many pieces were sold of late, out of the ledger: those handed over to customers, at a counter or from
a fulfilment. What comes back does not undo the sale.

An index of sales alone answers it: one statement, whatever the number of variants and places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from models.accounts.roles import Permission
from models.database import any_id, any_of, array, records
from models.errors import InvalidInput
from resolvers.context import Context
from resolvers.permissions import for_anyone
from resolvers.stock.ledger import Place
from resolvers.stock.on_hand import readable
from resolvers.validation import INT32_MAX

LONGEST_DAYS = 366


def _sold_by(*columns: str, where: str) -> str:
    """The statement whose parameters are variants, a moment, and what `where` asks for."""
    names = ", ".join(f"m.{column}" for column in columns)
    return (
        f"SELECT {names}, SUM(m.quantity) FROM stock_movement m WHERE m.reason = 'SALE'"
        f" AND {any_id('m.variant_id')} AND m.created_at > ? AND {where} GROUP BY {names}"
    )


@for_anyone
async def of_variants(ctx: Context, variant_ids: Sequence[int], days: int) -> dict[int, int]:
    """What was sold of each variant in the last `days` times 24 hours where the caller may read stock.

    Empty for who may read it nowhere. Raises: InvalidInput.
    """
    since = _since(ctx, days)
    if Permission.STOCK_READ not in ctx.actor.permissions:
        return {}
    found = dict.fromkeys(variant_ids, 0)
    places = await readable(ctx)
    where = "1 = 1" if places is None else any_of("+m.location_id")
    rows = await records(
        _sold_by("variant_id", where=where),
        array(found),
        since,
        *([] if places is None else [array(places)]),
    )
    return found | {variant_id: min(sold, INT32_MAX) for variant_id, sold in rows}


async def at_places(ctx: Context, places: Iterable[Place], days: int) -> dict[Place, int]:
    """The same of levels, by variant and location, whose stock the caller may read. Raises: InvalidInput."""
    since = _since(ctx, days)
    found = dict.fromkeys(places, 0)
    rows = await records(
        _sold_by("variant_id", "location_id", where=any_of("+m.location_id")),
        array({variant_id for variant_id, _ in found}),
        since,
        array({location_id for _, location_id in found}),
    )
    sold = {(variant, location): min(pieces, INT32_MAX) for variant, location, pieces in rows}
    return {place: sold.get(place, 0) for place in found}


def _since(ctx: Context, days: int) -> datetime:
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput(
            "{name} must lie between {minimum} and {maximum}.",
            path=("days",),
            name="days",
            minimum=1,
            maximum=LONGEST_DAYS,
        )
    return ctx.now() - timedelta(days=days)
