from __future__ import annotations

import asyncio

import pytest

from resolvers.integrations.feed import changes
from tests.make.api import Api
from tests.make.changes import CHANGES, FOLLOW, erp_of, pages
from tests.make.shop import open_shop, put


async def test_every_change_is_read_once_and_in_order(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 5)
    await asyncio.gather(*(put(admin, ("SHOP", shop.sku, count)) for count in range(10, 20)))
    everything = await pages(admin, first=4)
    sequences = [int(each["sequence"]) for each in everything]
    assert sequences == list(range(1, len(everything) + 1))
    stock = await pages(admin, first=3, types=["STOCK_CHANGED"])
    assert len(stock) == 11
    assert {each["type"] for each in stock} == {"STOCK_CHANGED"}
    assert {each["node"]["__typename"] for each in stock} == {"StockLevel"}
    assert {each["node"]["id"] for each in stock} == {each["nodeId"] for each in stock}
    assert stock[0]["actor"] == {"__typename": "Staff"}


async def test_an_erp_reads_the_changes_of_its_own_part_of_the_tree(api: Api) -> None:
    admin = await api.staff()
    await open_shop(admin, 5)
    other = await open_shop(admin, 5, code="OTHER")
    erp = await erp_of(admin, "OTHER")
    seen = await pages(erp, types=["STOCK_CHANGED"])
    assert len(seen) == 1
    async with erp.subscribe(FOLLOW, types=["STOCK_CHANGED"], after="0") as feed:
        assert (await feed.next())["data"]["changes"]["node"] == {"available": 5}
        await put(admin, ("SHOP", "SHOP-1", 8))
        await put(admin, ("OTHER", other.sku, 7))
        event = await feed.next()
        assert event["data"]["changes"]["node"] == {"available": 7}
        assert event["extensions"]["sequence"] == event["data"]["changes"]["sequence"]


async def test_nobody_else_reads_changes(api: Api) -> None:
    for reader, code in ((api, "UNAUTHENTICATED"), (await api.guest(), "FORBIDDEN")):
        answer = await reader.send(CHANGES)
        assert answer["errors"][0]["extensions"]["code"] == code


async def test_cursors_of_other_types_are_refused(api: Api) -> None:
    admin = await api.staff()
    await open_shop(admin, 5)
    page = (await admin.ask(CHANGES, first=1))["changes"]
    answer = await admin.send(CHANGES, after=page["pageInfo"]["endCursor"], types=["STOCK_CHANGED"])
    assert answer["errors"][0]["extensions"]["code"] == "INVALID"


async def test_a_sequence_is_as_good_as_a_cursor(api: Api) -> None:
    admin = await api.staff()
    await open_shop(admin, 5)
    everything = await pages(admin)
    page = (await admin.ask(CHANGES, after=everything[1]["sequence"], first=250))["changes"]
    assert [edge["node"]["sequence"] for edge in page["edges"]] == [
        each["sequence"] for each in everything[2:]
    ]
    stock = (await admin.ask(CHANGES, after="0", types=["STOCK_CHANGED"]))["changes"]["edges"]
    assert [edge["node"]["type"] for edge in stock] == ["STOCK_CHANGED"]
    for after in ("999999999999999999", everything[-1]["sequence"]):
        page = (await admin.ask(CHANGES, after=after))["changes"]
        assert (page["edges"], page["pageInfo"]["hasNextPage"]) == ([], False)
    for after in ("-1", "9" * 19, "１", " 1", "1e3"):
        answer = await admin.send(CHANGES, after=after)
        assert answer["errors"][0]["extensions"]["code"] == "INVALID", after


async def test_a_type_that_nothing_has_is_refused(api: Api) -> None:
    admin = await api.staff()
    answer = await admin.send(CHANGES, types=["STOCK_CHANGED", "STOK_CHANGED"])
    assert "Did you mean the enum value 'STOCK_CHANGED'" in answer["errors"][0]["message"]


async def test_all_is_every_type(api: Api) -> None:
    admin = await api.staff()
    await open_shop(admin, 5)
    assert await pages(admin, types=["ALL", "STOCK_CHANGED"]) == await pages(admin)


async def test_a_subscriber_misses_nothing_while_many_write(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 5)
    last = (await pages(admin))[-1]["sequence"]
    async with admin.subscribe(FOLLOW, after=last) as feed:
        writing = asyncio.gather(
            *(put(admin, ("SHOP", shop.sku, count)) for count in range(100, 140))
        )
        sequences = [int((await feed.next())["data"]["changes"]["sequence"]) for _ in range(40)]
        await writing
        assert sequences == list(range(int(last) + 1, int(last) + 41))
        assert await feed.silent()


async def test_a_page_looks_at_so_many_changes_and_no_further(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much others change, a page costs the same; it leads on although it is empty."""
    monkeypatch.setattr(changes, "WINDOW", 3)
    admin = await api.staff()
    shop = await open_shop(admin, 5)
    for count in range(6):
        await put(admin, ("SHOP", shop.sku, 50 + count))
    await open_shop(admin, 5, code="OTHER")
    everything = await pages(admin, first=250)
    assert [int(each["sequence"]) for each in everything] == list(range(1, len(everything) + 1))
    erp = await erp_of(admin, "OTHER")
    assert len(await pages(erp, types=["STOCK_CHANGED"])) == 1
    page = (await erp.ask(CHANGES))["changes"]
    assert page["edges"] == []
    assert page["pageInfo"]["hasNextPage"] is True
