from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.bounds import ORDER_LINES
from models.orders.carts import Cart as CartRow
from models.orders.carts import CartLine as CartLineRow
from models.orders.carts import CartStatus
from resolvers.catalog.prices import prices
from resolvers.context import Context
from resolvers.orders import orders
from resolvers.orders.cart import carts
from resolvers.orders.cart import lines as cart_lines
from resolvers.orders.cart import lists as cart_lists
from schema.accounts.types import Channel, Staff
from schema.batching import batched
from schema.catalog.types import Variant
from schema.cost.directives import list_size
from schema.members.types import Member
from schema.money import Money
from schema.nodes.nodes import Node, global_id
from schema.orders.loading import optional_nodes, variants_of

if TYPE_CHECKING:
    from schema.orders.types import Order

strawberry.enum(CartStatus, description="MERGED: its lines went into another cart of its owner.")


@strawberry.type
class CartLine(Node):
    id: strawberry.ID
    quantity: int
    unit_price: Money
    total: Money
    added_in: Channel
    row: strawberry.Private[CartLineRow]

    @batched
    @staticmethod
    async def variant(parents: list[CartLine], ctx: Context) -> list[Variant]:
        return await variants_of(ctx, [each.row.variant_id for each in parents])

    @batched
    @staticmethod
    async def added_by(parents: list[CartLine], ctx: Context) -> list[Staff | None]:
        """The member of staff who added it first; empty where the customer did."""
        return await optional_nodes(Staff, ctx, [each.row.added_by_id for each in parents])

    @classmethod
    def of(cls, row: CartLineRow, unit_minor: int) -> CartLine:
        return cls(
            id=global_id("CartLine", row.id),
            quantity=row.quantity,
            unit_price=Money.of(unit_minor),
            total=Money.of(unit_minor * row.quantity),
            added_in=row.added_in,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[CartLine | None]:
        found = await carts.lines_by_ids(ctx, ids)
        buyers = [(line.cart.member_id, line.variant_id) for line in found.values()]
        unit_minor = await _unit_prices(ctx, buyers)
        return [
            cls.of(line, unit_minor[line.cart.member_id][line.variant_id]) if line else None
            for line in map(found.get, ids)
        ]


@strawberry.type(description="One cart, seen alike by its customer and the guide who serves them.")
class Cart(Node):
    id: strawberry.ID
    token: str = strawberry.field(description="Whoever holds it may see and claim the cart.")
    channel: Channel
    version: int
    updated_at: datetime
    status: CartStatus = strawberry.field(
        description="OPEN while it can be changed; ORDERED once it became an order."
    )
    row: strawberry.Private[CartRow]

    @batched
    @staticmethod
    async def order(
        parents: list[Cart], ctx: Context
    ) -> list[Annotated[Order, strawberry.lazy("schema.orders.types")] | None]:
        """What it became, as far as you may see that; empty before it is ordered."""
        from schema.orders.types import Order

        ordered = [each.row.id for each in parents if each.row.status is CartStatus.ORDERED]
        found = await orders.of_carts(ctx, ordered)
        return [Order.optional(found.get(each.row.id)) for each in parents]

    @list_size(ORDER_LINES)
    @batched
    @staticmethod
    async def lines(parents: list[Cart], ctx: Context) -> list[list[CartLine]]:
        rows, unit_minor = await _priced(ctx, parents)
        return [
            [
                CartLine.of(line, unit_minor[each.row.member_id][line.variant_id])
                for line in rows[each.row.id]
            ]
            for each in parents
        ]

    @batched
    @staticmethod
    async def subtotal(parents: list[Cart], ctx: Context) -> list[Money]:
        """The goods at the prices of its owner in this viewer's channel, before discounts and delivery."""
        rows, unit_minor = await _priced(ctx, parents)
        return [
            Money.of(
                sum(
                    unit_minor[each.row.member_id][line.variant_id] * line.quantity
                    for line in rows[each.row.id]
                )
            )
            for each in parents
        ]

    @batched
    @staticmethod
    async def member(parents: list[Cart], ctx: Context) -> list[Member | None]:
        return await optional_nodes(Member, ctx, [each.row.member_id for each in parents])

    @batched
    @staticmethod
    async def guide(parents: list[Cart], ctx: Context) -> list[Staff | None]:
        return await optional_nodes(Staff, ctx, [each.row.guide_id for each in parents])

    @classmethod
    def of(cls, row: CartRow) -> Cart:
        return cls(
            id=global_id("Cart", row.id),
            token=row.token,
            channel=row.channel,
            version=row.version,
            updated_at=row.updated_at,
            status=row.status,
            row=row,
        )

    @classmethod
    def optional(cls, row: CartRow | None) -> Cart | None:
        return cls.of(row) if row else None

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Cart | None]:
        found = await cart_lists.by_ids(ctx, ids)
        return [cls.optional(found.get(row_id)) for row_id in ids]


async def _priced(
    ctx: Context, parents: Sequence[Cart]
) -> tuple[dict[int, list[CartLineRow]], dict[int | None, dict[int, int]]]:
    """The lines of each cart; and by owner, the unit price of each variant in minor units."""
    rows = await cart_lines.lines_of(ctx, [each.row.id for each in parents])
    buyers = [
        (cart.row.member_id, line.variant_id) for cart in parents for line in rows[cart.row.id]
    ]
    return rows, await _unit_prices(ctx, buyers)


async def _unit_prices(
    ctx: Context, buyers: Iterable[tuple[int | None, int]]
) -> dict[int | None, dict[int, int]]:
    """By owner the unit price, in minor units, of each variant that they want."""
    wanted: defaultdict[int | None, set[int]] = defaultdict(set)
    for member_id, variant_id in buyers:
        wanted[member_id].add(variant_id)
    return {
        member_id: await prices.by_ids(ctx, prices.buyer(ctx, member_id), sorted(variant_ids))
        for member_id, variant_ids in wanted.items()
    }
