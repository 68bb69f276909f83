"""Pieces are sold before they are there, within a limit and until a day, and filled by what comes."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from models import database as db
from models.errors import Refusals
from resolvers.bulk_rows import OnError
from resolvers.stock.allocation import backorder_allocation, backorders
from resolvers.stock.allocation.backorder_limits import BackorderDraft, set_backorders
from tests.resolvers.stock.machine.driving import counts, few, orders, up_to, variants
from tests.resolvers.stock.machine.model import Promise
from tests.resolvers.stock.machine.selling import Selling


class Owing(Selling):
    def __init__(self) -> None:
        super().__init__()
        for variant in range(2):
            self.limit_backorders(variant, 6, 2)

    @rule(variant=variants, limit=st.integers(0, 9), days=st.none() | st.integers(-1, 2))
    def limit_backorders(self, variant: int, limit: int, days: int | None) -> None:
        ctx = self.now()
        today = backorders.today(ctx)
        day = None if days is None else today + timedelta(days=days)
        draft = BackorderDraft(sku=self.variants[variant].sku, limit=limit, expected_on=day)
        outcome = self.run(set_backorders(ctx, [draft], OnError.REJECT_ALL))
        assert outcome.rejected is bool(limit and (day is None or day < today))
        if not outcome.rejected:
            self.model.limits[variant] = limit, day

    @rule(order=orders, number=few, count=counts)
    def promise(self, order: int, number: int, count: int) -> None:
        ctx, found = self.now(), self.model.levels[number]
        left = self.model.left_to_promise(found.variant, backorders.today(ctx))
        quantity = up_to(count, left) or 1
        request = self.request(order, found, quantity)

        async def work() -> None:
            offers = await backorders.locked(ctx, [request.variant_id])
            wanted = {request.variant_id: quantity}
            if missing := backorders.missing(backorders.rest(offers), wanted):
                raise Refusals(missing)
            await backorders.allocate(ctx, order, [request])

        if self.done(db.transaction(work), allowed=quantity <= left):
            self.model.promises.append(Promise(order, found, quantity))

    @rule()
    def fill(self) -> None:
        """The worker finds nothing: whatever came, or was freed, went to who waited for it at once."""
        assert self.run(backorder_allocation.fill_due(self.now())) == 0
