"""The main job, end to end: from an ERP's first import to a customer holding her order.

Real HTTP and WebSocket, nothing stubbed between the door and the database; every document comes from
`examples/`.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
from geopy.distance import geodesic

from models.stores.coordinates import CoordinateSystem, Point, convert
from settings import Settings
from tests.make.api import Api
from tests.make.chain import batches, price_of, product_rows, store_rows
from tests.make.documents import document
from tests.make.listening import all_listen
from tests.make.logs import everything_logged, lines_with

HER_PHONE, AUNTS_PHONE, FRIENDS_PHONE = "13800001111", "13800002222", "13800003333"
keys = (f"walk-{number}" for number in itertools.count())


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As in production, where no code is logged."""
    return replace(settings, environment="production", log_level="debug")


async def test_the_walk_and_nothing_personal_in_its_logs(api: Api) -> None:
    with everything_logged(api) as (log, wire):
        await walk(api)
    text = log.getvalue()
    assert text.count("checkoutPlace") + text.count("INSERT INTO") > 100  # statements are there
    assert '"path":"/graphql"' in text
    codes = {sent["code"] for sent in api.codes_sent()}
    hidden = {
        *wire.hidden,
        *codes,
        HER_PHONE,
        AUNTS_PHONE,
        FRIENDS_PHONE,
        "A customer",
        "太原街1号",
    }
    assert len(hidden) > 60
    assert lines_with(text, hidden) == []
    metrics = (await api.client.get("/metrics")).text
    assert "quintet_http_requests" in metrics
    assert lines_with(metrics, hidden) == []


async def walk(api: Api) -> None:
    chain = await open_chain(api)
    await import_everything(chain)
    await import_again_changes_nothing(chain)
    await a_broken_row_is_named_and_nothing_of_its_batch_is_there(chain)
    await set_stock(chain)
    await nearest_stores_equal_brute_force(chain)
    await products_are_found_by_two_characters_and_by_barcode(chain)
    await hire(chain)
    await join_through_the_guide(chain)
    cart_id = await guide_and_customer_share_one_cart(chain)
    async with chain.anyone.subscribe(
        document("store/stock_changed"), variantIds=[chain.ids["carried"]]
    ) as screen:
        await all_listen()
        order = await buy(chain, cart_id)
        held = (await screen.next())["data"]["stockChanged"]
        assert held["available"] == 18
        await every_channel_reads_the_same(chain, chain.skus["carried"], 18)
    await fulfil(chain, order)
    await collect_once(chain)
    await a_till_identifies_her_once(chain)
    await her_friend_buys_and_she_earns(chain)
    await the_ledger_explains_every_piece(chain)


class Chain:
    """What the story knows by now: who is signed in, and the IDs met on the way."""

    def __init__(self, api: Api) -> None:
        self.anyone = api
        self.people: dict[str, Api] = {}
        self.keys: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.skus: dict[str, str] = {}
        self.stores = store_rows()
        self.products = product_rows()

    def __getattr__(self, name: str) -> Api:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None


async def open_chain(api: Api) -> Chain:
    chain = Chain(api)
    admin = chain.people["admin"] = await api.staff()
    merchant = {"code": "CHAIN", "name": "A chain", "kind": "MERCHANT"}
    made = await admin.do(document("hq/organisation_upsert"), input=merchant)
    chain.ids["chain"] = made["organisation"]["id"]
    for channel in ("APP", "WECHAT", "H5", "STORE"):
        storefront = {"name": channel, "channel": channel, "organisationCode": "CHAIN"}
        made = await admin.do(document("hq/storefront_create"), input=storefront)
        chain.keys[channel] = made["storefront"]["key"]
    client = {"name": "ERP", "scopes": ["ALL"], "organisationCode": "CHAIN"}
    made = await admin.do(document("hq/api_client_create"), input=client)
    chain.people["erp"] = api.as_(made["secret"])
    plan = {
        "organisationId": chain.ids["chain"],
        "levels": [{"level": 1, "rate": "0.10"}, {"level": 2, "rate": "0.05"}],
        "guideRate": "0.03",
        "guideRegistrationBounty": "0",
        "freezeDays": 7,
    }
    await admin.do(document("hq/commission_plan_set"), input=plan)
    return chain


