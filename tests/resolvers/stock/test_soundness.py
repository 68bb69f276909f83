"""What the kill tests and histories rely on: whatever is wrong with stock is seen."""

from __future__ import annotations

import pytest

from models.database import execute, transaction
from models.stock.levels import StockLevel
from resolvers.background.outbox import give_sequences
from resolvers.context import Context
from tests.make.backorders import allow, paid
from tests.make.checkouts import a_store
from tests.make.killed_work import chain, purchase, stocktake, transfer
from tests.make.sales import a_guest, an_order
from tests.make.soundness import contradictions
from tests.make.stock import a_variant

LAST = "(SELECT MAX(id) FROM {})"
SPOILT = {
    "UPDATE stock_level SET available = available + 1": "drift",
    "UPDATE stock_level SET incoming = incoming + 1": "drift",
    "UPDATE stock_hold SET quantity = quantity + 1 WHERE status = 'HELD'": "drift",
    "UPDATE transfer_line SET accepted = accepted - 1, returned = returned + 1": "a transfer whose lines",
    "UPDATE transfer_line SET lost = lost - 1": "a transfer that is on the road with nothing, or is not",
    "UPDATE transfer_line SET lost_minor = lost_minor + 1": "a transfer that lost or made value",
    "UPDATE transfer SET status = 'IN_TRANSIT'": "a transfer that is on the road with nothing",
    "UPDATE transfer SET status = 'SUBMITTED'": "a Transfer that moved before its time",
    "UPDATE purchase_order_line SET received = received - 1 WHERE returned = 0": "a purchase order whose",
    "UPDATE purchase_order_line SET returned = 0": "a purchase order that says other than its returns",
    "UPDATE purchase_order_line SET unit_cost_minor = 1": "a purchase order that brought other value",
    "UPDATE purchase_order SET status = 'RECEIVED'": "a purchase order that is in another status",
    "UPDATE supplier_return SET status = 'APPROVED'": "a supplier return whose lines",
    "UPDATE supplier_return_line SET value_minor = 0": "a supplier return that took other value",
    "UPDATE stocktake_line SET counted = counted + 1": "a stocktake whose lines",
    "UPDATE stocktake_line SET expected = expected + 1": "a stocktake whose difference its serial numbers",
    "DELETE FROM stocktake_serial": "a stocktake whose difference its serial numbers",
    "UPDATE stocktake_serial SET moved = FALSE": "a stocktake that moved other serial numbers",
    "UPDATE stocktake_serial SET moved = NULL": "a stocktake that moved other serial numbers",
    "UPDATE stocktake SET status = 'COUNTED'": "a stocktake that is in another status",
    "UPDATE stocktake_line SET going_on = TRUE": "a stocktake that is in another status",
    f"DELETE FROM document_event WHERE id = {LAST.format('document_event')}": "whose history ends elsewhere",
    f"DELETE FROM stock_movement WHERE id = {LAST.format('stock_movement')}": "drift",
    "UPDATE stock_promise SET status = 'WITHDRAWN'": "BackorderFaultKind.WAIT",
    "DELETE FROM stock_promise": "a fulfilment that waits for nothing",
    "UPDATE fulfilment SET awaits_until = NULL": "or does not wait for what it awaits",
    "UPDATE stock_cost SET value_minor = value_minor + 1 WHERE quantity > 0": "a value that its entries",
    "UPDATE stock_cost SET quantity = quantity + 1": "a value of other pieces than there are",
    "UPDATE serial_number SET state = 'GONE' WHERE state = 'IN_STOCK'": "drift",
    "UPDATE serial_event SET to_state = 'GONE'": "a serial number whose history ends elsewhere",
    "UPDATE idempotency_record SET answer = NULL": "a key whose answer was lost",
    "DELETE FROM idempotency_record WHERE scope LIKE '% transferRequest'": "more answers to transferRequest",
    "DELETE FROM outbox_event WHERE topic = 'stock.changed'": "nobody was told",
}


class Undone(Exception):
    pass


async def test_whatever_is_spoilt_is_found(ctx: Context) -> None:
    for work in (chain, transfer, stocktake, purchase):
        await work(ctx)
    milk = await StockLevel.all().order_by("id").first()
    assert milk is not None
    await an_order(await a_guest(ctx), milk)
    store, pear = await a_store(ctx), await a_variant(ctx)
    await allow(ctx, pear, 9)
    await paid(ctx, pear, store, 2)
    await give_sequences()
    assert await contradictions(ctx) == []

    async def spoil(statement: str) -> None:
        await execute(statement)
        found = await contradictions(ctx)
        assert any(SPOILT[statement] in each for each in found), (statement, found)
        raise Undone

    for statement in SPOILT:
        with pytest.raises(Undone):
            await transaction(spoil, statement)
    assert await contradictions(ctx) == []
