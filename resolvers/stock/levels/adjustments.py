"""Manual adjustments: moving units of a level between states, or in and out of stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from models.accounts.roles import Permission
from models.database import fetch, transaction
from models.errors import InsufficientStock, InvalidInput
from models.stock.rules import BY_HAND, reasons_to_adjust
from models.stock.states import MovementReason, StockState
from resolvers.context import Context
from resolvers.idempotency import once
from resolvers.permissions import requires
from resolvers.stock.allocation.backorder_allocation import fill
from resolvers.stock.ledger.ledger import Move, announce_changed, move
from resolvers.stock.levels.code_lookup import find
from resolvers.stock.levels.locking import backordered, check_room, lock
from resolvers.stock.serials import SerialDraft, checked, scan
from resolvers.validation import code_of, quantity_of, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentDraft:
    location_code: str
    sku: str
    from_state: StockState
    to_state: StockState
    quantity: int
    reason: MovementReason
    note: str | None = None
    serials: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """The row IDs of the adjusted level and of the movement."""

    level_id: int
    movement_id: int


@requires(Permission.STOCK_WRITE)
async def adjust(ctx: Context, draft: AdjustmentDraft, idempotency_key: str) -> Adjustment:
    """Move units of a level from one state to another, or from and to OUTSIDE.

    Raises: InvalidInput for a movement or reason that is not permitted by hand, NotFound, InsufficientStock
    for fewer units in `from_state`, LimitExceeded for more units than a level may hold, and the errors of
    `scan` for `serials`.
    """
    code_of(draft.location_code, "locationCode")
    code_of(draft.sku, "sku")
    quantity_of(draft.quantity, "quantity")
    if draft.note is not None:
        draft = replace(draft, note=text_of(draft.note, "note", 500, minimum=0) or None)
    if draft.serials is not None:
        draft = replace(draft, serials=checked([SerialDraft(0, draft.serials)])[0].serials)
    _check_reason(draft)
    return Adjustment(**await transaction(_once, ctx, draft, idempotency_key))


def _check_reason(draft: AdjustmentDraft) -> None:
    reasons = reasons_to_adjust(draft.from_state, draft.to_state)
    if not reasons:
        field = "toState" if draft.from_state in BY_HAND else "fromState"
        raise InvalidInput(
            "Units cannot be moved from {from_state} to {to_state} by hand.",
            path=(field,),
            from_state=draft.from_state,
            to_state=draft.to_state,
        )
    if draft.reason not in reasons:
        raise InvalidInput(
            "The reason {reason} does not fit this movement.", path=("reason",), reason=draft.reason
        )


async def _once(ctx: Context, draft: AdjustmentDraft, idempotency_key: str) -> Any:
    given = asdict(draft)
    if not draft.serials:
        del given["serials"]  # as in keys that were stored before serial numbers existed
    return await once(ctx, "stockAdjust", idempotency_key, given, partial(_adjust, ctx, draft))


async def _adjust(ctx: Context, draft: AdjustmentDraft) -> dict[str, int]:
    lookup = await find(ctx, [draft.location_code], [draft.sku])
    key = lookup.key_of(draft.location_code, draft.sku)
    levels, freed = await lock(ctx, [key])
    moves = [
        Move(
            variant_id=key[0],
            location_id=key[1],
            from_state=draft.from_state,
            to_state=draft.to_state,
            quantity=draft.quantity,
            reason=draft.reason,
            note=draft.note,
        )
    ]
    check_room(levels, moves, "quantity")
    moved = await move(ctx, moves)
    if not moved:
        raise InsufficientStock(
            key[0],
            requested=draft.quantity,
            available=levels[key].quantities.of(draft.from_state),
            state=draft.from_state,
            path=("quantity",),
        )
    scanned = {key[0]: SerialDraft(key[0], draft.serials or ())}
    await scan(ctx, moves, scanned, ("serials",))
    await announce_changed(ctx, [*freed, *moved.values()])
    # The level is locked, so its latest movement is the one above.
    latest = await fetch(
        "SELECT MAX(id) AS id FROM stock_movement WHERE variant_id = ? AND location_id = ?", *key
    )
    await fill(ctx, backordered(levels))
    return {"level_id": levels[key].id, "movement_id": latest[0]["id"]}
