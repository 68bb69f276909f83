"""Purchase orders and what goes back to suppliers: nothing comes twice, and nothing that was not ordered."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from models.accounts.roles import Role
from models.errors import (
    Duplicate,
    Forbidden,
    InsufficientStock,
    InvalidInput,
    LimitExceeded,
    NotFound,
    PermissionDenied,
    Refusals,
    StateConflict,
)
from models.stock.documents.purchase_rules import PurchaseOrderStatus, SupplierReturnStatus
from models.stock.documents.purchases import (
    PurchaseOrder,
    PurchaseOrderLine,
    Supplier,
    SupplierReturn,
    SupplierReturnLine,
)
from models.stock.states import StockState
from resolvers.bulk_rows import OnError
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from resolvers.stock.audit import audit
from resolvers.stock.costs import valuation as costs_valuation
from resolvers.stock.documents import lists, reading
from resolvers.stock.documents.documents import history_of
from resolvers.stock.documents.kinds import PURCHASE_ORDERS
from resolvers.stock.documents.lists import DocumentFilter
from resolvers.stock.purchasing import order_steps, rights, suppliers
from resolvers.stock.purchasing import return_steps as purchasing_return_steps
from resolvers.stock.purchasing.return_steps import ReturnDraft, ReturnLineDraft
from resolvers.stock.purchasing.suppliers import SupplierDraft
from tests.make.purchases import a_purchase, bought, ordered, received
from tests.make.stock import a_level, again
from tests.make.transfers import a_key, somebody


async def test_goods_are_ordered_approved_and_come_in_parts(ctx: Context) -> None:
    level = await a_level(ctx, 1)
    order = await order_steps.create(
        ctx, a_purchase(level.location_id, (level.variant_id, 10, "2.50")), a_key()
    )
    assert (order.status, order.total_minor) == (PurchaseOrderStatus.SUBMITTED, 2500)
    assert (await again(level)).incoming == 0
    with pytest.raises(StateConflict) as early:
        await received(ctx, order, (level.variant_id, 1))
    assert early.value.allowed == ("APPROVE", "CANCEL")
    await order_steps.approve(ctx, order.id, "as agreed")
    assert ((await again(level)).available, (await again(level)).incoming) == (1, 10)
    order = await received(ctx, order, (level.variant_id, 4))
    now = await again(level)
    assert order.status is PurchaseOrderStatus.PARTIALLY_RECEIVED
    assert (now.available, now.incoming) == (5, 6)
    with pytest.raises(Refusals) as refused:
        await received(ctx, order, (level.variant_id, 7))
    assert [type(each) for each in refused.value.refusals] == [LimitExceeded]
    order = await received(ctx, order, (level.variant_id, 3), (level.variant_id, 3))
    now = await again(level)
    assert order.status is PurchaseOrderStatus.RECEIVED
    assert (now.available, now.incoming) == (11, 0)
    history = (await history_of("PurchaseOrder", [order.id]))[order.id]
    assert [each.to_status for each in history] == [
        "SUBMITTED",
        "APPROVED",
        "PARTIALLY_RECEIVED",
        "RECEIVED",
    ]
    worth = (await costs_valuation.of_levels(ctx, [level.id]))[level.id]
    assert (worth.quantity, worth.value_minor) == (11, 2500)  # nobody said what the first one cost
    assert (await audit.run(ctx)).drifts == []


async def test_what_is_called_off_is_expected_no_more(ctx: Context) -> None:
    level = await a_level(ctx, 0)
    order = await ordered(ctx, level.location_id, (level.variant_id, 10, "1"))
    await received(ctx, order, (level.variant_id, 4))
    order = await order_steps.cancel(ctx, order.id, "sold out")
    assert order.status is PurchaseOrderStatus.CANCELLED
    now = await again(level)
    assert (now.available, now.incoming) == (4, 0)
    with pytest.raises(StateConflict):
        await received(ctx, order, (level.variant_id, 1))
    assert (await audit.run(ctx)).drifts == []


@pytest.mark.parametrize(
    ("lines", "kind", "path"),
    [
        ([(1, "1"), (1, "2")], Duplicate, ("lines", 1, "unitCost")),
        ([(1, "-1")], InvalidInput, ("lines", 0, "unitCost")),
        ([(1, "0.001")], InvalidInput, ("lines", 0, "unitCost")),
        ([(1_000_000, "1000000000")], InvalidInput, ("lines", 0, "unitCost")),
        ([(1, "NaN")], InvalidInput, ("lines", 0, "unitCost")),
        ([(0, "1")], InvalidInput, ("lines", 0, "quantity")),
        ([(600_000, "1"), (600_000, "1")], InvalidInput, ("lines", 1, "quantity")),
        ([], InvalidInput, ("lines",)),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(
    ctx: Context, lines: list[tuple[int, str]], kind: type, path: tuple[object, ...]
) -> None:
    level = await a_level(ctx, 0)
    draft = a_purchase(level.location_id, *((level.variant_id, *line) for line in lines))
    with pytest.raises(kind) as refused:
        await order_steps.create(ctx, draft, a_key())
    assert refused.value.path == path
    assert (await PurchaseOrder.all().count(), await Supplier.all().count()) == (0, 0)


async def test_four_eyes_and_territory(ctx: Context) -> None:
    level = await a_level(ctx, 0)
    await level.fetch_related("location")
    strict = replace(ctx, settings=replace(ctx.settings, purchase_four_eyes=True))
    admin = await somebody(strict, Role.ADMIN, ctx.merchant_id or 0)
    finance = await somebody(strict, Role.FINANCE, ctx.merchant_id or 0)
    manager = await somebody(strict, Role.MANAGER, level.location.organisation_id)
    stranger = await somebody(
        strict, Role.ADMIN, (await _place_of(await a_level(ctx, 0))).organisation_id
    )
    order = await order_steps.create(
        admin, a_purchase(level.location_id, (level.variant_id, 3, "1")), a_key()
    )
    assert await rights.actions_of(admin, [order]) == [["CANCEL"]]
    assert await rights.actions_of(finance, [order]) == [["APPROVE", "CANCEL"]]
    with pytest.raises(Forbidden):
        await order_steps.approve(admin, order.id, None)
    with pytest.raises(NotFound):
        await order_steps.approve(stranger, order.id, None)
    with pytest.raises(PermissionDenied):
        await order_steps.approve(manager, order.id, None)
    assert await reading.by_ids(stranger, PURCHASE_ORDERS, [order.id]) == {}
    draft = a_purchase(level.location_id, (level.variant_id, 3, "1"))
    with pytest.raises(NotFound):
        await order_steps.create(stranger, draft, a_key())
    order = await order_steps.approve(finance, order.id, None)
    with pytest.raises(Forbidden):
        await order_steps.cancel(manager, order.id, None)
    assert (await received(manager, order, (level.variant_id, 3))).status == "RECEIVED"
    wanted = DocumentFilter(supplier_code="MILK")
    found = (await lists.listed(finance, PURCHASE_ORDERS, wanted, PageRequest(first=1))).page
    assert ([row.id for row in found.rows], found.has_next) == ([order.id], False)


async def test_two_receipts_of_one_order_bring_its_goods_once(ctx: Context) -> None:
    level = await a_level(ctx, 0)
    order = await ordered(ctx, level.location_id, (level.variant_id, 10, "3.33"))
    outcomes = await asyncio.gather(
        *(received(ctx, order, (level.variant_id, 4)) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(each, PurchaseOrder) for each in outcomes) == 2
    assert all(isinstance(each, PurchaseOrder | Refusals) for each in outcomes)
    now = await again(level)
    assert (now.available, now.incoming) == (8, 2)
    assert (await costs_valuation.of_levels(ctx, [level.id]))[level.id].value_minor == 8 * 333
    assert (await audit.run(ctx)).drifts == []


async def test_goods_go_back_to_their_supplier(ctx: Context) -> None:
    level = await a_level(ctx, 0)
    order = await bought(ctx, level, 10, "2.00")
    await bought(ctx, level, 10, "4.00")
    draft = ReturnDraft(
        purchase_order_id=order.id,
        supplier_code=None,
        location_id=None,
        lines=[ReturnLineDraft(level.variant_id, 3), ReturnLineDraft(level.variant_id, 1)],
        note="sour",
    )
    found = await purchasing_return_steps.create(ctx, draft, a_key())
    assert (found.number[:3], found.status) == ("SR-", SupplierReturnStatus.SUBMITTED)
    with pytest.raises(StateConflict):
        await purchasing_return_steps.ship(ctx, found.id, a_key())
    await purchasing_return_steps.approve(ctx, found.id, None)
    assert await rights.actions_of(ctx, [await SupplierReturn.get(id=found.id)]) == [
        ["SHIP", "CANCEL"]
    ]
    key = a_key()
    for _ in range(2):
        found = await purchasing_return_steps.ship(ctx, found.id, key)
    assert found.status is SupplierReturnStatus.SHIPPED
    assert (await again(level)).available == 16
    assert (await PurchaseOrderLine.get(purchase_order_id=order.id)).returned == 4
    assert (await SupplierReturnLine.get(supplier_return_id=found.id)).value_minor == 1200
    worth = (await costs_valuation.of_levels(ctx, [level.id]))[level.id]
    assert (worth.quantity, worth.value_minor) == (16, 4800)
    more = replace(draft, lines=[ReturnLineDraft(level.variant_id, 7)])
    with pytest.raises(Refusals):  # only six of this order's are left
        await purchasing_return_steps.create(ctx, more, a_key())
    assert (await audit.run(ctx)).drifts == []


async def test_two_returns_never_send_back_more_than_came(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    order = await bought(ctx, level, 6, "1.00")
    draft = ReturnDraft(
        purchase_order_id=order.id,
        supplier_code=None,
        location_id=None,
        lines=[ReturnLineDraft(level.variant_id, 4)],
    )
    found = [await purchasing_return_steps.create(ctx, draft, a_key()) for _ in range(3)]
    for each in found:
        await purchasing_return_steps.approve(ctx, each.id, None)
    outcomes = await asyncio.gather(
        *(purchasing_return_steps.ship(ctx, each.id, a_key()) for each in found),
        return_exceptions=True,
    )
    assert sum(isinstance(each, SupplierReturn) for each in outcomes) == 1
    refused = [each.refusals for each in outcomes if isinstance(each, Refusals)]
    assert [[each.path for each in some] for some in refused] == [[("supplierReturnId",)]] * 2
    assert (await again(level)).available == 7
    assert (await audit.run(ctx)).drifts == []


async def test_a_free_return_takes_from_the_state_it_names(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    await bought(ctx, level, 1, "6.00")
    draft = ReturnDraft(
        purchase_order_id=None,
        supplier_code="MILK",
        location_id=level.location_id,
        lines=[ReturnLineDraft(level.variant_id, 1, StockState.DAMAGED)],
    )
    found = await purchasing_return_steps.create(ctx, draft, a_key())
    await purchasing_return_steps.approve(ctx, found.id, None)
    with pytest.raises(Refusals) as refused:
        await purchasing_return_steps.ship(ctx, found.id, a_key())
    (short,) = refused.value.refusals
    assert isinstance(short, InsufficientStock)
    assert short.path == ("supplierReturnId",)
    assert str(short) == "Only 0 of the 1 asked for are DAMAGED."
    assert (await again(level)).available == 6
    held = replace(draft, lines=[ReturnLineDraft(level.variant_id, 1, StockState.HELD)])
    with pytest.raises(InvalidInput) as odd:
        await purchasing_return_steps.create(ctx, held, a_key())
    assert odd.value.path == ("lines", 0, "fromState")
    with pytest.raises(NotFound):
        await purchasing_return_steps.create(ctx, replace(draft, supplier_code="NOBODY"), a_key())


async def test_suppliers_are_kept_by_code(ctx: Context) -> None:
    rows = [SupplierDraft(code="MILK", name="Dairy"), SupplierDraft(code="TEA", name="Tea house")]
    made = await suppliers.upsert(ctx, rows, OnError.REJECT_ALL)
    same = await suppliers.upsert(ctx, rows, OnError.REJECT_ALL)
    assert [(each.created, each.updated) for each in (made, same)] == [(2, 0), (0, 0)]
    split = await suppliers.upsert(ctx, [replace(rows[0], name="A\nB")], OnError.REJECT_ALL)
    assert [each.path for each in split.refusals] == [("suppliers", 0, "name")]
    twice = await suppliers.upsert(ctx, [*rows, rows[0]], OnError.REJECT_ALL)
    assert [each.path for each in twice.refusals] == [("suppliers", 2, "code")]
    closed = replace(rows[0], active=False)
    assert (await suppliers.upsert(ctx, [closed], OnError.REJECT_ALL)).updated == 1
    level = await a_level(ctx, 0)
    draft = a_purchase(level.location_id, (level.variant_id, 1, "1"))
    with pytest.raises(InvalidInput) as refused:
        await order_steps.create(ctx, draft, a_key())
    assert refused.value.path == ("supplierCode",)
    open_ones = await suppliers.page(ctx, suppliers.SupplierQuery(active=True), PageRequest())
    assert [row.code for row in open_ones.rows] == ["TEA"]
    drafts = [a_purchase(level.location_id, (level.variant_id, 1, "1"), supplier="NEW")] * 4
    await asyncio.gather(*(order_steps.create(ctx, draft, a_key()) for draft in drafts))
    assert await Supplier.filter(code="NEW").count() == 1


async def _place_of(level):  # type: ignore[no-untyped-def]
    await level.fetch_related("location")
    return level.location
