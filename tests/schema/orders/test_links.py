"""The screens of a chain, each one query: whose contact is seen by whom, and how many statements it takes."""

from __future__ import annotations

from typing import Any

import pytest

from models.accounts.roles import Role
from models.orders.contact_looks import ContactLook
from tests.make.api import Api
from tests.make.counter import Counter, a_clerk, new_key, open_counter, paid, place
from tests.make.documents import document
from tests.make.statements import counting

ACCEPT = """mutation($id: ID!) { fulfilmentAccept(input: {fulfilmentId: $id}) {
  fulfilment { status assignee { name } history { from to actor { __typename } } }
  userErrors { code } } }"""
CANCEL = """mutation($id: ID!) { orderCancel(input: {orderId: $id, reason: "changed my mind"}) {
  order { status } userErrors { code } } }"""
CONTACT = """query($id: ID!) { order(id: $id) { contact { name phone }
  address { recipient phone street district }
  fulfilments { contact { name phone } address { street } dueAt latenessMinutes } } }"""
CARTS = """query($guide: ID, $status: CartStatus) { carts(filter: {guideId: $guide, status: $status}) {
  totalCount edges { node { id guide { name } } } } }"""
CREATE = """mutation($input: CartCreateInput!) { cartCreate(input: $input) {
  cart { id token } userErrors { code } } }"""
WHOLE = {"name": "王小姐", "phone": "13800001111"}
MASKED = {"name": "王*", "phone": "138****1111"}


@pytest.fixture
async def counter(api: Api) -> Counter:
    return await open_counter(api, pieces=90)


async def contact(api: Api, order: Any) -> Any:
    return (await api.ask(CONTACT, id=order["id"]))["order"]


async def test_who_fulfils_knows_the_recipient_while_it_is_open(counter: Counter) -> None:
    guest, order = await paid(counter, "STORE_DELIVERY")
    assert (await contact(guest, order))["contact"] == WHOLE
    assert await ContactLook.all().count() == 0  # customers look at their own

    seen = await contact(counter.clerk, order)
    assert seen["contact"] == seen["fulfilments"][0]["contact"] == WHOLE
    assert seen["address"]["street"] == seen["fulfilments"][0]["address"]["street"] == "太原街1号"
    (look,) = await ContactLook.all()
    assert (look.actor_kind, look.looks) == ("STAFF", 1)
    await contact(counter.clerk, order)
    (look,) = await ContactLook.all()
    assert look.looks == 2

    admin = await counter.api.staff()
    await admin.do(CANCEL, id=order["id"])
    ended = await contact(counter.clerk, order)
    assert ended["contact"] == ended["fulfilments"][0]["contact"] == MASKED
    hidden = {"recipient": "王*", "phone": "138****1111", "street": "****", "district": None}
    assert ended["address"] == hidden
    assert ended["fulfilments"][0] | {"contact": None} == {
        "contact": None,
        "address": {"street": "****"},
        "dueAt": None,
        "latenessMinutes": 0,
    }
    (look,) = await ContactLook.all()
    assert look.looks == 2  # what is masked is no look


async def test_an_unpaid_order_is_nobodys_work_yet(counter: Counter) -> None:
    guest = await counter.api.guest()
    order = await place(counter, guest, "STORE_PICKUP")
    seen = await contact(counter.clerk, order)
    assert seen["contact"] == MASKED
    assert await ContactLook.all().count() == 0


async def test_a_guide_sees_a_mask_and_a_manager_everything(counter: Counter) -> None:
    _, order = await paid(counter, "STORE_PICKUP")
    place_id = counter.level.location_id
    guide = await a_clerk(counter.api, counter.ctx, place_id, Role.GUIDE)
    assert (await contact(guide, order))["contact"] == MASKED
    assert await ContactLook.all().count() == 0
    manager = await a_clerk(counter.api, counter.ctx, place_id, Role.MANAGER)
    assert (await contact(manager, order))["contact"] == WHOLE
    assert await ContactLook.all().count() == 1


