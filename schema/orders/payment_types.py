from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.bounds import CLIENT_PARAMETERS
from models.orders.payments import Payment as PaymentRow
from models.orders.states import PaymentFlow, PaymentProvider, PaymentStatus
from models.qr import qr_svg
from resolvers.context import Context
from resolvers.orders.payment import payments
from schema.batching import batched
from schema.cost.directives import sized_list
from schema.key_values import KeyValue
from schema.money import Money
from schema.nodes.nodes import Node, global_id
from schema.orders.loading import optional_nodes

if TYPE_CHECKING:
    from schema.orders.types import Order

strawberry.enum(PaymentProvider)
strawberry.enum(PaymentFlow)
strawberry.enum(PaymentStatus)


@strawberry.type(description="One attempt to pay an order.")
class Payment(Node):
    id: strawberry.ID
    provider: PaymentProvider
    flow: PaymentFlow
    status: PaymentStatus
    amount: Money
    client_parameters: list[KeyValue] = sized_list(
        CLIENT_PARAMETERS, description="What the client hands to the provider's own SDK."
    )
    code_url: str | None = strawberry.field(
        description="Where to pay: a page, or the text of a code; null where the flow has none."
    )
    created_at: datetime
    settled_at: datetime | None
    row: strawberry.Private[PaymentRow]

    @batched
    @staticmethod
    async def order(
        parents: list[Payment], ctx: Context
    ) -> list[Annotated[Order, strawberry.lazy("schema.orders.types")]]:
        from schema.orders.types import Order

        return await optional_nodes(Order, ctx, [each.row.order_id for each in parents])

    @strawberry.field(description="`codeUrl` as a QR code; null without it.")
    def code_qr_svg(self) -> str | None:
        return qr_svg(self.row.code_url) if self.row.code_url else None

    @classmethod
    def of(cls, row: PaymentRow) -> Payment:
        return cls(
            id=global_id("Payment", row.id),
            provider=row.provider,
            flow=row.flow,
            status=row.status,
            amount=Money.of(row.amount_minor),
            client_parameters=[
                KeyValue(key=key, value=value)
                for key, value in CLIENT_PARAMETERS.cut([*row.client_parameters.items()])
            ],
            code_url=row.code_url,
            created_at=row.created_at,
            settled_at=row.settled_at,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Payment | None]:
        found = await payments.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]
