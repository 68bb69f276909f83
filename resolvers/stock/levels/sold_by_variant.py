"""Units sold of variants in recent days, by the ledger: those handed over at a counter or by a fulfilment.

Returns do not reduce the number. One statement serves all variants, from a partial index of sales.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.database import any_id, any_of, array, records
from resolvers.context import Context
from resolvers.permissions import for_anyone
from resolvers.stock.levels.on_hand import readable
from resolvers.stock.levels.sold_by_level import since_days
from resolvers.validation import INT32_MAX


@for_anyone
async def of_variants(ctx: Context, variant_ids: Sequence[int], days: int) -> dict[int, int]:
    """Return the units of each variant sold in the last `days` times 24 hours, where the caller reads stock.

    The result is empty without STOCK_READ. Raises: InvalidInput for a number of days out of range.
    """
    since = since_days(ctx, days, "days")
    if Permission.STOCK_READ not in ctx.actor.permissions:
        return {}
    found = dict.fromkeys(variant_ids, 0)
    location_ids = await readable(ctx)
    where = "1 = 1" if location_ids is None else any_of("+m.location_id")
    rows = await records(
        "SELECT m.variant_id, SUM(m.quantity) FROM stock_movement m WHERE m.reason = 'SALE'"
        f" AND {any_id('m.variant_id')} AND m.created_at >= ? AND {where} GROUP BY m.variant_id",
        array(found),
        since,
        *([] if location_ids is None else [array(location_ids)]),
    )
    return found | {variant_id: min(sold, INT32_MAX) for variant_id, sold in rows}
