"""Runs the use cases and the model side by side on a database, and compares them after each step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from string import ascii_letters
from typing import Any, ClassVar, Protocol, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from models import database as db
from models.catalog.products import Variant
from models.errors import Refusal, Refusals
from models.stock.backorders import StockBackorder
from models.stock.costing import Valuation
from models.stock.levels import StockLevel
from models.stock.rules import Quantities
from models.stock.serials import SerialNumber
from models.stock.states import StockState
from resolvers.context import Context, utc_now
from resolvers.stock.costs import valuation as costs_valuation
from resolvers.stock.levels import availability
from resolvers.stock.levels.levels import by_ids as levels_seen
from resolvers.stock.purchasing import suppliers
from resolvers.stock.serials import SerialDraft
from settings import Settings
from tests.make.killing import system
from tests.make.soundness import stock_contradictions
from tests.make.stock import a_level, a_location, a_variant
from tests.resolvers.stock.machine.model import OPENING, SAFETY, Level, Model

SUPPLIER = "MILK"
places = st.integers(0, 1)
variants = st.sampled_from([0, 0, 0, 1])
orders = st.integers(1, 4)
few = st.integers(0, 3)
quantities = st.integers(1, 6)
milk = st.fixed_dictionaries({0: quantities})
wishes = milk | milk | st.dictionaries(variants, quantities, min_size=1, max_size=2)
chances = st.integers(0, 99)
TOO_MANY = 9
counts = st.sampled_from([1, 2, 3, 5, 0, TOO_MANY])
# Mostly the right ones are scanned.
scans = st.none() | st.none() | st.lists(st.sampled_from("ABCDEFGH"), max_size=3, unique=True)


class Document(Protocol):
    state: str


D = TypeVar("D", bound=Document)


def up_to(count: int, limit: int) -> int:
    """A count that is drawn, cut to what makes sense; now and then it does not."""
    return limit + 1 if count == TOO_MANY else min(count, limit)


def up_to_each(count: int, limits: dict[int, int]) -> dict[int, int]:
    return {variant: n for variant, limit in limits.items() if (n := up_to(count, limit))}


def pick(documents: Sequence[D], chance: int, *states: str) -> D:
    """One of the documents that are in these states; now and then any, which is to be refused."""
    ready = [each for each in documents if each.state in states and chance < 90]
    return (ready or documents)[chance % len(ready or documents)]


class Driver(RuleBasedStateMachine):
    """`fresh` answers the URL of a database with nothing in it."""

    fresh: ClassVar[Callable[[], str]]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.model, self.keys = Model(), 0
        self.past: dict[int, list[Quantities]] = {}
        self.run(self._open(type(self).fresh()))
        self.start = utc_now()

    async def _open(self, url: str) -> None:
        await db.connect(url, pool_size=2)
        self.ctx = await system(Settings(database_url=url))
        self.places = [await a_location(self.ctx) for _ in range(2)]
        self.variants = [await a_variant(self.ctx) for _ in range(2)]
        await Variant.filter(id=self.variants[1].id).update(tracks_serials=True)
        self.rows = [await self._level(level) for level in self.model.levels]
        merchant_id = self.ctx.merchant_id or 0
        await db.transaction(suppliers.ensure, self.ctx, merchant_id, SUPPLIER, None)

    async def _level(self, level: Level) -> StockLevel:
        place = {"variant": self.variants[level.variant], "location": self.places[level.place]}
        pieces = 0 if level.tracked else OPENING
        return await a_level(self.ctx, pieces, safety_stock=SAFETY, **place)  # type: ignore[arg-type]

    def teardown(self) -> None:
        try:
            assert self.run(stock_contradictions(self.ctx)) == []
        finally:
            self.run(db.close())
            self.loop.close()

    def run(self, work: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(work)

    def now(self) -> Context:
        moment = self.start + timedelta(minutes=self.model.now)
        return replace(self.ctx, clock=lambda: moment)

    def row_of(self, level: Level) -> StockLevel:
        return self.rows[self.model.levels.index(level)]

    def names(self, level: Level) -> dict[str, str]:
        return {
            "location_code": self.places[level.place].code,
            "sku": self.variants[level.variant].sku,
        }

    def done(self, work: Coroutine[Any, Any, Any], *, allowed: bool) -> bool:
        """Do what the model allows; what it does not must be refused. What was answered is `answer`."""
        if not allowed:
            with pytest.raises((Refusal, Refusals)):
                self.run(work)
            return False
        self.answer = self.run(work)
        return True

    def done_once(
        self, work: Callable[[str], Coroutine[Any, Any, Any]], *, allowed: bool = True
    ) -> bool:
        """The same with a key; now and then it is asked again, as by a client that heard no answer."""
        self.keys += 1
        key = f"key {self.keys}"
        done = self.done(work(key), allowed=allowed)
        if done and self.keys % 3 == 0:
            assert self.run(work(key)) == self.answer
        return done

    def arriving(
        self, level: Level, pieces: int, drawn: Sequence[str] | None
    ) -> tuple[list[str], bool]:
        """Serial numbers for pieces that come, right ones unless they were drawn; and whether they fit."""
        if not level.tracked:
            return [], True
        free = sorted(set(ascii_letters) - self.model.known())
        given = free[:pieces] if drawn is None else list(drawn)
        return given, len(given) == pieces and not self.model.known() & set(given)

    def leaving(
        self, level: Level, pieces: Mapping[StockState, int], drawn: Sequence[str] | None
    ) -> tuple[list[str], bool]:
        """The same for pieces that leave these states."""
        if not level.tracked:
            return [], True
        right = [each for state, n in pieces.items() for each in sorted(level.serials[state])[:n]]
        given = right if drawn is None else list(drawn)
        fits = all(len(level.serials[state] & set(given)) == n for state, n in pieces.items())
        return given, fits and len(given) == sum(pieces.values())

    def scans(self, serials: Sequence[str]) -> list[SerialDraft]:
        return [SerialDraft(self.variants[1].id, serials)] if serials else []

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        self.model.fill()
        self.every_piece_is_where_the_model_says()
        self.every_piece_is_worth_what_it_cost()
        self.every_number_and_every_promise_is_kept()

    def every_piece_is_where_the_model_says(self) -> None:
        ctx, model = self.now(), self.model
        shown = [model.shown(level) for level in model.levels]
        found = self.run(levels_seen(ctx, [row.id for row in self.rows]))
        assert [found[row.id].quantities for row in self.rows] == shown
        # An order of the shop holds once. Here it may again; the ledger does not tell the one from the other.
        self.past.pop(model.now, None)
        if not model.any_held_again():
            self.past[model.now] = shown
        stands = {row.id: row for row in self.run(StockLevel.all())}
        for level, row in zip(model.levels, [stands[row.id] for row in self.rows], strict=True):
            held, committed = model.kept(level, "HELD"), model.kept(level, "COMMITTED")
            assert (row.available, row.held, row.committed) == (level.available, held, committed)
            incoming = model.incoming[level.variant, level.place]
            assert (row.incoming, row.safety_stock) == (incoming, level.safety)
        for_sale = self.run(availability.of_variants(ctx, [each.id for each in self.variants]))
        for number, variant in enumerate(self.variants):
            above = [max(0, model.effective(e) - e.safety) for e in model.levels[2 * number :][:2]]
            assert for_sale[variant.id] == sum(above)

    def every_piece_is_worth_what_it_cost(self) -> None:
        found = self.run(costs_valuation.of_levels(self.now(), [row.id for row in self.rows]))
        for level, row in zip(self.model.levels, self.rows, strict=True):
            worth = level.worth
            said = found.get(row.id, Valuation(worth.pieces, 0))
            assert said.quantity == worth.pieces == self.model.shown(level).on_hand
            assert abs(said.value_minor - worth.value) <= worth.slack

    def every_number_and_every_promise_is_kept(self) -> None:
        kept: dict[tuple[int, str], set[str]] = {}
        for each in self.run(SerialNumber.exclude(state__in=["SOLD", "GONE"])):
            road = each.state == "IN_TRANSIT"
            place = (0 if road else each.location_id), each.state.replace("IN_STOCK", "AVAILABLE")
            kept.setdefault(place, set()).add(each.serial)
        expected = {(0, "IN_TRANSIT"): self.model.on_the_road}
        for level, row in zip(self.model.levels, self.rows, strict=True):
            if level.tracked:
                expected |= {(row.location_id, str(s)): n for s, n in level.serials.items()}
        assert kept == {place: serials for place, serials in expected.items() if serials}
        owed = {each.variant_id: each.promised for each in self.run(StockBackorder.all())}
        for number, variant in enumerate(self.variants):
            assert owed.get(variant.id, 0) == self.model.owed(number)
