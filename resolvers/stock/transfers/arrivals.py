"""The end of a transfer: goods in transit are received, returned to the source, or lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

from models.accounts.roles import Permission
from models.errors import InvalidInput
from models.stock.costing import shares
from models.stock.documents.transfer_rules import (
    IN_TRANSIT_STATUSES,
    TransferAction,
    TransferStatus,
)
from models.stock.documents.transfers import Transfer, TransferLine
from models.stock.levels import LevelKey
from models.stock.states import MovementReason, StockState
from models.tables.bulk import update_all
from resolvers.context import Context
from resolvers.permissions import requires
from resolvers.stock.allocation.backorder_allocation import fill
from resolvers.stock.costs.costs import Way, carry
from resolvers.stock.documents.documents import do_once, note_of
from resolvers.stock.documents.inbound import expect
from resolvers.stock.documents.kinds import TRANSFERS, key_of
from resolvers.stock.documents.lines import LineDraft, Lines, check_within, summed
from resolvers.stock.documents.reading import lines_of
from resolvers.stock.documents.steps import change_status
from resolvers.stock.ledger.ledger import Move, announce_changed
from resolvers.stock.levels.locking import backordered, check_room, lock
from resolvers.stock.serials import SerialDraft, checked
from resolvers.stock.serials import given as given_serials
from resolvers.stock.transfers.serials import Named, named_in, settle_serials
from resolvers.stock.transfers.transfers import locked
from resolvers.validation import quantity_of, rows_of

# The counts of a receipt, and the state of their units at the destination.
_COUNTED = {
    "accepted": StockState.AVAILABLE,
    "rejected": StockState.QUARANTINED,
    "lost": StockState.OUTSIDE,
}


@dataclass(frozen=True, slots=True)
class ReceiptDraft:
    """How many units of a variant arrived in order, arrived to be inspected, or were lost.

    `serials` has their serial numbers under `"accepted"`, `"rejected"` and `"lost"`.
    """

    variant_id: int
    accepted: int
    rejected: int = 0
    lost: int = 0
    serials: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _End:
    """Units of a line that are no longer in transit; `column` of the line counts them."""

    line: TransferLine
    column: str
    location_id: int
    state: StockState
    quantity: int

    @property
    def level_key(self) -> LevelKey:
        return self.line.variant_id, self.location_id


@requires(Permission.TRANSFER_WRITE)
async def receive(
    ctx: Context, transfer_id: int, receipts: Sequence[ReceiptDraft], idempotency_key: str
) -> Transfer:
    """Receive goods: accepted units become available, rejected ones quarantined, lost ones leave stock.

    Units that the receipt does not count stay in transit.

    Raises: InvalidInput, NotFound, LimitExceeded, StateConflict, Forbidden, IdempotencyKeyReused; the errors
    of `settle_serials` for serial numbers.
    """
    counts, totals = _counted(receipts)
    named = named_in(receipts, totals)
    given = [transfer_id, [_keyed(each) for each in receipts]]
    work = partial(_receive, ctx, transfer_id, counts, totals, named)
    row_id = await do_once(ctx, "transferReceive", idempotency_key, given, work)
    return await Transfer.get(id=row_id)


@requires(Permission.STOCK_READ)
async def cancel(
    ctx: Context,
    transfer_id: int,
    note: str | None,
    lost: Sequence[LineDraft] | None,
    idempotency_key: str | None,
    lost_serials: Sequence[SerialDraft] = (),
) -> Transfer:
    """Cancel the transfer. Of the units in transit, the `lost` ones leave stock; others return to the source.

    Raises: InvalidInput, NotFound, LimitExceeded, StateConflict, Forbidden, IdempotencyKeyReused; the errors
    of `settle_serials` for serial numbers.
    """
    losses = Lines({}, {}) if lost is None else summed(lost, "lost")
    scanned = checked(lost_serials)
    given = [transfer_id, note, [asdict(line) for line in lost or ()], *given_serials(scanned)]
    named = Named({(each.variant_id, "lost"): each for each in scanned.values()}, ("lostSerials",))
    work = partial(_cancel, ctx, transfer_id, note_of(note), losses, named)
    row_id = await do_once(ctx, "transferCancel", idempotency_key, given, work)
    return await Transfer.get(id=row_id)


async def _receive(
    ctx: Context,
    transfer_id: int,
    counts: Mapping[int, Mapping[str, int]],
    totals: Lines,
    named: Named,
) -> int:
    transfer = await locked(ctx, transfer_id, TransferAction.RECEIVE)
    lines = await lines_of(TRANSFERS, transfer.id)
    check_within(totals, {line.variant_id: line.in_transit for line in lines}, "accepted")
    ends = [
        _End(line, column, transfer.destination_id, state, counts[line.variant_id][column])
        for line in lines
        if line.variant_id in counts
        for column, state in _COUNTED.items()
    ]
    await _end(ctx, transfer, ends, named)
    left = any(line.in_transit for line in lines)
    status = TransferStatus.PARTIALLY_RECEIVED if left else TransferStatus.RECEIVED
    await change_status(ctx, transfer, status, None)
    return transfer.id


async def _cancel(
    ctx: Context, transfer_id: int, note: str | None, losses: Lines, named: Named
) -> int:
    transfer = await locked(ctx, transfer_id, TransferAction.CANCEL)
    lines = await lines_of(TRANSFERS, transfer.id)
    check_within(losses, {line.variant_id: line.in_transit for line in lines})
    ends = []
    for line in lines:
        lost = losses.quantities.get(line.variant_id, 0)
        back = line.in_transit - lost
        ends.append(_End(line, "returned", transfer.source_id, StockState.AVAILABLE, back))
        ends.append(_End(line, "lost", transfer.destination_id, StockState.OUTSIDE, lost))
    if transfer.status in IN_TRANSIT_STATUSES:
        await _end(ctx, transfer, ends, named)
    else:
        named.refuse()
    await change_status(ctx, transfer, TransferStatus.CANCELLED, note)
    return transfer.id


async def _end(ctx: Context, transfer: Transfer, ends: Sequence[_End], named: Named) -> None:
    """Move units out of transit with their share of its value. The ends of a line are adjacent."""
    ends = [each for each in ends if each.quantity]
    expected: dict[LevelKey, int] = {}
    for each in ends:
        awaited = (each.line.variant_id, transfer.destination_id)
        expected[awaited] = expected.get(awaited, 0) - each.quantity
    levels, freed = await lock(ctx, {*expected, *(each.level_key for each in ends)})
    moves = [_move(transfer, each) for each in ends]
    check_room(levels, moves, "transferId")
    fates = [each.column for each in ends]
    await settle_serials(ctx, transfer, list(zip(fates, moves, strict=True)), named)
    worth: dict[Way, int] = {}
    for line, group in groupby(ends, key=lambda each: each.line):
        worth.update(_count(line, list(group)))
    carried = await carry(ctx, moves, key_of(transfer), worth)
    fewer = await expect(ctx, expected)
    columns = (*_COUNTED, "returned", "road_minor", "lost_minor")
    await update_all(list({each.line.id: each.line for each in ends}.values()), columns)
    await announce_changed(ctx, [*freed, *carried.levels, *fewer])
    await fill(ctx, backordered(levels))


def _count(line: TransferLine, ends: Sequence[_End]) -> dict[Way, int]:
    """Add the units to the counts of the line, and split its value in transit. Return the values by way."""
    values = shares(line.road_minor, line.in_transit, [each.quantity for each in ends])
    worth = {}
    for each, value in zip(ends, values, strict=True):
        setattr(line, each.column, getattr(line, each.column) + each.quantity)
        line.road_minor -= value
        line.lost_minor += value if each.column == "lost" else 0
        worth[each.level_key, StockState.IN_TRANSIT, each.state] = value
    return worth


def _move(transfer: Transfer, end: _End) -> Move:
    return Move(
        variant_id=end.line.variant_id,
        location_id=end.location_id,
        from_state=StockState.IN_TRANSIT,
        to_state=end.state,
        quantity=end.quantity,
        reason=MovementReason.TRANSFER,
        document=key_of(transfer),
    )


def _keyed(receipt: ReceiptDraft) -> dict[str, Any]:
    """Return the receipt in the form that is stored with an idempotency key.

    Without serial numbers it equals the form that was stored before serial numbers existed.
    """
    found = asdict(receipt)
    return found if receipt.serials else {k: v for k, v in found.items() if k != "serials"}


def _counted(receipts: Sequence[ReceiptDraft]) -> tuple[dict[int, dict[str, int]], Lines]:
    """Return the counts of each variant, duplicates summed, and their totals."""
    rows_of(receipts, "lines")
    counts: dict[int, dict[str, int]] = {}
    totals: dict[int, int] = {}
    positions: dict[int, int] = {}
    for number, each in enumerate(receipts):
        count = counts.setdefault(each.variant_id, dict.fromkeys(_COUNTED, 0))
        for column in _COUNTED:
            count[column] += quantity_of(getattr(each, column), "lines", number, column, minimum=0)
        if not each.accepted + each.rejected + each.lost:
            raise InvalidInput("Give a quantity above 0.", path=("lines", number))
        totals[each.variant_id] = sum(count.values())
        positions.setdefault(each.variant_id, number)
    return counts, Lines(totals, positions)
