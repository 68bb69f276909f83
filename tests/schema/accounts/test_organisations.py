"""The tree, who may build it, and what reaches no further than its builder."""

from __future__ import annotations

from typing import Any

import pytest

from tests.make.api import Api
from tests.make.documents import document
from tests.make.organisations import hire, organisation


async def test_a_node_is_made_once_and_keeps_kind_and_place(api: Api) -> None:
    admin = await api.staff()
    made = await organisation(admin, "M", "MERCHANT")
    again = await organisation(admin, "M", "MERCHANT")
    assert made["organisation"] == again["organisation"]
    assert made["organisation"]["parent"] == {"code": "PLATFORM"}
    region = await organisation(admin, "R", "REGION", "M")
    assert region["organisation"]["parent"] == {"code": "M"}
    for given in (
        {"code": "R", "name": "R", "kind": "STORE"},
        {"code": "R", "name": "R", "kind": "REGION", "parentCode": "PLATFORM"},
        {"code": "P2", "name": "P2", "kind": "PLATFORM"},
        {"code": "M2", "name": "M2", "kind": "MERCHANT", "parentCode": "R"},
    ):
        errors = await admin.refused(document("hq/organisation_upsert"), input=given)
        assert errors[0]["code"] == "INVALID"
    tree = await admin.ask('{ organisation(code: "M") { children { code kind } } }')
    assert tree["organisation"]["children"] == [{"code": "R", "kind": "REGION"}]


async def test_a_merchants_admin_builds_below_it_and_nowhere_else(api: Api) -> None:
    admin = await api.staff()
    await organisation(admin, "A", "MERCHANT")
    await organisation(admin, "B", "MERCHANT")
    hers = await hire(admin, "boss-a", "ADMIN", "A")
    await organisation(hers, "A-EAST", "REGION")
    errors = await hers.refused(
        document("hq/organisation_upsert"),
        input={"code": "B-EAST", "name": "no", "kind": "REGION", "parentCode": "B"},
    )
    assert errors == [
        {"code": "NOT_FOUND", "message": "There is no organisation B.", "path": ["parentCode"]}
    ]
    client = {"name": "spy", "scopes": ["ALL"], "organisationCode": "B"}
    assert (await hers.refused(document("hq/api_client_create"), input=client))[0]["path"] == [
        "organisationCode"
    ]
    found = await admin.ask('{ organisation(code: "B-EAST") { id } }')
    assert found["organisation"] is None


async def test_nobody_grants_more_than_they_may_do(api: Api) -> None:
    admin = await api.staff()
    await organisation(admin, "A", "MERCHANT")
    manager = await hire(admin, "manager", "MANAGER", "A")
    answer = await manager.send(
        document("hq/staff_create"),
        input={"username": "x2", "password": "quite-a-secret", "name": "x", "grants": []},
    )
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    boss = await hire(admin, "boss", "ADMIN", "A")
    given = {
        "username": "climber",
        "password": "quite-a-secret",
        "name": "Climber",
        "grants": [{"role": "ADMIN", "organisationCode": "PLATFORM"}],
    }
    errors = await boss.refused(document("hq/staff_create"), input=given)
    assert errors[0]["path"] == ["grants", "0", "organisationCode"]
    assert "errors" not in await boss.send("{ viewer { permissions } }")


async def test_a_client_has_its_scopes_and_no_more(api: Api) -> None:
    admin = await api.staff()
    await organisation(admin, "A", "MERCHANT")
    given = {"name": "reader", "scopes": ["STOCK_READ"], "organisationCode": "A"}
    made = await admin.do(document("hq/api_client_create"), input=given)
    reader = api.as_(made["secret"])
    viewer = (await reader.ask("{ viewer { permissions actor { ... on ApiClient { name } } } }"))[
        "viewer"
    ]
    assert viewer == {"permissions": ["STOCK_READ"], "actor": {"name": "reader"}}
    answer = await reader.send(document("erp/stock_set"), input={"rows": [], "idempotencyKey": "k"})
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    given["scopes"] = ["EVERYTHING"]
    answer = await admin.send(document("hq/api_client_create"), input=given)
    assert answer["errors"][0]["extensions"]["code"] == "INVALID"


async def test_a_client_gives_no_scope_that_it_lacks(api: Api) -> None:
    admin = await api.staff()
    await organisation(admin, "A", "MERCHANT")
    given = {"name": "maker", "scopes": ["API_CLIENT_WRITE"], "organisationCode": "A"}
    secret = (await admin.do(document("hq/api_client_create"), input=given))["secret"]
    maker = api.as_(secret)
    (error,) = await maker.refused(
        document("hq/api_client_create"), input=given | {"scopes": ["STOCK_READ"]}
    )
    assert (error["code"], error["path"]) == ("INVALID", ["scopes"])
    made = await maker.do(document("hq/api_client_create"), input=given | {"scopes": ["ALL"]})
    assert made["client"]["scopes"] == ["API_CLIENT_WRITE"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"username": "a b"}, ["username"]),
        ({"username": "admin"}, ["username"]),
        ({"password": "short"}, ["password"]),
        ({"name": " "}, ["name"]),
        ({"grants": []}, ["grants"]),
        (
            {"grants": [{"role": "GUIDE", "organisationCode": "?"}]},
            ["grants", "0", "organisationCode"],
        ),
    ],
)
async def test_bad_staff_are_refused_by_field(
    api: Api, change: dict[str, Any], path: list[str]
) -> None:
    admin = await api.staff()
    given = {
        "username": "newcomer",
        "password": "quite-a-secret",
        "name": "New",
        "grants": [{"role": "GUIDE", "organisationCode": "PLATFORM"}],
    }
    errors = await admin.refused(document("hq/staff_create"), input=given | change)
    assert errors[0]["path"] == path
    signed = await api.send(
        'mutation { staffSignIn(input: {username: "newcomer", password: "quite-a-secret"})'
        " { accessToken } }"
    )
    assert signed["data"]["staffSignIn"]["accessToken"] is None


async def test_messages_come_in_the_callers_language(api: Api) -> None:
    admin = (await api.staff()).speaking("zh-CN,zh;q=0.9,en;q=0.8")
    errors = await admin.refused(
        document("hq/organisation_upsert"), input={"code": "?", "name": "x", "kind": "REGION"}
    )
    assert errors[0]["message"].startswith("编码须为")
    denied = await api.speaking("zh").send(
        document("hq/organisation_upsert"), input={"code": "A", "name": "x", "kind": "REGION"}
    )
    assert denied["errors"][0]["message"] == "请先登录。"
