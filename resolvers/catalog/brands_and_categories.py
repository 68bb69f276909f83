"""Brands and categories."""

from __future__ import annotations

from collections.abc import Sequence

from tortoise.expressions import Q

from models.catalog.classification import Brand, Category
from models.database import any_id, array, records
from resolvers.context import Context
from resolvers.orm_pagination import MAXIMUM_SIZE, checked_size
from resolvers.permissions import concerns, for_anyone
from resolvers.slices import Slice, rows_of_each
from resolvers.sql_pagination import Conditions, kept

# Where the category with a code stands among its siblings; one that is not there stands with those unplaced.
_POSITION = (
    "COALESCE((SELECT before.position FROM category before"
    " WHERE before.merchant_id = category.merchant_id AND before.code = ?), 0)"
)


@for_anyone
async def brands(
    ctx: Context, first: int = MAXIMUM_SIZE, after_code: str | None = None
) -> list[Brand]:
    """The merchant's first brands, by code. Raises: InvalidInput."""
    query = Brand.filter(merchant_id=ctx.merchant_id).order_by("code").limit(checked_size(first))
    return await (query if after_code is None else query.filter(code__gt=kept(after_code)))


@for_anyone
async def brand(ctx: Context, code: str) -> Brand | None:
    return await Brand.filter(merchant_id=ctx.merchant_id, code=kept(code)).first()


@for_anyone
async def category(ctx: Context, code: str) -> Category | None:
    return await Category.filter(merchant_id=ctx.merchant_id, code=kept(code)).first()


@for_anyone
async def visible_brands_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Brand]:
    """Those of the brands whose merchant the request is about, or the caller works for."""
    found = await brands_by_ids(ctx, ids)
    return {row.id: row for row in found.values() if concerns(ctx, row.merchant_id)}


@for_anyone
async def visible_categories_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Category]:
    """Those of the categories whose merchant the request is about, or the caller works for."""
    found = await categories_by_ids(ctx, ids)
    return {row.id: row for row in found.values() if concerns(ctx, row.merchant_id)}


@for_anyone
async def brands_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Brand]:
    """The brands of products that the caller has been shown."""
    wanted = {each for each in ids if each}
    return {row.id: row for row in await Brand.filter(id__in=wanted)} if wanted else {}


@for_anyone
async def categories(
    ctx: Context,
    parent_code: str | None = None,
    first: int = MAXIMUM_SIZE,
    after_code: str | None = None,
) -> list[Category]:
    """The merchant's first categories below the one with this code; without one, the topmost.

    They stand by position, then by code. Raises: InvalidInput.
    """
    query = Category.filter(merchant_id=ctx.merchant_id).order_by("position", "code")
    query = query.limit(checked_size(first))
    if after_code is not None:
        before = await category(ctx, after_code)
        position = before.position if before else 0
        behind = Q(position=position, code__gt=kept(after_code))
        query = query.filter(Q(position__gt=position) | behind)
    if parent_code is None:
        return await query.filter(parent_id=None)
    parent = await category(ctx, parent_code)
    return await query.filter(parent_id=parent.id) if parent else []


@for_anyone
async def categories_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Category]:
    wanted = {each for each in ids if each}
    return {row.id: row for row in await Category.filter(id__in=wanted)} if wanted else {}


@for_anyone
async def children_of(
    ctx: Context, ids: Sequence[int], first: int = MAXIMUM_SIZE, after_code: str | None = None
) -> dict[int, list[Category]]:
    """The first categories right below each of `ids`, by position and code. Raises: InvalidInput."""
    where = Conditions()
    if after_code is not None:
        where.add(f"(position, code) > ({_POSITION}, ?)", *[kept(after_code)] * 2)
    order = "position, code"
    return await rows_of_each(Category, "parent_id", ids, Slice(first), order=order, where=where)


@for_anyone
async def child_counts(ctx: Context, ids: Sequence[int]) -> dict[int, int]:
    """How many categories stand right below each of `ids`."""
    rows = await records(
        f"SELECT parent_id, COUNT(*) FROM category WHERE {any_id('parent_id')} GROUP BY parent_id",
        array(set(ids)),
    )
    return dict.fromkeys(ids, 0) | dict(rows)
