"""Commissions: exact to the fen, fixed once, frozen, released, reversed in proportion."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models.accounts.roles import Role
from models.database import transaction
from models.errors import InvalidInput, NotFound
from models.members.members import Member
from models.referrals.commissions import Commission
from models.referrals.rules import CommissionKind, CommissionStatus, reversal
from resolvers.context import Context
from resolvers.referrals import commissions, earnings, plans
from resolvers.referrals.commissions import PaidOrder
from resolvers.referrals.plans import PlanDraft
from tests.make import members as make

HALF = Decimal("0.5")


async def paid(
    ctx: Context,
    buyer: Member | None,
    bases: list[int],
    guide_id: int | None = None,
    order_id: int = 1,
) -> list[Commission]:
    order = PaidOrder(
        order_id=order_id,
        merchant_id=ctx.merchant_id or 0,
        member_id=buyer.id if buyer else None,
        guide_id=guide_id,
        line_bases_minor=bases,
    )

    async def fix() -> None:
        await commissions.fix(ctx, order, await commissions.earned(ctx, order))

    await transaction(fix)
    return await Commission.filter(order_id=order_id).order_by("level", "id")


async def set_plan(ctx: Context, *rates: str, **other: object) -> None:
    levels = [(level, Decimal(rate)) for level, rate in enumerate(rates, 1)]
    await plans.set_plan(ctx, None, PlanDraft(levels=levels, **other))  # type: ignore[arg-type]


def told(rows: list[Commission]) -> list[tuple[str, int, str, int, str, int]]:
    return [
        (row.kind, row.level, row.payee_key, row.base_minor, row.rate, row.amount_minor)
        for row in rows
    ]


async def test_two_levels_and_the_guide_earn_by_the_plan_that_nobody_set(ctx: Context) -> None:
    top, middle, buyer = await make.chain(ctx, 3)
    guide = await make.staff(ctx.merchant_id or 0, Role.GUIDE)
    rows = await paid(ctx, buyer, [949, 476, 19], guide.id)
    assert told(rows) == [
        ("GUIDE_SALE", 0, f"STAFF:{guide.id}", 1444, "0.03", 43),
        ("REFERRAL", 1, f"MEMBER:{middle.id}", 1444, "0.05", 72),
        ("REFERRAL", 2, f"MEMBER:{top.id}", 1444, "0.02", 28),
    ]
    assert {row.status for row in rows} == {CommissionStatus.PENDING}
    assert {row.source_member_id for row in rows} == {buyer.id}


@pytest.mark.parametrize(
    ("rates", "self_purchase", "expected"),
    [
        (["0.1"], False, {2: (1, 100)}),
        (["0.1", "0.05", "0.025"], False, {2: (1, 100), 1: (2, 50), 0: (3, 25)}),
        (["0.1", "0.05"], True, {3: (1, 100), 2: (2, 50)}),
        ([], False, {}),
        (["0", "0.0009"], False, {}),
    ],
)
async def test_levels_are_paid_upwards(
    ctx: Context, rates: list[str], self_purchase: bool, expected: dict[int, tuple[int, int]]
) -> None:
    chain = await make.chain(ctx, 4)
    await set_plan(ctx, *rates, self_purchase=self_purchase)
    rows = await paid(ctx, chain[3], [1001])
    place = {f"MEMBER:{member.id}": number for number, member in enumerate(chain)}
    assert {place[row.payee_key]: (row.level, row.amount_minor) for row in rows} == expected


async def test_who_does_not_distribute_or_work_here_any_more_earns_nothing(ctx: Context) -> None:
    top, middle, buyer = await make.chain(ctx, 3)
    guide = await make.staff(ctx.merchant_id or 0, Role.GUIDE)
    guide.active, middle.distributor = False, False
    await guide.save()
    await middle.save()
    rows = await paid(ctx, buyer, [10_000], guide.id)
    assert told(rows) == [("REFERRAL", 2, f"MEMBER:{top.id}", 10_000, "0.02", 200)]


async def test_payees_and_rates_stay_as_they_were_at_payment(ctx: Context) -> None:
    _, middle, buyer = await make.chain(ctx, 3)
    before = told(await paid(ctx, buyer, [10_000]))
    await set_plan(ctx, "0.5")
    await make.bind(ctx, await make.member(ctx), buyer.referral_token)
    await Member.filter(id=middle.id).update(distributor=False)
    assert told(await paid(ctx, buyer, [77_777])) == before


async def test_fixed_twice_at_once_is_fixed_once(ctx: Context) -> None:
    buyer = (await make.chain(ctx, 3))[-1]
    await asyncio.gather(*(paid(ctx, buyer, [10_000]) for _ in range(6)))
    assert [row.amount_minor for row in await Commission.all().order_by("level")] == [500, 200]


async def test_a_visitor_and_a_member_of_no_tree_pay_the_guide_alone(ctx: Context) -> None:
    guide = await make.staff(ctx.merchant_id or 0, Role.GUIDE)
    for number, buyer in enumerate((None, await make.member(ctx)), 1):
        [row] = await paid(ctx, buyer, [1000], guide.id, order_id=number)
        assert (row.kind, row.amount_minor) == (CommissionKind.GUIDE_SALE, 30)


async def test_received_they_freeze_then_are_available_before_any_sweeper(ctx: Context) -> None:
    top, middle, buyer = await make.chain(ctx, 3)
    await paid(ctx, buyer, [10_000])
    await transaction(commissions.receive, ctx, 1)
    await transaction(commissions.receive, make.at(ctx, ctx.now() + timedelta(days=3)), 1)
    key = f"MEMBER:{middle.id}"
    frozen = (await earnings.balances(ctx, [key]))[key]
    assert (frozen.pending_minor, frozen.frozen_minor, frozen.available_minor) == (0, 500, 0)
    assert await commissions.release_due(ctx) == 0
    later = make.at(ctx, ctx.now() + timedelta(days=7))
    due = await earnings.balances(later, [key, f"MEMBER:{top.id}"])
    assert (due[key].frozen_minor, due[key].available_minor) == (0, 500)
    assert due[f"MEMBER:{top.id}"].available_minor == 200
    assert await commissions.release_due(later) == 2
    assert await commissions.release_due(later) == 0
    assert (await earnings.balances(later, [key]))[key] == due[key]


async def test_without_a_window_they_are_available_at_receipt(ctx: Context) -> None:
    await set_plan(ctx, "0.1", freeze_days=0)
    buyer = (await make.chain(ctx, 2))[-1]
    await paid(ctx, buyer, [10_000])
    await transaction(commissions.receive, ctx, 1)
    assert (await Commission.get()).status is CommissionStatus.AVAILABLE


async def test_refunds_reverse_their_exact_share_once(ctx: Context) -> None:
    _, _, buyer = await make.chain(ctx, 3)
    await paid(ctx, buyer, [333, 667])
    for refunded, reversed_minor in (
        (333, [17, 7]),
        (333, [17, 7]),
        (999, [50, 20]),
        (1000, [50, 20]),
    ):
        await transaction(commissions.reverse, ctx, 1, refunded)
        rows = await Commission.all().order_by("level")
        assert [row.reversed_minor for row in rows] == reversed_minor, refunded
    assert {row.status for row in rows} == {CommissionStatus.REVERSED}


async def test_the_same_refund_told_many_times_at_once_reverses_once(ctx: Context) -> None:
    _, _, buyer = await make.chain(ctx, 3)
    await paid(ctx, buyer, [1000])
    await asyncio.gather(*(transaction(commissions.reverse, ctx, 1, 500) for _ in range(6)))
    assert [row.reversed_minor for row in await Commission.all().order_by("level")] == [25, 10]


async def test_what_was_withdrawn_is_owed_when_it_is_reversed(ctx: Context) -> None:
    upper, buyer = await make.chain(ctx, 2)
    await paid(ctx, buyer, [1000])
    await Commission.filter(order_id=1).update(status=CommissionStatus.WITHDRAWN)
    await transaction(commissions.reverse, ctx, 1, 1000)
    key = f"MEMBER:{upper.id}"
    balance = (await earnings.balances(ctx, [key]))[key]
    assert (balance.withdrawn_minor, balance.owed_minor, balance.available_minor) == (50, 50, 0)


@hypothesis_settings(max_examples=200)
@given(
    amount=st.integers(0, 10**9),
    base=st.integers(1, 10**10),
    refunds=st.lists(st.integers(0, 10**10), max_size=6),
)
def test_whatever_is_refunded_nobody_loses_more_than_they_got(
    amount: int, base: int, refunds: list[int]
) -> None:
    amount, back = min(amount, base), 0
    for refunded in sorted(min(each, base) for each in refunds):
        back += reversal(amount, base, refunded, back)
        assert 0 <= back <= amount
        assert amount - back <= amount * (base - refunded) / base + 1e-6
    back += reversal(amount, base, base, back)
    assert back == amount


async def test_a_plan_is_replaced_as_a_whole(ctx: Context) -> None:
    assert (await plans.effective(ctx.merchant_id or 0)).plan.guide_rate == Decimal("0.03")
    await set_plan(ctx, "0.1", "0.05", "0.01", guide_rate=Decimal("1E-2"), bounty=Decimal("5.00"))
    await set_plan(ctx, "0.0800000000", bounty=Decimal(6), binding_days=90, protected_days=30)
    plan = await plans.effective(ctx.merchant_id or 0)
    assert [(each.level, str(each.rate)) for each in plan.plan.levels] == [(1, "0.08")]
    assert (plan.plan.guide_rate, plan.bounty_minor) == (0, 600)
    assert (plan.terms.binding_days, plan.terms.protected_days) == (90, 30)


@pytest.mark.parametrize(
    ("draft", "path"),
    [
        (PlanDraft(levels=[(n, Decimal("0.01")) for n in (1, 2, 3, 4)]), ("levels",)),
        (PlanDraft(levels=[(2, HALF)]), ("levels",)),
        (PlanDraft(levels=[(1, HALF), (1, HALF)]), ("levels",)),
        (PlanDraft(levels=[(0, HALF)]), ("levels",)),
        (PlanDraft(levels=[(1, HALF), (2, HALF)], guide_rate=Decimal("0.000001")), ("levels",)),
        (PlanDraft(levels=[(1, Decimal("-0.1"))]), ("levels", 0, "rate")),
        (PlanDraft(levels=[(1, Decimal("1.1"))]), ("levels", 0, "rate")),
        (PlanDraft(levels=[(1, Decimal("1E+20"))]), ("levels", 0, "rate")),
        (PlanDraft(levels=[(1, Decimal("0.0000001"))]), ("levels", 0, "rate")),
        (PlanDraft(levels=[], guide_rate=Decimal(2)), ("guideRate",)),
        (PlanDraft(levels=[], bounty=Decimal("0.001")), ("guideRegistrationBounty",)),
        (PlanDraft(levels=[], bounty=Decimal(-1)), ("guideRegistrationBounty",)),
        (PlanDraft(levels=[], bounty=Decimal("1E+25")), ("guideRegistrationBounty",)),
        (PlanDraft(levels=[], freeze_days=-1), ("freezeDays",)),
        (PlanDraft(levels=[], freeze_days=2**31 - 1), ("freezeDays",)),
        (PlanDraft(levels=[], binding_days=0), ("bindingDays",)),
        (PlanDraft(levels=[], protected_days=-5), ("protectedDays",)),
    ],
)
async def test_a_plan_that_makes_no_sense_is_refused(
    ctx: Context, draft: PlanDraft, path: tuple[str | int, ...]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await plans.set_plan(ctx, None, draft)
    assert refused.value.path == path


async def test_a_marketer_sets_the_plan_of_their_own_merchant_alone(ctx: Context) -> None:
    place, other = await make.store(ctx), await make.store(ctx)
    marketer = await make.staff(place.organisation_id, Role.MARKETER)
    acting = await make.as_staff(ctx, marketer)
    for organisation_id in (None, other.organisation_id, 999):
        with pytest.raises(NotFound):
            await plans.set_plan(acting, organisation_id, PlanDraft(levels=[]))
    with pytest.raises(InvalidInput):
        await plans.set_plan(acting, place.organisation_id, PlanDraft(levels=[]))
