from __future__ import annotations

import json
from typing import Any

import pytest

from models.accounts.roles import Role
from tests.make.api import Api
from tests.make.counter import Counter, a_clerk, open_counter, pay, place
from tests.make.listening import all_listen

ASSIGNED = """subscription($location: ID!, $after: BigInt) {
  fulfilmentAssigned(locationId: $location, after: $after) {
    id number ticket { id status text } order { number } lines { quantity } } }"""
CHANGED = """subscription($order: ID, $store: ID, $after: BigInt) {
  orderChanged(orderId: $order, storeId: $store, after: $after) { id status } }"""
FULFILMENTS = """subscription($location: ID, $id: ID, $after: BigInt) {
  fulfilmentChanged(locationId: $location, fulfilmentId: $id, after: $after) {
    id status order { number } latenessMinutes } }"""
ACCEPT = """mutation($id: ID!) { fulfilmentAccept(input: {fulfilmentId: $id}) {
  fulfilment { status } userErrors { code } } }"""
ACKNOWLEDGE = """mutation($id: ID!) { ticketAcknowledge(input: {ticketId: $id}) {
  ticket { status } userErrors { code } } }"""


@pytest.fixture
async def counter(api: Api) -> Counter:
    return await open_counter(api)


async def sell(counter: Counter, *methods: str) -> Any:
    guest = await counter.api.guest()
    order = await place(counter, guest, *methods)
    await pay(counter, guest, order)
    return order


async def next_number(printer: Any) -> str:
    event = await printer.next()
    number: str = event["data"]["fulfilmentAssigned"]["order"]["number"]
    return number


async def test_a_printer_gets_each_ticket_once_as_it_is_paid(counter: Counter) -> None:
    async with counter.clerk.subscribe(ASSIGNED, location=counter.store_id) as printer:
        assert await printer.silent()
        guest = await counter.api.guest()
        order = await place(counter, guest)
        assert await printer.silent()
        await pay(counter, guest, order)
        event = await printer.next()
        assert event["data"]["fulfilmentAssigned"]["ticket"]["status"] == "QUEUED"
        assert event["data"]["fulfilmentAssigned"]["order"]["number"] == order["number"]
        assert int(event["extensions"]["sequence"]) > 0
        assert await printer.silent()


async def test_what_was_queued_meanwhile_comes_first(counter: Counter) -> None:
    first, second = await sell(counter), await sell(counter)
    async with counter.clerk.subscribe(ASSIGNED, location=counter.store_id) as printer:
        event = await printer.next()
        assert event["data"]["fulfilmentAssigned"]["order"]["number"] == first["number"]
        assert await next_number(printer) == second["number"]
        third = await sell(counter)
        assert await next_number(printer) == third["number"]
        assert await printer.silent()
    ticket = event["data"]["fulfilmentAssigned"]["ticket"]["id"]
    await counter.clerk.do(ACKNOWLEDGE, id=ticket)
    async with counter.clerk.subscribe(ASSIGNED, location=counter.store_id) as printer:
        assert [await next_number(printer) for _ in range(2)] == [
            second["number"],
            third["number"],
        ]
        assert await printer.silent()


async def test_after_a_sequence_only_what_came_since(counter: Counter) -> None:
    first = await sell(counter)
    given = {"location": counter.store_id, "after": "0"}
    async with counter.clerk.subscribe(ASSIGNED, **given) as printer:
        event = await printer.next()
        assert event["data"]["fulfilmentAssigned"]["order"]["number"] == first["number"]
    second = await sell(counter)
    given["after"] = event["extensions"]["sequence"]
    async with counter.clerk.subscribe(ASSIGNED, **given) as printer:
        assert await next_number(printer) == second["number"]
        assert await printer.silent()


async def test_other_stores_hear_nothing(counter: Counter) -> None:
    other = await open_counter(counter.api)
    async with other.clerk.subscribe(ASSIGNED, location=other.store_id) as printer:
        await sell(counter)
        assert await printer.silent(1)


