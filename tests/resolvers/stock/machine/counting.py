"""Stocktakes while everything else goes on."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from models.stock.states import StockState
from resolvers.stock.stocktakes.approval import approve
from resolvers.stock.stocktakes.counting import CountDraft, count, recount
from resolvers.stock.stocktakes.opening import cancel, open_
from tests.resolvers.stock.machine.correcting import OUTSIDE, Correcting
from tests.resolvers.stock.machine.driving import chances, few, pick, scans
from tests.resolvers.stock.machine.model import AVAILABLE, Level

GOING_ON = ("OPEN", "COUNTED")
TOO_FEW_SCANNED = 4


@dataclass
class Stocktake:
    """`found` are serial numbers that differ, with where the books had them here when they were counted.

    Those that came or left since then are `touched`.
    """

    id: int
    level: Level
    state: str = "OPEN"
    difference: int = 0
    found: dict[str, StockState | None] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)


def here(level: Level) -> dict[str, StockState | None]:
    return {serial: state for state, serials in level.serials.items() for serial in serials}


class Counting(Correcting):
    def __init__(self) -> None:
        super().__init__()
        self.stocktakes: list[Stocktake] = []

    @invariant()
    def notice_what_comes_and_leaves(self) -> None:
        for each in self.stocktakes:
            now = here(each.level)
            each.touched |= {s for s, state in each.found.items() if now.get(s) is not state}

    @rule(
        number=few, wrong_by=st.integers(-4, 4), drawn=scans, steps=st.integers(0, 3),
        chance=chances,
    )  # fmt: skip
    def open_a_stocktake(
        self, number: int, wrong_by: int, drawn: list[str] | None, steps: int, chance: int
    ) -> None:
        """And count at once, come across what differs, and approve, or not yet."""
        level = self.model.levels[number]
        row = self.row_of(level)
        free = not any(each.level is level and each.state in GOING_ON for each in self.stocktakes)
        if not self.done(open_(self.now(), row.location_id, [row.variant_id], None), allowed=free):
            return
        self.stocktakes.append(stocktake := Stocktake(self.answer.id, level))
        if steps > 0:
            self._count(stocktake, wrong_by, drawn)
        if steps > 1 and stocktake.found:
            self._come_across(stocktake, chance)
        if steps > 2:
            self._end_by_approving(stocktake)

    @precondition(lambda self: self.stocktakes)
    @rule(chance=chances, wrong_by=st.integers(-4, 4), drawn=scans)
    def count(self, chance: int, wrong_by: int, drawn: list[str] | None) -> None:
        self._count(pick(self.stocktakes, chance, "OPEN"), wrong_by, drawn)

    def _count(self, stocktake: Stocktake, wrong_by: int, drawn: list[str] | None) -> None:
        """Of pieces so many too many; of serial numbers those drawn too many, and the first too few."""
        level, ctx = stocktake.level, self.now()
        stands, there = self.model.shown(level).on_hand, here(level)
        scanned, pieces = list[str](), max(0, stands + wrong_by)
        if level.tracked:
            scanned = sorted({*sorted(there)[max(0, -wrong_by) :], *(drawn or ())})
            pieces = len(scanned) + (wrong_by == TOO_FEW_SCANNED)
        draft = CountDraft(self.row_of(level).variant_id, pieces)
        if self.done_once(
            lambda key: count(ctx, stocktake.id, [draft], None, key, self.scans(scanned)),
            allowed=stocktake.state == "OPEN" and (not level.tracked or pieces == len(scanned)),
        ):
            self.model.free(level)
            stocktake.state, stocktake.difference = "COUNTED", pieces - stands
            if level.tracked:
                stocktake.found = {each: there.get(each) for each in {*there} ^ {*scanned}}
            stocktake.touched = set()

    @precondition(lambda self: self.stocktakes)
    @rule(chance=chances)
    def count_again(self, chance: int) -> None:
        stocktake = pick(self.stocktakes, chance, "COUNTED")
        work = recount(self.now(), stocktake.id, [self.row_of(stocktake.level).variant_id])
        if self.done(work, allowed=stocktake.state == "COUNTED"):
            stocktake.state, stocktake.difference, stocktake.found = "OPEN", 0, {}

    @precondition(lambda self: any(each.found for each in self.stocktakes))
    @rule(chance=chances)
    def come_across_one_that_differs(self, chance: int) -> None:
        differing = [each for each in self.stocktakes if each.found]
        self._come_across(differing[-1 - chance % len(differing)], chance)

    def _come_across(self, stocktake: Stocktake, chance: int) -> None:
        """It is taken out by hand if the books have it there, or else in."""
        level, serial = stocktake.level, sorted(stocktake.found)[chance % len(stocktake.found)]
        there = here(level).get(serial)
        start, end = (there, OUTSIDE) if there else (OUTSIDE, AVAILABLE)
        self.adjust(self.model.levels.index(level), start, end, 1, [serial])
        self.notice_what_comes_and_leaves()

    @precondition(lambda self: self.stocktakes)
    @rule(chance=chances)
    def approve_a_stocktake(self, chance: int) -> None:
        self._end_by_approving(pick(self.stocktakes, chance, "COUNTED"))

    def _end_by_approving(self, stocktake: Stocktake) -> None:
        level, ctx = stocktake.level, self.now()
        apart = sorted(stocktake.found.keys() - stocktake.touched)
        leaving = [state for each in apart if (state := stocktake.found[each])]
        coming = {each for each in apart if not stocktake.found[each]}
        change = len(coming) - leaving.count(AVAILABLE) if level.tracked else stocktake.difference
        allowed = (
            stocktake.state == "COUNTED"
            and not coming & self.model.known()
            and self.model.effective(level) + change >= 0
        )
        if not self.done_once(lambda key: approve(ctx, stocktake.id, key), allowed=allowed):
            return
        stocktake.state = "APPROVED"
        if level.tracked or change:
            self.model.free(level)
        if level.tracked:
            self._exchange(level, apart, leaving, coming)
            return
        level.stands[AVAILABLE] += change
        if change > 0:
            level.worth.grow(change)
        elif change < 0:
            level.worth.take(-change)

    def _exchange(
        self, level: Level, apart: list[str], leaving: list[StockState], coming: set[str]
    ) -> None:
        for state in dict.fromkeys(leaving):
            level.stands[state] -= leaving.count(state)
            level.serials[state] -= set(apart)
            level.worth.take(leaving.count(state))
        level.stands[AVAILABLE] += len(coming)
        level.serials[AVAILABLE] |= coming
        if coming:
            level.worth.grow(len(coming))

    @precondition(lambda self: self.stocktakes)
    @rule(chance=chances)
    def give_up_a_stocktake(self, chance: int) -> None:
        stocktake = pick(self.stocktakes, chance, *GOING_ON)
        work = cancel(self.now(), stocktake.id, None)
        if self.done(work, allowed=stocktake.state in GOING_ON):
            stocktake.state = "CANCELLED"
