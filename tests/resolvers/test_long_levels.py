"""Loaders take levels of any length: one more than either database takes parameters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from resolvers.accounts.organisations import organisations
from resolvers.catalog import brands_and_categories
from resolvers.catalog.prices import lists as price_lists
from resolvers.catalog.products import products, variants
from resolvers.context import Context
from resolvers.members import members
from resolvers.orders.cart import lists as cart_lists
from resolvers.orders.fulfilment import fulfilments
from resolvers.orders.payment import payments
from resolvers.stock.documents import reading
from resolvers.stock.documents.kinds import KINDS, DocumentKind
from resolvers.stock.levels import levels
from resolvers.stock.purchasing import suppliers
from resolvers.stores import locations
from tests.make.statements import counting

MANY = range(10_000_000, 10_040_000)


def documents(kind: DocumentKind[Any, Any]) -> Callable[[Context, Sequence[int]], Awaitable[Any]]:
    async def load(ctx: Context, ids: Sequence[int]) -> dict[int, Any]:
        return {
            **await reading.by_ids(ctx, kind, ids),
            **await reading.line_counts(kind, ids),
        }

    load.__name__ = kind.name
    return load


LOADERS: list[Callable[[Context, Sequence[int]], Awaitable[Any]]] = [
    organisations.by_ids,
    organisations.children_of,
    brands_and_categories.children_of,
    brands_and_categories.categories_by_ids,
    price_lists.by_ids,
    products.by_ids,
    variants.by_ids,
    members.by_ids,
    cart_lists.by_ids,
    fulfilments.of_orders,
    payments.of_orders,
    levels.by_ids,
    suppliers.by_ids,
    *map(documents, KINDS),
    locations.by_ids,
]


@pytest.mark.parametrize("load", LOADERS, ids=lambda load: f"{load.__module__}.{load.__name__}")
async def test_a_level_of_any_length_is_loaded(
    ctx: Context, load: Callable[[Context, Sequence[int]], Awaitable[Any]]
) -> None:
    with counting() as few:
        await load(ctx, [*MANY[:2]])
    with counting() as many:
        found = await load(ctx, [*MANY, *MANY])
    assert len(many) == len(few)
    assert not any(found.values())
