"""Rights that are taken away in one process end what runs on them in another, within seconds."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from settings import Settings
from tests.conftest import free_port
from tests.make.api import Api
from tests.make.changes import FOLLOW
from tests.make.documents import document
from tests.make.persons import sign_in, staffed_store
from tests.make.processes import process
from tests.make.shop import open_shop

ORDERS = "subscription { orderChanged { id } }"
REFRESH = (
    "mutation($token: String!) { tokenRefresh(input: {refreshToken: $token})"
    " { accessToken refreshToken userErrors { code } } }"
)
SECONDS = 10.0  # two between two looks, and a slow machine

pytestmark = pytest.mark.own_database


async def a_machine(admin: Api, name: str, code: str) -> tuple[str, Api]:
    given = {
        "name": name,
        "scopes": ["CHANGES_READ", "STOCK_READ"],
        "organisationCode": code,
    }
    made = await admin.do(document("hq/api_client_create"), input=given)
    return made["client"]["id"], admin.as_(made["secret"])


async def hired(admin: Api, username: str, code: str) -> tuple[str, Api, str]:
    """Somebody's ID, their session and its refresh token."""
    given = {
        "username": username,
        "password": "a-long-password",
        "name": username,
        "grants": [{"role": "MERCHANDISER", "organisationCode": code}],
    }
    made = await admin.do(document("hq/staff_create"), input=given)
    entered = await admin.as_(None).do(
        document("hq/sign_in"), username=username, password=given["password"]
    )
    return made["staff"]["id"], admin.as_(entered["accessToken"]), entered["refreshToken"]


async def end_of(feed: Any) -> list[str]:
    message = json.loads(await feed.socket.recv())
    assert message["type"] == "error", message
    return [each["extensions"]["code"] for each in message["payload"]]


async def test_what_is_taken_away_here_ends_there(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        here, there = [
            await stack.enter_async_context(
                process(replace(settings, port=free_port()), QUINTET_SMS_OUTBOX=settings.sms_outbox)
            )
            for _ in range(2)
        ]
        admin = await here.staff()
        shop = await open_shop(admin, 5)
        dismissed = await staffed_store(admin, "S1", "MERCHANDISER")
        dismissed_id = (
            await admin.ask('{ staff(filter: {search: "Li Lei"}) { edges { node { id } } } }')
        )["staff"]["edges"][0]["node"]["id"]
        narrowed_id, narrowed = await a_machine(admin, "narrowed", shop.store_code)
        revoked_id, revoked = await a_machine(admin, "revoked", shop.store_code)
        _, untouched = await a_machine(admin, "untouched", shop.store_code)
        front = await admin.do(
            document("hq/storefront_create"),
            input={"name": "App", "channel": "APP", "organisationCode": shop.store_code},
        )
        member, guest = await sign_in(here, "13900000001"), await here.guest()
        member_id = (await member.ask("{ me { id } }"))["me"]["id"]

        async def follow(api: Api, subscription: str, key: str | None = None) -> Any:
            elsewhere = replace(there, token=api.token, storefront_key=key)
            return await stack.enter_async_context(elsewhere.subscribe(subscription))

        feeds = [
            await follow(dismissed, FOLLOW),
            await follow(narrowed, FOLLOW),
            await follow(revoked, FOLLOW),
            await follow(admin, FOLLOW, front["storefront"]["key"]),
            await follow(member, ORDERS),
            await follow(guest, ORDERS),
        ]
        calm = await follow(untouched, FOLLOW)
        await asyncio.sleep(2.5)  # past the first look, which is at hand after every start

        await admin.do(
            document("hq/staff_update"), input={"staffId": dismissed_id, "active": False}
        )
        await admin.do(
            document("hq/api_client_update"),
            input={"apiClientId": narrowed_id, "scopes": ["STOCK_READ"]},
        )
        await admin.do(
            document("hq/api_client_revoke"), input={"apiClientId": revoked_id, "reason": "test"}
        )
        await admin.do(
            document("hq/storefront_update"),
            input={"storefrontId": front["storefront"]["id"], "active": False},
        )
        await admin.do(document("phone/session_revoke"), input={"memberId": member_id})
        await guest.ask("mutation { signOut { userErrors { code } } }")
        async with asyncio.timeout(SECONDS):
            codes = [await end_of(feed) for feed in feeds]
        denied = ["UNAUTHENTICATED"]
        assert codes == [denied, ["FORBIDDEN"], denied, denied, denied, denied]
        assert await calm.silent()


CASHIER = [{"role": "CASHIER", "organisationCode": "S1"}]
TAKINGS: list[tuple[str, str, dict[str, Any]]] = [
    ("dismissed", "hq/staff_update", {"active": False}),
    ("reset", "hq/staff_update", {"password": "a quiet street in winter"}),
    ("demoted", "hq/staff_update", {"grants": CASHIER}),
    ("signed-out", "phone/session_revoke", {}),
]


async def test_staff_from_whom_something_is_taken_here_do_nothing_there(settings: Settings) -> None:
    """Neither by the next request, nor by a subscription, nor by a refresh that runs at the same time."""
    async with AsyncExitStack() as stack:
        here, there = [
            await stack.enter_async_context(process(replace(settings, port=free_port())))
            for _ in range(2)
        ]
        admin = await here.staff()
        await staffed_store(admin, "S1", "CASHIER")
        for name, mutation, given in TAKINGS:
            staff_id, theirs, refresh_token = await hired(admin, name, "S1")
            elsewhere = replace(there, token=theirs.token)
            feed = await stack.enter_async_context(elsewhere.subscribe(FOLLOW))
            assert await feed.silent()
            _, renewed = await asyncio.gather(
                admin.do(document(mutation), input={"staffId": staff_id, **given}),
                there.send(REFRESH, token=refresh_token),
            )
            payload = renewed["data"]["tokenRefresh"]
            for token in (theirs.token, payload["accessToken"] or theirs.token):
                answer = await there.as_(token).send("{ viewer { permissions } }")
                assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", name
            [error] = await there.refused(REFRESH, token=payload["refreshToken"] or refresh_token)
            assert error["code"] == "EXPIRED", name
            async with asyncio.timeout(SECONDS):
                assert await end_of(feed) == ["UNAUTHENTICATED"], name
