from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.referrals.rules import (
    DEFAULT_PLAN,
    BindingTerms,
    CommissionKind,
    InvalidPlan,
    Level,
    PayeeKind,
    Plan,
    Share,
    reversal,
    split_commission,
    would_cycle,
)

BUYER, MOTHER, FRIEND, STRANGER, GUIDE = 1, 2, 3, 4, 77
FIVE, TWO, THREE = Decimal("0.05"), Decimal("0.02"), Decimal("0.03")
TWO_LEVELS = Plan((Level(1, FIVE), Level(2, TWO)), guide_rate=THREE)


def earned(shares: list[Share]) -> list[tuple[CommissionKind, int, int, int]]:
    return [(share.kind, share.level, share.payee_id, share.amount_minor) for share in shares]


def test_two_levels_and_the_guide_earn_from_what_the_lines_paid() -> None:
    shares = split_commission(
        [949, 476, 19], TWO_LEVELS, buyer_id=BUYER, uplines=[MOTHER, FRIEND], guide_id=GUIDE
    )
    assert shares == [
        Share(CommissionKind.REFERRAL, 1, PayeeKind.MEMBER, MOTHER, 1444, FIVE, 72),
        Share(CommissionKind.REFERRAL, 2, PayeeKind.MEMBER, FRIEND, 1444, TWO, 28),
        Share(CommissionKind.GUIDE_SALE, 0, PayeeKind.STAFF, GUIDE, 1444, THREE, 43),
    ]


def test_the_lines_are_summed_before_rounding_down() -> None:
    [share] = split_commission([19] * 10, Plan((Level(1, FIVE),)), uplines=[MOTHER])
    assert share.amount_minor == 9  # line by line it would be 0


@pytest.mark.parametrize(
    ("uplines", "expected"),
    [
        ([], []),
        ([MOTHER], [(1, MOTHER)]),
        ([None, FRIEND], [(2, FRIEND)]),
        ([MOTHER, None, STRANGER], [(1, MOTHER)]),
        ([MOTHER, FRIEND, STRANGER], [(1, MOTHER), (2, FRIEND)]),
    ],
)
def test_an_empty_place_earns_nothing_and_keeps_its_level(
    uplines: list[int | None], expected: list[tuple[int, int]]
) -> None:
    shares = split_commission([10_000], TWO_LEVELS, buyer_id=BUYER, uplines=uplines)
    assert [(share.level, share.payee_id) for share in shares] == expected


def test_a_self_purchase_moves_everyone_above_up_one_level() -> None:
    plan = Plan(TWO_LEVELS.levels, self_purchase=True)
    assert earned(split_commission([10_000], plan, buyer_id=BUYER, uplines=[MOTHER, FRIEND])) == [
        (CommissionKind.SELF, 1, BUYER, 500),
        (CommissionKind.REFERRAL, 2, MOTHER, 200),
    ]


def test_a_buyer_who_may_not_earn_leaves_the_levels_as_they_are() -> None:
    plan = Plan(TWO_LEVELS.levels, self_purchase=True)
    assert earned(split_commission([10_000], plan, uplines=[MOTHER, FRIEND])) == [
        (CommissionKind.REFERRAL, 1, MOTHER, 500),
        (CommissionKind.REFERRAL, 2, FRIEND, 200),
    ]


def test_without_self_purchase_the_buyer_earns_nothing() -> None:
    shares = split_commission([10_000], TWO_LEVELS, buyer_id=BUYER, uplines=[MOTHER])
    assert BUYER not in {share.payee_id for share in shares}


def test_a_share_of_one_unit_is_paid_and_less_is_not() -> None:
    plan = Plan((Level(1, FIVE),), guide_rate=THREE)
    assert earned(split_commission([20], plan, uplines=[MOTHER], guide_id=GUIDE)) == [
        (CommissionKind.REFERRAL, 1, MOTHER, 1)
    ]


def test_several_empty_places_are_no_loop() -> None:
    assert split_commission([1000], TWO_LEVELS, uplines=[None, None]) == []


@pytest.mark.parametrize(("rate", "is_one"), [("0", True), ("1", True), ("1.01", False)])
def test_a_rate_goes_from_nothing_to_the_whole(rate: str, is_one: bool) -> None:
    if is_one:
        assert Plan((Level(1, Decimal(rate)),)).levels[0].rate == Decimal(rate)
        return
    with pytest.raises(InvalidPlan, match="between 0 and 1"):
        Plan((Level(1, Decimal(rate)),))


@pytest.mark.parametrize("bases", [[], [0, 0], [1]])
def test_shares_of_nothing_are_left_out(bases: list[int]) -> None:
    assert split_commission(bases, TWO_LEVELS, uplines=[MOTHER], guide_id=GUIDE) == []


@pytest.mark.parametrize(
    "uplines", [[MOTHER, MOTHER], [BUYER], [MOTHER, BUYER], [MOTHER, FRIEND, MOTHER]]
)
def test_nobody_is_paid_twice_through_a_loop(uplines: list[int]) -> None:
    with pytest.raises(ValueError, match="above themself"):
        split_commission([10_000], TWO_LEVELS, buyer_id=BUYER, uplines=uplines)


def test_a_negative_base_is_refused() -> None:
    with pytest.raises(ValueError, match="less than nothing"):
        split_commission([500, -1], TWO_LEVELS, uplines=[MOTHER])


