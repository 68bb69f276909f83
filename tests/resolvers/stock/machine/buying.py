"""Purchase orders at their prices, received in parts and called off; goods that go back to their supplier."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from models.stock.states import StockState
from resolvers.stock.documents.lines import LineDraft
from resolvers.stock.purchasing import order_steps
from resolvers.stock.purchasing import return_steps as purchasing_return_steps
from resolvers.stock.purchasing.order_steps import PurchaseDraft, PurchaseLineDraft
from resolvers.stock.purchasing.return_steps import ReturnDraft, ReturnLineDraft
from tests.resolvers.stock.machine.driving import (
    SUPPLIER,
    Driver,
    chances,
    counts,
    pick,
    places,
    scans,
    up_to,
    up_to_each,
    variants,
    wishes,
)
from tests.resolvers.stock.machine.model import AVAILABLE, Worth

OPEN = ("APPROVED", "PARTIALLY_RECEIVED")
back_from = st.sampled_from([AVAILABLE, StockState.DAMAGED, StockState.QUARANTINED])


@dataclass
class Purchase:
    id: int
    place: int
    ordered: dict[int, int]
    costs: list[int]  # of one piece of each variant, in fen
    state: str = "SUBMITTED"
    received: Counter[int] = field(default_factory=Counter)
    returned: Counter[int] = field(default_factory=Counter)

    def to_come(self, variant: int) -> int:
        return self.ordered.get(variant, 0) - self.received[variant]


@dataclass
class Return:
    id: int
    place: int
    purchase: Purchase | None
    lines: dict[tuple[int, StockState], int]
    state: str = "APPROVED"

    @property
    def pieces(self) -> Counter[int]:
        totals: Counter[int] = Counter()
        for (variant, _), count in self.lines.items():
            totals[variant] += count
        return totals


def of_the_order(purchase: Purchase | None, pieces: Counter[int]) -> bool:
    """Whether the purchase order, if there is one, has brought so many that have not gone back."""
    return purchase is None or all(
        each in purchase.ordered and n <= purchase.received[each] - purchase.returned[each]
        for each, n in pieces.items()
    )


class Buying(Driver):
    def __init__(self) -> None:
        super().__init__()
        self.purchases: list[Purchase] = []
        self.returns: list[Return] = []

    @rule(
        place=places,
        wanted=wishes,
        costs=st.lists(st.integers(0, 999), min_size=2, max_size=2),
        steps=st.integers(0, 2),
    )
    def order_goods(self, place: int, wanted: dict[int, int], costs: list[int], steps: int) -> None:
        """And approve it at once, and take it in, or not yet."""
        ctx = self.now()
        draft = PurchaseDraft(
            supplier_code=SUPPLIER,
            supplier_name=None,
            destination_id=self.places[place].id,
            lines=[
                PurchaseLineDraft(self.variants[each].id, count, Decimal(costs[each]) / 100)
                for each, count in wanted.items()
            ],
        )
        self.done_once(lambda key: order_steps.create(ctx, draft, key))
        self.purchases.append(purchase := Purchase(self.answer.id, place, wanted, costs))
        if steps > 0:
            self._approve(purchase)
        if steps > 1:
            self._take_in(purchase, wanted, None)

    @precondition(lambda self: self.purchases)
    @rule(chance=chances)
    def approve_an_order(self, chance: int) -> None:
        self._approve(pick(self.purchases, chance, "SUBMITTED"))

    def _approve(self, purchase: Purchase) -> None:
        work = order_steps.approve(self.now(), purchase.id, None)
        if self.done(work, allowed=purchase.state == "SUBMITTED"):
            purchase.state = "APPROVED"
            self._expect(purchase, 1)

    @precondition(lambda self: self.purchases)
    @rule(chance=chances)
    def call_off_a_purchase(self, chance: int) -> None:
        purchase = pick(self.purchases, chance, *OPEN)
        work = order_steps.cancel(self.now(), purchase.id, None)
        if self.done(work, allowed=purchase.state in ("SUBMITTED", *OPEN)):
            if purchase.state in OPEN:
                self._expect(purchase, -1)
            purchase.state = "CANCELLED"

    def _expect(self, purchase: Purchase, sign: int) -> None:
        for variant in purchase.ordered:
            if count := purchase.to_come(variant):
                self.model.free(self.model.at(variant, purchase.place))
                self.model.incoming[variant, purchase.place] += sign * count

    @precondition(lambda self: self.purchases)
    @rule(chance=chances, count=counts, drawn=scans)
    def take_in(self, chance: int, count: int, drawn: list[str] | None) -> None:
        purchase = pick(self.purchases, chance, *OPEN)
        came = up_to_each(count, {each: purchase.to_come(each) for each in purchase.ordered})
        self._take_in(purchase, came, drawn)

    def _take_in(self, purchase: Purchase, came: dict[int, int], drawn: list[str] | None) -> None:
        ctx, phones = self.now(), self.model.at(1, purchase.place)
        serials, fits = self.arriving(phones, came.get(1, 0), drawn)
        lines = [LineDraft(self.variants[each].id, count) for each, count in came.items()]
        allowed = (
            purchase.state in OPEN
            and bool(came)
            and all(count <= purchase.to_come(each) for each, count in came.items())
            and fits
        )
        if not self.done_once(
            lambda key: order_steps.receive(ctx, purchase.id, lines, key, self.scans(serials)),
            allowed=allowed,
        ):
            return
        phones.serials[AVAILABLE] |= set(serials)
        for variant, count in came.items():
            level = self.model.at(variant, purchase.place)
            self.model.free(level)
            level.stands[AVAILABLE] += count
            level.worth.add(Worth(count, Fraction(count * purchase.costs[variant])))
            purchase.received[variant] += count
            self.model.incoming[variant, purchase.place] -= count
        left = any(purchase.to_come(each) for each in purchase.ordered)
        purchase.state = "PARTIALLY_RECEIVED" if left else "RECEIVED"

    @rule(
        chance=st.none() | chances,
        place=places,
        lines=st.sets(st.tuples(variants, back_from), min_size=1, max_size=2),
        count=counts,
        sent=st.booleans(),
    )
    def plan_to_send_back(
        self,
        chance: int | None,
        place: int,
        lines: set[tuple[int, StockState]],
        count: int,
        sent: bool,
    ) -> None:
        """Goods of an order, or of any; approved at once, and sent off, or not yet."""
        ctx, purchase = self.now(), None
        if chance is not None and self.purchases:
            purchase = pick(self.purchases, chance, "PARTIALLY_RECEIVED", "RECEIVED")
            place = purchase.place
        wanted = {}
        for variant, state in sorted(lines):
            most = self.model.there(self.model.at(variant, place), state)
            if purchase:
                most = min(most, purchase.received[variant] - purchase.returned[variant])
            if pieces := up_to(count, most):
                wanted[variant, state] = pieces
        if not wanted:
            return
        draft = ReturnDraft(
            purchase_order_id=purchase.id if purchase else None,
            supplier_code=None if purchase else SUPPLIER,
            location_id=None if purchase else self.places[place].id,
            lines=[
                ReturnLineDraft(self.variants[variant].id, count, state)
                for (variant, state), count in wanted.items()
            ],
        )
        planned = Return(0, place, purchase, wanted)
        allowed = of_the_order(purchase, planned.pieces)
        if not self.done_once(
            lambda key: purchasing_return_steps.create(ctx, draft, key), allowed=allowed
        ):
            return
        planned.id = self.answer.id
        self.run(purchasing_return_steps.approve(ctx, planned.id, None))
        self.returns.append(planned)
        if sent:
            self._send_back(planned, None)

    @precondition(lambda self: self.returns)
    @rule(chance=chances, drawn=scans)
    def send_back(self, chance: int, drawn: list[str] | None) -> None:
        self._send_back(pick(self.returns, chance, "APPROVED"), drawn)

    def _send_back(self, back: Return, drawn: list[str] | None) -> None:
        ctx, phones = self.now(), self.model.at(1, back.place)
        wanted = {state: n for (variant, state), n in back.lines.items() if variant == 1}
        serials, fits = self.leaving(phones, wanted, drawn if wanted else None)
        levels = {variant: self.model.at(variant, back.place) for variant, _ in back.lines}
        allowed = (
            back.state == "APPROVED"
            and of_the_order(back.purchase, back.pieces)
            and fits
            and all(
                self.model.there(levels[variant], state) >= count
                for (variant, state), count in back.lines.items()
            )
        )
        if not self.done_once(
            lambda key: purchasing_return_steps.ship(ctx, back.id, key, self.scans(serials)),
            allowed=allowed,
        ):
            return
        back.state = "SHIPPED"
        self.model.free(*levels.values())
        for (variant, state), count in back.lines.items():
            levels[variant].stands[state] -= count
            levels[variant].serials[state] -= set(serials)
            levels[variant].worth.take(count)
            if back.purchase:
                back.purchase.returned[variant] += count

    @precondition(lambda self: self.returns)
    @rule(chance=chances)
    def keep_after_all(self, chance: int) -> None:
        back = pick(self.returns, chance, "APPROVED")
        work = purchasing_return_steps.cancel(self.now(), back.id, None)
        if self.done(work, allowed=back.state == "APPROVED"):
            back.state = "CANCELLED"
