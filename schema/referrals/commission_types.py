from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.bounds import COMMISSION_LEVELS
from models.referrals.commissions import Commission as CommissionRow
from models.referrals.rules import CommissionKind, CommissionStatus
from resolvers.accounts.organisations import organisations
from resolvers.context import Context
from resolvers.referrals import bindings, earnings, plans
from resolvers.referrals.earnings import Balance, CommissionQuery
from resolvers.referrals.plans import EffectivePlan
from schema.accounts.types import Organisation, Staff
from schema.batching import batched
from schema.cost.directives import sized_list
from schema.members.types import Member
from schema.money import Money
from schema.nodes.nodes import Node, global_id

if TYPE_CHECKING:
    from schema.orders.types import Order

strawberry.enum(CommissionKind)
strawberry.enum(CommissionStatus)

CommissionPayee = Annotated[Member | Staff, strawberry.union("CommissionPayee")]


@strawberry.input(description="All that is given must hold.")
class CommissionFilter:
    status: list[CommissionStatus] | None = strawberry.field(
        default=None, description="In one of these states."
    )

    def query(self) -> CommissionQuery:
        statuses = None if self.status is None else tuple(sorted(set(self.status)))
        return CommissionQuery(statuses=statuses)


@strawberry.type(description="What one payee earns from one order, fixed when it was paid.")
class Commission(Node):
    id: strawberry.ID
    kind: CommissionKind
    status: CommissionStatus
    level: int
    base: Money
    rate: Decimal
    amount: Money
    reversed: Money
    available_at: datetime | None
    created_at: datetime
    row: strawberry.Private[CommissionRow]

    @batched
    @staticmethod
    async def payee(parents: list[Commission], ctx: Context) -> list[CommissionPayee]:
        rows = [each.row for each in parents]
        members = await bindings.rows_by_ids([row.member_id for row in rows if row.member_id])
        staff = await Staff.load(ctx, [row.staff_id or 0 for row in rows])
        return [
            person or Member.of(members[row.member_id or 0])
            for row, person in zip(rows, staff, strict=True)
        ]

    @batched
    @staticmethod
    async def order(
        parents: list[Commission], ctx: Context
    ) -> list[Annotated[Order, strawberry.lazy("schema.orders.types")] | None]:
        """The order it comes from; null for a bounty, and for somebody who may not see that order."""
        from schema.orders.types import Order

        return await Order.load(ctx, [each.row.order_id or 0 for each in parents])

    @classmethod
    def of(cls, row: CommissionRow, ctx: Context) -> Commission:
        return cls(
            id=global_id("Commission", row.id),
            kind=row.kind,
            status=earnings.standing(ctx, row),
            level=row.level,
            base=Money.of(row.base_minor),
            rate=Decimal(row.rate),
            amount=Money.of(row.amount_minor),
            reversed=Money.of(row.reversed_minor),
            available_at=row.available_at,
            created_at=row.created_at,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Commission | None]:
        found = await earnings.by_ids(ctx, ids)
        return [cls.of(found[row_id], ctx) if row_id in found else None for row_id in ids]


@strawberry.type(
    description="What a payee has earned, each sum less what was reversed; owed was reversed after it"
    " had been withdrawn."
)
class CommissionBalance:
    pending: Money
    frozen: Money
    available: Money
    withdrawn: Money
    owed: Money

    @classmethod
    def of(cls, balance: Balance) -> CommissionBalance:
        return cls(
            pending=Money.of(balance.pending_minor),
            frozen=Money.of(balance.frozen_minor),
            available=Money.of(balance.available_minor),
            withdrawn=Money.of(balance.withdrawn_minor),
            owed=Money.of(balance.owed_minor),
        )


@strawberry.type
class CommissionLevel:
    level: int
    rate: Decimal


@strawberry.type(
    description="What a merchant pays for sales. Rates are fractions of what was paid: 0.05 is 5 %."
)
class CommissionPlan(Node):
    id: strawberry.ID
    levels: list[CommissionLevel] = sized_list(COMMISSION_LEVELS)
    guide_rate: Decimal
    guide_registration_bounty: Money
    freeze_days: int
    self_purchase: bool
    binding_days: int | None
    protected_days: int | None
    organisation_id: strawberry.Private[int]

    @batched
    @staticmethod
    async def organisation(parents: list[CommissionPlan], ctx: Context) -> list[Organisation]:
        found = await organisations.by_ids(ctx, [each.organisation_id for each in parents])
        return [Organisation.of(found[each.organisation_id]) for each in parents]

    @classmethod
    def of(cls, effective: EffectivePlan) -> CommissionPlan:
        """A plan is known by its organisation, which has one even before it has set any."""
        return cls(
            id=global_id("CommissionPlan", effective.organisation_id),
            levels=[
                CommissionLevel(level=each.level, rate=each.rate) for each in effective.plan.levels
            ],
            guide_rate=effective.plan.guide_rate,
            guide_registration_bounty=Money.of(effective.bounty_minor),
            freeze_days=effective.freeze_days,
            self_purchase=effective.plan.self_purchase,
            binding_days=effective.terms.binding_days,
            protected_days=effective.terms.protected_days,
            organisation_id=effective.organisation_id,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[CommissionPlan | None]:
        found = await plans.by_organisations(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]
