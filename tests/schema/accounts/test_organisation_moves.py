"""Moving nodes of the tree: who sees what afterwards, and what can never become of the tree."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from models.accounts.organisations import Organisation
from tests.make.api import Api
from tests.make.documents import document
from tests.make.organisations import hire, organisation

UPSERT = document("hq/organisation_upsert")
SEEN = """query ($code: String!) { organisation(code: $code) {
  code parent { code } children(first: 9) { code }
} }"""


async def paths_are_right() -> None:
    """Each path is that of the parent and the node's own ID."""
    rows = {row.id: row for row in await Organisation.all()}
    for row in rows.values():
        above = rows[row.parent_id].path if row.parent_id else ""
        assert row.path == f"{above}{row.id}/"


async def a_tree(admin: Api) -> None:
    """M → EAST → CITY → SHOP, M → WEST, and another merchant."""
    for code, kind, parent in (
        ("M", "MERCHANT", None),
        ("EAST", "REGION", "M"),
        ("WEST", "REGION", "M"),
        ("CITY", "REGION", "EAST"),
        ("SHOP", "STORE", "CITY"),
        ("OTHER", "MERCHANT", None),
    ):
        await organisation(admin, code, kind, parent)


async def readable(staff: Api, code: str) -> Any:
    return (await staff.ask(SEEN, code=code))["organisation"]


async def test_a_region_moves_with_all_below_it_and_rights_follow(api: Api) -> None:
    admin = await api.staff()
    await a_tree(admin)
    east = await hire(admin, "east", "MANAGER", "EAST")
    west = await hire(admin, "west", "MANAGER", "WEST")
    shop = await hire(admin, "shop", "MANAGER", "SHOP")
    assert await readable(east, "CITY")
    assert not await readable(west, "CITY")

    moved = await organisation(admin, "CITY", "REGION", "WEST")
    assert moved["organisation"]["parent"] == {"code": "WEST"}
    await paths_are_right()
    assert not await readable(east, "CITY")
    assert (await readable(west, "CITY"))["children"] == [{"code": "SHOP"}]
    assert (await readable(shop, "SHOP"))["parent"] == {"code": "CITY"}  # its grant stands
    assert await readable(shop, "WEST")

    again = await organisation(admin, "CITY", "REGION", "WEST")
    renamed = await organisation(admin, "CITY", "REGION")  # without a parent it stays
    assert again["organisation"]["parent"] == renamed["organisation"]["parent"] == {"code": "WEST"}


@pytest.mark.parametrize(
    ("code", "kind", "parent"),
    [
        ("EAST", "REGION", "CITY"),  # below itself
        ("EAST", "REGION", "EAST"),
        ("EAST", "REGION", "OTHER"),  # another merchant
        ("EAST", "REGION", "PLATFORM"),
        ("EAST", "REGION", "SHOP"),  # a store has nothing below it
        ("M", "MERCHANT", "OTHER"),
    ],
)
async def test_what_makes_no_tree_is_refused(api: Api, code: str, kind: str, parent: str) -> None:
    admin = await api.staff()
    await a_tree(admin)
    before = await Organisation.all().order_by("id").values_list("id", "parent_id", "path")
    given = {"code": code, "name": "renamed", "kind": kind, "parentCode": parent}
    (error,) = await admin.refused(UPSERT, input=given)
    assert (error["code"], error["path"]) == ("INVALID", ["parentCode"])
    assert await Organisation.all().order_by("id").values_list("id", "parent_id", "path") == before
    assert not await Organisation.filter(name="renamed").exists()


async def test_rights_are_needed_at_both_places(api: Api) -> None:
    admin = await api.staff()
    await a_tree(admin)
    east = await hire(admin, "east-admin", "ADMIN", "EAST")
    city = await hire(admin, "city-admin", "ADMIN", "CITY")
    for staff, code, parent, expected in (
        (east, "CITY", "WEST", "NOT_FOUND"),  # gives it away
        (city, "CITY", "WEST", "NOT_FOUND"),
        (east, "EAST", "WEST", "NOT_FOUND"),
    ):
        kind = "REGION"
        errors = await staff.refused(
            UPSERT, input={"code": code, "name": code, "kind": kind, "parentCode": parent}
        )
        assert errors[0]["code"] == expected
    taken = {"code": "EAST", "name": "EAST", "kind": "REGION", "parentCode": "CITY"}
    (denied,) = (await east.send(UPSERT, input=taken))["errors"]
    assert denied["extensions"]["code"] == "FORBIDDEN"
    # What stands elsewhere cannot be taken: there the code is taken by somebody else.
    errors = await east.refused(
        UPSERT, input={"code": "WEST", "name": "WEST", "kind": "REGION", "parentCode": "EAST"}
    )
    assert errors[0]["path"] == ["code"]
    await paths_are_right()
    assert (await readable(admin, "CITY"))["parent"] == {"code": "EAST"}


async def test_opposite_moves_close_no_circle(api: Api) -> None:
    admin = await api.staff()
    await a_tree(admin)

    async def below(code: str, parent: str) -> Any:
        given = {"code": code, "name": code, "kind": "REGION", "parentCode": parent}
        answer = await admin.send(UPSERT, input=given)
        return answer["data"]["organisationUpsert"]["userErrors"]

    for _ in range(3):
        outcomes = await asyncio.gather(
            below("EAST", "WEST"),
            below("WEST", "EAST"),
            organisation(admin, "NEW", "STORE", "CITY"),
        )
        assert sum(not each for each in outcomes[:2]) == 1
        await paths_are_right()
        await organisation(admin, "EAST", "REGION", "M")
        await organisation(admin, "WEST", "REGION", "M")


async def test_a_subscription_ends_when_the_node_of_its_rights_moves(api: Api) -> None:
    admin = await api.staff()
    await a_tree(admin)
    shop = await hire(admin, "shop", "MANAGER", "SHOP")
    async with shop.subscribe("subscription { stockChanged { id } }") as events:
        await asyncio.sleep(2.5)  # past the first look
        await organisation(admin, "CITY", "REGION", "WEST")
        async with asyncio.timeout(8):
            message = json.loads(await events.socket.recv())
    assert [each["extensions"]["code"] for each in message["payload"]] == ["FORBIDDEN"]
