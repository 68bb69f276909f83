"""Subscriptions while the rights they began with go away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from models.accounts.clients import ApiClient
from models.accounts.sessions import Session
from models.accounts.staff import Staff, StaffGrant
from models.outbox import OutboxEvent
from resolvers.context import utc_now
from schema.operations import subscription_auth
from tests.make.api import Api
from tests.make.changes import CHANGES, FOLLOW, erp_of
from tests.make.listening import all_listen
from tests.make.persons import staffed_store
from tests.make.shop import open_shop, put


async def revoke() -> None:
    await Session.filter(revoked_at=None).update(revoked_at=utc_now())


async def expire() -> None:
    await Session.filter(revoked_at=None).update(access_expires_at=utc_now() - timedelta(seconds=1))


async def dismiss() -> None:
    await Staff.filter(username__startswith="person").update(active=False)


async def take_the_grant() -> None:
    staff = await Staff.filter(username__startswith="person").order_by("-id").first()
    assert staff is not None
    await StaffGrant.filter(staff_id=staff.id).delete()


async def switch_off() -> None:
    await ApiClient.filter(active=True).update(active=False)


# What ends them, how, and whether it is noticed while nothing happens or as something does.
ENDS: list[tuple[Callable[[], Awaitable[None]], str, bool]] = [
    (revoke, "UNAUTHENTICATED", True),
    (expire, "UNAUTHENTICATED", False),
    (dismiss, "UNAUTHENTICATED", True),
    (take_the_grant, "FORBIDDEN", False),
    (switch_off, "UNAUTHENTICATED", False),
]


async def test_a_subscription_ends_with_the_rights_it_began_with(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription_auth, "FRESH_SECONDS", 0.0)
    admin = await api.staff()
    shop = await open_shop(admin, 5)
    for number, (end, code, idle) in enumerate(ENDS):
        monkeypatch.setattr(subscription_auth, "IDLE_SECONDS", 0.05 if idle else 60.0)
        code_of_store = f"S{number}"
        admin = await api.staff()
        reader = await staffed_store(admin, code_of_store, "MERCHANDISER")
        if end is switch_off:
            reader = await erp_of(admin, code_of_store)
        async with reader.subscribe(FOLLOW) as feed:
            await all_listen()
            await end()
            if not idle:
                await put(await api.staff(), (code_of_store, shop.sku, 50))
            await ended(feed, code)


async def ended(feed: Any, code: str) -> None:
    """The operation ends by an error of this code, and nothing was told before."""
    message = json.loads(await asyncio.wait_for(feed.socket.recv(), 60))
    assert message["type"] == "error", message
    assert [each["extensions"]["code"] for each in message["payload"]] == [code]


async def test_a_subscription_goes_on_while_nothing_changes(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription_auth, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(subscription_auth, "IDLE_SECONDS", 0.05)
    admin = await api.staff()
    shop = await open_shop(admin, 5)
    async with admin.subscribe(FOLLOW) as feed:
        await all_listen()
        for count in (7, 8):
            await put(admin, ("SHOP", shop.sku, count))
            assert (await feed.next())["data"]["changes"]["node"] == {"available": count}


async def test_what_is_no_longer_kept_is_an_error_and_not_silence(api: Api) -> None:
    admin = await api.staff()
    await open_shop(admin, 5)
    page = (await admin.ask(CHANGES, first=1))["changes"]
    cursor = page["pageInfo"]["endCursor"]
    assert (await admin.ask(CHANGES, after=cursor))["changes"]["edges"]
    await OutboxEvent.filter(sequence__lte=2).delete()
    answer = await admin.send(CHANGES, after=cursor)
    assert answer["errors"][0]["extensions"]["code"] == "EXPIRED"
    async with admin.subscribe(FOLLOW, after="1") as feed:
        await ended(feed, "EXPIRED")
    async with admin.subscribe(FOLLOW, after="2") as feed:
        assert (await feed.next())["data"]["changes"]["sequence"] == "3"
    await OutboxEvent.filter(sequence__gt=0).delete()
    answer = await admin.send(CHANGES, after=cursor)
    assert answer["errors"][0]["extensions"]["code"] == "EXPIRED"
    assert (await admin.ask(CHANGES))["changes"]["edges"] == []
