"""What stock cost that was never bought where it stands: said once, before anything else is known."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import rule

from resolvers.bulk_rows import OnError
from resolvers.stock.costs.opening import OpeningDraft, set_costs
from tests.resolvers.stock.machine.driving import Driver, few


class Valuing(Driver):
    @rule(number=few, cost=st.integers(1, 999))
    def say_what_it_cost(self, number: int, cost: int) -> None:
        level = self.model.levels[number]
        worth = level.worth
        if worth.perhaps and not worth.surely:
            return  # less than a fen, which may have been rounded away
        draft = OpeningDraft(**self.names(level), unit_cost=Decimal(cost) / 100)
        outcome = self.run(set_costs(self.now(), [draft], None, OnError.REJECT_ALL))
        assert outcome.rejected is (worth.surely and worth.opening != cost)
        if not outcome.rejected:
            self.model.free(level)
            if not worth.surely:
                worth.open(cost)
