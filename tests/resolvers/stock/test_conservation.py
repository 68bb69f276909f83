"""Whatever is done in whatever order, every piece is somewhere, and the ledger says how it came there."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from models import database as db
from models.errors import InsufficientStock, InvalidInput, Refusals
from models.stock.levels import StockLevel
from models.stock.rules import Pieces
from models.stock.states import MovementReason, StockState
from resolvers.accounts.identity import first_merchant
from resolvers.batches import OnError
from resolvers.context import SYSTEM, Context, utc_now
from resolvers.stock import (
    audit,
    availability,
    checkpoints,
    reservations,
    snapshots,
    transfer_arrivals,
    transfer_requests,
    transfer_shipping,
)
from resolvers.stock.adjustments import AdjustmentDraft, adjust
from resolvers.stock.counting import CountDraft
from resolvers.stock.counting import count as count_lines
from resolvers.stock.document_lines import LineDraft
from resolvers.stock.levels import by_ids as levels_seen
from resolvers.stock.safety import SafetyDraft, set_safety
from resolvers.stock.stocktake_approval import approve
from resolvers.stock.stocktake_opening import open_
from resolvers.stock.sync import LevelDraft, set_levels
from resolvers.stock.transfer_arrivals import ReceiptDraft
from resolvers.stock.transfer_requests import TransferDraft
from server import make_gateways
from settings import Settings
from tests.make.stock import a_level
from tests.resolvers.stock.test_reservations import of

SAFETY = 2
OUTSIDE, AVAILABLE = StockState.OUTSIDE, StockState.AVAILABLE
DAMAGED, QUARANTINED = StockState.DAMAGED, StockState.QUARANTINED
levels = st.integers(0, 1)
quantities = st.integers(1, 6)
orders = st.integers(1, 4)
states = st.sampled_from([OUTSIDE, AVAILABLE, DAMAGED, QUARANTINED])


@dataclass
class Model:
    """What each level must say: sellable pieces, and those of each order by its hold's fate."""

    available: list[int] = field(default_factory=lambda: [10, 10])
    damaged: list[int] = field(default_factory=lambda: [0, 0])
    quarantined: list[int] = field(default_factory=lambda: [0, 0])
    safety: list[int] = field(default_factory=lambda: [SAFETY, SAFETY])
    # each with order, level, quantity, state, the minute it expires in and whether it is online
    holds: list[dict[str, Any]] = field(default_factory=list)
    # by level, the stocktake that is going on and what it found too many
    counts: dict[int, tuple[int, int]] = field(default_factory=dict)
    road: list[tuple[int, int]] = field(default_factory=list)  # transfers and their pieces
    brought: int = 20  # pieces that ever came from outside, less those that went there

    def of(self, order: int, *states: str) -> list[dict[str, Any]]:
        return [each for each in self.holds if each["order"] == order and each["state"] in states]

    def expired(self, level: int, now: int, sparing: int = 0) -> list[dict[str, Any]]:
        return [
            each
            for each in self.holds
            if each["level"] == level
            and each["state"] == "HELD"
            and each["expires"] <= now
            and each["order"] != sparing
        ]

    def held(self, level: int, *states: str) -> int:
        return sum(
            each["quantity"]
            for each in self.holds
            if each["level"] == level and each["state"] in states
        )

    def pieces(self, level: int, now: int) -> Pieces:
        """What is shown: expired holds count as available."""
        held = self.held(level, "HELD")
        effective = self.effective(level, now)
        return Pieces(
            effective,
            held - (effective - self.available[level]),
            self.held(level, "COMMITTED"),
            self.damaged[level],
            self.quarantined[level],
        )

    def column(self, state: StockState) -> list[int]:
        return getattr(self, state.lower())  # type: ignore[no-any-return]

    def effective(self, level: int, now: int, sparing: int = 0) -> int:
        expired = sum(each["quantity"] for each in self.expired(level, now, sparing))
        return self.available[level] + expired

    def free_expired(self, level: int, now: int, sparing: int = 0) -> None:
        for each in self.expired(level, now, sparing):
            each["state"] = "RELEASED"
            self.available[level] += each["quantity"]


