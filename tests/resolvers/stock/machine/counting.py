"""Stocktakes while everything else goes on."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from resolvers.stock.counting import CountDraft, count, recount
from resolvers.stock.stocktake_approval import approve
from resolvers.stock.stocktake_opening import cancel, open_
from tests.resolvers.stock.machine.driving import Driver, chances, few, pick
from tests.resolvers.stock.machine.model import AVAILABLE, Level

GOING_ON = ("OPEN", "COUNTED")


@dataclass
class Stocktake:
    id: int
    level: Level
    state: str = "OPEN"
    difference: int = 0


class Counting(Driver):
    def __init__(self) -> None:
        super().__init__()
        self.stocktakes: list[Stocktake] = []

    @rule(number=few, wrong_by=st.none() | st.integers(-4, 4))
    def open_a_stocktake(self, number: int, wrong_by: int | None) -> None:
        """And count at once, or not yet."""
        level = self.model.levels[number]
        row = self.row_of(level)
        free = not any(each.level is level and each.state in GOING_ON for each in self.stocktakes)
        if not self.done(open_(self.now(), row.location_id, [row.variant_id], None), allowed=free):
            return
        self.stocktakes.append(stocktake := Stocktake(self.answer.id, level))
        if wrong_by is not None:
            self._count(stocktake, wrong_by)

    @precondition(lambda self: self.stocktakes)
    @rule(chance=chances, wrong_by=st.integers(-4, 4))
    def count(self, chance: int, wrong_by: int) -> None:
        self._count(pick(self.stocktakes, chance, "OPEN"), wrong_by)

    def _count(self, stocktake: Stocktake, wrong_by: int) -> None:
        level, ctx = stocktake.level, self.now()
        stands = self.model.shown(level).on_hand
        draft = CountDraft(self.row_of(level).variant_id, max(0, stands + wrong_by))
        allowed = stocktake.state == "OPEN"
        if self.done_once(
            lambda key: count(ctx, stocktake.id, [draft], None, key), allowed=allowed
        ):
            self.model.free(level)
            stocktake.state, stocktake.difference = "COUNTED", draft.quantity - stands

    @precondition(lambda self: self.stocktakes)
    @rule(chance=chances)
    def count_again(self, chance: int) -> None:
        stocktake = pick(self.stocktakes, chance, "COUNTED")
        work = recount(self.now(), stocktake.id, [self.row_of(stocktake.level).variant_id])
        if self.done(work, allowed=stocktake.state == "COUNTED"):
            stocktake.state, stocktake.difference = "OPEN", 0

    @precondition(lambda self: self.stocktakes)
    @rule(chance=chances)
    def approve_a_stocktake(self, chance: int) -> None:
        stocktake = pick(self.stocktakes, chance, "COUNTED")
        level, difference, ctx = stocktake.level, stocktake.difference, self.now()
        enough = self.model.effective(level) + difference >= 0
        allowed = stocktake.state == "COUNTED" and (
            difference == 0 or (enough and not level.tracked)
        )
        if not self.done_once(lambda key: approve(ctx, stocktake.id, key), allowed=allowed):
            return
        stocktake.state = "APPROVED"
        if difference:
            self.model.free(level)
            level.stands[AVAILABLE] += difference
        if difference > 0:
            level.worth.grow(difference)
        elif difference < 0:
            level.worth.take(-difference)

    @precondition(lambda self: self.stocktakes)
    @rule(chance=chances)
    def give_up_a_stocktake(self, chance: int) -> None:
        stocktake = pick(self.stocktakes, chance, *GOING_ON)
        work = cancel(self.now(), stocktake.id, None)
        if self.done(work, allowed=stocktake.state in GOING_ON):
            stocktake.state = "CANCELLED"
