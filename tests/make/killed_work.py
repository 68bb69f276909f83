"""Work on stock that may be killed at any statement and is then repeated."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress

from models.catalog.products import Variant
from models.errors import StateConflict
from models.stock.documents.stocktakes import Stocktake
from models.stock.levels import StockLevel
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.stock.documents.lines import LineDraft
from resolvers.stock.purchasing import order_steps
from resolvers.stock.purchasing import return_steps as purchasing_return_steps
from resolvers.stock.purchasing.return_steps import ReturnDraft, ReturnLineDraft
from resolvers.stock.serials import SerialDraft
from resolvers.stock.stocktakes.approval import approve
from resolvers.stock.stocktakes.counting import CountDraft, count
from resolvers.stock.stocktakes.opening import open_
from resolvers.stock.transfers import arrivals as transfer_arrivals
from resolvers.stock.transfers import requests as transfer_requests
from resolvers.stock.transfers import shipping as transfer_shipping
from resolvers.stock.transfers.arrivals import ReceiptDraft
from resolvers.stock.transfers.requests import TransferDraft
from tests.make.purchases import a_purchase, bought
from tests.make.sales import a_guest, a_level_in_a_store, an_order, later
from tests.make.stock import a_level, a_location, a_variant

MILK, PHONE, LATER = "KILLED-MILK", "KILLED-PHONE", "KILLED-LATER"


async def chain(ctx: Context) -> None:
    """Two places with milk, bought at two prices; some of it is held by an order that nobody pays."""
    milk = await a_level_in_a_store(ctx, 9)
    await Variant.filter(id=milk.variant_id).update(sku=MILK)
    await a_level(ctx, 4, variant=await Variant.get(sku=MILK), location=await a_location(ctx))
    await bought(ctx, milk, 6, "3.33")
    await an_order(await a_guest(ctx), milk, quantity=2)
    phone = await a_variant(ctx, PHONE)
    await Variant.filter(id=phone.id).update(tracks_serials=True)


async def scene(ctx: Context) -> tuple[Context, int, int, list[Location]]:
    """A day later; the two variants and the two places."""
    milk, phone = await Variant.get(sku=MILK), await Variant.get(sku=PHONE)
    levels = await StockLevel.filter(variant_id=milk.id).order_by("id").prefetch_related("location")
    return later(ctx, days=1), milk.id, phone.id, [each.location for each in levels]


async def told(step: Awaitable[object]) -> None:
    """A step that has no key: whoever asks again is told that it has been done."""
    with suppress(StateConflict):
        await step


async def transfer(ctx: Context) -> None:
    ctx, milk, _, (source, destination) = await scene(ctx)
    draft = TransferDraft(
        source_id=source.id, destination_id=destination.id, lines=[LineDraft(milk, 9)]
    )
    row = await transfer_requests.request(ctx, draft, "request")
    await told(transfer_requests.approve(ctx, row.id, [LineDraft(milk, 7)], None))
    await transfer_shipping.ship(ctx, row.id, None, "ship")
    receipt = ReceiptDraft(milk, 2, rejected=1, lost=1)
    await transfer_arrivals.receive(ctx, row.id, [receipt], "receive")
    await transfer_arrivals.cancel(ctx, row.id, None, [LineDraft(milk, 1)], "cancel")


async def purchase(ctx: Context) -> None:
    ctx, milk, phone, (store, _) = await scene(ctx)
    draft = a_purchase(store.id, (milk, 5, "2.50"), (phone, 3, "100.00"))
    order = await order_steps.create(ctx, draft, "create")
    await told(order_steps.approve(ctx, order.id, None))
    first = [LineDraft(milk, 2), LineDraft(phone, 2)]
    await order_steps.receive(ctx, order.id, first, "first", [SerialDraft(phone, ["A", "B"])])
    rest = [LineDraft(milk, 3)]
    await order_steps.receive(ctx, order.id, rest, "rest")
    await told(order_steps.cancel(ctx, order.id, None))
    back = ReturnDraft(
        purchase_order_id=order.id,
        supplier_code=None,
        location_id=None,
        lines=[ReturnLineDraft(milk, 4)],
    )
    found = await purchasing_return_steps.create(ctx, back, "return")
    await told(purchasing_return_steps.approve(ctx, found.id, None))
    await purchasing_return_steps.ship(ctx, found.id, "ship")


async def stocktake(ctx: Context) -> None:
    ctx, milk, phone, (store, _) = await scene(ctx)
    row = await Stocktake.first() or await open_(ctx, store.id, [milk, phone], None)
    await count(ctx, row.id, [CountDraft(milk, 11)], None, "milk")
    scanned = [SerialDraft(phone, ["S", "T"])]
    await count(ctx, row.id, [CountDraft(phone, 2)], None, "phone", scanned)
    await approve(ctx, row.id, "approve")
