from __future__ import annotations

from typing import Any

import pytest

from tests.make.api import Api
from tests.make.documents import document
from tests.make.shop import Shop, new_key, one_piece, open_shop
from tests.make.statements import counting

CART = "cart { id token version subtotal { amount } member { number } guide { name } lines {"
CART += (
    " quantity addedIn addedBy { name } unitPrice { amount } total { amount } variant { sku } } }"
)
ERRORS = "userErrors { __typename code message path ... on InsufficientStock { available variant { sku } } }"
CREATE = f"mutation($input: CartCreateInput!) {{ cartCreate(input: $input) {{ {CART} qrSvg {ERRORS} }} }}"
ADD = f"mutation($input: CartLinesInput!) {{ cartLinesAdd(input: $input) {{ {CART} {ERRORS} }} }}"
UPDATE = (
    f"mutation($input: CartLinesInput!) {{ cartLinesUpdate(input: $input) {{ {CART} {ERRORS} }} }}"
)
PLACE = (
    "mutation($input: CheckoutPlaceInput!) { checkoutPlace(input: $input) { order { id number status"
    f" totals {{ payable {{ amount }} }} availableActions remark }} {ERRORS} }} }}"
)
QUOTE = (
    "query($input: CheckoutInput!) { checkoutQuote(input: $input) { lines { quantity total { amount }"
    " variant { sku } } totals { goods { amount } payable { amount currency } paid { amount } }"
    f" fulfilments {{ method readyAt location {{ code }} lines {{ quantity }} }} expiresAt {ERRORS} }} }}"
)
ORDERS = (
    "query($first: Int) { orders(first: $first) { edges { node { number status channel member { number }"
    " totals { payable { amount } } lines { quantity variant { sku } } attribution { store { code }"
    " guide { name } referrer { name } } availableActions history { to note actor { __typename } }"
    " fulfilments { method status location { code } lines(first: 20) { quantity variant { sku } } }"
    " payments { status } } } pageInfo { hasNextPage } } }"
)


@pytest.fixture
async def shop(api: Api) -> Shop:
    return await open_shop(await api.staff(), pieces=50)


async def member(api: Api, phone: str, guest: Api | None = None, **given: Any) -> Api:
    await api.do(document("phone/code_request"), phone=phone)
    code = api.codes_sent()[-1]["code"]
    payload = await (guest or api).do(
        document("phone/member_sign_in"),
        input={"phone": phone, "code": code, **given},
    )
    assert payload["viewer"]["actor"]["name"] == given.get(
        "name", payload["viewer"]["actor"]["name"]
    )
    return api.as_(payload["accessToken"])


async def test_a_cart_speaks_of_lines_prices_and_people(api: Api, shop: Shop) -> None:
    guest = await api.guest()
    lines = [{"variantId": shop.variant_id, "quantity": 2}]
    made = await guest.do(CREATE, input={"lines": lines})
    assert made["qrSvg"].startswith("<svg")
    cart = (await guest.do(ADD, input={"cartId": made["cart"]["id"], "lines": lines}))["cart"]
    assert (cart["version"], cart["subtotal"], cart["guide"]) == (2, {"amount": "39.60"}, None)
    assert cart["lines"] == [
        {
            "quantity": 4,
            "addedIn": "PC",
            "addedBy": None,
            "unitPrice": {"amount": "9.90"},
            "total": {"amount": "39.60"},
            "variant": {"sku": shop.sku},
        }
    ]
    lines[0]["quantity"] = 0
    emptied = await guest.do(UPDATE, input={"cartId": cart["id"], "lines": lines})
    assert (emptied["cart"]["lines"], emptied["cart"]["subtotal"]["amount"]) == ([], "0.00")


