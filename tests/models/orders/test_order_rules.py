from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bounds import ORDER_LINES
from models.errors import InvalidInput, LimitExceeded
from models.orders.rules import MAXIMUM_QUANTITY, added, check_quantity, replaced, split

quantities = st.dictionaries(st.integers(1, 6), st.integers(1, 20), max_size=6)
choices = st.lists(st.none() | quantities, min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("quantity", "minimum", "fits"),
    [
        (1, 1, True),
        (0, 1, False),
        (0, 0, True),
        (-1, 0, False),
        (MAXIMUM_QUANTITY, 1, True),
        (MAXIMUM_QUANTITY + 1, 1, False),
    ],
)
def test_a_quantity_lies_between_its_bounds(quantity: int, minimum: int, fits: bool) -> None:
    if fits:
        check_quantity(quantity, "lines", 3, "quantity", minimum=minimum)
        return
    with pytest.raises(InvalidInput) as refused:
        check_quantity(quantity, "lines", 3, "quantity", minimum=minimum)
    assert refused.value.path == ("lines", 3, "quantity")


def test_adding_sums_and_answers_what_changed() -> None:
    assert added({1: 2, 2: 5}, [(1, 3), (3, 1), (1, 1)]) == {1: 6, 3: 1}


def test_too_many_pieces_name_their_line() -> None:
    with pytest.raises(LimitExceeded) as refused:
        added({1: MAXIMUM_QUANTITY - 1}, [(2, 1), (1, 1), (1, 1)])
    assert refused.value.path == (2, "quantity")
    assert added({1: MAXIMUM_QUANTITY - 1}, [(1, 1)]) == {1: MAXIMUM_QUANTITY}


def test_a_cart_has_only_so_many_lines() -> None:
    full = dict.fromkeys(range(ORDER_LINES), 1)
    assert added(full, [(0, 1)]) == {0: 2}
    with pytest.raises(LimitExceeded) as refused:
        added(full, [(500, 1)])
    assert refused.value.path == ()


def test_replacing_sets_and_counts_only_what_stays() -> None:
    full = dict.fromkeys(range(ORDER_LINES), 1)
    assert replaced(full, [(0, 0), (500, 2)]) == {0: 0, 500: 2}
    with pytest.raises(LimitExceeded):
        replaced(full, [(500, 2)])
    with pytest.raises(InvalidInput) as refused:
        replaced({}, [(1, 1), (1, 0)])
    assert refused.value.path == (1, "variantId")


@pytest.mark.parametrize(
    ("ways", "shares", "left", "excess"),
    [
        ([None], [{1: 3, 2: 1}], {}, ()),
        ([{1: 3}, None], [{1: 3}, {2: 1}], {}, ()),
        ([None, {1: 1}], [{1: 2, 2: 1}, {1: 1}], {}, ()),
        ([{1: 3}], [{1: 3}], {2: 1}, ()),
        ([{1: 2}, {1: 2, 2: 1}], [{1: 2}, {1: 2, 2: 1}], {}, ((1, 1),)),
        ([{9: 1}, None], [{9: 1}, {1: 3, 2: 1}], {}, ((0, 9),)),
        ([None, None], [{1: 3, 2: 1}, {}], {}, ()),
    ],
)
def test_goods_are_spread_over_the_ways(ways, shares, left, excess) -> None:
    found = split({1: 3, 2: 1}, ways)
    assert (list(found.shares), found.left, found.excess) == (shares, left, excess)


@given(quantities, choices)
def test_every_piece_is_covered_once_or_named(goods: dict[int, int], ways) -> None:
    found = split(goods, ways)
    covered: Counter[int] = Counter()
    for share in found.shares:
        covered.update(share)
    if not found.excess:
        assert covered + Counter(found.left) == Counter(goods)
    else:
        assert any(covered[variant] > goods.get(variant, 0) for _, variant in found.excess)
