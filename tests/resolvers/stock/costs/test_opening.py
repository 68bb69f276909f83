"""Stock that was never bought here costs what headquarters says, once; every movement tells its worth."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from models.accounts.roles import Role
from models.errors import Duplicate, NotFound, PermissionDenied, Refusal
from models.outbox import OutboxEvent
from models.stock.costs import StockCost, StockOpeningCost
from models.stock.ledger import StockMovement
from models.stock.levels import StockLevel
from resolvers.bulk_rows import BatchOutcome, OnError
from resolvers.context import Context
from resolvers.stock.costs import costs
from resolvers.stock.costs import opening as opening_costs
from resolvers.stock.costs import valuation as costs_valuation
from resolvers.stock.costs.opening import OpeningDraft
from resolvers.stock.levels import safety_stock
from resolvers.stock.transfers import arrivals as transfer_arrivals
from resolvers.stock.transfers.arrivals import ReceiptDraft
from tests.make.costs import set_to, worth
from tests.make.purchases import bought
from tests.make.soundness import stock_contradictions
from tests.make.statements import counting
from tests.make.stock import a_level, again
from tests.make.transfers import a_chain, a_key, shipped, somebody


async def draft_of(level: StockLevel, cost: str) -> OpeningDraft:
    await level.fetch_related("location", "variant")
    return OpeningDraft(
        location_code=level.location.code, sku=level.variant.sku, unit_cost=Decimal(cost)
    )


async def given(
    ctx: Context,
    *pairs: tuple[StockLevel, str],
    on_error: OnError = OnError.REJECT_ALL,
    **more: bool,
) -> BatchOutcome:
    drafts = [await draft_of(level, cost) for level, cost in pairs]
    return await opening_costs.set_costs(ctx, drafts, "from the books", on_error, **more)


def refusals(outcome: BatchOutcome) -> list[Refusal]:
    return [each for row in outcome.rows for each in row.refusals]


async def test_what_stands_there_is_worth_it_from_then_on(ctx: Context) -> None:
    chain = await a_chain(ctx, 3, 0)
    full, empty = chain.levels
    assert await costs_valuation.of_levels(ctx, [full.id, empty.id]) == {}
    outcome = await given(ctx, (full, "1.25"), (empty, "2.00"))
    assert (outcome.updated, outcome.rejected) == (2, False)
    assert (await worth(ctx, full), await worth(ctx, empty)) == ((3, 375), (0, 0))
    opening = await StockOpeningCost.get(level_id=full.id)
    assert (opening.quantity, opening.unit_cost_minor, opening.note) == (3, 125, "from the books")
    assert await OutboxEvent.filter(topic="stock.changed", node_id=full.id).count() >= 1
    # Pieces that come without a cost are worth as much, bought ones what they cost.
    await set_to(chain, empty, 2)
    assert await worth(ctx, empty) == (2, 400)
    await bought(ctx, full, 1, "5.25")
    assert await worth(ctx, full) == (4, 900)
    transfer = await shipped(chain, 2)
    counted = [ReceiptDraft(full.variant_id, 1, lost=1)]
    await transfer_arrivals.receive(chain.receiver, transfer.id, counted, a_key())
    assert (await worth(ctx, full), await worth(ctx, await chain.at_destination())) == (
        (2, 450), (1, 225),
    )  # fmt: skip
    total = await costs_valuation.total(ctx, None)
    assert (total.quantity, total.value_minor) == (5, 1075)
    assert await stock_contradictions(ctx) == []


async def test_it_is_given_once(ctx: Context) -> None:
    level, other = await a_level(ctx, 3), await a_level(ctx, 4)
    await bought(ctx, other, 1, "1.00")
    assert (await given(ctx, (level, "1.25"))).updated == 1
    assert (await given(ctx, (level, "1.250"))).updated == 0
    for pair in ((level, "1.26"), (other, "1.25"), (other, "1.00")):
        outcome = await given(ctx, pair)
        (refused,) = refusals(outcome)
        assert outcome.rejected
        assert isinstance(refused, Duplicate)
        assert refused.path == ("rows", 0, "unitCost")
    assert (await worth(ctx, level), await StockOpeningCost.all().count()) == ((3, 375), 1)
    assert await stock_contradictions(ctx) == []


async def test_a_batch_is_done_as_a_whole_in_part_or_not_at_all(ctx: Context) -> None:
    level, other = await a_level(ctx, 3), await a_level(ctx, 2)
    await bought(ctx, other, 1, "1.00")
    costed = await StockCost.all().count()
    outcome = await given(ctx, (level, "1.25"), (other, "1.25"))
    assert (outcome.rejected, outcome.updated) == (True, 0)
    assert (await given(ctx, (level, "1.25"), dry_run=True)).updated == 1
    assert (await StockCost.all().count(), await StockOpeningCost.all().count()) == (costed, 0)
    outcome = await given(
        ctx, (level, "1.25"), (other, "1.25"), (level, "3"), on_error=OnError.SKIP_FAILED
    )
    assert (outcome.updated, [row.ok for row in outcome.rows]) == (1, [True, False, False])
    assert await worth(ctx, level) == (3, 375)


async def test_it_is_for_whoever_approves_purchases_there(ctx: Context) -> None:
    level, elsewhere = await a_level(ctx, 3), await a_level(ctx, 3)
    place = (await level.location).organisation_id
    for role in (Role.MANAGER, Role.STOCK_CONTROLLER, Role.MERCHANDISER):
        with pytest.raises(PermissionDenied):
            await given(await somebody(ctx, role, place), (level, "1.00"))
    finance = await somebody(ctx, Role.FINANCE, place)
    (refused,) = refusals(await given(finance, (elsewhere, "1.00")))
    assert isinstance(refused, NotFound)
    assert (await given(finance, (level, "1.00"))).updated == 1
    assert list(await costs_valuation.openings(finance, [level.id])) == [level.id]
    manager = await somebody(ctx, Role.MANAGER, place)
    assert await costs_valuation.openings(manager, [level.id]) == {}


async def test_two_at_once_and_a_purchase_leave_one_truth(ctx: Context) -> None:
    level = await a_level(ctx, 3)
    outcomes = await asyncio.gather(
        given(ctx, (level, "1.00")), given(ctx, (level, "2.00")), bought(ctx, level, 1, "9.00")
    )
    done = [each.updated for each in outcomes[:2]]
    assert sum(done) <= 1
    opening = await StockOpeningCost.filter(level_id=level.id).first()
    before = 0 if opening is None else opening.value_minor
    assert await worth(ctx, level) == (4, before + 900)
    assert await stock_contradictions(ctx) == []


async def test_a_movement_says_what_it_changed(ctx: Context) -> None:
    chain = await a_chain(ctx, 2)
    (level,) = chain.levels
    await given(ctx, (level, "1.00"))
    await bought(ctx, level, 1, "4.00")  # three at 6.00
    transfer = await shipped(chain, 1)
    counted = [ReceiptDraft(level.variant_id, 0, lost=1)]
    await transfer_arrivals.receive(chain.receiver, transfer.id, counted, a_key())
    await set_to(chain, level, 1)  # nobody has counted this one yet
    movements = await StockMovement.all().order_by("id")
    expected = [None, 400, -200, None, -200]  # before it had a cost; lost: never at that place
    for _ in range(2):
        found = await costs_valuation.of_movements(ctx, movements)
        assert [found.get(each.id) for each in movements] == expected
        await costs.settle_due(ctx)
    assert (await worth(ctx, level), await again(level)) == ((1, 200), await again(level))
    place = chain.source.organisation_id
    assert (
        await costs_valuation.of_movements(await somebody(ctx, Role.MANAGER, place), movements)
        == {}
    )
    finance = await somebody(ctx, Role.FINANCE, chain.destination.organisation_id)
    assert await costs_valuation.of_movements(finance, movements) == {}


async def test_many_movements_take_no_more_statements(ctx: Context) -> None:
    chain = await a_chain(ctx, 2, 2)
    await given(ctx, *((level, "1.00") for level in chain.levels))
    taken = []
    for sizes in ((3,), (4, 5, 6)):
        for size in sizes:
            for level in chain.levels:
                await set_to(chain, level, size)
        movements = await StockMovement.all()
        with counting() as statements:
            await costs_valuation.of_movements(ctx, movements)
        taken.append(len(statements))
    assert taken[0] == taken[1]


async def test_the_default_safety_stock_is_read_by_whoever_sets_it(ctx: Context) -> None:
    level = await a_level(ctx, 3)
    await level.fetch_related("location")
    place = level.location
    assert await safety_stock.defaults_of(ctx, [place.id]) == {place.id: 0}
    draft = safety_stock.SafetyDraft(location_code=place.code, sku=None, quantity=4)
    await safety_stock.set_safety(ctx, [draft], OnError.REJECT_ALL)
    controller = await somebody(ctx, Role.STOCK_CONTROLLER, place.organisation_id)
    assert await safety_stock.defaults_of(controller, [place.id]) == {place.id: 4}
    manager = await somebody(ctx, Role.MANAGER, place.organisation_id)
    assert await safety_stock.defaults_of(manager, [place.id]) == {}
    elsewhere = (await (await a_level(ctx, 0)).location).organisation_id
    other = await somebody(ctx, Role.STOCK_CONTROLLER, elsewhere)
    assert await safety_stock.defaults_of(other, [place.id]) == {}
