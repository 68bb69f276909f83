from __future__ import annotations

from collections.abc import Sequence

import strawberry

from models.catalog.classification import Brand as BrandRow
from models.catalog.classification import Category as CategoryRow
from resolvers.catalog import brands_and_categories
from resolvers.catalog.search import facets
from resolvers.context import Context
from schema.batching import batched
from schema.catalog.product_parts import Media
from schema.columns import derived
from schema.cost.directives import sized_by
from schema.list_arguments import AfterCode, SliceSize
from schema.nodes.nodes import Node, global_id
from schema.operations.cacheable_fields import public


@strawberry.type
class Brand(Node):
    id: strawberry.ID
    code: str
    name: str
    row: strawberry.Private[BrandRow]

    @derived
    def logo(self) -> Media | None:
        """The picture that it is known by; null without one."""
        return Media.of(self.row.logo)

    @derived
    def story(self) -> str | None:
        """What customers read about it; null without any."""
        return self.row.story

    @public
    @batched
    @staticmethod
    async def product_count(parents: list[Brand], ctx: Context) -> list[int]:
        """How many products a list of them would show this viewer."""
        found = await facets.counts_of_brands(ctx, [each.row.id for each in parents])
        return [found[each.row.id] for each in parents]

    @classmethod
    def of(cls, row: BrandRow) -> Brand:
        return cls(id=global_id("Brand", row.id), code=row.code, name=row.name, row=row)

    @classmethod
    async def find(cls, ctx: Context, ids: Sequence[int]) -> list[Brand | None]:
        found = await brands_and_categories.visible_brands_by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Brand | None]:
        found = await brands_and_categories.brands_by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type
class Category(Node):
    id: strawberry.ID
    code: str
    name: str
    row: strawberry.Private[CategoryRow]

    @derived
    def image(self) -> Media | None:
        """The picture that it is shown with; null without one."""
        return Media.of(self.row.image)

    @derived
    def position(self) -> int:
        """Where it stands among its siblings, the lowest first; those alike stand by code."""
        return self.row.position

    @public
    @batched
    @staticmethod
    async def parent(parents: list[Category], ctx: Context) -> list[Category | None]:
        return await Category.load(ctx, [each.row.parent_id or 0 for each in parents])

    @sized_by("first", otherwise=50)
    @public
    @batched
    @staticmethod
    async def children(
        parents: list[Category], ctx: Context, first: SliceSize = 50, after_code: AfterCode = None
    ) -> list[list[Category]]:
        """The first categories right below, by position and code."""
        ids = [each.row.id for each in parents]
        found = await brands_and_categories.children_of(ctx, ids, first, after_code)
        return [[Category.of(child) for child in found[each.row.id]] for each in parents]

    @public
    @batched
    @staticmethod
    async def child_count(parents: list[Category], ctx: Context) -> list[int]:
        """How many categories stand right below, however many `children` shows."""
        found = await brands_and_categories.child_counts(ctx, [each.row.id for each in parents])
        return [found[each.row.id] for each in parents]

    @public
    @batched
    @staticmethod
    async def product_count(parents: list[Category], ctx: Context) -> list[int]:
        """How many products in it and below it a list would show this viewer."""
        found = await facets.counts_of_categories(ctx)
        return [found[each.row.id] for each in parents]

    @classmethod
    def of(cls, row: CategoryRow) -> Category:
        return cls(id=global_id("Category", row.id), code=row.code, name=row.name, row=row)

    @classmethod
    async def find(cls, ctx: Context, ids: Sequence[int]) -> list[Category | None]:
        found = await brands_and_categories.visible_categories_by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Category | None]:
        found = await brands_and_categories.categories_by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]
