"""The audit hears serial numbers, documents and promises, and says who contradicts what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.database import execute
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.stock.backorders import StockBackorder
from models.stock.levels import StockLevel
from models.stock.states import StockState
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.stock.audit import audit
from resolvers.stock.audit.audit import Drift, Witness
from resolvers.stock.audit.backorders import BackorderFaultKind
from resolvers.stock.serials import SerialDraft
from resolvers.stock.transfers import arrivals as transfer_arrivals
from resolvers.stock.transfers import shipping as transfer_shipping
from resolvers.stock.transfers.arrivals import ReceiptDraft
from tests.make.backorders import allow, as_system, moved, order, paid
from tests.make.checkouts import a_store
from tests.make.phones import AVAILABLE, DAMAGED, phones
from tests.make.sales import staff_of
from tests.make.statements import counting
from tests.make.stock import a_level, a_variant
from tests.make.transfers import a_key, approved, line_of


async def told(ctx: Context, location: Location | None = None) -> list[tuple[int, str, int, int]]:
    """What serial numbers contradict, and nobody else does."""
    found = (await audit.run(as_system(ctx), location.id if location else None)).drifts
    assert {each.witness for each in found} <= {Witness.SERIALS}
    return [(each.level_id, str(each.state), each.recorded, each.expected) for each in found]


@pytest.mark.parametrize(
    ("change", "state", "pieces", "serials"),
    [
        ("UPDATE serial_number SET state = 'GONE' WHERE serial = 'P0'", "AVAILABLE", 4, 3),
        ("UPDATE serial_number SET state = 'IN_STOCK' WHERE serial = 'P4'", "AVAILABLE", 4, 5),
        ("UPDATE serial_number SET state = 'SOLD' WHERE serial = 'P4'", "DAMAGED", 1, 0),
        (
            "UPDATE serial_number SET state = 'QUARANTINED' WHERE serial = 'P1'",
            "QUARANTINED", 0, 1,
        ),
        ("UPDATE serial_number SET state = 'IN_TRANSIT' WHERE serial = 'P1'", "IN_TRANSIT", 0, 1),
    ],
)  # fmt: skip
async def test_as_many_serial_numbers_as_pieces_in_each_state(
    ctx: Context, change: str, state: str, pieces: int, serials: int
) -> None:
    chain = await phones(ctx)
    level = await chain.at_source()
    assert await told(ctx) == []
    await execute(change)
    assert (level.id, state, pieces, serials) in await told(ctx)
    assert await told(ctx, chain.destination) == []
    stranger = await staff_of(ctx, (await a_store(ctx)).id)
    assert (await audit.run(replace(stranger, memory={}))).drifts == []


async def test_as_many_serial_numbers_as_pieces_on_the_road(ctx: Context) -> None:
    chain = await phones(ctx)
    transfer = await approved(chain, 3)
    serials = [SerialDraft(chain.levels[0].variant_id, ["P0", "P1", "P2"])]
    await transfer_shipping.ship(chain.sender, transfer.id, None, a_key(), serials)
    named = {"accepted": ["P1"]}
    receipt = ReceiptDraft(chain.levels[0].variant_id, 1, serials=named)
    await transfer_arrivals.receive(chain.receiver, transfer.id, [receipt], a_key())
    assert (await line_of(transfer)).in_transit == 2
    assert await told(ctx) == []
    await execute("UPDATE serial_number SET document_id = 99 WHERE serial = 'P0'")
    coming = (await chain.at_destination()).id
    assert await told(ctx) == [(coming, "IN_TRANSIT", 2, 1)]
    await execute("UPDATE serial_number SET state = 'GONE' WHERE serial = 'P0'")
    gone = (await chain.at_source()).id
    assert sorted(await told(ctx)) == sorted(
        [(coming, "IN_TRANSIT", 2, 1), (gone, "IN_TRANSIT", 2, 1)]
    )
    assert await told(ctx, chain.source) == [(gone, "IN_TRANSIT", 2, 1)]


async def test_each_witness_is_named(ctx: Context) -> None:
    level = await a_level(ctx, 5)
    await StockLevel.filter(id=level.id).update(damaged=1, held=2, incoming=3)
    found = (await audit.run(as_system(ctx))).drifts
    assert found == [
        Drift(level.id, StockState.HELD, 2, 0),  # the ledger says so; the holds say no other
        Drift(level.id, DAMAGED, 1, 0),
        Drift(level.id, StockState.IN_TRANSIT, 3, 0, Witness.DOCUMENTS),
    ]


async def test_promises_that_do_not_add_up(ctx: Context) -> None:
    store, variant = await a_store(ctx), await a_variant(ctx)
    await allow(ctx, variant, 9)
    unpaid = await order(ctx, variant, store)
    waiting, filled = await paid(ctx, variant, store, 2), await paid(ctx, variant, store, 2)
    await moved(as_system(ctx), variant, store, StockState.OUTSIDE, AVAILABLE, 3)

    async def faults(location: Location | None = None) -> list[tuple[str, int, int, int | None]]:
        found = (
            await audit.run(as_system(ctx), location.id if location else None)
        ).backorder_faults
        assert {each.variant_id for each in found} <= {variant.id}
        return [(str(f.kind), f.recorded, f.expected, f.order_id) for f in found]

    assert await faults() == []
    backorder = StockBackorder.filter(variant_id=variant.id)
    await backorder.update(most=1)
    assert await faults() == [("LIMIT", 2, 1, None)]
    await backorder.update(most=9, promised=5)
    assert await faults(store) == [("SUM", 5, 2, None)]
    assert await faults(await a_store(ctx, metres=900)) == []
    await backorder.update(promised=2)
    await Order.filter(id=unpaid.id).update(status="CANCELLED")
    await Fulfilment.filter(order_id=filled.id).update(status="CANCELLED")
    await execute("UPDATE stock_hold SET quantity = 5 WHERE order_id = ?", filled.id)
    assert sorted(await faults()) == [
        (str(BackorderFaultKind.HOLD), 1, 5, filled.id),
        (str(BackorderFaultKind.ORDER), 1, 0, unpaid.id),
        (str(BackorderFaultKind.ORDER), 1, 0, filled.id),
    ]
    assert waiting.id not in {each[3] for each in await faults()}
    await execute("UPDATE stock_promise SET status = 'WITHDRAWN'")
    assert await faults() == [("SUM", 2, 0, None)]  # owed, and to nobody


async def test_a_fulfilment_that_waits_for_no_promise(ctx: Context) -> None:
    store, variant = await a_store(ctx), await a_variant(ctx)
    await allow(ctx, variant, 9)
    waiting = await paid(ctx, variant, store, 3)
    await order(ctx, variant, store)  # nobody waits for it before it is paid
    await moved(as_system(ctx), variant, store, StockState.OUTSIDE, AVAILABLE, 1)

    async def faults(location: Location | None = None) -> list[tuple[str, int, int, int | None]]:
        found = (
            await audit.run(as_system(ctx), location.id if location else None)
        ).backorder_faults
        return [(str(f.kind), f.recorded, f.expected, f.order_id) for f in found]

    assert await faults() == []
    await execute("UPDATE stock_promise SET status = 'WITHDRAWN'")
    await StockBackorder.filter(variant_id=variant.id).update(promised=0)
    assert await faults(store) == [(str(BackorderFaultKind.WAIT), 0, 2, waiting.id)]
    assert await faults(await a_store(ctx, metres=900)) == []
    await Fulfilment.filter(order_id=waiting.id).update(awaits_until=None)
    assert await faults() == []


async def test_more_serial_numbers_and_promises_take_no_more_statements(ctx: Context) -> None:
    await phones(ctx)
    with counting() as few:
        await audit.run(as_system(ctx))
    store, variant = await a_store(ctx), await a_variant(ctx)
    await allow(ctx, variant, 9)
    for _ in range(3):
        await order(ctx, variant, store)
    await phones(ctx)
    with counting() as more:
        await audit.run(as_system(ctx))
    assert len(more) == len(few)