async def import_everything(chain: Chain) -> None:
    stores = await chain.erp.do(document("erp/store_upsert"), input={"stores": chain.stores})
    assert (stores["created"], stores["updated"]) == (247, 0)
    created = 0
    for batch in batches(chain.products):
        made = await chain.erp.do(document("erp/catalog_upsert"), input={"products": batch})
        created += made["created"]
    assert created == 3761


async def import_again_changes_nothing(chain: Chain) -> None:
    stores = await chain.erp.do(document("erp/store_upsert"), input={"stores": chain.stores})
    products = await chain.erp.do(
        document("erp/catalog_upsert"), input={"products": chain.products[:500]}
    )
    for again in (stores, products):
        assert (again["created"], again["updated"]) == (0, 0)
        assert all(result["ok"] for result in again["results"])


async def a_broken_row_is_named_and_nothing_of_its_batch_is_there(chain: Chain) -> None:
    good = {"code": "NEW-1", "name": "新品", "variants": [{"sku": "NEW-1", "price": "1.00"}]}
    broken = {"code": "NEW-2", "name": "坏", "variants": [{"sku": "NEW-2", "price": "-1"}]}
    answer = await chain.erp.ask(
        document("erp/catalog_upsert"), input={"products": [good, broken], "onError": "REJECT_ALL"}
    )
    result = answer["catalogUpsert"]["results"][1]
    assert (result["index"], result["externalCode"], result["ok"]) == (1, "NEW-2", False)
    assert result["userErrors"][0]["path"][-1] == "price"
    found = await chain.erp.ask('{ product(code: "NEW-1") { id } }')
    assert found["product"] is None


async def set_stock(chain: Chain) -> None:
    """20 of the first three products in the first three stores, and one everywhere in the fourth."""
    first = [row["code"] for row in chain.stores[:3]]
    chain.skus = dict(
        zip(
            ("carried", "delivered", "collected"),
            (p["code"] for p in chain.products[:3]),
            strict=True,
        )
    )
    rows = [
        {"locationCode": code, "sku": chain.skus[name], "quantity": 20}
        for name, code in zip(chain.skus, first, strict=True)
    ]
    rows += [
        {"locationCode": store["code"], "sku": chain.products[3]["code"], "quantity": 1}
        for store in chain.stores
    ]
    stock = {"rows": rows, "idempotencyKey": next(keys)}
    done = await chain.erp.do(document("erp/stock_set"), input=stock)
    assert len(done["levels"]) == 250
    again = await chain.erp.do(document("erp/stock_set"), input=stock)
    assert again["results"] == done["results"]
    for name, sku in chain.skus.items():
        variant = (await chain.anyone.ask(document("tablet/scan"), gtin=sku))["variant"]
        assert variant["available"] == 20
        chain.ids[name] = variant["id"]


async def nearest_stores_equal_brute_force(chain: Chain) -> None:
    here = {"latitude": 41.80, "longitude": 123.40, "system": "GCJ02"}
    origin = convert(Point(41.80, 123.40, CoordinateSystem.GCJ02), CoordinateSystem.WGS84)
    by_distance = sorted((_distance(origin, row), row["code"]) for row in chain.stores)
    phone = chain.anyone.through(chain.keys["WECHAT"])
    found = (await phone.ask(document("mini_program/nearest_stores"), near=here))["stores"]["edges"]
    assert [edge["node"]["code"] for edge in found] == [code for _, code in by_distance[:10]]
    assert [edge["distanceMetres"] for edge in found] == [round(d) for d, _ in by_distance[:10]]
    carrying = [{"variantId": chain.ids["delivered"], "quantity": 20}]
    answer = await phone.ask(document("mini_program/nearest_stores"), near=here, carrying=carrying)
    (only,) = answer["stores"]["edges"]
    assert only["node"]["code"] == chain.stores[1]["code"]
    chain.ids["stores"] = only["node"]["id"]


def _distance(origin: Point, row: dict[str, Any]) -> float:
    given = row["position"]
    place = convert(
        Point(given["latitude"], given["longitude"], CoordinateSystem.BD09), CoordinateSystem.WGS84
    )
    metres: float = geodesic(
        (origin.latitude, origin.longitude), (place.latitude, place.longitude)
    ).meters
    return round(metres, 3)


