from __future__ import annotations

import asyncio
from base64 import b64decode
from typing import Any

import pytest

from models.accounts.roles import Role
from models.orders.fulfilments import Fulfilment
from models.orders.pickup import pickup_code
from tests.make.api import Api
from tests.make.counter import Counter, a_clerk, new_key, open_counter, pay, place, seen
from tests.make.statements import counting

ACT = """mutation($input: FulfilmentActInput!) { fulfilment%s(input: $input) {
  fulfilment { id status availableActions order { status } shipment { carrier } }
  userErrors { code message path ... on StateConflict { state allowed } } } }"""
SHIP = """mutation($input: FulfilmentShipInput!) { fulfilmentShip(input: $input) {
  fulfilment { status shipment { carrier trackingNumber shippedAt } } userErrors { code path } } }"""
COLLECT = """mutation($input: PickupCollectInput!) { pickupCollect(input: $input) {
  fulfilment { id status order { status } } userErrors { code message path } } }"""
PREVIEW = """query($code: String!) { pickup(code: $code) {
  id status pickup { code } order { number } lines { quantity variant { sku } } } }"""
LIST = """query($first: Int, $after: String, $status: [FulfilmentStatus!], $location: ID) {
  fulfilments(first: $first, after: $after, filter: { status: $status, locationId: $location }) {
    edges { node {
      id number status availableActions order { number } location { code } pickup { code }
      lines { quantity variant { sku } } ticket { id status text escpos }
      routing { candidates { chosen location { code } refusedBecause } picks { quantity } } } }
    pageInfo { hasNextPage endCursor } } }"""
ACKNOWLEDGE = """mutation($id: ID!) { ticketAcknowledge(input: {ticketId: $id}) {
  ticket { id status printedAt } userErrors { code path } } }"""
NODE = "query($id: ID!) { node(id: $id) { id __typename } }"


@pytest.fixture
async def counter(api: Api) -> Counter:
    return await open_counter(api, pieces=50)


async def paid(counter: Counter, *methods: str) -> tuple[Api, Any]:
    """A customer and their paid order."""
    guest = await counter.api.guest()
    order = await place(counter, guest, *methods)
    await pay(counter, guest, order)
    return guest, await seen(guest, order)


async def act(clerk: Api, action: str, order: Any, part: int = 0) -> Any:
    given = {"fulfilmentId": order["fulfilments"][part]["id"]}
    return (await clerk.do(ACT % action, input=given))["fulfilment"]


async def listed(clerk: Api, **arguments: Any) -> list[Any]:
    found = (await clerk.ask(LIST, **arguments))["fulfilments"]
    return [edge["node"] for edge in found["edges"]]


async def test_a_pickup_from_payment_to_hand_over(counter: Counter) -> None:
    guest, order = await paid(counter)
    (part,) = order["fulfilments"]
    assert "<svg" in part["pickup"]["qrSvg"]
    assert part["availableActions"] == []
    assert (await act(counter.clerk, "Accept", order))["availableActions"] == ["READY"]
    assert (await act(counter.clerk, "Ready", order))["availableActions"] == ["COLLECT"]
    code = part["pickup"]["code"]
    preview = (await counter.clerk.ask(PREVIEW, code=code.lower()))["pickup"]
    assert (preview["status"], preview["lines"][0]["quantity"]) == ("READY", 1)
    given = {"code": code, "idempotencyKey": new_key()}
    done = (await counter.clerk.do(COLLECT, input=given))["fulfilment"]
    assert (done["status"], done["order"]["status"]) == ("DONE", "COMPLETED")
    used = (await seen(guest, order))["fulfilments"][0]["pickup"]["usedAt"]
    assert used is not None


async def test_a_delivery_confirmed_by_its_customer(counter: Counter) -> None:
    guest, order = await paid(counter, "STORE_DELIVERY")
    await act(counter.clerk, "Accept", order)
    await act(counter.clerk, "Ready", order)
    given = {
        "fulfilmentId": order["fulfilments"][0]["id"],
        "carrier": "our own",
        "trackingNumber": "1",
    }
    shipped = (await counter.clerk.do(SHIP, input=given))["fulfilment"]
    assert shipped["status"] == "SHIPPED"
    assert shipped["shipment"]["shippedAt"] is not None
    assert (await seen(guest, order))["fulfilments"][0]["availableActions"] == ["COMPLETE"]
    assert (await act(guest, "Complete", order))["order"]["status"] == "COMPLETED"


async def test_a_step_too_early_says_what_is_allowed(counter: Counter) -> None:
    _, order = await paid(counter)
    given = {"fulfilmentId": order["fulfilments"][0]["id"]}
    (error,) = await counter.clerk.refused(ACT % "Ready", input=given)
    assert (error["code"], error["state"]) == ("STATE_CONFLICT", "OPEN")
    assert "ACCEPT" in error["allowed"]


async def test_a_pass_is_for_its_customer_alone(counter: Counter) -> None:
    guest, order = await paid(counter)
    manager = await a_clerk(counter.api, counter.ctx, counter.level.location_id, Role.MANAGER)
    for person in (counter.clerk, manager, await counter.api.staff()):
        (row,) = await listed(person)
        assert row["pickup"] is None
        code = order["fulfilments"][0]["pickup"]["code"]
        assert (await person.ask(PREVIEW, code=code))["pickup"]["pickup"] is None
    assert (await seen(guest, order))["fulfilments"][0]["ticket"] is None


