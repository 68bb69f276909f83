"""What lists of orders, fulfilments and carts are cut to, and how they are sorted."""

from __future__ import annotations

from datetime import datetime

import strawberry

from models.accounts.channels import Channel
from models.orders.carts import CartStatus
from models.orders.states import (
    FulfilmentMethod,
    FulfilmentStatus,
    OrderStatus,
    PaymentProvider,
)
from resolvers.orders import order_lists
from resolvers.orders.cart import lists as cart_lists
from resolvers.orders.fulfilment import lists as fulfilment_lists
from schema.nodes.nodes import optional_row_id


@strawberry.input(
    description="All that is given must hold. One fulfilment, sent to its place, has all of fulfilledAtId,"
    " fulfilmentMethod and fulfilmentStatus that are given."
)
class OrderFilter:
    status: list[OrderStatus] | None = strawberry.field(
        default=None, description="One of these; an empty list asks for any."
    )
    channel: list[Channel] | None = strawberry.field(
        default=None, description="Placed through one of these channels."
    )
    store_id: strawberry.ID | None = strawberry.field(
        default=None, description="The store that the sale counts for."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose order it is."
    )
    guide_id: strawberry.ID | None = strawberry.field(
        default=None, description="The guide that the sale counts for."
    )
    placed_from: datetime | None = strawberry.field(
        default=None, description="Placed at this moment or later."
    )
    placed_to: datetime | None = strawberry.field(
        default=None, description="Placed before this moment."
    )
    number: str | None = strawberry.field(default=None, description="The whole number.")
    search: str | None = strawberry.field(
        default=None,
        description="A whole number, or the last four digits of a recipient's phone that you may read.",
    )
    fulfilled_at_id: strawberry.ID | None = strawberry.field(
        default=None, description="The store or warehouse that fulfils a part."
    )
    fulfilment_method: list[FulfilmentMethod] | None = strawberry.field(
        default=None, description="A part goes one of these ways."
    )
    fulfilment_status: list[FulfilmentStatus] | None = strawberry.field(
        default=None, description="A part has one of these statuses."
    )
    provider: list[PaymentProvider] | None = strawberry.field(
        default=None, description="A payment was begun with one of these providers."
    )
    variant_id: strawberry.ID | None = strawberry.field(
        default=None, description="A variant that was bought."
    )
    updated_from: datetime | None = strawberry.field(
        default=None, description="Changed at this moment or later."
    )

    def wanted(self) -> order_lists.OrderFilter:
        """Raises: InvalidInput naming what is no ID."""
        places = ("Store", "Warehouse")
        path = ("filter", "fulfilledAtId")
        return order_lists.OrderFilter(
            status=tuple(self.status or ()),
            channel=tuple(self.channel or ()),
            store_id=optional_row_id(self.store_id, "Store", path=("filter", "storeId")),
            member_id=optional_row_id(self.member_id, "Member", path=("filter", "memberId")),
            guide_id=optional_row_id(self.guide_id, "Staff", path=("filter", "guideId")),
            placed_from=self.placed_from,
            placed_to=self.placed_to,
            number=self.number,
            search=self.search,
            fulfilled_at_id=optional_row_id(self.fulfilled_at_id, *places, path=path),
            fulfilment_method=tuple(self.fulfilment_method or ()),
            fulfilment_status=tuple(self.fulfilment_status or ()),
            provider=tuple(self.provider or ()),
            variant_id=optional_row_id(self.variant_id, "Variant", path=("filter", "variantId")),
            updated_from=self.updated_from,
        )


@strawberry.input(description="All that is given must hold.")
class FulfilmentFilter:
    status: list[FulfilmentStatus] | None = strawberry.field(
        default=None, description="One of these."
    )
    method: list[FulfilmentMethod] | None = strawberry.field(
        default=None, description="One of these ways."
    )
    location_id: strawberry.ID | None = strawberry.field(
        default=None, description="The store or warehouse that it was sent to."
    )
    organisation_code: str | None = strawberry.field(
        default=None, description="At a place at or below this node."
    )
    assignee_id: strawberry.ID | None = strawberry.field(
        default=None, description="The member of staff who accepted it."
    )
    unassigned: bool | None = strawberry.field(
        default=None, description="Whether it has no assignee."
    )
    late: bool | None = strawberry.field(default=None, description="Whether dueAt is over.")
    unfillable: bool | None = strawberry.field(
        default=None, description="Whether its place has rejected it and nobody else has the goods."
    )
    due_before: datetime | None = strawberry.field(
        default=None, description="Due before this moment."
    )
    variant_id: strawberry.ID | None = strawberry.field(
        default=None, description="A variant that it brings."
    )
    search: str | None = strawberry.field(
        default=None,
        description="A whole number of it or its order, a tracking number, or the last four digits of a"
        " recipient's phone that you may read.",
    )

    def wanted(self) -> fulfilment_lists.FulfilmentFilter:
        """Raises: InvalidInput naming what is no ID."""
        path = ("filter", "locationId")
        return fulfilment_lists.FulfilmentFilter(
            statuses=None if self.status is None else tuple(sorted(set(self.status))),
            methods=None if self.method is None else tuple(sorted(set(self.method))),
            location_id=optional_row_id(self.location_id, "Store", "Warehouse", path=path),
            organisation_code=self.organisation_code,
            assignee_id=optional_row_id(self.assignee_id, "Staff", path=("filter", "assigneeId")),
            unassigned=self.unassigned,
            late=self.late,
            unfillable=self.unfillable,
            due_before=self.due_before,
            variant_id=optional_row_id(self.variant_id, "Variant", path=("filter", "variantId")),
            search=self.search,
        )


@strawberry.input(description="All that is given must hold.")
class CartFilter:
    guide_id: strawberry.ID | None = strawberry.field(
        default=None, description="The guide who began it."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="The member whose cart it is."
    )
    status: CartStatus | None = strawberry.field(default=None, description="How far it is.")
    updated_from: datetime | None = strawberry.field(
        default=None, description="Changed at this moment or later."
    )

    def wanted(self) -> cart_lists.CartFilter:
        """Raises: InvalidInput naming what is no ID."""
        return cart_lists.CartFilter(
            guide_id=optional_row_id(self.guide_id, "Staff", path=("filter", "guideId")),
            member_id=optional_row_id(self.member_id, "Member", path=("filter", "memberId")),
            status=self.status,
            updated_from=self.updated_from,
        )
