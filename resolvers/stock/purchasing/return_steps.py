"""Steps of a supplier return: create, approve, ship, cancel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

from models.accounts.roles import Permission
from models.database import transaction
from models.errors import InsufficientStock, InvalidInput, NotFound, Refusals
from models.stock.documents.purchase_rules import RETURNABLE, PurchaseAction, SupplierReturnStatus
from models.stock.documents.purchases import (
    PurchaseOrder,
    PurchaseOrderLine,
    Supplier,
    SupplierReturn,
)
from models.stock.documents.purchases import SupplierReturnLine as Line
from models.stock.levels import LevelKey
from models.stock.states import MovementReason, StockState
from models.stores.locations import Location
from models.tables.bulk import insert_all, update_all
from resolvers.context import Context
from resolvers.permissions import requires, scoped
from resolvers.stock.allocation.backorder_allocation import fill
from resolvers.stock.costs.costs import carry
from resolvers.stock.documents.documents import do_once, next_number, note_of
from resolvers.stock.documents.kinds import PURCHASE_ORDERS, SUPPLIER_RETURNS, key_of
from resolvers.stock.documents.lines import Lines, check_variants, check_within
from resolvers.stock.documents.reading import by_ids, lines_of
from resolvers.stock.documents.steps import change_status, record_change
from resolvers.stock.ledger.ledger import Move, announce_changed
from resolvers.stock.levels.locking import LockedLevel, backordered, lock
from resolvers.stock.purchasing.rights import locked
from resolvers.stock.serials import Scanned, SerialDraft, checked, given, scan
from resolvers.validation import quantity_of, rows_of

PREFIX = "SR"
Counts = Mapping[tuple[int, StockState], int]  # units by variant and state


@dataclass(frozen=True, slots=True)
class ReturnLineDraft:
    variant_id: int
    quantity: int
    from_state: StockState = StockState.AVAILABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDraft:
    """A return of goods of a purchase order, or of any goods to a supplier.

    `location_id` defaults to the destination of the purchase order.
    """

    purchase_order_id: int | None
    supplier_code: str | None
    location_id: int | None
    lines: Sequence[ReturnLineDraft]
    note: str | None = None


@requires(Permission.PURCHASE_WRITE)
async def create(ctx: Context, draft: ReturnDraft, idempotency_key: str) -> SupplierReturn:
    """Create a supplier return. Stock does not move before it is shipped.

    Raises: InvalidInput, NotFound, LimitExceeded for more than the order delivered, IdempotencyKeyReused.
    """
    counts, totals = _counted(draft.lines)
    if (draft.purchase_order_id is None) == (draft.supplier_code is None):
        raise InvalidInput("Give a purchase order or a supplier.", path=("supplierCode",))
    draft = replace(draft, note=note_of(draft.note))
    work = partial(_create, ctx, draft, counts, totals)
    row_id = await do_once(ctx, "supplierReturnCreate", idempotency_key, asdict(draft), work)
    return await SupplierReturn.get(id=row_id)


@requires(Permission.PURCHASE_APPROVE)
async def approve(ctx: Context, return_id: int, note: str | None) -> SupplierReturn:
    """Approve the return. Raises: InvalidInput, NotFound, StateConflict, Forbidden."""
    return await transaction(_approve, ctx, return_id, note_of(note))


@requires(Permission.PURCHASE_READ)
async def cancel(ctx: Context, return_id: int, note: str | None) -> SupplierReturn:
    """Cancel the return. Raises: InvalidInput, NotFound, StateConflict, Forbidden."""
    return await transaction(_cancel, ctx, return_id, note_of(note))


@requires(Permission.PURCHASE_RECEIVE)
async def ship(
    ctx: Context, return_id: int, idempotency_key: str, serials: Sequence[SerialDraft] = ()
) -> SupplierReturn:
    """Move the goods out of stock, at their average cost.

    Raises: NotFound, StateConflict, Forbidden, LimitExceeded for more than the order delivered,
    IdempotencyKeyReused; Refusals with InsufficientStock for each line with too few units; the errors of
    `scan` for `serials`.
    """
    scanned = checked(serials)
    work, keyed = partial(_ship, ctx, return_id, scanned), [return_id, *given(scanned)]
    row_id = await do_once(ctx, "supplierReturnShip", idempotency_key, keyed, work)
    return await SupplierReturn.get(id=row_id)


async def _create(ctx: Context, draft: ReturnDraft, counts: Counts, totals: Lines) -> int:
    order = await _order(ctx, draft.purchase_order_id)
    location = await _location(ctx, draft.location_id, order)
    if order is None:
        await check_variants(location.merchant_id, totals.positions)
    else:
        check_within(totals, _limits(await lines_of(PURCHASE_ORDERS, order.id)))
    found = await SupplierReturn.create(
        merchant_id=location.merchant_id,
        number=await next_number(ctx, location.merchant_id, PREFIX),
        status=SupplierReturnStatus.SUBMITTED,
        supplier_id=await _supplier_id(location.merchant_id, draft.supplier_code, order),
        location=location,
        purchase_order_id=order.id if order else None,
        created_by_kind=str(ctx.actor.kind),
        created_by_id=ctx.actor.id,
        note=draft.note,
    )
    columns = (
        "supplier_return_id", "variant_id", "from_state", "quantity", "value_minor", "created_at",
    )  # fmt: skip
    rows = [
        (found.id, variant_id, str(state), quantity, 0, ctx.now())
        for (variant_id, state), quantity in counts.items()
    ]
    await insert_all("supplier_return_line", columns, rows)
    await record_change(ctx, found, None, draft.note)
    return found.id


async def _order(ctx: Context, order_id: int | None) -> PurchaseOrder | None:
    if order_id is None:
        return None
    found = await by_ids(ctx, PURCHASE_ORDERS, [order_id])
    if order_id not in found:
        raise NotFound("There is no such purchase order.", path=("purchaseOrderId",))
    return found[order_id]


async def _location(ctx: Context, location_id: int | None, order: PurchaseOrder | None) -> Location:
    """Return the location of the goods: in the caller's territory, and of the order's merchant."""
    if location_id is None:
        if order is None:
            raise InvalidInput("Give the location of the goods.", path=("locationId",))
        location_id = order.destination_id
    own = Location.filter(id=location_id)
    location = await scoped(own, ctx, Permission.PURCHASE_WRITE, "organisation").first()
    if location is None or (order and order.merchant_id != location.merchant_id):
        raise NotFound("There is no such store or warehouse.", path=("locationId",))
    return location


async def _supplier_id(merchant_id: int, code: str | None, order: PurchaseOrder | None) -> int:
    if order is not None:
        return order.supplier_id
    supplier = await Supplier.filter(merchant_id=merchant_id, code=code).first()
    if supplier is None:
        raise NotFound("There is no supplier {code}.", path=("supplierCode",), code=code)
    return supplier.id


async def _locked(ctx: Context, return_id: int, action: PurchaseAction) -> SupplierReturn:
    missing = NotFound("There is no such supplier return.", path=("supplierReturnId",))
    return await locked(ctx, SUPPLIER_RETURNS, return_id, action, missing)


async def _approve(ctx: Context, return_id: int, note: str | None) -> SupplierReturn:
    found = await _locked(ctx, return_id, PurchaseAction.APPROVE)
    approved_by = {"approved_by_kind": str(ctx.actor.kind), "approved_by_id": ctx.actor.id}
    await change_status(ctx, found, SupplierReturnStatus.APPROVED, note, **approved_by)
    return found


async def _cancel(ctx: Context, return_id: int, note: str | None) -> SupplierReturn:
    found = await _locked(ctx, return_id, PurchaseAction.CANCEL)
    await change_status(ctx, found, SupplierReturnStatus.CANCELLED, note)
    return found


async def _ship(ctx: Context, return_id: int, scanned: Scanned) -> int:
    found = await _locked(ctx, return_id, PurchaseAction.SHIP)
    lines = await lines_of(SUPPLIER_RETURNS, found.id)
    await _count_returned(found, lines)
    levels, freed = await lock(ctx, {(line.variant_id, found.location_id) for line in lines})
    _check_there(found, lines, levels)
    moves = [_move(found, line) for line in lines]
    await scan(ctx, moves, scanned, ("serials",))
    carried = await carry(ctx, moves, key_of(found), {})
    for line in lines:
        position = line.variant_id, found.location_id
        line.value_minor = carried.values[position, line.from_state, StockState.OUTSIDE]
    await update_all(lines, ("value_minor",))
    await announce_changed(ctx, [*freed, *carried.levels])
    await fill(ctx, backordered(levels))
    await change_status(ctx, found, SupplierReturnStatus.SHIPPED, None)
    return found.id


async def _count_returned(found: SupplierReturn, lines: Sequence[Line]) -> None:
    """Add the returned quantities to the purchase order. Its lock keeps two returns within its limits."""
    if found.purchase_order_id is None:
        return
    order = await PurchaseOrder.filter(id=found.purchase_order_id).select_for_update().get()
    ordered = await lines_of(PURCHASE_ORDERS, order.id)
    totals = Counter[int]()
    for line in lines:
        totals[line.variant_id] += line.quantity
    check_within(Lines(totals, {}, "supplierReturnId"), _limits(ordered))
    for each in ordered:
        each.returned += totals[each.variant_id]
    await update_all(ordered, ("returned",))


def _limits(lines: Sequence[PurchaseOrderLine]) -> dict[int, int]:
    """Return how many units of each variant were received and not returned."""
    return {line.variant_id: line.received - line.returned for line in lines}


def _check_there(
    found: SupplierReturn, lines: Sequence[Line], levels: Mapping[LevelKey, LockedLevel]
) -> None:
    short = []
    for line in lines:
        there = levels[line.variant_id, found.location_id].quantities.of(line.from_state)
        if there < line.quantity:
            short.append(
                InsufficientStock(
                    line.variant_id,
                    requested=line.quantity,
                    available=there,
                    state=line.from_state,
                    path=("supplierReturnId",),
                )
            )
    if short:
        raise Refusals(short)


def _move(found: SupplierReturn, line: Line) -> Move:
    return Move(
        variant_id=line.variant_id,
        location_id=found.location_id,
        from_state=line.from_state,
        to_state=StockState.OUTSIDE,
        quantity=line.quantity,
        reason=MovementReason.SUPPLIER_RETURN,
        document=key_of(found),
    )


def _counted(drafts: Sequence[ReturnLineDraft]) -> tuple[Counts, Lines]:
    """Return the quantities by variant and state, and by variant, duplicates summed."""
    rows_of(drafts, "lines")
    counts: dict[tuple[int, StockState], int] = {}
    totals: dict[int, int] = {}
    positions: dict[int, int] = {}
    for number, draft in enumerate(drafts):
        if draft.from_state not in RETURNABLE:
            raise InvalidInput(
                "Units in the state {state} cannot be returned to a supplier.",
                path=("lines", number, "fromState"),
                state=draft.from_state,
            )
        path = ("lines", number, "quantity")
        key = draft.variant_id, draft.from_state
        counts[key] = counts.get(key, 0) + quantity_of(draft.quantity, *path)
        total = totals.get(draft.variant_id, 0) + draft.quantity
        totals[draft.variant_id] = quantity_of(total, *path)
        positions.setdefault(draft.variant_id, number)
    return counts, Lines(totals, positions)
