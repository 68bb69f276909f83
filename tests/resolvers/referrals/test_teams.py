"""Everybody below: pages by level, a row a level, few statements however many are asked about."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.accounts.channels import Channel
from models.database import transaction
from models.errors import InvalidInput
from models.members.members import Member
from models.orders.orders import Order
from models.orders.states import OrderStatus
from models.referrals.commissions import CommissionPlan
from models.referrals.rules import CommissionStatus
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from resolvers.referrals import commissions, earnings, sales, teams, trees
from resolvers.referrals.commissions import PaidOrder
from resolvers.referrals.earnings import CommissionQuery
from resolvers.referrals.teams import Downline, TeamLevel
from tests.make import members as make
from tests.make.statements import counting


async def buy(ctx: Context, buyer: Member, paid_minor: int, refunded_minor: int = 0) -> Order:
    """A paid order as it stands in the table, and its commissions."""
    order = await Order.create(
        merchant_id=ctx.merchant_id,
        number=f"O{buyer.id}-{await Order.all().count()}",
        status=OrderStatus.PAID,
        channel=Channel.APP,
        member_id=buyer.id,
        goods_minor=paid_minor,
        payable_minor=paid_minor,
        paid_minor=paid_minor,
        refunded_minor=refunded_minor,
        paid_at=ctx.now(),
    )
    paid = PaidOrder(
        order_id=order.id,
        merchant_id=ctx.merchant_id or 0,
        member_id=buyer.id,
        guide_id=None,
        line_bases_minor=[paid_minor],
    )
    shares = await commissions.earned(ctx, paid)
    await transaction(commissions.fix, ctx, paid, shares)
    return order


async def fan(ctx: Context, upper: Member, width: int) -> list[Member]:
    members = [await make.member(ctx) for _ in range(width)]
    for each in members:
        await make.bind(ctx, each, upper.referral_token)
    return members


async def page(ctx: Context, root: Member, depth: int, request: PageRequest) -> Downline:
    return (await teams.downlines(ctx, [root.id], depth, request))[root.id]


@pytest.mark.parametrize("depth", [1, 2, 3, 1000])
async def test_pages_walk_the_downline_once_level_by_level(ctx: Context, depth: int) -> None:
    root = await make.member(ctx)
    first = await fan(ctx, root, 3)
    second = [lower for upper in first[::-1] for lower in await fan(ctx, upper, 2)]
    third = await fan(ctx, second[0], 1)
    levels = [sorted(each.id for each in level) for level in (first, second, third)]
    expected = [(number, each) for number, ids in enumerate(levels, 1) for each in ids]
    expected = [row for row in expected if row[0] <= depth]
    seen, after = [], None
    for _ in range(20):
        found = await page(ctx, root, depth, PageRequest(first=2, after=after))
        seen += found.rows
        if not found.has_next:
            break
        after = found.cursors[-1]
    assert seen == expected
    assert await teams.counts(ctx, [root.id], depth) == {root.id: len(expected)}


@pytest.mark.parametrize("depth", [0, -1, 1001, 2**31 - 1])
async def test_a_depth_that_makes_no_sense_is_refused(ctx: Context, depth: int) -> None:
    with pytest.raises(InvalidInput):
        await page(ctx, await make.member(ctx), depth, PageRequest())


async def test_a_cursor_belongs_to_its_depth(ctx: Context) -> None:
    root = await make.member(ctx)
    await fan(ctx, root, 2)
    cursor = (await page(ctx, root, 1, PageRequest(first=1))).cursors[0]
    for depth, after in ((2, cursor), (1, "nonsense"), (1, "\0"), (1, "e30")):
        with pytest.raises(InvalidInput):
            await page(ctx, root, depth, PageRequest(after=after))


async def test_whoever_left_the_tree_is_counted_no_more(ctx: Context) -> None:
    await CommissionPlan.create(organisation_id=ctx.merchant_id, binding_days=10)
    root, _, _ = await make.chain(ctx, 3)
    later = make.at(ctx, ctx.now() + timedelta(days=11))
    assert len((await page(ctx, root, 5, PageRequest())).rows) == 2
    for depth in (1, 5):
        assert (await page(later, root, depth, PageRequest())).rows == []
        assert await teams.counts(later, [root.id], depth) == {}
    assert (await teams.teams(later, [root.id]))[root.id] == []


async def test_a_team_is_a_row_a_level_with_sales_and_commission(ctx: Context) -> None:
    top, middle, lower = await make.chain(ctx, 3)
    await fan(ctx, top, 1)
    await buy(ctx, middle, 10_000)
    await buy(ctx, lower, 1999)
    await buy(ctx, lower, 2000, refunded_minor=500)
    await buy(ctx, top, 777)
    found = await teams.teams(ctx, [top.id, middle.id, lower.id])
    assert found[top.id] == [TeamLevel(1, 2, 1, 10_000, 500), TeamLevel(2, 1, 2, 3499, 39 + 40)]
    assert found[middle.id] == [TeamLevel(1, 1, 2, 3499, 99 + 100)]
    assert found[lower.id] == []
    assert await sales.of_members([top.id, lower.id, 999]) == {top.id: 777, lower.id: 3499}


async def test_questions_about_many_cost_what_a_question_about_one_does(ctx: Context) -> None:
    members = await make.chain(ctx, 12)
    for each in members:
        await buy(ctx, each, 1000)
    ids = [each.id for each in members]
    keys = [f"MEMBER:{each}" for each in ids]
    for ask, statements in (
        (lambda: trees.ancestors_of(ctx, ids), 1),
        (lambda: trees.depths_of(ctx, ids), 1),
        (lambda: teams.downlines(ctx, ids, 3, PageRequest(first=2)), 1),
        (lambda: teams.counts(ctx, ids, 3), 1),
        (lambda: teams.teams(ctx, ids), 2),
        (lambda: sales.of_members(ids), 1),
        (lambda: earnings.balances(ctx, keys), 1),
        (lambda: earnings.pages(ctx, keys, CommissionQuery(), PageRequest(first=2)), 2),
        (lambda: earnings.tally(ctx, keys, CommissionQuery()).totals(keys), 1),
    ):
        with counting() as sent:
            found = await ask()
        assert len(sent) == statements
        assert len(found) >= 11


async def test_commissions_are_paged_by_payee_and_status(ctx: Context) -> None:
    upper, lower = await make.chain(ctx, 2)
    orders = [await buy(ctx, lower, 1000) for _ in range(5)]
    await transaction(commissions.receive, ctx, orders[0].id)
    key, seen, after = f"MEMBER:{upper.id}", [], None
    for _ in range(3):
        found = (
            await earnings.pages(ctx, [key], CommissionQuery(), PageRequest(first=2, after=after))
        )[key]
        seen += [row.order_id for row in found.rows]
        after = found.cursors[-1]
    assert seen == [order.id for order in reversed(orders)]
    later = make.at(ctx, ctx.now() + timedelta(days=8))
    for acting, status, expected in (
        (ctx, "PENDING", 4), (ctx, "FROZEN", 1), (ctx, "AVAILABLE", 0),
        (later, "FROZEN", 0), (later, "AVAILABLE", 1),
    ):  # fmt: skip
        wanted = CommissionQuery(statuses=[CommissionStatus(status)])
        found = (await earnings.pages(acting, [key], wanted, PageRequest()))[key]
        assert (len(found.rows), status) == (expected, status)
        assert {earnings.standing(acting, row) for row in found.rows} <= {status}
        assert await earnings.tally(acting, [key], wanted).totals([key]) == {key: expected}
