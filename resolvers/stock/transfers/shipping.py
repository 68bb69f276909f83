"""Shipping a transfer: approved units move from available at the source to in transit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial

from models.accounts.roles import Permission
from models.errors import InsufficientStock, InvalidInput, Refusals
from models.stock.documents.transfer_rules import TransferAction, TransferStatus
from models.stock.documents.transfers import Transfer, TransferLine
from models.stock.levels import LevelKey
from models.stock.states import MovementReason, StockState
from models.tables.bulk import update_all
from resolvers.context import Context
from resolvers.permissions import requires
from resolvers.stock.allocation.backorder_allocation import fill
from resolvers.stock.costs.costs import carry
from resolvers.stock.documents.documents import do_once
from resolvers.stock.documents.inbound import expect
from resolvers.stock.documents.kinds import TRANSFERS, key_of
from resolvers.stock.documents.lines import LineDraft, Lines, check_within, summed
from resolvers.stock.documents.reading import lines_of
from resolvers.stock.documents.steps import change_status
from resolvers.stock.ledger.ledger import Move, announce_changed
from resolvers.stock.levels.locking import LockedLevel, backordered, lock
from resolvers.stock.serials import Scanned, SerialDraft, checked, given, scan
from resolvers.stock.transfers.transfers import locked


@requires(Permission.TRANSFER_WRITE)
async def ship(
    ctx: Context,
    transfer_id: int,
    lines: Sequence[LineDraft] | None,
    idempotency_key: str,
    serials: Sequence[SerialDraft] = (),
) -> Transfer:
    """Ship the approved quantities or, if `lines` is given, those alone. The safety stock may be used.

    Raises: InvalidInput, NotFound, LimitExceeded, StateConflict, Forbidden, IdempotencyKeyReused;
    Refusals with InsufficientStock for each line with too few units; the errors of `scan` for `serials`.
    """
    wanted, scanned = None if lines is None else summed(lines), checked(serials)
    sent = None if lines is None else [asdict(line) for line in lines]
    work = partial(_ship, ctx, transfer_id, wanted, scanned)
    row_id = await do_once(
        ctx, "transferShip", idempotency_key, [transfer_id, sent, *given(scanned)], work
    )
    return await Transfer.get(id=row_id)


async def _ship(ctx: Context, transfer_id: int, wanted: Lines | None, scanned: Scanned) -> int:
    transfer = await locked(ctx, transfer_id, TransferAction.SHIP)
    lines = await lines_of(TRANSFERS, transfer.id)
    if wanted is not None:
        check_within(wanted, {line.variant_id: line.approved for line in lines})
    for line in lines:
        line.shipped = (
            line.approved if wanted is None else wanted.quantities.get(line.variant_id, 0)
        )
    sent = {(line.variant_id, transfer.source_id): line for line in lines if line.shipped}
    arrivals = {
        (variant_id, transfer.destination_id): line.shipped
        for (variant_id, _), line in sent.items()
    }
    levels, freed = await lock(ctx, [*sent, *arrivals])
    _check_there(sent, levels, wanted)
    moves = [_off(transfer, key, line.shipped) for key, line in sent.items()]
    await scan(ctx, moves, scanned, ("serials",))
    carried = await carry(ctx, moves, key_of(transfer), {})
    for key, line in sent.items():
        line.road_minor = carried.values[key, StockState.AVAILABLE, StockState.IN_TRANSIT]
    await update_all(list(sent.values()), ("shipped", "road_minor"))
    expected = await expect(ctx, arrivals)
    await announce_changed(ctx, [*freed, *carried.levels, *expected])
    await fill(ctx, backordered(levels))
    await change_status(ctx, transfer, TransferStatus.IN_TRANSIT, None)
    return transfer.id


def _check_there(
    sent: Mapping[LevelKey, TransferLine],
    levels: Mapping[LevelKey, LockedLevel],
    wanted: Lines | None,
) -> None:
    if not sent:
        raise InvalidInput("There is no approved quantity to ship.", path=("lines",))
    short = [
        InsufficientStock(
            line.variant_id,
            requested=line.shipped,
            available=levels[key].quantities.available,
            path=wanted.path(line.variant_id, "quantity") if wanted else ("transferId",),
        )
        for key, line in sent.items()
        if levels[key].quantities.available < line.shipped
    ]
    if short:
        raise Refusals(short)


def _off(transfer: Transfer, key: LevelKey, quantity: int) -> Move:
    return Move(
        variant_id=key[0],
        location_id=key[1],
        from_state=StockState.AVAILABLE,
        to_state=StockState.IN_TRANSIT,
        quantity=quantity,
        reason=MovementReason.TRANSFER,
        document=key_of(transfer),
    )