@pytest.mark.parametrize("who", ["other clerk", "customer", "nobody"])
async def test_a_store_is_followed_by_its_own_staff(counter: Counter, who: str) -> None:
    person = {
        "other clerk": (await open_counter(counter.api)).clerk,
        "customer": await counter.api.guest(),
        "nobody": counter.api,
    }[who]
    async with person.subscribe(ASSIGNED, location=counter.store_id) as printer:
        code = await refusal(printer)
    assert (
        code
        == {
            "other clerk": "NOT_FOUND",
            "customer": "FORBIDDEN",
            "nobody": "UNAUTHENTICATED",
        }[who]
    )


async def refusal(subscription: Any) -> str:
    """The code of the error that a subscription ends with before any event."""
    message = json.loads(await subscription.socket.recv())
    assert message["type"] in ("error", "next")
    errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    code: str = errors[0]["extensions"]["code"]
    return code


async def test_a_customer_follows_their_order(counter: Counter) -> None:
    guest, other = await counter.api.guest(), await counter.api.guest()
    order = await place(counter, guest)
    async with (
        guest.subscribe(CHANGED, order=order["id"]) as hers,
        other.subscribe(CHANGED) as others,
    ):
        await all_listen(2)
        await pay(counter, guest, order)
        event = await hers.next()
        assert event["data"]["orderChanged"] == {"id": order["id"], "status": "PAID"}
        assert "sequence" in event["extensions"]
        assert await others.silent(1)


async def test_somebody_elses_order_cannot_be_followed(counter: Counter) -> None:
    order = await place(counter, await counter.api.guest())
    for person, code in (
        (await counter.api.guest(), "NOT_FOUND"),
        (counter.api, "UNAUTHENTICATED"),
    ):
        async with person.subscribe(CHANGED, order=order["id"]) as subscription:
            assert await refusal(subscription) == code


async def test_a_store_follows_its_orders_and_no_others(counter: Counter) -> None:
    other = await open_counter(counter.api)
    manager = await a_clerk(counter.api, counter.ctx, counter.level.location_id, Role.MANAGER)
    async with manager.subscribe(CHANGED, store=counter.store_id, after="0") as screen:
        await sell(other)
        order = await sell(counter)
        # Placed, then paid; an event shows the order as it is by then.
        events = [(await screen.next())["data"]["orderChanged"] for _ in range(2)]
        assert [event["id"] for event in events] == [order["id"]] * 2
        assert events[-1]["status"] == "PAID"
        assert await screen.silent()


async def test_a_board_hears_of_what_comes_and_what_changes(counter: Counter) -> None:
    elsewhere = (await open_counter(counter.api)).clerk
    async with (
        counter.clerk.subscribe(FULFILMENTS, location=counter.store_id) as board,
        elsewhere.subscribe(FULFILMENTS) as other,
    ):
        assert await board.silent()
        order = await sell(counter, "STORE_DELIVERY")
        event = await board.next()
        heard = event["data"]["fulfilmentChanged"]
        assert heard["order"]["number"] == order["number"]
        assert (heard["status"], heard["latenessMinutes"]) == ("OPEN", 0)
        await counter.clerk.do(ACCEPT, id=heard["id"])
        event = await board.next()
        assert event["data"]["fulfilmentChanged"]["status"] == "ACCEPTED"
        assert int(event["extensions"]["sequence"]) > 0
        assert await other.silent()


async def test_a_customer_follows_their_own_fulfilment_alone(counter: Counter) -> None:
    guest, stranger = await counter.api.guest(), await counter.api.guest()
    order = await place(counter, guest, "STORE_DELIVERY")
    await pay(counter, guest, order)
    fulfilment = order["fulfilments"][0]["id"]
    async with guest.subscribe(FULFILMENTS, id=fulfilment) as own:
        assert await own.silent()
        await counter.clerk.do(ACCEPT, id=fulfilment)
        assert (await own.next())["data"]["fulfilmentChanged"]["status"] == "ACCEPTED"
    async with stranger.subscribe(FULFILMENTS, id=fulfilment) as foreign:
        assert await refusal(foreign) == "NOT_FOUND"
