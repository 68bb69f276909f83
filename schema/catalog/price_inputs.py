from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import strawberry

from models.catalog.prices import PriceListKind
from resolvers.bulk_rows import OnError
from resolvers.catalog.prices.lists import PriceListDraft
from resolvers.catalog.prices.setting import PriceDraft
from schema.batches import kept_if_unset
from schema.nulls import never_null, none_if_unset


@strawberry.input(description="A price list by its code. What is left out stays as it is.")
class PriceListUpsertRow:
    code: str
    name: str
    kind: PriceListKind
    key: str = strawberry.field(description="The store's code, the channel, or the tier's code.")
    valid_from: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Null: since ever."
    )
    valid_to: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="The first moment it no longer holds; null: never."
    )
    active: bool | None = never_null()

    def draft(self) -> PriceListDraft:
        return PriceListDraft(
            code=self.code,
            name=self.name,
            kind=self.kind,
            key=self.key,
            valid_from=kept_if_unset(self.valid_from),
            valid_to=kept_if_unset(self.valid_to),
            active=none_if_unset(self.active),
        )


@strawberry.input
class PriceListUpsertInput:
    price_lists: list[PriceListUpsertRow]
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = False


@strawberry.input(description="What a SKU costs by a list; without a list, its list price.")
class PriceSetRow:
    sku: str
    price: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Null takes it off the list."
    )
    list_code: str | None = None
    valid_from: datetime | None = strawberry.field(
        default=None, description="Left out: the standing price, behind those that begin on a day."
    )
    valid_to: datetime | None = strawberry.field(
        default=None, description="The first moment it no longer holds."
    )

    def draft(self) -> PriceDraft:
        return PriceDraft(
            sku=self.sku,
            price=kept_if_unset(self.price),
            list_code=self.list_code,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )


@strawberry.input
class PriceSetInput:
    rows: list[PriceSetRow]
    idempotency_key: str
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = False
