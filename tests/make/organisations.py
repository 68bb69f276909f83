"""Nodes of the tree and their staff, over the API."""

from __future__ import annotations

from typing import Any

from tests.make.api import Api
from tests.make.documents import document


async def organisation(api: Api, code: str, kind: str, parent: str | None = None) -> Any:
    given = {"code": code, "name": code, "kind": kind} | ({"parentCode": parent} if parent else {})
    return await api.do(document("hq/organisation_upsert"), input=given)


async def hire(admin: Api, username: str, role: str, code: str) -> Api:
    person = {
        "username": username,
        "password": "quite-a-secret",
        "name": username,
        "grants": [{"role": role, "organisationCode": code}],
    }
    await admin.do(document("hq/staff_create"), input=person)
    return await admin.staff(username, "quite-a-secret")


FIND = "query($search: String!) { staff(filter: {search: $search}) { totalCount edges { node { id } } } }"


async def id_of(admin: Api, username: str) -> str:
    (edge,) = (await admin.ask(FIND, search=username))["staff"]["edges"]
    found: str = edge["node"]["id"]
    return found


async def update(api: Api, staff_id: str, **given: Any) -> Any:
    return await api.do(document("hq/staff_update"), input={"staffId": staff_id, **given})


async def refused(api: Api, staff_id: str, **given: Any) -> tuple[str, list[str]]:
    answer = await api.send(document("hq/staff_update"), input={"staffId": staff_id, **given})
    if "errors" in answer:
        extensions = answer["errors"][0]["extensions"]
        return extensions["code"], extensions["inputPath"]
    (error,) = answer["data"]["staffUpdate"]["userErrors"]
    return error["code"], error["path"]