async def test_refusals_name_the_field_at_fault(api: Api, shop: Shop) -> None:
    guest = await api.guest()
    wrong_kind = [{"variantId": shop.store_id, "quantity": 1}]
    (error,) = await guest.refused(CREATE, input={"lines": wrong_kind})
    assert (error["code"], error["path"]) == ("INVALID", ["lines", "0", "variantId"])
    foreign = (await (await api.guest()).do(CREATE, input={}))["cart"]["id"]
    (error,) = await guest.refused(ADD, input={"cartId": foreign, "lines": wrong_kind[:0]})
    assert (error["code"], error["path"]) == ("INVALID", ["lines"])
    lines = [{"variantId": shop.variant_id, "quantity": 1}]
    (error,) = await guest.refused(ADD, input={"cartId": foreign, "lines": lines})
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["cartId"])
    checkout = one_piece(shop, quantity=51)
    (error,) = await guest.speaking("zh").refused(
        PLACE, input={"checkout": checkout, "idempotencyKey": new_key()}
    )
    assert error == {
        "__typename": "InsufficientStock",
        "code": "INSUFFICIENT_STOCK",
        "message": "需要 51 件，目前仅有 50 件可售。",
        "path": ["checkout", "fulfilments", "0"],
        "available": 50,
        "variant": {"sku": shop.sku},
    }
    (error,) = await guest.refused(PLACE, input={"checkout": one_piece(shop), "idempotencyKey": ""})
    assert (error["code"], error["path"]) == ("INVALID", ["idempotencyKey"])
    bad_store = {**one_piece(shop), "fulfilments": [{"method": "CARRY_OUT", "storeId": "x"}]}
    (error,) = await guest.refused(
        PLACE, input={"checkout": bad_store, "idempotencyKey": new_key()}
    )
    assert error["path"] == ["checkout", "fulfilments", "0", "storeId"]


async def test_a_visitor_without_a_token_has_no_cart(api: Api, shop: Shop) -> None:
    answer = await api.send(CREATE, input={})
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_quote_speaks_to_the_fen_and_holds_nothing(api: Api, shop: Shop) -> None:
    guest = await api.guest()
    quote = (await guest.ask(QUOTE, input=one_piece(shop, 3)))["checkoutQuote"]
    assert quote["userErrors"] == []
    assert quote["totals"] == {
        "goods": {"amount": "29.70"},
        "payable": {"amount": "29.70", "currency": "CNY"},
        "paid": {"amount": "0.00"},
    }
    assert quote["lines"] == [
        {"quantity": 3, "total": {"amount": "29.70"}, "variant": {"sku": shop.sku}}
    ]
    assert quote["fulfilments"] == [
        {
            "method": "STORE_PICKUP",
            "readyAt": None,
            "location": {"code": shop.store_code},
            "lines": [{"quantity": 3}],
        }
    ]
    variant = await api.ask("query($i: ID!) { variant(id: $i) { available } }", i=shop.variant_id)
    assert variant["variant"]["available"] == 50
    refused = await guest.ask(QUOTE, input={"fulfilments": [], "couponCodes": ["X"]})
    assert [each["path"] for each in refused["checkoutQuote"]["userErrors"]] == [
        ["couponCodes"],
        ["cartId"],
        ["fulfilments"],
    ]
    assert refused["checkoutQuote"]["lines"] == []


async def test_a_guest_who_signs_in_keeps_cart_and_order(api: Api, shop: Shop) -> None:
    guest = await api.guest()
    lines = [{"variantId": shop.variant_id, "quantity": 2}]
    cart = (await guest.do(CREATE, input={"lines": lines}))["cart"]
    placing = {"checkout": one_piece(shop), "idempotencyKey": new_key()}
    order = (await guest.do(PLACE, input=placing))["order"]
    assert order["availableActions"] == ["PAY", "CANCEL"]
    she = await member(api, "13900001111", guest, name="王小姐")
    hers = await she.ask(
        "query($i: ID!) { cart(id: $i) { lines { quantity } member { name } } }", i=cart["id"]
    )
    assert hers["cart"] == {"lines": [{"quantity": 2}], "member": {"name": "王小姐"}}
    found = await she.ask("query($n: String!) { order(number: $n) { id } }", n=order["number"])
    assert found["order"] == {"id": order["id"]}
    nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert (await guest.ask(nodes, ids=[cart["id"], order["id"]]))["nodes"] == [None, None]
    assert (await she.ask(nodes, ids=[cart["id"], order["id"]]))["nodes"] == [
        {"id": cart["id"]},
        {"id": order["id"]},
    ]


