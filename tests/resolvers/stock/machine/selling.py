"""Orders take pieces and give them back; the clock does so too."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from models import database as db
from resolvers.stock.allocation import backorders
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.allocation.holds import HoldRequest
from resolvers.stock.serials import checked
from tests.resolvers.stock.machine.driving import (
    Driver,
    counts,
    few,
    orders,
    places,
    scans,
    up_to,
)
from tests.resolvers.stock.machine.model import AVAILABLE, MINUTES, Hold, Level


def fulfilment_of(order: int, place: int) -> int:
    return 2 * order + place


class Selling(Driver):
    @rule(minutes=st.sampled_from([1, 7, MINUTES, 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.model.now += minutes

    @rule(
        order=orders,
        wanted=st.sets(few, min_size=1, max_size=2),
        count=counts,
        counter=st.booleans(),
    )
    def hold(self, order: int, wanted: set[int], count: int, counter: bool) -> None:
        ctx, lines = self.now(), []
        for number in sorted(wanted):
            level = self.model.levels[number]
            floor = 0 if counter else level.safety
            most = max(0, self.model.effective(level) - floor)
            lines.append((level, up_to(count, most) or 1))
        requests = [self.request(order, level, count) for level, count in lines]
        at_counter = frozenset(each.fulfilment_id for each in requests if counter)

        async def work() -> None:
            expires_at = ctx.now() + timedelta(minutes=MINUTES)
            await allocation_holds.hold(ctx, order, requests, expires_at, counter=at_counter)

        floors = {id(level): 0 if counter else level.safety for level, _ in lines}
        enough = all(self.model.effective(e) - floors[id(e)] >= count for e, count in lines)
        if not self.done(db.transaction(work), allowed=enough):
            return
        for level, count in lines:
            if level.available - floors[id(level)] < count:
                self.model.free(level)
            level.stands[AVAILABLE] -= count
            hold = Hold(order, level, count, "HELD", self.model.now + MINUTES, not counter)
            self.model.holds.append(hold)

    def request(self, order: int, level: Level, count: int) -> HoldRequest:
        return HoldRequest(
            variant_id=self.variants[level.variant].id,
            location_id=self.places[level.place].id,
            quantity=count,
            fulfilment_id=fulfilment_of(order, level.place),
        )

    @rule(order=orders)
    def pay(self, order: int) -> None:
        ctx, model = self.now(), self.model

        async def work() -> None:
            await backorders.commit(ctx, order)
            await allocation_holds.commit(ctx, order)
            await backorders.fill(ctx, order)

        again = {id(each.level): each.level for each in model.of(order, "RELEASED")}.values()
        allowed = self._may_be_promised_again(order) and not any(
            self._short(order, level, model.effective(level, sparing=order)) for level in again
        )
        if not self.done(db.transaction(work), allowed=allowed):
            return
        if any(self._short(order, level, level.available) for level in again):
            model.free(*again, sparing=order)
        for each in model.of(order, "HELD", "RELEASED"):
            if each.state == "RELEASED":
                each.level.stands[AVAILABLE] -= each.quantity
            each.state = "COMMITTED"
        for promise in model.promised(order, "HELD", "RELEASED"):
            promise.state = "AWAITED"

    def _short(self, order: int, level: Level, there: int) -> bool:
        """Whether a level has less than is to be taken again."""
        again = [each for each in self.model.of(order, "RELEASED") if each.level is level]
        online = sum(each.quantity for each in again if each.online)
        total = sum(each.quantity for each in again)
        return there < total or (online > 0 and there - online < level.safety)

    def _may_be_promised_again(self, order: int) -> bool:
        today, again = backorders.today(self.now()), [0, 0]
        for each in self.model.promised(order, "RELEASED"):
            again[each.level.variant] += each.owed
        return all(
            count <= self.model.left_to_promise(number, today)
            for number, count in enumerate(again)
            if count
        )

    @rule(order=orders)
    def call_off_an_order(self, order: int) -> None:
        ctx = self.now()

        async def work() -> None:
            await backorders.release(ctx, order)
            await allocation_holds.release(ctx, order)

        self.run(db.transaction(work))
        for each in self.model.of(order, "HELD", "COMMITTED"):
            each.state = "RELEASED" if each.state == "HELD" else "WITHDRAWN"
            each.level.stands[AVAILABLE] += each.quantity
        for promise in self.model.promised(order, "HELD", "AWAITED"):
            promise.state = "RELEASED" if promise.state == "HELD" else "WITHDRAWN"

    @rule(order=orders, place=places, drawn=scans)
    def hand_over(self, order: int, place: int, drawn: list[str] | None) -> None:
        ctx = self.now()
        taken = [e for e in self.model.of(order, "COMMITTED") if e.level.place == place]
        level = self.model.at(1, place)
        phones = sum(each.quantity for each in taken if each.level is level)
        serials, fits = self.leaving(level, {AVAILABLE: phones}, drawn)
        part = fulfilment_of(order, place)
        work = db.transaction(allocation_holds.hand_over, ctx, part, checked(self.scans(serials)))
        if self.done(work, allowed=fits):
            level.serials[AVAILABLE] -= set(serials)
            for each in taken:
                each.state = "TAKEN"
                each.level.worth.take(each.quantity)

    @rule()
    def sweep(self) -> None:
        self.run(allocation_holds.release_expired(self.now()))
        self.model.free(*self.model.levels)
