"""The audit of stock as GraphQL types."""

from __future__ import annotations

import strawberry

from models.bounds import AUDIT_FAULTS
from models.stock.states import StockState
from resolvers.context import Context
from resolvers.stock.audit import audit
from resolvers.stock.audit.backorders import BackorderFault, BackorderFaultKind
from schema.batching import batched
from schema.catalog.types import Variant
from schema.cost.directives import sized_list
from schema.nodes.nodes import global_id
from schema.stock.types import StockLevel, variants_of
from schema.stores.types import StockLocation

strawberry.enum(audit.Witness, name="StockWitness")
strawberry.enum(BackorderFaultKind, name="StockPromiseFaultKind")


@strawberry.type(
    description="A level that its movements, holds, documents or serial numbers do not explain."
)
class StockDrift:
    """A number of a level that differs from what it is compared with."""

    state: StockState
    recorded: int = strawberry.field(description="What the level says.")
    expected: int = strawberry.field(description="What the witness adds up to.")
    witness: audit.Witness = strawberry.field(
        description="Who contradicts the level. To SERIALS, AVAILABLE is what is held or committed too, and"
        " IN_TRANSIT what transfers to it or from it have on the road."
    )
    level_id: strawberry.Private[int]

    @batched
    @staticmethod
    async def level(parents: list[StockDrift], ctx: Context) -> list[StockLevel]:
        return await StockLevel.load(ctx, [each.level_id for each in parents])  # type: ignore[return-value]

    @classmethod
    def of(cls, found: audit.Drift) -> StockDrift:
        """Return the drift of a finding."""
        return cls(
            state=found.state,
            recorded=found.recorded,
            expected=found.expected,
            witness=found.witness,
            level_id=found.level_id,
        )


@strawberry.type(
    description="Promises of pieces yet to come that do not add up. SUM: the variant owes other than its open"
    " promises. LIMIT: it owes more than its limit, as it may after that was lowered. ORDER: the order"
    " does not wait for it. HOLD: pieces are said to have come, and are not committed. WAIT: a fulfilment"
    " waits, and nothing is promised to it."
)
class StockPromiseFault:
    """A number of a backorder that differs from what follows from the orders."""

    kind: BackorderFaultKind
    recorded: int
    expected: int
    order_id: strawberry.ID | None
    row: strawberry.Private[BackorderFault]

    @batched
    @staticmethod
    async def variant(parents: list[StockPromiseFault], ctx: Context) -> list[Variant]:
        return await variants_of(parents, ctx)

    @batched
    @staticmethod
    async def location(
        parents: list[StockPromiseFault], ctx: Context
    ) -> list[StockLocation | None]:
        """Where it was promised or is waited for; empty for the sum of a variant."""
        return await StockLocation.load(ctx, [each.row.location_id or 0 for each in parents])

    @classmethod
    def of(cls, row: BackorderFault) -> StockPromiseFault:
        """Return the fault of a finding."""
        return cls(
            kind=row.kind,
            recorded=row.recorded,
            expected=row.expected,
            order_id=global_id("Order", row.order_id) if row.order_id else None,
            row=row,
        )


@strawberry.type(
    description="The ledger replayed and compared with the levels; a sound system has no drift."
)
class StockAudit:
    """The result of an audit."""

    checked_levels: int
    replayed_movements: int = strawberry.field(
        description="How many were added up; those before a checkpoint had been already."
    )
    drifts: list[StockDrift] = sized_list(
        AUDIT_FAULTS, description="The first 500; ask again once they are corrected."
    )
    promise_faults: list[StockPromiseFault] = sized_list(AUDIT_FAULTS, description="The first 500.")

    @classmethod
    def of(cls, found: audit.Audit) -> StockAudit:
        """Return the result of an audit."""
        return cls(
            checked_levels=found.checked_levels,
            replayed_movements=found.replayed_movements,
            drifts=[StockDrift.of(each) for each in AUDIT_FAULTS.cut(found.drifts)],
            promise_faults=[
                StockPromiseFault.of(each) for each in AUDIT_FAULTS.cut(found.backorder_faults)
            ],
        )
