"""Products and variants as plain rows, with only the columns that are shown.

Values are as the driver returns them; `models.tables.columns` converts JSON and timestamps.
"""

from __future__ import annotations

from typing import NamedTuple

from models.database import columns
from models.tables.columns import Json, Moment


class ProductRow(NamedTuple):
    id: int
    merchant_id: int
    code: str
    slug: str
    name: str
    description: str
    status: str
    brand_id: int | None
    category_id: int | None
    options: Json
    media: Json
    tags: Json
    attributes: Json
    related_codes: Json
    units_sold: int
    lowest_price_minor: int
    highest_price_minor: int
    created_at: Moment
    updated_at: Moment


class VariantRow(NamedTuple):
    id: int
    merchant_id: int
    product_id: int
    sku: str
    name: str
    selected_options: Json
    media: Json
    price_minor: int
    compare_at_minor: int | None
    tracks_serials: bool | int  # SQLite returns 0 or 1


PRODUCT = columns(ProductRow, "p")
VARIANT = columns(VariantRow, "v")