async def test_a_wrong_code_takes_nothing_over_and_is_counted(api: Api, shop: Shop) -> None:
    guest = await api.guest()
    await guest.do(CREATE, input={})
    await api.do(document("phone/code_request"), phone="13900002222")
    sign_in = (
        "mutation($input: OtpSignInInput!) { otpSignIn(input: $input)"
        " { accessToken userErrors { code path } } }"
    )
    wrong = {"phone": "13900002222", "code": "not it"}
    for _ in range(5):
        assert await guest.refused(sign_in, input=wrong) == [{"code": "INVALID", "path": ["code"]}]
    right = {**wrong, "code": api.codes_sent()[-1]["code"]}
    [error] = (await guest.send(sign_in, input=right))["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"


async def test_a_route_is_previewed_with_every_candidate(api: Api, shop: Shop) -> None:
    preview = (
        "query($lines: [VariantQuantityInput!]!, $near: GeoPointInput!, $method: FulfilmentMethod!)"
        " { routePreview(lines: $lines, near: $near, method: $method) { decidedAt"
        " picks { quantity distanceMetres location { code } variant { sku } }"
        " candidates { chosen refusedBecause location { code } } } }"
    )
    near = {"latitude": 41.79, "longitude": 123.39}
    for quantity, chosen in ((2, True), (51, False)):
        lines = [{"variantId": shop.variant_id, "quantity": quantity}]
        answer = await api.ask(preview, lines=lines, near=near, method="STORE_DELIVERY")
        decision = answer["routePreview"]
        assert bool(decision["picks"]) is chosen
        (candidate,) = decision["candidates"]
        assert candidate["chosen"] is chosen
        assert candidate["refusedBecause"] == ([] if chosen else ["INSUFFICIENT_STOCK"])
    answer = await api.send(preview, lines=lines, near=near, method="CARRY_OUT")
    assert answer["errors"][0]["extensions"]["code"] == "INVALID"


async def test_a_list_of_orders_asks_as_often_for_ten_as_for_two(api: Api, shop: Shop) -> None:
    guest = await api.guest()
    for _ in range(10):
        placing = {"checkout": one_piece(shop), "idempotencyKey": new_key()}
        await guest.do(PLACE, input=placing)
    counts = []
    for first in (2, 10):
        with counting() as statements:
            found = (await guest.ask(ORDERS, first=first))["orders"]
        assert len(found["edges"]) == first
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 16


async def test_a_purchase_costs_few_statements(api: Api, shop: Shop) -> None:
    guest = await api.guest()
    lines = [{"variantId": shop.variant_id, "quantity": 1}]
    cart = (await guest.do(CREATE, input={"lines": lines}))["cart"]
    checkout = {
        "cartId": cart["id"],
        "fulfilments": [{"method": "STORE_PICKUP", "storeId": shop.store_id}],
    }
    place = (
        "mutation($input: CheckoutPlaceInput!) { checkoutPlace(input: $input)"
        " { order { id } userErrors { code } } }"
    )
    with counting() as statements:
        await guest.do(place, input={"checkout": checkout, "idempotencyKey": new_key()})
    assert len(statements) <= 24, "\n".join(statements)


async def test_a_cart_asks_as_often_for_ten_lines_as_for_two(api: Api) -> None:
    admin = await api.staff()
    shops = [await open_shop(admin, pieces=1, code=f"SHOP{number}") for number in range(10)]
    counts = []
    for number in (2, 10):
        guest = await api.guest()
        lines = [{"variantId": shop.variant_id, "quantity": 1} for shop in shops[:number]]
        with counting() as statements:
            made = await guest.do(CREATE, input={"lines": lines})
        assert len(made["cart"]["lines"]) == number
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 14
