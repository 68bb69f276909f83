"""Pages of goods, and of their stock, are one query each: of no more statements for more rows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.make.api import Api
from tests.make.documents import document
from tests.make.products import UPSERT, row
from tests.make.shop import buy, new_key, open_shop
from tests.make.statements import counting

NEAR = {"latitude": 41.79, "longitude": 123.4, "system": "WGS84"}
LOGO = {"url": "https://cdn.example/logo.svg"}
SHOPS = ("ONE", "TWO", "THREE", "FOUR")
# Its variables, and the most statements it may send.
SCREENS: dict[str, tuple[dict[str, Any], int]] = {
    "mini_program/home": ({"near": NEAR}, 21),
    "mini_program/product": ({"code": "PAGE", "near": NEAR}, 19),
    "hq/variant_stock": ({"variantId": "sku:ONE-1"}, 16),
}


async def grown(admin: Api, first: int, last: int) -> None:
    """Products with all that a page shows, each of a brand and in a category of its own, in every shop."""
    numbers = range(first, last)
    rows = [
        row(
            f"P{each}",
            brandCode=f"B{each}",
            brandLogo=LOGO,
            categoryCode=f"C{each}",
            categoryParentCode=f"TOP{each}",
            attributes=[{"key": "k", "value": "v"}],
            relatedCodes=["PAGE", "ONE-1"],
        )
        for each in numbers
    ]
    variants = [
        {
            "sku": f"PAGE-{each}",
            "price": "1",
            "media": [LOGO],
            "options": [{"name": "号", "value": str(each)}],
        }
        for each in numbers
    ]
    related = [f"P{each}" for each in range(last)]
    page = row("PAGE", brandCode="B0", categoryCode="C0", relatedCodes=related, variants=variants)
    await admin.do(UPSERT, input={"products": [*rows, page]})
    levels = [
        {"locationCode": shop, "sku": sku, "quantity": 5}
        for shop in SHOPS
        for each in numbers
        for sku in (f"P{each}", f"PAGE-{each}")
    ]
    given = {"rows": levels, "idempotencyKey": new_key()}
    await admin.do(document("erp/stock_set"), input=given)


async def statements_of(who: Api, name: str) -> list[str]:
    query, (variables, _) = document(name), SCREENS[name]
    await who.ask(query, **variables)  # the statements that only a first request sends
    with counting() as statements:
        answer = await who.ask(query, **variables)
    assert [field for field in answer if field != "me" and not answer[field]] == []
    return statements


@pytest.mark.parametrize("name", SCREENS)
async def test_a_screen_asks_as_often_for_many_rows_as_for_few(api: Api, name: str) -> None:
    admin = await api.staff()
    for shop in [await open_shop(admin, 9, code=code) for code in SHOPS]:
        assert await buy(api, shop) == "PAID"
    await grown(admin, 0, 2)
    who = admin if name.startswith("hq/") else api
    few = await statements_of(who, name)
    await grown(admin, 2, 12)
    many = await statements_of(who, name)
    assert len(many) <= len(few) <= SCREENS[name][1], "\n".join(many)