class Shop(RuleBasedStateMachine):
    """Drives the use cases and the model side by side on a database of its own."""

    template = ""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "quintet.db"
        shutil.copy(self.template, path)
        self.loop = asyncio.new_event_loop()
        self.model, self.minutes, self.step = Model(), 0, 0
        self.run(self._open(Settings(database_url=f"sqlite://{path}")))
        self.start = utc_now()

    async def _open(self, settings: Settings) -> None:
        await db.connect(settings.database_url)
        self.ctx = Context(
            settings=settings,
            gateways=make_gateways(settings),
            actor=SYSTEM,
            merchant_id=await first_merchant(),
        )
        self.past: dict[int, list[Pieces]] = {}
        first = await a_level(self.ctx, 10, safety_stock=SAFETY)
        await first.fetch_related("variant")
        second = await a_level(self.ctx, 10, safety_stock=SAFETY, variant=first.variant)
        self.levels = [first, second]
        self.codes = []
        for level in self.levels:
            await level.fetch_related("location", "variant")
            self.codes.append((level.location.code, level.variant.sku))

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.run(db.close())
            self.loop.close()
            self.folder.cleanup()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def now(self) -> Context:
        moment = self.start + timedelta(minutes=self.minutes)
        return replace(self.ctx, clock=lambda: moment)

    @rule(minutes=st.integers(1, 20))
    def time_passes(self, minutes: int) -> None:
        self.minutes += minutes

    @rule(order=orders, first=quantities, second=st.integers(0, 3), counter=st.booleans())
    def hold(self, order: int, first: int, second: int, counter: bool) -> None:
        wanted = [(0, first), (1, second)] if second else [(0, first)]
        ctx, floors = self.now(), [0, 0] if counter else self.model.safety
        requests = [of(self.levels[level], count, order) for level, count in wanted]
        at_counter = frozenset({order} if counter else ())

        async def work() -> None:
            expires_at = ctx.now() + timedelta(minutes=15)
            await reservations.hold(ctx, order, requests, expires_at, counter=at_counter)

        enough = all(
            self.model.effective(level, self.minutes) - floors[level] >= count
            for level, count in wanted
        )
        if not enough:
            with pytest.raises(Refusals):
                self.run(db.transaction(work))
            return
        self.run(db.transaction(work))
        for level, count in wanted:
            if self.model.available[level] - floors[level] < count:
                self.model.free_expired(level, self.minutes)
            self.model.available[level] -= count
            self.model.holds.append(
                {
                    "order": order,
                    "level": level,
                    "quantity": count,
                    "state": "HELD",
                    "expires": self.minutes + 15,
                    "online": not counter,
                }
            )

    @rule(order=orders)
    def commit(self, order: int) -> None:
        work = db.transaction(reservations.commit, self.now(), order)
        again = {each["level"] for each in self.model.of(order, "RELEASED")}
        if any(self._short(order, level, sparing=order) for level in again):
            with pytest.raises(Refusals):
                self.run(work)
            return
        self.run(work)
        if any(self._short(order, level, sparing=None) for level in again):
            for level in again:
                self.model.free_expired(level, self.minutes, sparing=order)
        for each in self.model.of(order, "HELD", "RELEASED"):
            if each["state"] == "RELEASED":
                self.model.available[each["level"]] -= each["quantity"]
            each["state"] = "COMMITTED"

    def _short(self, order: int, level: int, *, sparing: int | None) -> bool:
        """Whether a level has less than is to be taken again; `sparing`: with others' expired holds."""
        again = [each for each in self.model.of(order, "RELEASED") if each["level"] == level]
        online = sum(each["quantity"] for each in again if each["online"])
        there = self.model.available[level]
        if sparing is not None:
            there = self.model.effective(level, self.minutes, sparing)
        total = sum(each["quantity"] for each in again)
        return there < total or (online > 0 and there - online < self.model.safety[level])

    @rule(order=orders)
    def release(self, order: int) -> None:
        self.run(db.transaction(reservations.release, self.now(), order))
        for each in self.model.of(order, "HELD", "COMMITTED"):
            each["state"] = "RELEASED" if each["state"] == "HELD" else "WITHDRAWN"
            self.model.available[each["level"]] += each["quantity"]

    @rule(order=orders)
    def hand_over(self, order: int) -> None:
        self.run(db.transaction(reservations.take_out, self.now(), order))
        for each in self.model.of(order, "COMMITTED"):
            each["state"] = "TAKEN"
            self.model.brought -= each["quantity"]

    @rule()
    def sweep(self) -> None:
        self.run(reservations.release_expired(self.now()))
        for level in range(2):
            self.model.free_expired(level, self.minutes)

    def key(self) -> str:
        self.step += 1
        return f"key {self.step}"

    @rule(level=levels, quantity=st.integers(0, 12), compared=st.none() | st.integers(0, 12))
    def set_what_is_available(self, level: int, quantity: int, compared: int | None) -> None:
        code, sku = self.codes[level]
        draft = LevelDraft(
            location_code=code, sku=sku, quantity=quantity, compare_quantity=compared
        )
        outcome = self.run(set_levels(self.now(), [draft], OnError.REJECT_ALL, self.key()))
        stale = compared not in (None, self.model.effective(level, self.minutes))
        assert outcome.batch.rejected is stale
        if not stale:
            self.model.free_expired(level, self.minutes)
            self.model.brought += quantity - self.model.available[level]
            self.model.available[level] = quantity

    @rule(level=levels, origin=states, to=states, quantity=quantities)
    def adjust(self, level: int, origin: StockState, to: StockState, quantity: int) -> None:
        code, sku = self.codes[level]
        draft = AdjustmentDraft(
            location_code=code,
            sku=sku,
            from_state=origin,
            to_state=to,
            quantity=quantity,
            reason=MovementReason.ADJUSTMENT,
        )
        work = adjust(self.now(), draft, self.key())
        there = self.model.effective(level, self.minutes)
        if origin is not AVAILABLE:
            there = 99 if origin is OUTSIDE else self.model.column(origin)[level]
        if origin is to or there < quantity:
            with pytest.raises((InvalidInput, InsufficientStock)):
                self.run(work)
            return
        self.run(work)
        self.model.free_expired(level, self.minutes)
        for state, change in ((origin, -quantity), (to, quantity)):
            if state is OUTSIDE:
                self.model.brought -= change
            else:
                self.model.column(state)[level] += change

    @rule(level=levels, quantity=st.integers(0, 5))
    def set_safety_stock(self, level: int, quantity: int) -> None:
        code, sku = self.codes[level]
        draft = SafetyDraft(location_code=code, sku=sku, quantity=quantity)
        self.run(set_safety(self.now(), [draft], OnError.REJECT_ALL))
        self.model.safety[level] = quantity

    @rule(level=levels, wrong_by=st.integers(-4, 4))
    def count(self, level: int, wrong_by: int) -> None:
        place = self.levels[level]
        opening = open_(self.now(), place.location_id, [place.variant_id], None)
        if level in self.model.counts:
            with pytest.raises(Refusals):
                self.run(opening)
            return
        row = self.run(opening)
        stands = self.model.pieces(level, self.minutes).on_hand
        draft = CountDraft(place.variant_id, max(0, stands + wrong_by))
        self.run(count_lines(self.now(), row.id, [draft], None, None))
        self.model.free_expired(level, self.minutes)
        self.model.counts[level] = (row.id, draft.quantity - stands)

    @rule(level=levels)
    def approve_count(self, level: int) -> None:
        if level not in self.model.counts:
            return
        row_id, difference = self.model.counts[level]
        work = approve(self.now(), row_id, self.key())
        if difference and self.model.effective(level, self.minutes) + difference < 0:
            with pytest.raises(Refusals):
                self.run(work)
            return
        self.run(work)
        del self.model.counts[level]
        if difference:
            self.model.free_expired(level, self.minutes)
            self.model.available[level] += difference
            self.model.brought += difference

    @rule(quantity=quantities)
    def send(self, quantity: int) -> None:
        """From the first level's place to the second's, counter pieces and all."""
        ctx, ends = self.now(), [each.location_id for each in self.levels]
        lines = [LineDraft(self.levels[0].variant_id, quantity)]
        draft = TransferDraft(source_id=ends[0], destination_id=ends[1], lines=lines)
        row = self.run(transfer_requests.request(ctx, draft, self.key()))
        self.run(transfer_requests.approve(ctx, row.id, None, None))
        work = transfer_shipping.ship(ctx, row.id, None, self.key())
        if self.model.effective(0, self.minutes) < quantity:
            with pytest.raises(Refusals):
                self.run(work)
            return
        self.run(work)
        for level in range(2):
            self.model.free_expired(level, self.minutes)
        self.model.available[0] -= quantity
        self.model.road.append((row.id, quantity))

    @rule(rejected=st.integers(0, 2), lost=st.integers(0, 2))
    def receive(self, rejected: int, lost: int) -> None:
        if not self.model.road:
            return
        row_id, quantity = self.model.road.pop()
        rejected = min(rejected, quantity)
        lost = min(lost, quantity - rejected)
        accepted = quantity - rejected - lost
        receipt = ReceiptDraft(self.levels[1].variant_id, accepted, rejected, lost)
        self.run(transfer_arrivals.receive(self.now(), row_id, [receipt], self.key()))
        self.model.free_expired(1, self.minutes)
        self.model.available[1] += accepted
        self.model.quarantined[1] += rejected
        self.model.brought -= lost

    @rule()
    def add_up(self) -> None:
        self.run(checkpoints.advance(self.now()))

    @rule(chance=st.integers(0, 100))
    def look_back(self, chance: int) -> None:
        if gone := [minute for minute in self.past if minute < self.minutes]:
            minute = gone[chance % len(gone)]
            at = self.start + timedelta(minutes=minute)
            found = self.run(snapshots.of_levels([each.id for each in self.levels], at))
            assert [each.pieces for each in found] == self.past[minute]

    @invariant()
    def every_piece_is_where_the_model_says(self) -> None:
        if not hasattr(self, "levels"):
            return
        ctx, model, shown = self.now(), self.model, []
        found = self.run(levels_seen(ctx, [each.id for each in self.levels]))
        for position, level in enumerate(self.levels):
            row = self.run(StockLevel.get(id=level.id))
            held, committed = model.held(position, "HELD"), model.held(position, "COMMITTED")
            assert (row.available, row.held, row.committed, row.damaged, row.quarantined) == (
                model.available[position],
                held,
                committed,
                model.damaged[position],
                model.quarantined[position],
            )
            shown.append(model.pieces(position, self.minutes))
            assert (found[level.id].pieces, row.safety_stock) == (
                shown[position],
                model.safety[position],
            )
        self.past[self.minutes] = shown
        for_sale = self.run(availability.of_variants(ctx, [self.levels[0].variant_id]))
        assert for_sale[self.levels[0].variant_id] == sum(
            max(0, pieces.available - floor)
            for pieces, floor in zip(shown, model.safety, strict=True)
        )
        on_the_road = sum(pieces for _, pieces in model.road)
        assert sum(pieces.on_hand for pieces in shown) + on_the_road == model.brought
        assert self.run(audit.run(ctx)).drifts == self.run(audit.run(ctx, full=True)).drifts == []


def test_no_piece_is_lost_or_made(template: str) -> None:
    if not template.endswith(".db"):
        pytest.skip("many short histories need databases that are files")
    machine = type("Shop", (Shop,), {"template": template})
    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(max_examples=12, stateful_step_count=25, deadline=None),
    )
