"""Steps of a purchase order: create, approve, receive in one or more deliveries, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from functools import partial

from models.accounts.roles import Permission
from models.database import transaction
from models.errors import Duplicate, InvalidInput, NotFound
from models.money import MAX_MINOR, CurrencyCode, InvalidAmount, to_minor
from models.stock.documents.purchase_rules import EXPECTED, PurchaseAction, PurchaseOrderStatus
from models.stock.documents.purchases import PurchaseOrder, PurchaseOrderLine
from models.stock.states import MovementReason, StockState
from models.stores.locations import Location
from models.tables.bulk import insert_all, update_all
from resolvers.context import Context
from resolvers.permissions import requires, scoped
from resolvers.stock.allocation.backorder_allocation import fill
from resolvers.stock.costs.costs import carry
from resolvers.stock.documents.documents import do_once, next_number, note_of
from resolvers.stock.documents.inbound import expect
from resolvers.stock.documents.kinds import PURCHASE_ORDERS, key_of
from resolvers.stock.documents.lines import LineDraft, Lines, check_variants, check_within, summed
from resolvers.stock.documents.reading import lines_of
from resolvers.stock.documents.steps import change_status, record_change
from resolvers.stock.ledger.ledger import Move, announce_changed
from resolvers.stock.levels.locking import backordered, check_room, lock
from resolvers.stock.purchasing import suppliers
from resolvers.stock.purchasing.rights import locked
from resolvers.stock.serials import Scanned, SerialDraft, checked, given, scan
from resolvers.validation import code_of, line_of

PREFIX = "PO"


@dataclass(frozen=True, slots=True)
class PurchaseLineDraft:
    """Units of a variant at a unit cost in yuan."""

    variant_id: int
    quantity: int
    unit_cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseDraft:
    supplier_code: str
    supplier_name: str | None
    destination_id: int
    lines: Sequence[PurchaseLineDraft]
    note: str | None = None


@requires(Permission.PURCHASE_WRITE)
async def create(ctx: Context, draft: PurchaseDraft, idempotency_key: str) -> PurchaseOrder:
    """Create a purchase order for a location. Its goods are not incoming before the approval.

    Raises: InvalidInput, NotFound, Duplicate for a variant at two prices, IdempotencyKeyReused.
    """
    lines = summed([LineDraft(line.variant_id, line.quantity) for line in draft.lines])
    costs = _costs(draft.lines, lines)
    code_of(draft.supplier_code, "supplierCode")
    if draft.supplier_name is not None:
        name = line_of(draft.supplier_name, "supplierName", 200)
        draft = replace(draft, supplier_name=name)
    draft = replace(draft, note=note_of(draft.note))
    work = partial(_create, ctx, draft, lines, costs)
    order_id = await do_once(ctx, "purchaseOrderCreate", idempotency_key, asdict(draft), work)
    return await PurchaseOrder.get(id=order_id)


@requires(Permission.PURCHASE_APPROVE)
async def approve(ctx: Context, order_id: int, note: str | None) -> PurchaseOrder:
    """Approve the order. Its goods are incoming from then on.

    Raises: InvalidInput, NotFound, StateConflict, LimitExceeded; Forbidden, also for the creator with the
    setting `purchase_four_eyes`.
    """
    return await transaction(_approve, ctx, order_id, note_of(note))


@requires(Permission.PURCHASE_RECEIVE)
async def receive(
    ctx: Context,
    order_id: int,
    lines: Sequence[LineDraft],
    idempotency_key: str,
    serials: Sequence[SerialDraft] = (),
) -> PurchaseOrder:
    """Receive delivered goods at the order's unit costs. The rest stays incoming.

    Raises: InvalidInput, NotFound, LimitExceeded for more than was ordered, StateConflict, Forbidden,
    IdempotencyKeyReused; the errors of `scan` for `serials`.
    """
    received, scanned = summed(lines), checked(serials)
    keyed = [order_id, [asdict(line) for line in lines], *given(scanned)]
    work = partial(_receive, ctx, order_id, received, scanned)
    row_id = await do_once(ctx, "purchaseOrderReceive", idempotency_key, keyed, work)
    return await PurchaseOrder.get(id=row_id)


@requires(Permission.PURCHASE_READ)
async def cancel(ctx: Context, order_id: int, note: str | None) -> PurchaseOrder:
    """Cancel the outstanding quantity. The right to approve also permits this.

    Raises: InvalidInput, NotFound, StateConflict, Forbidden.
    """
    return await transaction(_cancel, ctx, order_id, note_of(note))


async def _create(ctx: Context, draft: PurchaseDraft, lines: Lines, costs: dict[int, int]) -> int:
    own = Location.filter(id=draft.destination_id)
    destination = await scoped(own, ctx, Permission.PURCHASE_WRITE, "organisation").first()
    if destination is None:
        raise NotFound("There is no such store or warehouse.", path=("destinationId",))
    if not destination.active:
        raise InvalidInput("{code} is closed.", path=("destinationId",), code=destination.code)
    merchant_id = destination.merchant_id
    await check_variants(merchant_id, lines.positions)
    name = draft.supplier_name
    supplier = await suppliers.ensure(ctx, merchant_id, draft.supplier_code, name)
    order = await PurchaseOrder.create(
        merchant_id=merchant_id,
        number=await next_number(ctx, merchant_id, PREFIX),
        status=PurchaseOrderStatus.SUBMITTED,
        supplier_id=supplier.id,
        destination=destination,
        created_by_kind=str(ctx.actor.kind),
        created_by_id=ctx.actor.id,
        note=draft.note,
        total_minor=sum(costs[each] * quantity for each, quantity in lines.quantities.items()),
    )
    columns = (
        "purchase_order_id", "variant_id", "ordered", "unit_cost_minor", "received", "returned",
        "created_at",
    )  # fmt: skip
    rows = [
        (order.id, variant_id, quantity, costs[variant_id], 0, 0, ctx.now())
        for variant_id, quantity in lines.quantities.items()
    ]
    await insert_all("purchase_order_line", columns, rows)
    await record_change(ctx, order, None, draft.note)
    return order.id


async def _locked(ctx: Context, order_id: int, action: PurchaseAction) -> PurchaseOrder:
    missing = NotFound("There is no such purchase order.", path=("purchaseOrderId",))
    return await locked(ctx, PURCHASE_ORDERS, order_id, action, missing)


async def _approve(ctx: Context, order_id: int, note: str | None) -> PurchaseOrder:
    order = await _locked(ctx, order_id, PurchaseAction.APPROVE)
    lines = await lines_of(PURCHASE_ORDERS, order.id)
    await _expect(ctx, order, lines, 1)
    approved_by = {"approved_by_kind": str(ctx.actor.kind), "approved_by_id": ctx.actor.id}
    await change_status(ctx, order, PurchaseOrderStatus.APPROVED, note, **approved_by)
    return order


async def _cancel(ctx: Context, order_id: int, note: str | None) -> PurchaseOrder:
    order = await _locked(ctx, order_id, PurchaseAction.CANCEL)
    if order.status in EXPECTED:
        lines = await lines_of(PURCHASE_ORDERS, order.id)
        await _expect(ctx, order, lines, -1)
    await change_status(ctx, order, PurchaseOrderStatus.CANCELLED, note)
    return order


async def _expect(
    ctx: Context, order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], sign: int
) -> None:
    """Add the outstanding quantities to the incoming ones (`sign` 1), or subtract them (`sign` -1)."""
    deltas = {
        (line.variant_id, order.destination_id): sign * line.outstanding
        for line in lines
        if line.outstanding
    }
    levels, freed = await lock(ctx, deltas)
    expected = await expect(ctx, deltas, "purchaseOrderId")
    await announce_changed(ctx, [*freed, *expected])
    await fill(ctx, backordered(levels))


async def _receive(ctx: Context, order_id: int, came: Lines, scanned: Scanned) -> int:
    order = await _locked(ctx, order_id, PurchaseAction.RECEIVE)
    lines = await lines_of(PURCHASE_ORDERS, order.id)
    check_within(came, {line.variant_id: line.outstanding for line in lines})
    by_key = {
        (line.variant_id, order.destination_id): line
        for line in lines
        if line.variant_id in came.quantities
    }
    levels, freed = await lock(ctx, by_key)
    moves, worth, deltas = [], {}, {}
    for key, line in by_key.items():
        quantity = came.quantities[line.variant_id]
        moves.append(_receipt(order, line, quantity))
        worth[key, StockState.OUTSIDE, StockState.AVAILABLE] = quantity * line.unit_cost_minor
        deltas[key] = -quantity
        line.received += quantity
    check_room(levels, moves, "lines")
    await scan(ctx, moves, scanned, ("serials",))
    carried = await carry(ctx, moves, key_of(order), worth)
    fewer = await expect(ctx, deltas)
    await update_all(list(by_key.values()), ("received",))
    await announce_changed(ctx, [*freed, *carried.levels, *fewer])
    await fill(ctx, backordered(levels))
    left = any(line.outstanding for line in lines)
    status = PurchaseOrderStatus.PARTIALLY_RECEIVED if left else PurchaseOrderStatus.RECEIVED
    await change_status(ctx, order, status, None)
    return order.id


def _receipt(order: PurchaseOrder, line: PurchaseOrderLine, quantity: int) -> Move:
    return Move(
        variant_id=line.variant_id,
        location_id=order.destination_id,
        from_state=StockState.OUTSIDE,
        to_state=StockState.AVAILABLE,
        quantity=quantity,
        reason=MovementReason.PURCHASE_RECEIPT,
        document=key_of(order),
    )


def _costs(drafts: Sequence[PurchaseLineDraft], lines: Lines) -> dict[int, int]:
    """Return the unit cost of each variant, in minor units.

    Raises: InvalidInput, Duplicate for a variant at two prices.
    """
    costs: dict[int, int] = {}
    for number, draft in enumerate(drafts):
        cost = _cost_of(draft.unit_cost, number)
        if costs.setdefault(draft.variant_id, cost) != cost:
            path = ("lines", number, "unitCost")
            raise Duplicate("This variant is ordered at another price already.", path=path)
        if cost * lines.quantities[draft.variant_id] > MAX_MINOR:
            raise InvalidInput("The amount is too large.", path=("lines", number, "unitCost"))
    return costs


def _cost_of(amount: Decimal, number: int) -> int:
    try:
        minor = to_minor(amount, CurrencyCode.CNY)
    except InvalidAmount:
        minor = -1
    if minor < 0:
        raise InvalidInput(
            "A cost has at most two decimals and is not negative.",
            path=("lines", number, "unitCost"),
        )
    return minor