async def test_foreign_staff_and_guests_see_no_order(counter: Counter) -> None:
    _, order = await paid(counter, "STORE_PICKUP")
    elsewhere = (await open_counter(counter.api)).clerk
    for stranger in (elsewhere, await counter.api.guest()):
        assert await contact(stranger, order) is None
    board = (await elsewhere.ask(document("store/board")))["viewer"]["store"]["fulfilments"]
    assert (board["totalCount"], board["edges"]) == (0, [])
    assert await ContactLook.all().count() == 0


async def test_the_board_takes_as_many_statements_for_six_as_for_two(counter: Counter) -> None:
    for _ in range(2):
        await paid(counter, "STORE_DELIVERY")
    board = document("store/board")
    await counter.clerk.ask(board)
    with counting() as few:
        await counter.clerk.ask(board)
    for _ in range(4):
        await paid(counter, "STORE_PICKUP")
    with counting() as many:
        shown = await counter.clerk.ask(board)
    assert len(many) == len(few), "\n".join(many)
    found = shown["viewer"]["store"]["fulfilments"]
    assert found["totalCount"] == len(found["edges"]) == 6
    assert found["statusCounts"] == [{"value": "OPEN", "count": 6}]
    assert shown["viewer"]["store"]["id"] == counter.store_id
    assert len(shown["viewer"]["store"]["staff"]["edges"]) == 1
    nodes = [edge["node"] for edge in found["edges"]]
    assert [node["method"] for node in nodes] == ["STORE_DELIVERY"] * 2 + ["STORE_PICKUP"] * 4
    assert [node["dueAt"] for node in nodes] == sorted(node["dueAt"] for node in nodes)
    assert all(node["contact"] == WHOLE and node["lines"][0]["orderLine"] for node in nodes)


async def test_counts_cost_nothing_unless_asked_for(counter: Counter) -> None:
    await paid(counter, "STORE_PICKUP")
    with counting() as statements:
        await counter.clerk.ask("{ orders { edges { node { id } } } }")
    assert not any("COUNT(" in each for each in statements)


async def test_who_accepts_is_the_assignee_and_it_is_told(counter: Counter) -> None:
    _, order = await paid(counter, "STORE_DELIVERY")
    done = await counter.clerk.do(ACCEPT, id=order["fulfilments"][0]["id"])
    fulfilment = done["fulfilment"]
    assert fulfilment["assignee"]["name"].startswith("clerk-")
    assert [(each["from"], each["to"]) for each in fulfilment["history"]] == [
        (None, "OPEN"),
        ("OPEN", "ACCEPTED"),
    ]
    assert fulfilment["history"][1]["actor"] == {"__typename": "Staff"}
    query = "query($f: FulfilmentFilter) { fulfilments(filter: $f) { totalCount } }"
    for wanted, count in (({"unassigned": True}, 0), ({"unassigned": False}, 1)):
        found = await counter.clerk.ask(query, f=wanted)
        assert found["fulfilments"]["totalCount"] == count


async def test_carts_are_seen_by_who_serves_there(counter: Counter) -> None:
    place_id = counter.level.location_id
    guides = [await a_clerk(counter.api, counter.ctx, place_id, Role.GUIDE) for _ in range(2)]
    carts = []
    for guide in guides:
        lines = {"lines": [{"variantId": counter.variant_id, "quantity": 1}]}
        carts.append((await guide.do(CREATE, input=lines))["cart"]["id"])
    own = (await guides[0].ask(CARTS))["carts"]
    assert [edge["node"]["id"] for edge in own["edges"]] == carts[:1]
    assert own["totalCount"] == 1
    everybody = (await counter.clerk.ask(CARTS, status="OPEN"))["carts"]
    assert {edge["node"]["id"] for edge in everybody["edges"]} == set(carts)
    assert (await counter.clerk.ask(CARTS, status="ORDERED"))["carts"]["totalCount"] == 0
    elsewhere = (await open_counter(counter.api)).clerk
    for stranger in (elsewhere, await counter.api.guest()):
        assert (await stranger.ask(CARTS))["carts"]["totalCount"] == 0
        node = "query($id: ID!) { node(id: $id) { id } }"
        assert (await stranger.ask(node, id=carts[0]))["node"] is None


