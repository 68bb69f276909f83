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
from models.errors import InsufficientStock, Refusals
from models.stock.levels import StockLevel
from models.stock.states import MovementReason, StockState
from resolvers.accounts.identity import first_merchant
from resolvers.batches import OnError
from resolvers.context import SYSTEM, Context, utc_now
from resolvers.stock import audit, availability, reservations
from resolvers.stock.adjustments import AdjustmentDraft, adjust
from resolvers.stock.sync import LevelDraft, set_levels
from server import make_gateways
from settings import Settings
from tests.make.stock import a_level
from tests.resolvers.stock.test_reservations import of

SAFETY = 2
levels = st.integers(0, 1)
quantities = st.integers(1, 6)
orders = st.integers(1, 4)


@dataclass
class Model:
    """What each level must say: sellable pieces, and those of each order by its hold's fate."""

    available: list[int] = field(default_factory=lambda: [10, 10])
    damaged: list[int] = field(default_factory=lambda: [0, 0])
    # each with order, level, quantity, state, the minute it expires in and the floor it respects
    holds: list[dict[str, Any]] = field(default_factory=list)

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
        self.model, self.minutes, self.start, self.step = Model(), 0, utc_now(), 0
        self.run(self._open(Settings(database_url=f"sqlite://{path}")))

    async def _open(self, settings: Settings) -> None:
        await db.connect(settings.database_url)
        self.ctx = Context(
            settings=settings,
            gateways=make_gateways(settings),
            actor=SYSTEM,
            merchant_id=await first_merchant(),
        )
        self.levels = [await a_level(self.ctx, 10, safety_stock=SAFETY) for _ in range(2)]
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
        ctx, floor = self.now(), 0 if counter else SAFETY
        requests = [of(self.levels[level], count, order) for level, count in wanted]
        at_counter = frozenset({order} if counter else ())

        async def work() -> None:
            expires_at = ctx.now() + timedelta(minutes=15)
            await reservations.hold(ctx, order, requests, expires_at, counter=at_counter)

        enough = all(
            self.model.effective(level, self.minutes) - floor >= count for level, count in wanted
        )
        if not enough:
            with pytest.raises(Refusals):
                self.run(db.transaction(work))
            return
        self.run(db.transaction(work))
        for level, count in wanted:
            if self.model.available[level] - floor < count:
                self.model.free_expired(level, self.minutes)
            self.model.available[level] -= count
            self.model.holds.append(
                {
                    "order": order,
                    "level": level,
                    "quantity": count,
                    "state": "HELD",
                    "expires": self.minutes + 15,
                    "floor": floor,
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
        online = sum(each["quantity"] for each in again if each["floor"])
        there = self.model.available[level]
        if sparing is not None:
            there = self.model.effective(level, self.minutes, sparing)
        total = sum(each["quantity"] for each in again)
        return there < total or (online > 0 and there - online < SAFETY)

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

    @rule()
    def sweep(self) -> None:
        self.run(reservations.release_expired(self.now()))
        for level in range(2):
            self.model.free_expired(level, self.minutes)

    @rule(level=levels, quantity=st.integers(0, 12))
    def set_what_is_available(self, level: int, quantity: int) -> None:
        self.step += 1
        code, sku = self.codes[level]
        draft = LevelDraft(location_code=code, sku=sku, quantity=quantity)
        self.run(set_levels(self.now(), [draft], OnError.REJECT_ALL, f"set {self.step}"))
        self.model.free_expired(level, self.minutes)
        self.model.available[level] = quantity

    @rule(level=levels, quantity=quantities)
    def damage(self, level: int, quantity: int) -> None:
        self.step += 1
        code, sku = self.codes[level]
        draft = AdjustmentDraft(
            location_code=code,
            sku=sku,
            from_state=StockState.AVAILABLE,
            to_state=StockState.DAMAGED,
            quantity=quantity,
            reason=MovementReason.DAMAGE,
        )
        work = adjust(self.now(), draft, f"damage {self.step}")
        if self.model.effective(level, self.minutes) < quantity:
            with pytest.raises(InsufficientStock):
                self.run(work)
            return
        self.run(work)
        self.model.free_expired(level, self.minutes)
        self.model.available[level] -= quantity
        self.model.damaged[level] += quantity

    @invariant()
    def every_piece_is_where_the_model_says(self) -> None:
        if not hasattr(self, "levels"):
            return
        for position, level in enumerate(self.levels):
            row = self.run(StockLevel.get(id=level.id))
            states = {
                state: sum(
                    each["quantity"]
                    for each in self.model.holds
                    if each["level"] == position and each["state"] == state
                )
                for state in ("HELD", "COMMITTED")
            }
            assert (row.available, row.held, row.committed, row.damaged) == (
                self.model.available[position],
                states["HELD"],
                states["COMMITTED"],
                self.model.damaged[position],
            )
            found = self.run(availability.of_variants(self.now(), [level.variant_id]))
            effective = self.model.effective(position, self.minutes)
            assert found[level.variant_id] == max(0, effective - SAFETY)
        assert self.run(audit.run(self.now())).drifts == []


def test_no_piece_is_lost_or_made(template: str) -> None:
    if not template.endswith(".db"):
        pytest.skip("many short histories need databases that are files")
    machine = type("Shop", (Shop,), {"template": template})
    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(max_examples=12, stateful_step_count=25, deadline=None),
    )
