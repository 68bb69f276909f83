"""Receiving goods that a customer returns, or that were not delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.database import fetch, marks
from models.errors import NotFound
from models.stock.states import MovementReason, StockState
from resolvers.context import Context
from resolvers.stock.allocation import backorder_allocation
from resolvers.stock.ledger.ledger import Move, announce_changed, create_missing, move_all
from resolvers.stock.serials import Scanned, scan_tracked, tracked


@dataclass(frozen=True, slots=True)
class ReturnedGoods:
    """Returned quantities by variant, with their location and state; `document` is the one that sold them.

    With `restock` OUTSIDE the goods are written off and do not enter stock.
    """

    quantities: Mapping[int, int]
    location_id: int
    restock: StockState
    document: tuple[str, int]


async def put_back(ctx: Context, back: ReturnedGoods, scanned: Scanned) -> None:
    """Move returned goods into stock. Runs inside the caller's transaction.

    Raises: InvalidInput, Duplicate, NotFound unless the `scanned` serial numbers were sold by the document.
    """
    if back.restock is StockState.OUTSIDE:
        return
    moves = [
        _move(back, variant_id, quantity)
        for variant_id, quantity in sorted(back.quantities.items())
    ]
    variants = [each.variant_id for each in moves]
    backordered_ids = await backorder_allocation.lock_backorders(marks(variants), *variants)
    await create_missing(ctx, [each.level_key for each in moves])
    changed = await move_all(ctx, moves)
    merchants = await tracked(variants)
    await _check_sold(back, scanned)
    await scan_tracked(ctx, moves, merchants, scanned, ("serials",))
    await announce_changed(ctx, changed)
    await backorder_allocation.fill(
        ctx,
        backorder_allocation.keys_of_variants(backordered_ids, (each.level_key for each in moves)),
    )


def _move(back: ReturnedGoods, variant_id: int, quantity: int) -> Move:
    return Move(
        variant_id=variant_id,
        location_id=back.location_id,
        from_state=StockState.OUTSIDE,
        to_state=back.restock,
        quantity=quantity,
        reason=MovementReason.RETURN,
        document=back.document,
    )


async def _check_sold(back: ReturnedGoods, scanned: Scanned) -> None:
    """Raise NotFound for a serial number that was not sold by the document."""
    for draft in scanned.values():
        rows = await fetch(
            "SELECT serial FROM serial_number"
            " WHERE variant_id = ? AND document_type = ? AND document_id = ? AND state = 'SOLD'",
            draft.variant_id,
            *back.document,
        )
        sold = {row["serial"] for row in rows}
        for serial in draft.serials:
            if serial not in sold:
                message = "The serial number {serial} was not sold with this order."
                raise NotFound(message, path=draft.at(serial), serial=serial)
