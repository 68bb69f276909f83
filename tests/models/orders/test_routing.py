from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.orders.routing import (
    MAX_EXACT_PARCELS,
    MAX_SHORTLIST,
    Candidate,
    Decision,
    Quantities,
    RefusalReason,
    Shortage,
    decide,
    nearest_first,
)

JUICE, NOODLES, TEA, RICE = 1, 2, 3, 4


def place(
    code: str,
    metres: int | None,
    available: dict[int, int],
    *refusals: RefusalReason,
) -> Candidate:
    return Candidate(int(code, 36), code, metres, available, refusals)


def sent(decision: Decision | Shortage) -> set[tuple[int, int, int]]:
    assert isinstance(decision, Decision)
    return {(pick.location_id, pick.variant_id, pick.quantity) for pick in decision.picks}


def ids(*codes: str) -> list[int]:
    return [int(code, 36) for code in codes]


def reasons(decision: Decision | Shortage) -> dict[int, tuple[RefusalReason, ...]]:
    return {each.location_id: each.refused_because for each in decision.candidates}


def test_one_parcel_beats_a_nearer_split() -> None:
    near, next_near = place("A", 100, {JUICE: 1}), place("B", 200, {NOODLES: 1})
    far = place("C", 90_000, {JUICE: 1, NOODLES: 1})

    decision = decide({JUICE: 1, NOODLES: 1}, [near, far, next_near])

    [c] = ids("C")
    assert sent(decision) == {(c, JUICE, 1), (c, NOODLES, 1)}
    assert [each.location_id for each in decision.candidates] == ids("A", "B", "C")
    assert [each.chosen for each in decision.candidates] == [False, False, True]
    assert list(reasons(decision).values()) == [
        (RefusalReason.INSUFFICIENT_STOCK,),
        (RefusalReason.INSUFFICIENT_STOCK,),
        (),
    ]


def test_of_single_parcels_the_nearest_sends() -> None:
    decision = decide({JUICE: 2}, [place("B", 300, {JUICE: 5}), place("A", 400, {JUICE: 9})])
    a, b = ids("A", "B")
    assert sent(decision) == {(b, JUICE, 2)}
    assert reasons(decision) == {b: (), a: (RefusalReason.NOT_NEEDED,)}


def test_a_tie_goes_to_the_lower_code() -> None:
    decision = decide({JUICE: 1}, [place("B", 300, {JUICE: 1}), place("A", 300, {JUICE: 1})])
    assert sent(decision) == {(*ids("A"), JUICE, 1)}


def test_a_place_with_more_pieces_does_not_beat_a_nearer_pair() -> None:
    near, farther = place("A", 0, {JUICE: 2}), place("C", 20, {JUICE: 2})
    full = place("B", 60, {JUICE: 3})
    a, c = ids("A", "C")
    assert sent(decide({JUICE: 4}, [near, farther, full])) == {(a, JUICE, 2), (c, JUICE, 2)}


def test_a_tie_of_pairs_goes_to_the_lower_codes() -> None:
    places = [
        place("D", 0, {JUICE: 1, NOODLES: 1}),
        place("C", 10, {TEA: 1, RICE: 1}),
        place("A", 4, {JUICE: 1, TEA: 1}),
        place("B", 6, {NOODLES: 1, RICE: 1}),
    ]
    decision = decide({JUICE: 1, NOODLES: 1, TEA: 1, RICE: 1}, places)
    assert {location_id for location_id, _, _ in sent(decision)} == set(ids("A", "B"))


def test_a_place_without_a_distance_is_the_last_choice() -> None:
    decision = decide({JUICE: 1}, [place("A", None, {JUICE: 1}), place("B", 900_000, {JUICE: 1})])
    assert sent(decision) == {(*ids("B"), JUICE, 1)}


def test_of_two_parcels_the_shortest_total_wins_and_the_nearest_gives_first() -> None:
    places = [
        place("A", 100, {JUICE: 2}),
        place("B", 500, {JUICE: 3, NOODLES: 1}),
        place("C", 400, {JUICE: 2, NOODLES: 1}),
    ]
    a, c = ids("A", "C")
    decision = decide({JUICE: 3, NOODLES: 1}, places[:1] + places[2:])
    assert sent(decision) == {(a, JUICE, 2), (c, JUICE, 1), (c, NOODLES, 1)}
    assert sent(decide({JUICE: 4, NOODLES: 1}, places)) == {
        (a, JUICE, 2),
        (c, JUICE, 2),
        (c, NOODLES, 1),
    }


@pytest.mark.parametrize("reason", list(RefusalReason))
def test_a_refused_place_never_sends_and_keeps_its_reasons(reason: RefusalReason) -> None:
    refused = place("A", 1, {JUICE: 9}, reason, RefusalReason.CLOSED)
    decision = decide({JUICE: 1}, [refused, place("B", 2, {JUICE: 1})])
    a, b = ids("A", "B")
    assert sent(decision) == {(b, JUICE, 1)}
    assert reasons(decision) == {a: (reason, RefusalReason.CLOSED), b: ()}


