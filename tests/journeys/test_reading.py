"""The reads that clients make most: what they cost in statements, and that they are never stale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.make.api import Api
from tests.make.documents import document
from tests.make.elsewhere import write_elsewhere
from tests.make.goods import a_merchant
from tests.make.shop import new_key, open_shop
from tests.make.storefront import DETAIL, HERE, LIST, NEAREST, SEARCH, STOCK, a_storefront


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
    for caller, query, variables, most in (
        (api, LIST, {}, 5),  # whether anything has changed, products, variants, prices, stock
        (api, SEARCH, {}, 5),
        (api, DETAIL, {}, 5),
        (api, STOCK, {}, 4),  # whether anything has changed, variant, levels, locations
        (guest, STOCK, {}, 4),  # and who asks
        (staff, STOCK, {}, 6),
    ):
        with count_statements() as statements:
            await caller.ask(query, **variables)
        assert len(statements) <= most, statements
    with count_statements() as statements:
        found = await api.ask(NEAREST, **near)
    assert found["stores"]["edges"][0]["node"]["code"] == "SHOP"
    boxes = [each for each in statements if "BETWEEN" in each]
    assert len(statements) <= len(boxes) + 3  # whether anything has changed, holds, locations


async def test_what_is_asked_again_costs_one_statement_until_something_is_written(
    api: Api, nothing_ever_changes: None, count_statements: Callable[[], Any]
) -> None:
    await a_merchant("CHAIN")
    shop = await open_shop(await api.staff(), 5)
    visitor = await a_storefront(await api.staff())
    near = {"near": HERE, "variant": shop.variant_id}
    for query, variables, most in (
        (LIST, {}, 5),  # who asks, products, variants, prices, stock
        (SEARCH, {}, 5),
        (DETAIL, {}, 5),
        (STOCK, {}, 4),  # who asks, variant, levels, locations
        (NEAREST, near, 99),  # who asks, whether holds expire, boxes, locations
    ):
        with count_statements() as statements:
            first = await visitor.ask(query, **variables)
        assert len(statements) <= most, statements
        counts = []
        for _ in range(5):  # more than it takes, since a minute may end meanwhile
            with count_statements() as statements:
                assert await visitor.ask(query, **variables) == first
            counts.append(len(statements))
        assert min(counts) == 1, (counts, statements)


async def test_a_mutation_answers_what_it_has_changed_whatever_is_kept(
    api: Api, nothing_ever_changes: None
) -> None:
    staff = await api.staff()
    await open_shop(staff, 5)
    for pieces in (6, 7, 8):
        for _ in range(3):
            await staff.ask(STOCK)
        row = {"locationCode": "SHOP", "sku": "SHOP-1", "quantity": pieces}
        done = await staff.do(
            document("erp/stock_set"), input={"rows": [row], "idempotencyKey": new_key()}
        )
        assert [level["available"] for level in done["levels"]] == [pieces]


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
