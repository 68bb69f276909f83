"""What a list of stores is cut to, as conditions on `location o`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from models.catalog.assortments import CARRIED
from models.catalog.search import InvalidQuery, query_words
from models.database import is_postgres, marks
from models.errors import InvalidInput
from models.stock.sellable_sql import EFFECTIVE
from models.stores.coordinates import Point
from models.stores.locations import StoreService
from models.text.chinese import spellings
from resolvers import cacheable_now
from resolvers.context import Context
from resolvers.sql_pagination import Conditions, kept
from resolvers.validation import quantity_of, text_of

MAXIMUM_VARIANTS = 50
LONGEST_CITY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreQuery:
    """What to list: all that is given must hold; `carrying` is (variant ID, quantity) pairs."""

    near: Point | None = None
    search: str | None = None
    services: tuple[StoreService, ...] = ()
    open_at: datetime | None = None
    within_metres: int | None = None
    carrying: tuple[tuple[int, int], ...] = ()
    city_name: str | None = None


async def conditions_of(ctx: Context, query: StoreQuery) -> Conditions:
    """All of `query` but the distance and the opening hours. Raises: InvalidInput."""
    found = Conditions()
    # The plus keeps databases from walking through all of the merchant's stores.
    merchant = "o.merchant_id" if query.near is None else "+o.merchant_id"
    found.add(f"o.kind = 'STORE' AND o.active AND {merchant} = ?", ctx.merchant_id)
    if query.near is not None:
        found.add("o.latitude_wgs84 IS NOT NULL")
    for service in query.services:
        found.add("CAST(o.services AS TEXT) LIKE ?", f'%"{service}"%')
    if query.city_name is not None:
        named = text_of(query.city_name, ("filter", "cityName"), LONGEST_CITY, 0)
        city = kept(named.removesuffix("市"))
        names = [name for each in spellings(city) for name in (each, f"{each}市")]
        found.add(f"o.city IN ({marks(names)})", *names)
    _add_search(query.search, found)
    await _add_carrying(ctx, query, found)
    _check_distance(query)
    return found


def _add_search(text: str | None, found: Conditions) -> None:
    """Every word stands in the store's name, code or address."""
    if text is None or not text.strip():
        return
    try:
        words = query_words(text)
    except InvalidQuery:
        raise InvalidInput(
            "A search has at most 100 characters.", path=("filter", "search")
        ) from None
    position = "strpos" if is_postgres() else "instr"
    for word in words:
        found.add(f"{position}(o.search_text, ?) > 0", word.text)
    if not words:
        found.add("1 = 0")


async def _add_carrying(ctx: Context, query: StoreQuery, found: Conditions) -> None:
    """Every variant with at least the quantity that this channel may still buy there.

    One look for each store that meets the rest: PostgreSQL would make a slow join of EXISTS or IN.
    """
    wanted: Counter[int] = Counter()
    for position, (variant_id, quantity) in enumerate(query.carrying):
        wanted[variant_id] += quantity_of(quantity, "filter", "carrying", position, "quantity")
    if len(wanted) > MAXIMUM_VARIANTS:
        raise InvalidInput(
            "Give 1 to {maximum} rows.", path=("filter", "carrying"), maximum=MAXIMUM_VARIANTS
        )
    floor = "0" if ctx.channel.is_counter else "l.safety_stock"
    at = await cacheable_now.of_holds(ctx) if wanted else None
    for variant_id, quantity in sorted(wanted.items()):
        found.add(
            f"(SELECT {EFFECTIVE} - {floor} FROM stock_level l"
            f" WHERE l.variant_id = ? AND l.location_id = o.id AND {CARRIED}) >= ?",
            at,
            variant_id,
            quantity,
        )


def _check_distance(query: StoreQuery) -> None:
    if query.within_metres is None:
        return
    path = ("filter", "withinMetres")
    if query.near is None:
        raise InvalidInput("A distance needs a point: give near too.", path=path)
    if query.within_metres < 0:
        raise InvalidInput("A distance must not be negative.", path=path)