@pytest.mark.parametrize(
    ("levels", "guide_rate"),
    [
        ([(1, "0.1"), (2, "0.1"), (3, "0.1"), (4, "0.1")], "0"),
        ([(2, "0.1")], "0"),
        ([(1, "0.1"), (1, "0.1")], "0"),
        ([(0, "0.1")], "0"),
        ([(1, "0.1"), (3, "0.1")], "0"),
        ([(1, "-0.1")], "0"),
        ([(1, "1.1")], "0"),
        ([(1, "NaN")], "0"),
        ([(1, "Infinity")], "0"),
        ([(1, "0.1234567")], "0"),
        ([(1, "1E-999999")], "0"),
        ([(1, "0.6"), (2, "0.4")], "0.000001"),
        ([], "-0.01"),
        ([], "1.01"),
    ],
)
def test_a_plan_that_the_law_or_the_sale_cannot_bear_is_refused(
    levels: list[tuple[int, str]], guide_rate: str
) -> None:
    with pytest.raises(InvalidPlan):
        Plan(tuple(Level(level, Decimal(rate)) for level, rate in levels), Decimal(guide_rate))


def test_a_plan_may_give_the_whole_sale_away_on_three_levels() -> None:
    plan = Plan(tuple(Level(n, Decimal("0.2")) for n in (1, 2, 3)), Decimal("0.4"))
    shares = split_commission([101], plan, uplines=[MOTHER, FRIEND, STRANGER], guide_id=GUIDE)
    assert [share.amount_minor for share in shares] == [20, 20, 20, 40]


rates = st.integers(0, 250_000).map(lambda millionths: Decimal(millionths).scaleb(-6))
plans = st.builds(
    lambda levels, guide, own: Plan(
        tuple(Level(number, rate) for number, rate in enumerate(levels, start=1)), guide, own
    ),
    st.lists(rates, max_size=3),
    rates,
    st.booleans(),
)
bases = st.lists(st.integers(0, 10**9), max_size=6)


@given(bases, plans, st.integers(0, 5), st.booleans())
def test_the_sum_of_all_shares_is_never_above_the_plan(
    line_bases: list[int], plan: Plan, depth: int, guided: bool
) -> None:
    shares = split_commission(
        line_bases,
        plan,
        buyer_id=BUYER,
        uplines=range(10, 10 + depth),
        guide_id=GUIDE if guided else None,
    )
    total_rate = sum((Fraction(level.rate) for level in plan.levels), Fraction(plan.guide_rate))
    assert sum(share.amount_minor for share in shares) <= total_rate * sum(line_bases)
    assert all(
        0 < share.amount_minor <= Fraction(share.rate) * share.base_minor for share in shares
    )


@pytest.mark.parametrize(
    ("amount", "base", "refunded", "already", "expected"),
    [
        (72, 1444, 0, 0, 0),
        (72, 1444, 19, 0, 1),
        (72, 1444, 722, 1, 35),
        (72, 1444, 1444, 36, 36),
        (72, 1444, 1444, 72, 0),
        (72, 1444, 19, 5, 0),
        (72, 1444, 1444, 0, 72),
        (0, 0, 0, 0, 0),
    ],
)
def test_a_refund_takes_back_its_share(
    amount: int, base: int, refunded: int, already: int, expected: int
) -> None:
    assert reversal(amount, base, refunded, already) == expected


@given(st.integers(1, 10**9), rates, st.lists(st.integers(0, 10**9), max_size=6))
def test_refunds_in_parts_take_back_what_one_would_and_at_the_end_everything(
    base: int, rate: Decimal, cuts: list[int]
) -> None:
    amount = int(base * rate)
    refunds = [*sorted(cut % (base + 1) for cut in cuts), base]
    reversed_minor = 0
    for refunded in refunds:
        reversed_minor += reversal(amount, base, refunded, reversed_minor)
        assert reversed_minor == reversal(amount, base, refunded, 0)
        assert 0 <= amount - reversed_minor <= Fraction(rate) * (base - refunded)
    assert reversed_minor == amount


@pytest.mark.parametrize("refunded", [-1, 101])
def test_a_refund_beyond_the_base_is_refused(refunded: int) -> None:
    with pytest.raises(ValueError, match="between nothing and the base"):
        reversal(5, 100, refunded, 0)


@pytest.mark.parametrize(
    ("member", "ancestors", "cycle"),
    [
        (BUYER, [], False),
        (BUYER, [MOTHER, FRIEND], False),
        (BUYER, [BUYER], True),
        (BUYER, [MOTHER, FRIEND, BUYER], True),
    ],
)
def test_a_loop_is_seen_however_long(member: int, ancestors: list[int], cycle: bool) -> None:
    assert would_cycle(member, ancestors) is cycle


@pytest.mark.parametrize(
    ("terms", "locked_for", "ends_after"),
    [
        (BindingTerms(), None, None),
        (BindingTerms(binding_days=90), 90, 90),
        (BindingTerms(protected_days=30), 30, None),
        (BindingTerms(binding_days=90, protected_days=30), 30, 90),
        (BindingTerms(protected_days=0), 0, None),
    ],
)
def test_a_binding_is_protected_and_ends_by_its_terms(
    terms: BindingTerms, locked_for: int | None, ends_after: int | None
) -> None:
    bound_at = datetime(2026, 2, 28, 12, tzinfo=UTC)
    ends_at = terms.ends_at(bound_at)
    assert ends_at == (None if ends_after is None else bound_at + timedelta(days=ends_after))
    if locked_for is None:
        assert terms.is_locked(bound_at, bound_at + timedelta(days=365_000))
    else:
        free_at = bound_at + timedelta(days=locked_for)
        assert not terms.is_locked(bound_at, free_at)
        assert terms.is_locked(bound_at, free_at - timedelta(microseconds=1))


def test_the_plan_that_nobody_set_pays_ten_percent_in_all() -> None:
    shares = split_commission(
        [10_000], DEFAULT_PLAN, buyer_id=BUYER, uplines=[MOTHER, FRIEND, STRANGER], guide_id=GUIDE
    )
    assert [share.amount_minor for share in shares] == [500, 200, 300]
