"""Costs: what came in is what stands there, what is on the road and what went out, to the fen."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateways.wiring import make_gateways
from models import database as db
from models.accounts.roles import Role
from models.database import fetch
from models.stock.documents.transfers import TransferLine
from models.stock.levels import StockLevel
from resolvers.accounts.identity import first_merchant
from resolvers.context import SYSTEM, Context
from resolvers.stock.audit import audit
from resolvers.stock.costs import costs
from resolvers.stock.costs import valuation as costs_valuation
from resolvers.stock.purchasing import return_steps as purchasing_return_steps
from resolvers.stock.purchasing.return_steps import ReturnDraft, ReturnLineDraft
from resolvers.stock.transfers import arrivals as transfer_arrivals
from resolvers.stock.transfers.arrivals import ReceiptDraft
from settings import Settings
from tests.make.costs import set_to, worth
from tests.make.purchases import bought
from tests.make.transfers import Chain, a_chain, a_key, line_of, shipped, somebody


async def test_transfers_carry_what_goods_cost(ctx: Context) -> None:
    chain = await a_chain(ctx, 0)
    await bought(ctx, chain.levels[0], 3, "1.00")
    await bought(ctx, chain.levels[0], 4, "2.00")  # seven at 11.00
    transfer = await shipped(chain, 5)
    assert await worth(ctx, chain.levels[0]) == (2, 314)
    assert (await line_of(transfer)).road_minor == 786
    total = await costs_valuation.total(ctx, None)
    assert (total.quantity, total.value_minor, total.in_transit_minor) == (2, 314, 786)
    counted = [ReceiptDraft(chain.levels[0].variant_id, accepted=1, rejected=1, lost=1)]
    await transfer_arrivals.receive(chain.receiver, transfer.id, counted, a_key())
    line = await line_of(transfer)
    there = await chain.at_destination()
    assert await worth(ctx, there) == (2, 314)
    assert (line.lost_minor, line.road_minor) == (157, 315)
    await transfer_arrivals.cancel(chain.sender, transfer.id, None, None, None)
    assert await worth(ctx, chain.levels[0]) == (4, 629)
    total = await costs_valuation.total(ctx, None)
    assert total.value_minor + 157 == 1100
    assert total.in_transit_minor == 0


async def test_what_is_sold_later_is_counted_when_it_is_read_and_once(ctx: Context) -> None:
    chain = await a_chain(ctx, 0)
    level = chain.levels[0]
    await bought(ctx, level, 10, "3.00")
    await set_to(chain, level, 4)
    before = await costs_valuation.total(ctx, chain.source.id)
    assert await worth(ctx, level) == (4, 1200)
    assert await costs.settle_due(ctx) == 1
    assert await costs.settle_due(ctx) == 0
    assert await worth(ctx, level) == (4, 1200)
    assert await costs_valuation.total(ctx, chain.source.id) == before
    await set_to(chain, level, 0)
    await set_to(chain, level, 2)  # found again: worth what the last were
    assert await worth(ctx, level) == (2, 600)


async def test_costs_are_for_those_who_may_know_them(ctx: Context) -> None:
    chain = await a_chain(ctx, 0)
    await bought(ctx, chain.levels[0], 1, "1.00")
    finance = await somebody(ctx, Role.FINANCE, ctx.merchant_id or 0)
    elsewhere = await somebody(ctx, Role.FINANCE, chain.destination.organisation_id)
    assert await worth(finance, chain.levels[0]) == (1, 100)
    for other in (chain.sender, elsewhere):
        assert await costs_valuation.of_levels(other, [chain.levels[0].id]) == {}
    assert (await costs_valuation.total(elsewhere, chain.source.id)).value_minor == 0


async def test_parallel_documents_count_every_fen_once(ctx: Context) -> None:
    chain = await a_chain(ctx, 0)
    level = chain.levels[0]
    await bought(ctx, level, 9, "1.01")
    await asyncio.gather(
        *(bought(ctx, level, 1, "5.00") for _ in range(3)),
        *(costs.settle_due(ctx) for _ in range(3)),
        shipped(chain, 4),
        shipped(chain, 3),
    )
    total = await costs_valuation.total(ctx, None)
    assert total.value_minor + total.in_transit_minor == 9 * 101 + 1500
    assert (await audit.run(ctx)).drifts == []


@dataclass
class Books:
    """What came in and went out of the whole chain, by the cost ledger."""

    came: int = 0
    sent: list[Any] = field(default_factory=list)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(1, 9), st.integers(0, 999)),
        st.tuples(st.just("ship"), st.integers(1, 9), st.just(0)),
        st.tuples(st.just("receive"), st.integers(1, 9), st.integers(0, 2)),
        st.tuples(st.just("cancel"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("set"), st.integers(0, 12), st.integers(0, 1)),
        st.tuples(st.just("return"), st.integers(1, 4), st.just(0)),
        st.tuples(st.just("settle"), st.just(0), st.just(0)),
    ),
    min_size=4,
    max_size=14,
)


def test_no_fen_is_lost_or_made(template: str) -> None:
    if not template.endswith(".db"):
        pytest.skip("many short histories need databases that are files")

    @hypothesis_settings(max_examples=15, deadline=None)
    @given(STEPS)
    def histories(steps: list[tuple[str, int, int]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "quintet.db"
            shutil.copy(template, path)
            asyncio.run(_history(Settings(database_url=f"sqlite://{path}"), steps))

    histories()


async def _history(settings: Settings, steps: list[tuple[str, int, int]]) -> None:
    await db.connect(settings.database_url)
    try:
        ctx = Context(
            settings=settings,
            gateways=make_gateways(settings),
            actor=SYSTEM,
            merchant_id=await first_merchant(),
        )
        chain, books = await a_chain(ctx, 2), Books()
        for step in steps:
            await _take(chain, books, *step)
            await _all_is_there(ctx, books)
    finally:
        await db.close()


async def _take(chain: Chain, books: Books, kind: str, pieces: int, other: int) -> None:
    source = await chain.at_source()
    variant_id = source.variant_id
    if kind == "buy":
        await bought(chain.ctx, source, pieces, f"{other / 100:.2f}")
        books.came += pieces * other
    elif kind == "ship" and source.available >= pieces:
        books.sent.append(await shipped(chain, pieces))
    elif kind == "receive" and books.sent:
        transfer = books.sent[-1]
        road = (await line_of(transfer)).in_transit
        if road:
            lost, rejected = min(other, road), min(1, max(0, road - other))
            accepted = min(pieces, road - lost - rejected)
            draft = ReceiptDraft(variant_id, accepted, rejected, lost)
            if accepted + rejected + lost:
                await transfer_arrivals.receive(chain.receiver, transfer.id, [draft], a_key())
    elif kind == "cancel" and books.sent:
        transfer = books.sent.pop()
        if road := (await line_of(transfer)).in_transit:
            lost = chain.lines(min(pieces, road)) if pieces else None
            await transfer_arrivals.cancel(chain.sender, transfer.id, None, lost, None)
    elif kind == "set":
        there = await StockLevel.filter(location_id=chain.destination.id).first()
        await set_to(chain, there if other and there else source, pieces)
    elif kind == "return" and source.available >= pieces and books.came:
        lines = [ReturnLineDraft(variant_id, pieces)]
        draft = ReturnDraft(
            purchase_order_id=None,
            supplier_code="MILK",
            location_id=chain.source.id,
            lines=lines,
        )
        found = await purchasing_return_steps.create(chain.ctx, draft, a_key())
        await purchasing_return_steps.approve(chain.ctx, found.id, None)
        await purchasing_return_steps.ship(chain.ctx, found.id, a_key())
    elif kind == "settle":
        await costs.settle_due(chain.ctx)


async def _all_is_there(ctx: Context, books: Books) -> None:
    """Receipts and finds are what stands, what is on the road, and what was sold, sent back or lost."""
    total = await costs_valuation.total(ctx, None)
    lines = await TransferLine.all()
    await costs.settle_due(ctx)
    assert await costs_valuation.total(ctx, None) == total
    entries = await fetch(
        "SELECT reason, from_state, to_state, SUM(value_minor) AS value FROM stock_cost_entry e"
        " JOIN stock_movement m ON m.id = e.movement_id GROUP BY reason, from_state, to_state"
    )
    ways = {(row["reason"], row["from_state"], row["to_state"]): row["value"] for row in entries}
    assert total.value_minor == sum(ways.values())
    bought_minor = sum(
        value for (reason, *_), value in ways.items() if reason == "PURCHASE_RECEIPT"
    )
    assert bought_minor == books.came
    shipped_minor = -ways.get(("TRANSFER", "AVAILABLE", "IN_TRANSIT"), 0)
    arrived_minor = sum(value for (_, origin, _), value in ways.items() if origin == "IN_TRANSIT")
    lost_minor = sum(line.lost_minor for line in lines)
    assert shipped_minor == arrived_minor + lost_minor + total.in_transit_minor
    for row in await fetch(
        "SELECT c.quantity, c.value_minor, l.available + l.held + l.committed + l.damaged"
        " + l.quarantined AS on_hand FROM stock_cost c JOIN stock_level l ON l.id = c.level_id"
    ):
        assert row["quantity"] == row["on_hand"]
        assert row["value_minor"] >= 0
    assert (await audit.run(replace(ctx, memory={}))).drifts == []