async def products_are_found_by_two_characters_and_by_barcode(chain: Chain) -> None:
    name = chain.products[0]["name"]
    for start in range(len(name) - 1):
        pair = name[start : start + 2]
        if not pair.isalnum() or pair.isascii():
            continue
        wanted = {row["name"] for row in chain.products if pair in row["name"]}
        found = (await chain.anyone.ask(document("mini_program/search"), words=pair))["products"]
        assert found["totalCount"] == sum(pair in row["name"] for row in chain.products)
        assert {edge["node"]["name"] for edge in found["edges"]} <= wanted
    scanned = await chain.anyone.ask(document("tablet/scan"), gtin=chain.products[0]["code"])
    assert scanned["variant"]["product"]["name"] == name
    assert scanned["variant"]["price"]["amount"] == price_of(chain.products[0]["code"])


async def hire(chain: Chain) -> None:
    """A guide and a cashier in the first store, a picker in the second, a cashier in the third."""
    codes = [row["code"] for row in chain.stores[:3]]
    for name, role, code in (
        ("guide", "GUIDE", codes[0]),
        ("cashier", "CASHIER", codes[0]),
        ("picker", "PICKER", codes[1]),
        ("counter", "CASHIER", codes[2]),
    ):
        person = {
            "username": name,
            "password": "quite-a-secret",
            "name": name.title(),
            "grants": [{"role": role, "organisationCode": code}],
        }
        await chain.admin.do(document("hq/staff_create"), input=person)
        tablet = chain.anyone.through(chain.keys["STORE"])
        chain.people[name] = await tablet.staff(name, "quite-a-secret")
    for number, code in enumerate(codes):
        answer = await chain.anyone.ask("query($c: String!) { store(code: $c) { id } }", c=code)
        chain.ids[f"store {number}"] = answer["store"]["id"]


async def sign_in(chain: Chain, phone: str, referral_token: str | None = None) -> tuple[Api, Any]:
    client = chain.anyone.through(chain.keys["WECHAT"])
    await client.do(document("phone/code_request"), phone=phone)
    code = chain.anyone.codes_sent()[-1]["code"]
    given = {"phone": phone, "code": code, "name": "A customer", "referralToken": referral_token}
    payload = await client.do(document("phone/member_sign_in"), input=given)
    return client.as_(payload["accessToken"]), payload["viewer"]["actor"]


async def join_through_the_guide(chain: Chain) -> None:
    chain.people["aunt"], _ = await sign_in(chain, AUNTS_PHONE)
    shared = await chain.guide.do(document("phone/share"), target="REGISTRATION")
    token = shared["shareLink"]["token"]
    assert len(token) <= 32
    assert shared["shareLink"]["qrSvg"].lstrip().startswith(("<svg", "<?xml"))
    chain.people["she"], member = await sign_in(chain, HER_PHONE, token)
    assert member["homeStore"]["code"] == chain.stores[0]["code"]
    assert member["guide"] is not None
    assert [(card["kind"], card["status"]) for card in member["cards"]] == [("VIRTUAL", "ACTIVE")]
    from_aunt = await chain.aunt.do(document("phone/share"), target="HOME")
    await chain.she.do(document("phone/referral_bind"), token=from_aunt["shareLink"]["token"])


async def guide_and_customer_share_one_cart(chain: Chain) -> str:
    lines = [{"variantId": chain.ids["carried"], "quantity": 2}]
    made = await chain.guide.do(document("tablet/cart_create"), lines=lines)
    assert made["cart"]["lines"][0]["addedBy"]["name"] == "Guide"
    assert "<svg" in made["qrSvg"]
    claimed = await chain.she.do(document("phone/cart_claim"), token=made["cart"]["token"])
    cart_id: str = claimed["cart"]["id"]
    more = [{"variantId": chain.ids["delivered"], "quantity": 3}]
    await chain.she.do(document("phone/cart_lines_add"), cartId=cart_id, lines=more)
    hers = (await chain.she.ask(document("phone/cart"), id=cart_id))["cart"]
    guides = (await chain.guide.ask(document("phone/cart"), id=made["cart"]["id"]))["cart"]
    assert hers == guides
    assert [(line["quantity"], line["addedIn"]) for line in hers["lines"]] == [
        (2, "STORE"),
        (3, "WECHAT"),
    ]
    return cart_id


