"""What a list of products is cut to, as conditions on `product p`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from models.accounts.channels import Channel
from models.catalog.assortments import CARRIED, LISTED
from models.catalog.products import ProductStatus
from models.database import is_postgres
from models.errors import InvalidInput
from models.money import MAX_MINOR, CurrencyCode, InvalidAmount, to_minor
from models.stock.sellable_sql import EFFECTIVE
from resolvers import cacheable_now
from resolvers.catalog.scope import ON_SALE, sees_unpublished
from resolvers.context import Context
from resolvers.sql_pagination import Conditions, kept

MAXIMUM_TAGS = 20
MAXIMUM_OPTIONS = 5
OPTION_NAME, OPTION_VALUE = "o.value ->> 'name'", "o.value ->> 'value'"
_BELOW_CATEGORY = """p.category_id IN (
WITH RECURSIVE tree AS (
    SELECT id FROM category WHERE merchant_id = ? AND code = ?
    UNION SELECT c.id FROM category c JOIN tree ON c.parent_id = tree.id
) SELECT id FROM tree)"""
_OF_BRAND = "p.brand_id = (SELECT id FROM brand WHERE merchant_id = ? AND code = ?)"
# NOT IN is a hash look-up in any plan; a join with few locations tempts planners to start from them.
# By product, as a page is full long before all levels are read; SQLite begins a CROSS JOIN at its left.
_LEVELS = (
    "EXISTS (SELECT 1 FROM variant v CROSS JOIN stock_level l"
    " WHERE v.product_id = p.id AND l.variant_id = v.id"
    " AND l.location_id NOT IN (SELECT id FROM location WHERE active = FALSE)"
    f" AND {CARRIED}"
)
_CARRIED_AT = (
    "EXISTS (SELECT 1 FROM (SELECT v.id AS variant_id, CAST(? AS BIGINT) AS location_id"
    f" FROM variant v WHERE v.product_id = p.id) AS l WHERE {CARRIED})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductQuery:
    """What to list: all that is given must hold; `tags` are had all, `options` by one variant."""

    search: str | None = None
    category_code: str | None = None
    brand_code: str | None = None
    tags: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    status: ProductStatus | None = None
    price_from: Decimal | None = None
    price_to: Decimal | None = None
    in_stock_only: bool = False
    sold_at_store_id: int | None = None
    carried_at_id: int | None = None
    channel: Channel | None = None


async def conditions_of(
    ctx: Context, query: ProductQuery, *, paged_by: str | None = None
) -> Conditions:
    """All of `query` but its search, for a page in the order of a column or for all. Raises: InvalidInput."""
    found = Conditions()
    found.add("p.merchant_id = ?", ctx.merchant_id)
    await _add_status(ctx, query.status, found)
    classes = in_classes(ctx.merchant_id, query.category_code, query.brand_code)
    if classes.sql:
        found.add(str(classes), *classes.values)
    if len(query.tags) > MAXIMUM_TAGS:
        raise InvalidInput(
            "Give at most {maximum} tags.", path=("filter", "tags"), maximum=MAXIMUM_TAGS
        )
    for tag in query.tags:
        found.add("p.id IN (SELECT product_id FROM product_tag WHERE tag = ?)", kept(tag))
    _add_options(query.options, found)
    _add_prices(query, paged_by, found)
    await _add_stock(ctx, query, found)
    if query.carried_at_id is not None:
        found.add(_CARRIED_AT, query.carried_at_id)
    if query.channel is not None:
        found.add(LISTED, str(query.channel))
    return found


async def _add_status(ctx: Context, status: ProductStatus | None, found: Conditions) -> None:
    """The public sees what is on sale; asking for anything else, it finds nothing."""
    if await sees_unpublished(ctx, ctx.merchant_id):
        if status is not None:
            found.add("p.status = ?", str(status))
        return
    found.add(ON_SALE, str(ctx.channel))
    if status not in (None, ProductStatus.ACTIVE):
        found.add("1 = 0")


def selections() -> str:
    """What `variant v` selects, as rows `o`."""
    if is_postgres():
        return "jsonb_array_elements(v.selected_options) AS o(value)"
    return "json_each(v.selected_options) AS o"


def _add_options(options: Sequence[tuple[str, str]], found: Conditions) -> None:
    """Products with a variant that selects all of them."""
    if len(options) > MAXIMUM_OPTIONS:
        raise InvalidInput(
            "Give at most {maximum} options.",
            path=("filter", "options"),
            maximum=MAXIMUM_OPTIONS,
        )
    if options:
        one = (
            f"EXISTS (SELECT 1 FROM {selections()} WHERE {OPTION_NAME} = ? AND {OPTION_VALUE} = ?)"
        )
        found.add(
            "EXISTS (SELECT 1 FROM variant v WHERE v.product_id = p.id"
            f" AND {' AND '.join([one] * len(options))})",
            *(kept(text) for option in options for text in option),
        )


def _add_prices(query: ProductQuery, paged_by: str | None, found: Conditions) -> None:
    """Products with a variant in the range; their own range cuts most of them first.

    For a page in another order SQLite would sort all that lie in the range: a plus keeps it from their index.
    """
    if query.price_from is None and query.price_to is None:
        return
    lowest = _minor(query.price_from, "priceFrom", 0)
    highest = _minor(query.price_to, "priceTo", MAX_MINOR)
    column = "p.lowest_price_minor"
    if paged_by not in (None, column) and not is_postgres():
        column = f"+{column}"
    found.add(f"p.highest_price_minor >= ? AND {column} <= ?", lowest, highest)
    found.add(
        "(p.lowest_price_minor >= ? OR p.highest_price_minor <= ?"
        " OR EXISTS (SELECT 1 FROM variant v WHERE v.product_id = p.id"
        " AND v.price_minor BETWEEN ? AND ?))",
        *(lowest, highest, lowest, highest),
    )


def _minor(amount: Decimal | None, name: str, default: int) -> int:
    if amount is None:
        return default
    try:
        return to_minor(amount, CurrencyCode.CNY)
    except InvalidAmount:
        raise InvalidInput(
            "An amount has at most two decimals and is not beyond reason.", path=("filter", name)
        ) from None


async def _add_stock(ctx: Context, query: ProductQuery, found: Conditions) -> None:
    """In stock: sellable somewhere, or at the store asked for; sold at a store: it keeps the product."""
    condition, values = _LEVELS, list[Any]()
    if query.in_stock_only:
        floor = "0" if ctx.channel.is_counter else "l.safety_stock"
        condition = f"{_LEVELS} AND {EFFECTIVE} > {floor}"
        values.append(await cacheable_now.of_holds(ctx))
    elif query.sold_at_store_id is None:
        return
    if query.sold_at_store_id is not None:
        condition += " AND l.location_id = ?"
        values.append(query.sold_at_store_id)
    found.add(condition + ")", *values)


def in_classes(
    merchant_id: int | None, category_code: str | None, brand_code: str | None
) -> Conditions:
    """A `product p` at or below the category, and of the brand, whatever its status."""
    found = Conditions()
    if category_code is not None:
        found.add(_BELOW_CATEGORY, merchant_id, kept(category_code))
    if brand_code is not None:
        found.add(_OF_BRAND, merchant_id, kept(brand_code))
    return found
