"""Pieces are found, lost, broken, set apart, or set to what an ERP counts."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from models.stock.states import MovementReason, StockState
from resolvers.bulk_rows import OnError
from resolvers.stock.costs import costs
from resolvers.stock.ledger import as_of, checkpoints
from resolvers.stock.levels.adjustments import AdjustmentDraft, adjust
from resolvers.stock.levels.erp_sync import LevelDraft, set_levels
from resolvers.stock.levels.safety_stock import SafetyDraft, set_safety
from tests.resolvers.stock.machine.driving import Driver, counts, few, scans, up_to
from tests.resolvers.stock.machine.model import AVAILABLE

OUTSIDE = StockState.OUTSIDE
states = st.sampled_from([OUTSIDE, AVAILABLE, StockState.DAMAGED, StockState.QUARANTINED])


class Correcting(Driver):
    @rule(number=few, origin=states, to=states, count=counts, drawn=scans)
    def adjust(
        self, number: int, origin: StockState, to: StockState, count: int, drawn: list[str] | None
    ) -> None:
        level, arriving = self.model.levels[number], origin is OUTSIDE
        there = count if arriving else self.model.there(level, origin)
        count = up_to(count, there) or 1
        serials, fits = (
            self.arriving(level, count, drawn)
            if arriving
            else self.leaving(level, {origin: count}, drawn)
        )
        draft = AdjustmentDraft(
            **self.names(level),
            from_state=origin,
            to_state=to,
            quantity=count,
            reason=MovementReason.ADJUSTMENT,
            serials=serials or None,
        )
        ctx, enough = self.now(), arriving or count <= there
        if not self.done_once(
            lambda key: adjust(ctx, draft, key), allowed=origin is not to and enough and fits
        ):
            return
        self.model.free(level)
        if arriving:
            level.worth.grow(count)
        else:
            level.stands[origin] -= count
            level.serials[origin] -= set(serials)
        if to is OUTSIDE:
            level.worth.take(count)
        else:
            level.stands[to] += count
            level.serials[to] |= set(serials)

    @rule(number=few, quantity=st.integers(0, 12), compared=st.none() | st.integers(0, 12))
    def set_what_is_available(self, number: int, quantity: int, compared: int | None) -> None:
        ctx, level = self.now(), self.model.levels[number]
        there = self.model.effective(level)
        draft = LevelDraft(**self.names(level), quantity=quantity, compare_quantity=compared)

        async def work(key: str) -> tuple[bool, list[int]]:
            outcome = await set_levels(ctx, [draft], OnError.REJECT_ALL, key)
            return outcome.batch.rejected, list(outcome.level_ids)

        self.done_once(work)
        stale = compared not in (None, there)
        rejected, _ = self.answer
        assert rejected is (stale or (level.tracked and quantity != there))
        if rejected:
            return
        self.model.free(level)
        level.stands[AVAILABLE] = quantity
        if quantity > there:
            level.worth.grow(quantity - there)
        elif quantity < there:
            level.worth.take(there - quantity)

    @rule(number=few, quantity=st.integers(0, 5))
    def set_safety_stock(self, number: int, quantity: int) -> None:
        level = self.model.levels[number]
        draft = SafetyDraft(**self.names(level), quantity=quantity)
        self.run(set_safety(self.now(), [draft], OnError.REJECT_ALL))
        level.safety = quantity

    @rule()
    def add_up(self) -> None:
        self.run(checkpoints.advance(self.now()))
        self.run(costs.settle_due(self.now()))

    @rule(chance=st.integers(0, 100))
    def look_back(self, chance: int) -> None:
        if gone := [minute for minute in self.past if minute < self.model.now]:
            minute = gone[chance % len(gone)]
            at = self.start + timedelta(minutes=minute)
            found = self.run(as_of.of_levels([row.id for row in self.rows], at))
            assert [each.quantities for each in found] == self.past[minute]
