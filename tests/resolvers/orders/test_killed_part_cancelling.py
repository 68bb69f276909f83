"""A process killed at any statement of calling parts off leaves money and stock to be finished."""

from __future__ import annotations

from typing import Any

import pytest

from models.database import fetch
from models.orders.fulfilments import Fulfilment
from models.stock.levels import StockLevel
from models.stock.states import StockState
from resolvers.context import Context
from resolvers.orders import part_cancelling
from resolvers.orders.fulfilment import steps as fulfilment_steps
from resolvers.orders.fulfilment.steps import ShipmentDraft
from resolvers.orders.part_cancelling import ReturnDraft
from tests.make.checkouts import DELIVERY, EXPRESS, a_store
from tests.make.deaths import Prepared, in_database
from tests.make.sales import a_guest, a_paid_order, an_address
from tests.make.soundness import contradictions
from tests.make.stock import a_level


async def shop(ctx: Context) -> None:
    """A paid order of two parts, one of them shipped."""
    level = await a_level(ctx, 5, location=await a_store(ctx))
    order = await a_paid_order(
        ctx, await a_guest(ctx), level, DELIVERY, EXPRESS, quantity=2, address=an_address()
    )
    shipped = await Fulfilment.filter(order_id=order.id).order_by("id").first()
    assert shipped is not None
    await fulfilment_steps.accept(ctx, shipped.id)
    await fulfilment_steps.ready(ctx, shipped.id)
    await fulfilment_steps.ship(ctx, ShipmentDraft(shipped.id, "SF", "7"))


async def give_up(ctx: Context) -> None:
    """Both parts end with their money, by the same keys each time."""
    shipped, kept = await Fulfilment.all().order_by("id")
    back = ReturnDraft(
        fulfilment_id=shipped.id,
        location_id=shipped.location_id,
        restock=StockState.DAMAGED,
        reason="refused",
    )
    await part_cancelling.take_back(ctx, back, "killed-return")
    await part_cancelling.cancel(ctx, kept.id, "broken", "killed-cancel")


@pytest.mark.own_database
def test_killed_at_any_statement_each_part_gives_back_once(prepared: Prepared) -> None:
    in_database(prepared.settings, shop)

    async def finished(ctx: Context) -> tuple[list[str], list[dict[str, Any]], tuple[int, int]]:
        broken = await contradictions(ctx)
        await give_up(ctx)
        orders = await fetch("SELECT status, refunded_minor FROM sales_order")
        level = await StockLevel.get()
        return [*broken, *await contradictions(ctx)], orders, (level.available, level.damaged)

    for settings in prepared.deaths(give_up):
        wrong, orders, stock = in_database(settings, finished)
        assert wrong == []
        assert orders == [{"status": "CANCELLED", "refunded_minor": 4000}]
        assert stock == (3, 2)