def test_a_shortage_names_what_is_missing_and_sends_nothing() -> None:
    places = [
        place("A", 1, {JUICE: 2, NOODLES: 5}),
        place("B", 2, {JUICE: 1}),
        place("C", 3, {JUICE: 9}, RefusalReason.INACTIVE),
    ]
    shortage = decide({JUICE: 5, NOODLES: 1, TEA: 4}, places)
    assert isinstance(shortage, Shortage)
    assert shortage.missing == {JUICE: 2, TEA: 4}
    assert not any(each.chosen for each in shortage.candidates)
    assert list(reasons(shortage).values()) == [
        (RefusalReason.INSUFFICIENT_STOCK,),
        (RefusalReason.INSUFFICIENT_STOCK,),
        (RefusalReason.INACTIVE,),
    ]


def test_nobody_at_all_is_a_shortage() -> None:
    shortage = decide({JUICE: 1}, [])
    assert isinstance(shortage, Shortage)
    assert shortage.missing == {JUICE: 1}


def test_what_a_place_lacks_beyond_its_safety_stock_counts_as_nothing() -> None:
    shortage = decide({JUICE: 3}, [place("A", 1, {JUICE: 2}), place("B", 2, {JUICE: -5})])
    assert isinstance(shortage, Shortage)
    assert shortage.missing == {JUICE: 1}


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_demand_of_nothing_is_refused(quantity: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        decide({JUICE: quantity}, [place("A", 1, {JUICE: 9})])
    with pytest.raises(ValueError, match="at least one"):
        decide({JUICE: quantity, TEA: 1}, [place("A", 1, {JUICE: 9, TEA: 9})])


def test_only_places_that_may_send_and_have_something_of_it_are_allocated() -> None:
    asked: list[str] = []

    def allocate(demand: Quantities, suppliers: Sequence[Candidate]) -> Sequence[Candidate]:
        asked.extend(supplier.code for supplier in suppliers)
        return suppliers

    places = [
        place("A", 1, {JUICE: 1}),
        place("B", 2, {JUICE: 0}),
        place("C", 3, {TEA: 5}),
        place("D", 4, {JUICE: 5}, RefusalReason.CLOSED),
    ]
    assert isinstance(decide({JUICE: 1}, places, allocate=allocate), Decision)
    assert asked == ["A"]


@pytest.mark.parametrize(("needed", "sent_from"), [(2, 2), (3, 3), (4, 4), (5, 6)])
def test_up_to_four_parcels_are_the_fewest_and_beyond_that_the_greedy_answer_stands(
    needed: int, sent_from: int
) -> None:
    """Each place has two goods, but one has one each of several and tempts whoever looks no further."""
    pairs = [{2 * n: 1, 2 * n + 1: 1} for n in range(needed)]
    tempting = {2 * n: 1 for n in range(min(3, needed))}
    places = [place(f"P{n}", 1_000 + n, stock) for n, stock in enumerate([tempting, *pairs])]
    for crowd in ([], many(2 * MAX_SHORTLIST, {0: 1})):
        decision = decide(dict.fromkeys(range(2 * needed), 1), [*crowd, *places])
        assert isinstance(decision, Decision)
        assert len({each.location_id for each in decision.picks}) == sent_from


def test_a_place_named_twice_is_refused_for_its_stock_would_count_twice() -> None:
    with pytest.raises(ValueError, match="once"):
        decide({JUICE: 2}, [place("A", 1, {JUICE: 1}), place("A", 1, {JUICE: 1})])


def test_of_places_as_far_away_the_lower_code_comes_first_and_then_the_lower_id() -> None:
    rows = [(2, "B"), (3, "A"), (1, "A"), (4, "C")]
    places = [Candidate(location_id, code, 100, {}) for location_id, code in rows]
    assert [place.location_id for place in nearest_first(places)] == [1, 3, 2, 4]


def test_the_sorter_says_who_gives_first() -> None:
    places = [place("A", 1, {JUICE: 5}), place("B", 2, {JUICE: 5})]
    decision = decide({JUICE: 6}, places, sort=lambda them: nearest_first(them)[::-1])
    a, b = ids("A", "B")
    assert sent(decision) == {(b, JUICE, 5), (a, JUICE, 1)}


def test_policies_can_be_replaced() -> None:
    places = [place("A", 1, {JUICE: 5}), place("B", 2, {JUICE: 5})]
    decision = decide(
        {JUICE: 6},
        places,
        sort=lambda candidates: sorted(candidates, key=lambda c: c.code, reverse=True),
        allocate=lambda demand, suppliers: suppliers,
    )
    a, b = ids("A", "B")
    assert sent(decision) == {(b, JUICE, 5), (a, JUICE, 1)}
    assert [each.location_id for each in decision.candidates] == [b, a]


demands = st.dictionaries(st.sampled_from([JUICE, NOODLES, TEA]), st.integers(1, 5), min_size=1)
stocks = st.fixed_dictionaries(dict.fromkeys([JUICE, NOODLES, TEA], st.integers(0, 3)))
distances = st.sampled_from([None, *range(12)])
refusals = st.sampled_from([(), (), (), (), (), (), (), (RefusalReason.CLOSED,)])


@st.composite
def candidate_sets(draw: st.DrawFn) -> list[Candidate]:
    rows = draw(st.lists(st.tuples(distances, stocks, refusals), min_size=2, max_size=8))
    codes = draw(st.permutations("ABCDEFGH"))
    return [
        place(code, metres, stock, *refused)
        for code, (metres, stock, refused) in zip(codes, rows, strict=False)
    ]


def best_by_brute_force(demand: dict[int, int], places: Sequence[Candidate]) -> set[str] | None:
    """The fewest places; then fewest unknown distances, least metres, lowest codes."""
    for parcels in range(1, len(places) + 1):
        enough = [
            chosen
            for chosen in combinations(places, parcels)
            if all(sum(p.available.get(v, 0) for p in chosen) >= n for v, n in demand.items())
        ]
        if enough:
            best = min(
                enough,
                key=lambda chosen: (
                    [p.distance_metres for p in chosen].count(None),
                    sum(p.distance_metres or 0 for p in chosen),
                    sorted(p.code for p in chosen),
                ),
            )
            return {p.code for p in best}
    return None


@settings(max_examples=400)
@given(demands, candidate_sets())
def test_the_answer_equals_brute_force(demand: dict[int, int], places: list[Candidate]) -> None:
    willing = [each for each in places if not each.refusals]
    expected = best_by_brute_force(demand, willing)

    decision = decide(demand, places)

    if expected is None:
        assert isinstance(decision, Shortage)
        return
    assert isinstance(decision, Decision)
    chosen = {each.location_id for each in decision.candidates if each.chosen}
    if len(expected) <= MAX_EXACT_PARCELS:
        assert chosen == set(ids(*expected))
    else:
        assert len(chosen) >= len(expected)


@given(demands, candidate_sets())
def test_picks_meet_the_demand_exactly_and_take_nothing_that_is_not_there(
    demand: dict[int, int], places: list[Candidate]
) -> None:
    decision = decide(demand, places)
    available = {each.location_id: each.available for each in places}
    assert len(decision.candidates) == len(places)
    assert all(each.chosen or each.refused_because for each in decision.candidates)
    if isinstance(decision, Shortage):
        assert decision.missing
        return
    total: Counter[int] = Counter()
    for pick in decision.picks:
        assert 1 <= pick.quantity <= available[pick.location_id][pick.variant_id]
        total[pick.variant_id] += pick.quantity
    assert total == demand
    picked = {pick.location_id for pick in decision.picks}
    assert picked == {each.location_id for each in decision.candidates if each.chosen}


@given(demands, candidate_sets(), st.randoms(use_true_random=False))
def test_the_order_in_which_candidates_come_does_not_matter(
    demand: dict[int, int], places: list[Candidate], random: st.random_module
) -> None:
    shuffled = list(places)
    random.shuffle(shuffled)
    assert decide(demand, shuffled) == decide(demand, places)


def many(number: int, stock: dict[int, int]) -> list[Candidate]:
    return [Candidate(10_000 + index, f"S{index:03}", 10 * index, stock) for index in range(number)]


def test_alike_places_however_many_do_not_push_a_useful_one_off_the_shortlist() -> None:
    crowd = many(200, {JUICE: 1})
    far = place("Z", 80_000, {NOODLES: 1})
    assert sent(decide({JUICE: 1, NOODLES: 1}, [*crowd, far])) == {
        (10_000, JUICE, 1),
        (*ids("Z"), NOODLES, 1),
    }


def test_a_demand_spread_thinner_than_the_exact_search_is_still_met() -> None:
    decision = decide({JUICE: 40}, many(50, {JUICE: 1}))
    assert isinstance(decision, Decision)
    assert [pick.location_id for pick in decision.picks] == [10_000 + index for index in range(40)]


@pytest.mark.parametrize("near_parcels", [4, 5])
def test_beyond_the_shortlist_two_far_places_beat_more_near_ones(near_parcels: int) -> None:
    basket = dict.fromkeys(range(100, 100 + MAX_SHORTLIST + 10), 1)

    def parts(number: int) -> list[dict[int, int]]:
        return [dict.fromkeys(list(basket)[part::number], 1) for part in range(number)]

    near = [place(f"N{n}", n, stock) for n, stock in enumerate(parts(near_parcels))]
    crowd = [Candidate(variant, f"C{variant}", variant, {variant: 1}) for variant in basket]
    far = [place(f"Z{n}", 70_000, stock) for n, stock in enumerate(parts(2))]

    decision = decide(basket, [*near, *crowd, *far])

    assert isinstance(decision, Decision)
    assert {pick.location_id for pick in decision.picks} == set(ids("Z0", "Z1"))
