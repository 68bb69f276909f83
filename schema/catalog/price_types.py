from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.catalog.prices import ALWAYS, PriceListKind
from models.catalog.prices import Price as PriceRow
from models.catalog.prices import PriceChange as PriceChangeRow
from models.catalog.prices import PriceList as PriceListRow
from models.money import CurrencyCode
from resolvers.catalog.prices import lists as price_lists
from resolvers.catalog.prices.listing import PriceListQuery
from resolvers.catalog.products import variants
from resolvers.context import Context
from schema.actors import Actor, actors
from schema.batching import batched
from schema.money import Money
from schema.nodes.nodes import Node, global_id

if TYPE_CHECKING:
    from schema.catalog.types import Variant

strawberry.enum(PriceListKind)


@strawberry.type(
    description="Prices for one store, channel or tier of members, from a day to a day."
)
class PriceList(Node):
    id: strawberry.ID
    code: str
    name: str
    kind: PriceListKind
    key: str = strawberry.field(description="The store's code, the channel, or the tier's code.")
    currency: CurrencyCode
    valid_from: datetime | None
    valid_to: datetime | None
    active: bool
    updated_at: datetime

    @classmethod
    def of(cls, row: PriceListRow) -> PriceList:
        return cls(
            id=global_id("PriceList", row.id),
            code=row.code,
            name=row.name,
            kind=row.kind,
            key=row.key,
            currency=row.currency,
            valid_from=_since(row.valid_from),
            valid_to=row.valid_to,
            active=row.active,
            updated_at=row.updated_at,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[PriceList | None]:
        found = await price_lists.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.input(description="All that is given must hold.")
class PriceListFilter:
    search: str | None = strawberry.field(
        default=None, description="A part of the name or of the code, whatever the case."
    )
    kind: list[PriceListKind] | None = strawberry.field(
        default=None, description="For one of these: a store, a channel, a tier."
    )
    key: str | None = strawberry.field(
        default=None, description="For the store or tier with this code, or for this channel."
    )
    active: bool | None = strawberry.field(
        default=None, description="Only those that are, or are not, switched on."
    )
    valid_at: datetime | None = strawberry.field(
        default=None, description="Begun by this moment, and not over then."
    )

    def query(self) -> PriceListQuery:
        return PriceListQuery(
            search=self.search,
            kinds=None if self.kind is None else tuple(sorted(set(self.kind))),
            key=self.key,
            active=self.active,
            valid_at=self.valid_at,
        )


@strawberry.type(
    description="What a variant costs by a list; of several in force, the one that began last."
)
class VariantPrice:
    amount: Money
    valid_from: datetime | None
    valid_to: datetime | None
    row: strawberry.Private[PriceRow]

    @batched
    @staticmethod
    async def price_list(parents: list[VariantPrice], ctx: Context) -> list[PriceList]:
        found = await price_lists.by_ids(ctx, [each.row.price_list_id for each in parents])
        return [PriceList.of(found[each.row.price_list_id]) for each in parents]

    @classmethod
    def of(cls, row: PriceRow) -> VariantPrice:
        return cls(
            amount=Money.of(row.amount_minor),
            valid_from=_since(row.valid_from),
            valid_to=row.valid_to,
            row=row,
        )


@strawberry.type(description="A price that came, changed or went.")
class PriceChange:
    before: Money | None
    after: Money | None = strawberry.field(
        description="What it costs from then on; null where the price was taken away."
    )
    valid_from: datetime | None
    valid_to: datetime | None
    changed_at: datetime
    row: strawberry.Private[PriceChangeRow]

    @batched
    @staticmethod
    async def price_list(parents: list[PriceChange], ctx: Context) -> list[PriceList | None]:
        """The list that it stands in; null for the list price itself."""
        return await PriceList.load(ctx, [each.row.price_list_id or 0 for each in parents])

    @batched
    @staticmethod
    async def actor(parents: list[PriceChange], ctx: Context) -> list[Actor | None]:
        return await actors(ctx, [(each.row.actor_kind, each.row.actor_id) for each in parents])

    @batched
    @staticmethod
    async def variant(
        parents: list[PriceChange], ctx: Context
    ) -> list[Annotated[Variant, strawberry.lazy("schema.catalog.types")]]:
        from schema.catalog.types import Variant

        found = await variants.by_ids(ctx, [each.row.variant_id for each in parents])
        return [Variant.of(found[each.row.variant_id]) for each in parents]

    @classmethod
    def of(cls, row: PriceChangeRow) -> PriceChange:
        return cls(
            before=Money.optional(row.from_minor),
            after=Money.optional(row.to_minor),
            valid_from=_since(row.valid_from),
            valid_to=row.valid_to,
            changed_at=row.created_at,
            row=row,
        )


def _since(valid_from: datetime) -> datetime | None:
    return None if valid_from == ALWAYS else valid_from
