"""A process killed at any statement of a stock document leaves a sound database, and it can go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.catalog.products import Variant
from models.database import fetch
from models.stock.states import MovementReason, StockState
from models.stores.locations import Location
from resolvers.background import worker
from resolvers.bulk_rows import OnError
from resolvers.context import Context
from resolvers.stock.allocation.backorder_limits import BackorderDraft, set_backorders
from resolvers.stock.allocation.backorders import today
from resolvers.stock.ledger import checkpoints
from resolvers.stock.levels.adjustments import AdjustmentDraft, adjust
from resolvers.stock.levels.erp_sync import LevelDraft, set_levels
from resolvers.stock.levels.safety_stock import SafetyDraft, set_safety
from tests.make.deaths import Prepared, in_database
from tests.make.killed_work import LATER, MILK, PHONE, chain, purchase, scene, stocktake, transfer
from tests.make.killing import Work
from tests.make.sales import a_guest, a_paid_order
from tests.make.soundness import contradictions
from tests.make.stock import a_level, a_variant

OUTSIDE, AVAILABLE, DAMAGED = StockState.OUTSIDE, StockState.AVAILABLE, StockState.DAMAGED


async def corrections(ctx: Context) -> None:
    ctx, _, _, (store, other) = await scene(ctx)
    for sku, origin, to, pieces, serials in (
        (MILK, AVAILABLE, DAMAGED, 3, None),
        (PHONE, OUTSIDE, AVAILABLE, 2, ["A", "B"]),
        (PHONE, AVAILABLE, OUTSIDE, 1, ["A"]),
    ):
        draft = AdjustmentDraft(
            location_code=store.code,
            sku=sku,
            from_state=origin,
            to_state=to,
            quantity=pieces,
            reason=MovementReason.ADJUSTMENT,
            serials=serials,
        )
        await adjust(ctx, draft, f"{sku} {origin}")
    rows = [LevelDraft(location_code=each.code, sku=MILK, quantity=20) for each in (store, other)]
    await set_levels(ctx, rows, OnError.REJECT_ALL, "set")
    floor = SafetyDraft(location_code=other.code, sku=None, quantity=3)
    await set_safety(ctx, [floor], OnError.REJECT_ALL)
    day = today(ctx) + timedelta(days=9)
    limit = BackorderDraft(sku=PHONE, limit=5, expected_on=day)
    await set_backorders(ctx, [limit], OnError.REJECT_ALL)


async def due(ctx: Context) -> None:
    """The chain with something for each of a worker's tasks: a long ledger, and a promise left unfilled."""
    await chain(ctx)
    store = await Location.all().order_by("id").first()
    assert store is not None
    level = await a_level(ctx, 0, variant=await a_variant(ctx, LATER), location=store)
    draft = BackorderDraft(sku=LATER, limit=5, expected_on=today(ctx) + timedelta(days=9))
    await set_backorders(ctx, [draft], OnError.REJECT_ALL)
    await a_paid_order(ctx, await a_guest(ctx), level, quantity=2)
    for _ in range(checkpoints.MOVEMENTS):
        await a_level(ctx, 1, variant=await Variant.get(sku=MILK), location=store)
    # Behind the back of whoever fills promises at once.
    await a_level(ctx, 3, variant=await Variant.get(sku=LATER), location=store)


async def background_work(ctx: Context) -> None:
    """A round of each of a worker's tasks, a day later."""
    ctx, *_ = await scene(ctx)
    for task in worker.TASKS:
        await task.work(ctx)


# Nothing here tells one run from another, save what was done twice or not at all.
OUTCOME = (
    """SELECT variant_id, location_id, available, held, committed, damaged, quarantined, incoming,
       safety_stock, quantity, value_minor
       FROM stock_level AS level LEFT JOIN stock_cost AS cost ON cost.level_id = level.id
       ORDER BY variant_id, location_id""",
    """SELECT from_state, to_state, quantity, reason, document_type FROM stock_movement
       ORDER BY variant_id, location_id, id""",
    "SELECT serial, state, location_id FROM serial_number ORDER BY serial",
    "SELECT document_type, from_status, to_status FROM document_event ORDER BY id",
    """SELECT number, status FROM transfer UNION ALL SELECT number, status FROM purchase_order
       UNION ALL SELECT number, status FROM supplier_return
       UNION ALL SELECT number, status FROM stocktake ORDER BY number""",
    "SELECT variant_id, most, promised FROM stock_backorder ORDER BY variant_id",
    "SELECT quantity, filled, status FROM stock_promise ORDER BY id",
    "SELECT level_id FROM stock_checkpoint ORDER BY level_id",
    "SELECT topic, COUNT(*) AS times FROM outbox_event GROUP BY topic ORDER BY topic",
    "SELECT scope, key FROM idempotency_record ORDER BY scope, key",
)


@pytest.mark.own_database
@pytest.mark.parametrize(
    ("begin", "work"),
    [
        (chain, transfer),
        (chain, purchase),
        (chain, stocktake),
        (chain, corrections),
        (due, background_work),
    ],
)
def test_killed_at_any_statement_it_can_be_repeated(
    prepared: Prepared, begin: Work, work: Work
) -> None:
    in_database(prepared.settings, begin)

    async def finished(ctx: Context) -> list[Any]:
        """What has come of it, once whoever got no answer has asked again, and again."""
        assert await contradictions(ctx) == []
        await work(ctx)
        await work(ctx)
        assert await contradictions(ctx) == []
        return [await fetch(query) for query in OUTCOME]

    with prepared.copy() as settings:
        undisturbed = in_database(settings, finished)
    for settings in prepared.deaths(work):
        assert in_database(settings, finished) == undisturbed
