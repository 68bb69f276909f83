"""Tables of price lists, prices and their history."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from tortoise import fields

from models.money import CurrencyCode
from models.tables.fields import Row, choice, minor, never_negative, reference, within

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""`valid_from` of a price or price list without a beginning."""


class PriceListKind(StrEnum):
    """The scope of a price list. A store's list precedes a channel's, a channel's precedes a tier's."""

    STORE = "STORE"
    CHANNEL = "CHANNEL"
    TIER = "TIER"


class PriceList(Row):
    """Prices for one store, channel or tier; `key` is the store's code, the channel or the tier's code.

    An active list applies from `valid_from` (inclusive) to `valid_to` (exclusive; None: without end).
    """

    merchant = reference("Organisation")
    code = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    kind = choice(PriceListKind)
    key = fields.CharField(max_length=64)
    currency = choice(CurrencyCode, default=CurrencyCode.CNY)
    valid_from = fields.DatetimeField(default=ALWAYS)
    valid_to = fields.DatetimeField(null=True)
    active = fields.BooleanField(default=True)
    updated_at = fields.DatetimeField(auto_now=True)

    merchant_id: int

    class Meta:
        table = "price_list"
        unique_together = (("merchant_id", "code"),)
        indexes = (("merchant_id", "kind", "key"),)


class Price(Row):
    """The price of a variant in a list from `valid_from` on. Of several, the one that began last applies."""

    price_list = reference("PriceList")
    variant = reference("Variant")
    amount_minor = minor()
    valid_from = fields.DatetimeField(default=ALWAYS)
    valid_to = fields.DatetimeField(null=True)

    price_list_id: int
    variant_id: int

    class Meta:
        table = "price"
        unique_together = (("price_list_id", "variant_id", "valid_from"),)
        constraints = never_negative("price", "amount_minor")


class PriceChange(Row):
    """An immutable record of a price that was added, changed or removed. Without a list it is the list
    price.

    `from_minor` is None for a new price, `to_minor` for a removed one.
    """

    merchant = reference("Organisation")
    variant = reference("Variant")
    price_list = reference("PriceList", null=True)
    from_minor = minor(null=True)
    to_minor = minor(null=True)
    valid_from = fields.DatetimeField(default=ALWAYS)
    valid_to = fields.DatetimeField(null=True)
    actor_kind = fields.CharField(max_length=24)
    actor_id = fields.BigIntField(null=True)

    variant_id: int
    price_list_id: int | None

    class Meta:
        table = "price_change"
        constraints = [
            within(
                "price_change", "something", '"from_minor" IS NOT NULL OR "to_minor" IS NOT NULL'
            )
        ]
