"""The reads that clients make most: what they cost in statements, and that they are never stale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.make.api import Api
from tests.make.elsewhere import write_elsewhere
from tests.make.goods import a_merchant
from tests.make.shop import open_shop

VARIANTS = "variants { sku price { amount } available }"
NODES = f"edges {{ node {{ id name slug {VARIANTS} }} }} pageInfo {{ endCursor }}"
LIST = f"{{ products(first: 20) {{ {NODES} }} }}"
SEARCH = f'{{ products(filter: {{ search: "牛奶" }}) {{ {NODES} }} }}'
DETAIL = f'{{ product(code: "SHOP-1") {{ id name description {VARIANTS} }} }}'
STOCK = """{ variant(sku: "SHOP-1") { stockLevels(first: 20) {
  edges { node { available location { code name } } } } } }"""
NEAREST = """query($near: GeoPointInput!, $variant: ID!) {
  stores(near: $near, filter: { carrying: [{ variantId: $variant, quantity: 1 }] }, first: 1) {
    edges { distanceMetres node { code name } } } }"""
HERE = {"latitude": 41.79, "longitude": 123.39}


async def test_each_read_costs_a_few_statements_however_much_it_answers(
    api: Api, count_statements: Callable[[], Any]
) -> None:
    await a_merchant("CHAIN")
    staff = await api.staff()
    shop = await open_shop(staff, 5)
    await open_shop(staff, 7, "NEXT")
    await api.ask(LIST)  # from here on the merchant is known
    near = {"near": HERE, "variant": shop.variant_id}
    guest = await api.guest()
    for caller, document, variables, most in (
        (api, LIST, {}, 4),  # products, variants, whether there are price lists, stock
        (api, SEARCH, {}, 4),
        (api, DETAIL, {}, 4),
        (api, STOCK, {}, 3),  # variant, levels, locations
        (guest, STOCK, {}, 4),  # and who asks
        (staff, STOCK, {}, 6),
    ):
        with count_statements() as statements:
            await caller.ask(document, **variables)
        assert len(statements) <= most, statements
    with count_statements() as statements:
        found = await api.ask(NEAREST, **near)
    assert found["stores"]["edges"][0]["node"]["code"] == "SHOP"
    boxes = [each for each in statements if "BETWEEN" in each]
    assert len(statements) == len(boxes) + 1


async def test_what_another_process_writes_is_in_the_next_answer(
    api: Api, database_url: str
) -> None:
    await open_shop(await api.staff(), 5)

    async def seen() -> tuple[str, str, int]:
        (edge,) = (await api.ask(LIST))["products"]["edges"]
        (variant,) = edge["node"]["variants"]
        return edge["node"]["name"], variant["price"]["amount"], variant["available"]

    assert await seen() == await seen() == ("纯牛奶", "9.90", 5)
    for statement, expected in (
        ("UPDATE stock_level SET available = 3", ("纯牛奶", "9.90", 3)),
        ("UPDATE stock_level SET safety_stock = 1", ("纯牛奶", "9.90", 2)),
        ("UPDATE variant SET price_minor = 880", ("纯牛奶", "8.80", 2)),
        ("UPDATE product SET name = '酸奶'", ("酸奶", "8.80", 2)),
        ("UPDATE location SET active = FALSE", ("酸奶", "8.80", 0)),
    ):
        await write_elsewhere(database_url, statement)
        assert await seen() == expected