async def test_a_line_counts_for_the_guide_who_added_it(counter: Counter) -> None:
    guide = await a_clerk(counter.api, counter.ctx, counter.level.location_id, Role.GUIDE)
    lines = {"lines": [{"variantId": counter.variant_id, "quantity": 1}]}
    cart = (await guide.do(CREATE, input=lines))["cart"]
    checkout = {
        "cartId": cart["id"],
        "fulfilments": [{"method": "CARRY_OUT", "storeId": counter.store_id}],
    }
    placed = await guide.do(
        """mutation($input: CheckoutPlaceInput!) { checkoutPlace(input: $input) { order {
          number source { channel shareLink { id } storefront { id } } updatedAt
          lines { attribution { channel guide { name } store { code } } fulfilments { number } } }
          userErrors { code message } } }""",
        input={"checkout": checkout, "idempotencyKey": new_key()},
    )
    (line,) = placed["order"]["lines"]
    assert line["attribution"]["guide"]["name"].startswith("clerk-")
    assert [each["number"] for each in line["fulfilments"]] == [f"{placed['order']['number']}-1"]
    assert placed["order"]["source"]["shareLink"] is None


async def test_the_day_of_a_guide_is_one_query(counter: Counter) -> None:
    guide = await a_clerk(counter.api, counter.ctx, counter.level.location_id, Role.GUIDE)
    asked = {"today": "2020-01-01T00:00:00Z", "gtin": "6901234567892"}
    await guide.ask(document("tablet/day"), **asked)
    with counting() as statements:
        day = await guide.ask(document("tablet/day"), **asked)
    assert len(statements) <= 25, statements
    assert day["viewer"]["store"]["id"] == counter.store_id
    assert day["viewer"]["actor"]["store"]["code"] == day["viewer"]["store"]["code"]
    assert (day["members"]["totalCount"], day["carts"]["totalCount"]) == (0, 0)
    assert (day["orders"]["totalCount"], day["orders"]["totals"]["payable"]["amount"]) == (
        0,
        "0.00",
    )


async def test_filters_of_orders_hold_together(counter: Counter) -> None:
    _, pickup = await paid(counter, "STORE_PICKUP")
    await paid(counter, "STORE_DELIVERY", "STORE_PICKUP")
    guest = await counter.api.guest()
    await place(counter, guest, "STORE_PICKUP")
    query = """query($f: OrderFilter) { orders(filter: $f, sort: PAYABLE_DESC) {
      totalCount statusCounts { value count } totals { payable { amount } paid { amount } }
      edges { node { number totals { payable { amount } } } } } }"""
    here = {"fulfilledAtId": counter.store_id}
    for wanted, count in (
        ({}, 3),
        ({"fulfilmentMethod": ["STORE_DELIVERY"]}, 1),
        ({"fulfilmentMethod": ["STORE_PICKUP"], "fulfilmentStatus": ["OPEN"]}, 2),
        ({"fulfilmentMethod": ["STORE_PICKUP"], "fulfilmentStatus": ["READY"]}, 0),
        (here, 2),
        ({"status": ["PENDING_PAYMENT"]}, 1),
        ({"provider": ["SANDBOX"]}, 2),
        ({"provider": ["CASH"]}, 0),
        ({"variantId": counter.variant_id}, 3),
        ({"search": pickup["number"].lower()}, 1),
        ({"search": "1111"}, 2),  # the recipient of those that are paid
        ({"search": "2222"}, 0),
        ({"updatedFrom": "2999-01-01T00:00:00Z"}, 0),
    ):
        found = (await counter.clerk.ask(query, f=wanted))["orders"]
        assert (found["totalCount"], len(found["edges"])) == (count, count), wanted
        amounts = [float(each["node"]["totals"]["payable"]["amount"]) for each in found["edges"]]
        assert amounts == sorted(amounts, reverse=True)
        assert float(found["totals"]["payable"]["amount"]) == pytest.approx(sum(amounts))
    found = (await counter.clerk.ask(query, f={"status": ["PAID"]}))["orders"]
    counts = {each["value"]: each["count"] for each in found["statusCounts"]}
    assert counts == {"PAID": 2, "PENDING_PAYMENT": 1}
