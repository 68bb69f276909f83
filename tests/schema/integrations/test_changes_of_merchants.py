"""The feed of two merchants who write in turn: one count for both, and each reads all of its own."""

from __future__ import annotations

from typing import Any

from tests.make.api import Api
from tests.make.changes import FOLLOW, pages
from tests.make.documents import document

SCOPES = ["CHANGES_READ", "CATALOG_READ", "CATALOG_WRITE", "WEBHOOK_WRITE"]


async def an_erp(admin: Api, code: str) -> Api:
    merchant = {"code": code, "name": code, "kind": "MERCHANT"}
    await admin.do(document("hq/organisation_upsert"), input=merchant)
    client = {"name": code, "scopes": SCOPES, "organisationCode": code}
    return admin.as_((await admin.do(document("hq/api_client_create"), input=client))["secret"])


async def say(erp: Api, code: str) -> None:
    product = {"code": code, "name": code, "variants": [{"sku": code, "price": "1.00"}]}
    await erp.do(document("erp/catalog_upsert"), input={"products": [product]})


def sequences(changes: list[dict[str, Any]]) -> list[int]:
    return [int(each["sequence"]) for each in changes]


async def test_each_reads_its_own_in_order_and_gaps_are_the_other_s(api: Api) -> None:
    admin = await api.staff()
    one, other = await an_erp(admin, "ONE"), await an_erp(admin, "OTHER")
    for number in range(4):
        await say(one, f"A{number}")
        await say(other, f"B{number}")
    mine, theirs = sequences(await pages(one)), sequences(await pages(other))
    assert (len(mine), len(theirs)) == (4, 4)
    assert mine == sorted(mine)
    assert set(mine).isdisjoint(theirs)
    assert sorted([*mine, *theirs]) == list(range(1, 9))  # what one does not see the other has
    assert mine != list(range(mine[0], mine[0] + 4))


async def test_a_cursor_of_either_goes_on_without_loss(api: Api) -> None:
    admin = await api.staff()
    one, other = await an_erp(admin, "ONE"), await an_erp(admin, "OTHER")
    await say(one, "A0")
    (first,) = await pages(one, first=1)
    for number in range(1, 4):
        await say(other, f"B{number}")
        await say(one, f"A{number}")
    async with one.subscribe(FOLLOW, after=first["sequence"]) as feed:
        told = [(await feed.next())["data"]["changes"]["sequence"] for _ in range(3)]
    assert [first["sequence"], *told] == [each["sequence"] for each in await pages(one, first=1)]