async def buy(chain: Chain, cart_id: str) -> Any:
    """Two carried out of the first store, three brought from the nearest that has them."""
    checkout = {
        "cartId": cart_id,
        "fulfilments": [
            {
                "method": "CARRY_OUT",
                "storeId": chain.ids["store 0"],
                "lines": [{"variantId": chain.ids["carried"], "quantity": 2}],
            },
            {"method": "STORE_DELIVERY"},
        ],
        "address": {"recipient": "她", "phone": HER_PHONE, "street": "太原街1号"},
        "position": {"latitude": 41.80, "longitude": 123.40, "system": "GCJ02"},
    }
    quote = (await chain.she.ask(document("phone/checkout_quote"), checkout=checkout))[
        "checkoutQuote"
    ]
    assert quote["userErrors"] == []
    key = next(keys)
    given = {"checkout": checkout, "quoteToken": quote["token"], "idempotencyKey": key}
    placed = await chain.she.do(document("phone/checkout_place"), **given)
    again = await chain.she.do(document("phone/checkout_place"), **given)
    order = placed["order"]
    assert again["order"]["id"] == order["id"]
    assert order["totals"]["payable"] == quote["totals"]["payable"]
    goods = 2 * Decimal(price_of(chain.skus["carried"])) + 3 * Decimal(
        price_of(chain.skus["delivered"])
    )
    assert Decimal(order["totals"]["payable"]["amount"]) == goods
    assert {(each["method"], each["location"]["code"]) for each in order["fulfilments"]} == {
        ("CARRY_OUT", chain.stores[0]["code"]),
        ("STORE_DELIVERY", chain.stores[1]["code"]),
    }
    assert order["attribution"]["store"]["code"] == chain.stores[0]["code"]
    assert order["attribution"]["guide"]["name"] == "Guide"
    return order


async def pay(chain: Chain, person: Api, order_id: str, outcome: str = "") -> None:
    started = await person.do(
        document("phone/payment_start"), orderId=order_id, idempotencyKey=next(keys)
    )
    page = started["payment"]["codeUrl"]
    shown = await chain.anyone.client.get(page)
    assert shown.status_code == 200
    assert started["payment"]["amount"]["amount"] in shown.text
    await chain.anyone.client.post(page + outcome)


async def fulfil(chain: Chain, order: Any) -> None:
    """She pays (at the second try); the second store's printer prints, the store brings it."""
    async with chain.picker.subscribe(
        document("store/fulfilment_assigned"), locationId=chain.ids["store 1"]
    ) as printer:
        await pay(chain, chain.she, order["id"], outcome="?outcome=failed")
        unpaid = (await chain.she.ask(document("phone/order"), id=order["id"]))["order"]
        assert unpaid["status"] == "PENDING_PAYMENT"
        await pay(chain, chain.she, order["id"])
        paid = (await chain.she.ask(document("phone/order"), id=order["id"]))["order"]
        assert paid["status"] == "PAID"
        assert paid["totals"]["paid"] == paid["totals"]["payable"]
        assigned = (await printer.next())["data"]["fulfilmentAssigned"]
    assert assigned["method"] == "STORE_DELIVERY"
    assert assigned["ticket"]["status"] == "QUEUED"
    ticket = {"ticketId": assigned["ticket"]["id"]}
    printed = await chain.picker.do(document("store/ticket_acknowledge"), **ticket)
    assert printed["ticket"]["status"] == "PRINTED"
    delivery = {"fulfilmentId": assigned["id"]}
    await chain.picker.do(document("store/fulfilment_accept"), **delivery)
    await chain.picker.do(document("store/fulfilment_ready"), **delivery)
    await chain.picker.do(
        document("store/fulfilment_ship"), **delivery, carrier="our own", trackingNumber="1"
    )
    (carried,) = [each for each in paid["fulfilments"] if each["method"] == "CARRY_OUT"]
    done = await chain.cashier.do(document("store/fulfilment_complete"), fulfilmentId=carried["id"])
    assert done["fulfilment"]["order"]["status"] == "PARTIALLY_FULFILLED"
    done = await chain.she.do(document("store/fulfilment_complete"), **delivery)
    assert done["fulfilment"]["order"]["status"] == "COMPLETED"


async def order_to_collect(chain: Chain, person: Api, quantity: int) -> Any:
    """A paid order, ready at the third store; answered as its customer sees it."""
    checkout = {
        "lines": [{"variantId": chain.ids["collected"], "quantity": quantity}],
        "fulfilments": [{"method": "STORE_PICKUP", "storeId": chain.ids["store 2"]}],
    }
    placed = await person.do(
        document("phone/checkout_place"), checkout=checkout, idempotencyKey=next(keys)
    )
    order_id = placed["order"]["id"]
    await pay(chain, person, order_id)
    (fulfilment,) = placed["order"]["fulfilments"]
    for step in ("accept", "ready"):
        await chain.counter.do(document(f"store/fulfilment_{step}"), fulfilmentId=fulfilment["id"])
    return (await person.ask(document("phone/order"), id=order_id))["order"]


