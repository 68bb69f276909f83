"""What a list of products could be cut to further, each with how many products that would leave.

The counts of a facet ignore what was selected of it, and are what the list would count with that value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.bounds import FACET_OPTIONS, FACET_VALUES
from models.catalog.classification import Brand, Category
from models.database import any_id, array, records
from resolvers.catalog import brands_and_categories
from resolvers.catalog.search import listing
from resolvers.catalog.search.filters import OPTION_NAME, OPTION_VALUE, ProductQuery, selections
from resolvers.catalog.search.listing import Matches
from resolvers.context import Context
from resolvers.permissions import for_anyone

_MEMORY = "products in each category"
_BANDS = (0, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True, slots=True)
class PriceBand:
    """Prices from one in minor units to another, both included; the last has no end."""

    from_minor: int
    to_minor: int | None
    count: int


BANDS = tuple(
    (low * 100, high * 100 - 1 if high else None)
    for low, high in zip(_BANDS, (*_BANDS[1:], None), strict=True)
)


@for_anyone
async def brands(ctx: Context, query: ProductQuery) -> list[tuple[Brand, int]]:
    matches = await listing.matches(ctx, replace(query, brand_code=None))
    rows = await _grouped("p.brand_id", matches, "p.brand_id IS NOT NULL")
    found = await brands_and_categories.brands_by_ids(ctx, [row[0] for row in rows])
    return [(found[brand_id], count) for brand_id, count in rows]


@for_anyone
async def categories(ctx: Context, query: ProductQuery) -> list[tuple[Category, int]]:
    """Each category counts what is in those below it too, as the filter does."""
    matches = await listing.matches(ctx, replace(query, category_code=None))
    tree, counts = await _in_tree(ctx, matches)
    best = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:FACET_VALUES]
    return [(tree[category_id], count) for category_id, count in best]


@for_anyone
async def counts_of_brands(ctx: Context, ids: Sequence[int]) -> Counter[int]:
    """How many products of each brand this viewer sees."""
    matches = await listing.matches(ctx, ProductQuery())
    rows = await records(
        f"SELECT p.brand_id, COUNT(*) FROM {matches} AND {any_id('p.brand_id')} GROUP BY 1",
        *(*matches.values, array(set(ids))),
    )
    return Counter(dict(rows))


@for_anyone
async def counts_of_categories(ctx: Context) -> Counter[int]:
    """How many products in each category and below it this viewer sees; counted once a request."""
    if _MEMORY not in ctx.memory:
        matches = await listing.matches(ctx, ProductQuery())
        ctx.memory[_MEMORY] = (await _in_tree(ctx, matches))[1]
    counts: Counter[int] = ctx.memory[_MEMORY]
    return counts


@for_anyone
async def tags(ctx: Context, query: ProductQuery) -> list[tuple[str, int]]:
    matches = await listing.matches(ctx, replace(query, tags=()))
    joined = replace(matches, source=f"{matches.source} JOIN product_tag g ON g.product_id = p.id")
    return [(tag, count) for tag, count in await _grouped("g.tag", joined)]


@for_anyone
async def options(ctx: Context, query: ProductQuery) -> list[tuple[str, list[tuple[str, int]]]]:
    """The values that variants select of each option, in the order of their names."""
    matches = await listing.matches(ctx, replace(query, options=()))
    rows = await records(
        f"SELECT {OPTION_NAME}, {OPTION_VALUE}, COUNT(DISTINCT p.id) FROM {matches.source}"
        f" JOIN variant v ON v.product_id = p.id CROSS JOIN {selections()}"
        f" WHERE {matches.conditions} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT {FACET_VALUES * 4}",
        *matches.values,
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for option, choice, count in rows:
        found.setdefault(option, []).append((choice, count))
    # Databases have orders of their own for texts out of JSON.
    ordered = {name: sorted(each, key=lambda of: (-of[1], of[0])) for name, each in found.items()}
    values = [(name, choices[:FACET_VALUES]) for name, choices in ordered.items()]
    return sorted(values)[:FACET_OPTIONS]


@for_anyone
async def price_bands(ctx: Context, query: ProductQuery) -> list[PriceBand]:
    """Products with a variant whose list price lies in the band; bands without any are left out."""
    matches = await listing.matches(ctx, replace(query, price_from=None, price_to=None))
    cases = " ".join(
        f"WHEN v.price_minor <= {high} THEN {place}"
        for place, (_, high) in enumerate(BANDS)
        if high is not None
    )
    rows = await records(
        f"SELECT CASE {cases} ELSE {len(BANDS) - 1} END, COUNT(DISTINCT p.id) FROM {matches.source}"
        f" JOIN variant v ON v.product_id = p.id WHERE {matches.conditions} GROUP BY 1 ORDER BY 1",
        *matches.values,
    )
    return [PriceBand(BANDS[place][0], BANDS[place][1], count) for place, count in rows]


@for_anyone
async def in_stock(ctx: Context, query: ProductQuery) -> int:
    """How many of the products may be bought now."""
    return await listing.count(ctx, replace(query, in_stock_only=True))


async def _in_tree(ctx: Context, matches: Matches) -> tuple[dict[int, Category], Counter[int]]:
    """All categories by ID, and how many of the products are in each and below it."""
    rows = await records(
        f"SELECT p.category_id, COUNT(*) FROM {matches} AND p.category_id IS NOT NULL GROUP BY 1",
        *matches.values,
    )
    tree = {row.id: row for row in await Category.filter(merchant_id=ctx.merchant_id)}
    counts: Counter[int] = Counter()
    for category_id, count in rows:
        above = tree.get(category_id)
        while above is not None:
            counts[above.id] += count
            above = tree.get(above.parent_id or 0)
    return tree, counts


async def _grouped(
    column: str, matches: Matches, condition: str = "TRUE"
) -> Sequence[tuple[Any, int]]:
    return await records(
        f"SELECT {column}, COUNT(*) FROM {matches} AND {condition}"
        f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {FACET_VALUES}",
        *matches.values,
    )
