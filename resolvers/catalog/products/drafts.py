"""A product as an ERP gives it: None leaves a list or text as it is, KEEP an optional value."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.accounts.channels import Channel
from models.catalog.products import ProductStatus
from resolvers.bulk_rows import KEEP, Unset
from resolvers.catalog.media import MediaDraft


@dataclass(frozen=True, slots=True)
class OptionDraft:
    name: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class SelectedOptionDraft:
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantDraft:
    sku: str
    price: Decimal
    name: str | Unset | None = KEEP
    gtins: Sequence[str] | None = None
    compare_at_price: Decimal | Unset | None = KEEP
    options: Sequence[SelectedOptionDraft] | None = None
    tracks_serials: bool | None = None
    media: Sequence[MediaDraft] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """`brand_name` and `category_name` name a brand or category that is new, or rename it; what else is said
    of them replaces what was; None empties it.

    `channels` are those that list it; None for all. `attributes` are keys and values.
    """

    code: str
    name: str
    variants: Sequence[VariantDraft]
    slug: str | None = None
    description: str | None = None
    brand_code: str | Unset | None = KEEP
    brand_name: str | None = None
    brand_logo: MediaDraft | Unset | None = KEEP
    brand_story: str | Unset | None = KEEP
    category_code: str | Unset | None = KEEP
    category_name: str | None = None
    category_parent_code: str | Unset | None = KEEP
    category_image: MediaDraft | Unset | None = KEEP
    category_position: int | Unset | None = KEEP
    status: ProductStatus | None = None
    tags: Sequence[str] | None = None
    options: Sequence[OptionDraft] | None = None
    media: Sequence[MediaDraft] | None = None
    attributes: Sequence[tuple[str, str]] | None = None
    related_codes: Sequence[str] | None = None
    channels: Collection[Channel] | Unset | None = KEEP