async def collect_once(chain: Chain) -> None:
    order = await order_to_collect(chain, chain.she, 1)
    code = order["fulfilments"][0]["pickup"]["code"]
    preview = (await chain.counter.ask(document("store/pickup_preview"), code=code))["pickup"]
    assert preview["lines"][0]["quantity"] == 1
    elsewhere = await chain.picker.ask(document("store/pickup_preview"), code=code)
    assert elsewhere["pickup"] is None
    answers = await asyncio.gather(
        *(
            chain.counter.ask(
                document("store/pickup_collect"), code=code, idempotencyKey=next(keys)
            )
            for _ in range(5)
        )
    )
    collected = [
        each["pickupCollect"] for each in answers if not each["pickupCollect"]["userErrors"]
    ]
    assert [each["fulfilment"]["order"]["status"] for each in collected] == ["COMPLETED"]


async def a_till_identifies_her_once(chain: Chain) -> None:
    shown = (await chain.she.do(document("phone/member_code")))["memberCode"]
    assert len(shown["code"]) == 18
    known = await chain.cashier.do(document("store/member_identify"), code=shown["code"])
    assert known["member"]["tier"]["code"]
    await chain.cashier.refused(document("store/member_identify"), code=shown["code"])


async def her_friend_buys_and_she_earns(chain: Chain) -> None:
    link = (await chain.she.do(document("phone/share"), target="HOME"))["shareLink"]
    chain.people["friend"], _ = await sign_in(chain, FRIENDS_PHONE, link["token"])
    friends = (await chain.friend.do(document("phone/share"), target="HOME"))["shareLink"]
    loop = await chain.aunt.refused(document("phone/referral_bind"), token=friends["token"])
    assert loop[0]["code"] == "REFERRAL_CYCLE"
    order = await order_to_collect(chain, chain.friend, 3)
    base = Decimal(order["totals"]["paid"]["amount"])
    await chain.counter.do(
        document("store/pickup_collect"),
        code=order["fulfilments"][0]["pickup"]["code"],
        idempotencyKey=next(keys),
    )
    for person, level, rate in ((chain.she, 1, "0.10"), (chain.aunt, 2, "0.05")):
        referral = (await person.ask(document("phone/referral")))["me"]["referral"]
        edges = referral["commissions"]["edges"]
        (earned,) = [edge["node"] for edge in edges if edge["node"]["level"] == level]
        assert earned["order"] is None  # the friend's order is not theirs to see
        assert (earned["kind"], earned["level"], earned["status"]) == ("REFERRAL", level, "FROZEN")
        assert Decimal(earned["base"]["amount"]) == base
        assert Decimal(earned["amount"]["amount"]) == (base * Decimal(rate)).quantize(
            Decimal("0.01"), ROUND_DOWN
        )


async def every_channel_reads_the_same(chain: Chain, sku: str, available: int) -> None:
    for key in (None, *chain.keys.values()):
        scanned = await chain.anyone.through(key).ask(document("tablet/scan"), gtin=sku)
        assert scanned["variant"]["available"] == available


async def the_ledger_explains_every_piece(chain: Chain) -> None:
    for name, left in (("carried", 18), ("delivered", 17), ("collected", 16)):
        await every_channel_reads_the_same(chain, chain.skus[name], left)
        answer = await chain.erp.ask(
            "query($id: ID!) { stockMovements(filter: { variantId: $id }, first: 250)"
            " { edges { node { fromState toState quantity } } } }",
            id=chain.ids[name],
        )
        moves = [edge["node"] for edge in answer["stockMovements"]["edges"]]
        brought = sum(move["quantity"] for move in moves if move["fromState"] == "OUTSIDE")
        taken = sum(move["quantity"] for move in moves if move["toState"] == "OUTSIDE")
        assert (brought, taken) == (20, 20 - left)
    audit = (await chain.erp.ask(document("hq/stock_audit")))["stockAudit"]
    assert audit["checkedLevels"] == 250
    assert audit["drifts"] == []
