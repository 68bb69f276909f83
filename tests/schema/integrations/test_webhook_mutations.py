from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from settings import Settings
from tests.conftest import serving
from tests.make.api import Api
from tests.make.changes import erp_of
from tests.make.receiver import TestReceiver, receiving
from tests.make.shop import open_shop, put

CREATE = (
    "mutation($input: WebhookCreateInput!) { webhookCreate(input: $input)"
    " { webhook { id url topics active } secret userErrors { code path message } } }"
)
LOG = (
    "query($first: Int, $after: String) { webhooks { id sequence active error organisation { code }"
    " deliveries(first: $first, after: $after) { pageInfo { hasNextPage endCursor } edges { node"
    " { id sequence topic nodeId attempts status responseStatus nextAttemptAt payload } } } } }"
)


@pytest.fixture
async def working(settings: Settings) -> AsyncIterator[Api]:
    """A server with its worker, which may deliver to this machine."""
    given = dataclasses.replace(settings, embedded_worker=True, webhook_private_addresses=True)
    async with serving(given) as api:
        yield api


@pytest.fixture
async def in_production(settings: Settings) -> AsyncIterator[Api]:
    async with serving(dataclasses.replace(settings, environment="production")) as api:
        yield api


@pytest.fixture
async def receiver() -> AsyncIterator[TestReceiver]:
    async with receiving() as receiver:
        yield receiver


async def change(admin: Api, mutation: str, **given: Any) -> Any:
    kind = mutation[0].upper() + mutation[1:] + "Input"
    thing = "delivery { id status attempts }" if "deliveryId" in given else "webhook { id active }"
    document = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {thing}"
    return await admin.do(document + " userErrors { code path } } }", input=given)


async def metrics(api: Api) -> dict[str, float]:
    """What is counted of the one webhook, by name."""
    lines = (await api.client.get("/metrics")).text.splitlines()
    found = [line.removeprefix("quintet_webhook_") for line in lines if "quintet_webhook_" in line]
    counts = [line.split() for line in found if "{" in line]
    return {name.partition("{")[0]: float(value) for name, value in counts}


async def settled(admin: Api) -> list[Any]:
    """The log of the one webhook, read in two pages, once nothing of it is on its way any more."""
    while True:
        (row,) = (await admin.ask(LOG, first=2))["webhooks"]
        assert row["organisation"]["code"] == "PLATFORM"
        page = row["deliveries"]
        assert page["pageInfo"]["hasNextPage"] is True
        (rest,) = (await admin.ask(LOG, first=5, after=page["pageInfo"]["endCursor"]))["webhooks"]
        log = [edge["node"] for edge in [*page["edges"], *rest["deliveries"]["edges"]]]
        if all(each["status"] == "DELIVERED" for each in log):
            return log
        await asyncio.sleep(0.05)


async def test_a_change_comes_to_the_receiver_and_is_fetched_by_its_id(
    working: Api, receiver: TestReceiver
) -> None:
    admin = await working.staff()
    shop = await open_shop(admin, 5)
    made = await admin.do(CREATE, input={"url": receiver.url, "topics": ["STOCK_CHANGED"]})
    await put(admin, ("SHOP", shop.sku, 7))
    await receiver.count(1)
    (message,) = receiver.messages
    assert message.is_signed_with(made["secret"])
    found = await admin.ask(
        "query($id: ID!) { node(id: $id) { ... on StockLevel { available } } }",
        id=message.json["nodeId"],
    )
    assert found["node"] == {"available": 7}
    webhook_id = made["webhook"]["id"]
    assert {"delivered_total", "failed_total", "dead_total", "waiting", "unread", "active"} == set(
        await metrics(working)
    )
    while True:  # the receiver has it before it is written down
        if (await metrics(working))["delivered_total"] == 1:
            break
    await change(admin, "webhookUpdate", webhookId=webhook_id, active=False)
    assert (await metrics(working))["active"] == 0
    await put(admin, ("SHOP", shop.sku, 8))
    await change(admin, "webhookUpdate", webhookId=webhook_id, active=True)
    await receiver.count(2)
    await change(admin, "webhookReplay", webhookId=webhook_id, afterSequence="0")
    await receiver.count(5)
    assert set(receiver.sequences[2:]) > set(receiver.sequences[:2])
    log = await settled(admin)
    assert len({each["id"] for each in log}) == 3
    assert log[0]["payload"].encode() in [each.body for each in receiver.messages]
    again = await change(admin, "webhookRedeliver", deliveryId=log[0]["id"])
    assert again["delivery"] == {"id": log[0]["id"], "status": "QUEUED", "attempts": 0}
    await receiver.count(6)
    await change(admin, "webhookDelete", webhookId=webhook_id)
    assert (await admin.ask(LOG))["webhooks"] == []


PING = """mutation($id: ID!) { webhookPing(input: {webhookId: $id})
  { delivered responseStatus error userErrors { code path } } }"""


async def test_a_ping_says_what_the_receiver_answers_and_stands_in_no_log(
    api: Api, receiver: TestReceiver
) -> None:
    admin = await api.staff()
    created = await admin.do(CREATE, input={"url": receiver.url, "topics": ["ALL"]})
    webhook = created["webhook"]
    pong = await admin.do(PING, id=webhook["id"])
    assert (pong["delivered"], pong["responseStatus"], pong["error"]) == (True, 200, None)
    [message] = receiver.messages
    assert json.loads(message.body)["topic"] == "webhook.ping"
    assert message.headers["webhook-signature"]
    assert (await admin.ask(LOG))["webhooks"][0]["deliveries"]["edges"] == []
    await admin.do(
        "mutation($id: ID!, $url: String!) { webhookUpdate(input: {webhookId: $id, url: $url})"
        " { userErrors { code } } }",
        id=webhook["id"],
        url="http://127.0.0.1:9/",
    )
    pong = await admin.do(PING, id=webhook["id"])
    assert (pong["delivered"], pong["responseStatus"]) == (False, None)
    assert pong["error"]
    [error] = await admin.refused(PING, id="V2ViaG9vazo5OTk")
    assert error == {"code": "NOT_FOUND", "path": ["webhookId"]}
    assert len(receiver.messages) == 1


async def test_refusals_name_the_field(in_production: Api) -> None:
    admin = await in_production.staff()
    (error,) = await admin.refused(CREATE, input={"url": "https://127.0.0.1/", "topics": ["ALL"]})
    assert (error["code"], error["path"]) == ("INVALID", ["url"])
    (error,) = await admin.refused(CREATE, input={"url": "https://a.example/", "topics": []})
    assert (error["code"], error["path"]) == ("INVALID", ["topics"])
    (error,) = await admin.speaking("zh").refused(
        CREATE, input={"url": "https://10.0.0.1/", "topics": ["ALL"]}
    )
    assert error["message"] == "该地址不是公网地址。"
    erp = await erp_of(admin, "PLATFORM")
    answer = await erp.send(CREATE, input={"url": "https://a.example/", "topics": ["ALL"]})
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