async def test_a_code_collected_at_once_is_handed_over_once(counter: Counter) -> None:
    _, order = await paid(counter)
    await act(counter.clerk, "Accept", order)
    await act(counter.clerk, "Ready", order)
    code = order["fulfilments"][0]["pickup"]["code"]
    answers = await asyncio.gather(
        *(
            counter.clerk.ask(COLLECT, input={"code": code, "idempotencyKey": new_key()})
            for _ in range(8)
        )
    )
    codes = [error["code"] for answer in answers for error in answer["pickupCollect"]["userErrors"]]
    assert codes == ["STATE_CONFLICT"] * 7


@pytest.mark.parametrize("code", ["", "0", "提货码", "x" * 10_000, "../../etc/passwd"])
async def test_a_senseless_code_is_no_pickup(counter: Counter, code: str) -> None:
    assert (await counter.clerk.ask(PREVIEW, code=code))["pickup"] is None
    given = {"code": code, "idempotencyKey": new_key()}
    (error,) = await counter.clerk.refused(COLLECT, input=given)
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["code"])


async def test_guessing_codes_is_stopped(counter: Counter) -> None:
    for number in range(20):
        guess = pickup_code(bytes([number]) * 7)
        assert (await counter.clerk.ask(PREVIEW, code=guess))["pickup"] is None
    answer = await counter.clerk.send(PREVIEW, code=pickup_code(b"\xff" * 7))
    assert answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_stores_see_their_own(counter: Counter) -> None:
    _, order = await paid(counter)
    other = await open_counter(counter.api)
    assert [row["id"] for row in await listed(counter.clerk)] == [order["fulfilments"][0]["id"]]
    assert await listed(other.clerk) == []
    assert await listed(other.clerk, location=counter.store_id) == []
    assert await listed(counter.clerk, status=["DONE"]) == []
    assert len(await listed(counter.clerk, status=["OPEN"], location=counter.store_id)) == 1
    ticket_id = (await listed(counter.clerk))[0]["ticket"]["id"]
    for node_id in (order["fulfilments"][0]["id"], ticket_id):
        assert (await counter.clerk.ask(NODE, id=node_id))["node"]["id"] == node_id
        assert (await other.clerk.ask(NODE, id=node_id))["node"] is None
        assert (await counter.api.ask(NODE, id=node_id))["node"] is None
    stranger = await counter.api.guest()
    for person, code in ((stranger, "FORBIDDEN"), (counter.api, "UNAUTHENTICATED")):
        answer = await person.send(LIST)
        assert answer["errors"][0]["extensions"]["code"] == code


async def test_other_stores_cannot_act(counter: Counter) -> None:
    _, order = await paid(counter)
    other = await open_counter(counter.api)
    given = {"fulfilmentId": order["fulfilments"][0]["id"]}
    ticket_id = (await listed(counter.clerk))[0]["ticket"]["id"]
    for action in ("Accept", "Ready", "Complete"):
        (error,) = await other.clerk.refused(ACT % action, input=given)
        assert error["code"] == "NOT_FOUND"
    (error,) = await other.clerk.refused(ACKNOWLEDGE, id=ticket_id)
    assert error["code"] == "NOT_FOUND"
    (error,) = await counter.clerk.refused(ACKNOWLEDGE, id=order["id"])
    assert (error["code"], error["path"]) == ("INVALID", ["ticketId"])
    assert [row["status"] for row in await listed(counter.clerk)] == ["OPEN"]


async def test_a_ticket_is_acknowledged_once(counter: Counter) -> None:
    await paid(counter, "STORE_DELIVERY")
    (row,) = await listed(counter.clerk)
    ticket = row["ticket"]
    assert ticket["status"] == "QUEUED"
    assert row["number"] in ticket["text"]
    assert "门店配送" in ticket["text"]
    assert "13800001111" not in ticket["text"]
    assert b64decode(ticket["escpos"]).startswith(b"\x1b@")
    first = await counter.clerk.do(ACKNOWLEDGE, id=ticket["id"])
    second = await counter.clerk.do(ACKNOWLEDGE, id=ticket["id"])
    assert first["ticket"] == second["ticket"]
    assert first["ticket"]["status"] == "PRINTED"


async def test_pages_follow_each_other(counter: Counter) -> None:
    for _ in range(3):
        await paid(counter)
    first = (await counter.clerk.ask(LIST, first=2))["fulfilments"]
    assert first["pageInfo"]["hasNextPage"]
    rest = await listed(counter.clerk, first=2, after=first["pageInfo"]["endCursor"])
    ids = [edge["node"]["id"] for edge in first["edges"]] + [row["id"] for row in rest]
    assert len(set(ids)) == 3
    answer = await counter.clerk.send(LIST, after=first["pageInfo"]["endCursor"], status=["OPEN"])
    assert answer["errors"][0]["extensions"]["code"] == "INVALID"


async def test_a_list_costs_the_same_for_any_length(counter: Counter) -> None:
    await paid(counter, "STORE_DELIVERY")
    with counting() as for_one:
        assert len(await listed(counter.clerk)) == 1
    for _ in range(4):
        await paid(counter, "STORE_DELIVERY")
    with counting() as for_five:
        assert len(await listed(counter.clerk)) == 5
    assert len(for_five) == len(for_one)
    assert await Fulfilment.all().count() == 5
