"""A quote's token, and what becomes of orders and carts, as clients see them."""

from __future__ import annotations

from typing import Any

import pytest

from models.accounts.roles import Role
from tests.make.api import Api
from tests.make.counter import Counter, a_clerk, open_counter, pay, place, seen
from tests.make.documents import document
from tests.make.shop import Shop, new_key, one_piece, open_shop
from tests.make.statements import counting


@pytest.fixture
async def admin(api: Api) -> Api:
    return await api.staff()


@pytest.fixture
async def shop(admin: Api) -> Shop:
    return await open_shop(admin, pieces=50)


async def reprice(admin: Api, shop: Shop, price: str, **product: Any) -> None:
    named = {"code": shop.sku, "name": "纯牛奶", "variants": [{"sku": shop.sku, "price": price}]}
    await admin.do(document("erp/catalog_upsert"), input={"products": [{**named, **product}]})


async def quoted(customer: Api, checkout: Any) -> Any:
    found = await customer.ask(document("phone/checkout_quote"), checkout=checkout)
    return found["checkoutQuote"]


async def placed(customer: Api, checkout: Any, **terms: Any) -> Any:
    given = {"checkout": checkout, "idempotencyKey": new_key(), **terms}
    return (await customer.ask(document("phone/checkout_place"), **given))["checkoutPlace"]


async def test_the_order_costs_what_was_quoted(api: Api, admin: Api, shop: Shop) -> None:
    guest, checkout = await api.guest(), one_piece(shop, 3)
    quote = await quoted(guest, checkout)
    assert quote["totals"]["payable"]["amount"] == "29.70"
    assert [each["fee"]["amount"] for each in quote["fulfilments"]] == ["0.00"]
    await reprice(admin, shop, "999.00")
    order = (await placed(guest, checkout, quoteToken=quote["token"]))["order"]
    assert order["totals"]["payable"]["amount"] == "29.70"


async def test_what_is_different_is_said_in_the_callers_language(
    api: Api, admin: Api, shop: Shop
) -> None:
    guest, checkout = await api.guest(), one_piece(shop, 3)
    token = (await quoted(guest, checkout))["token"]
    await reprice(admin, shop, "12.00")
    payload = await placed((await api.guest()).speaking("zh"), checkout, quoteToken=token)
    assert payload["order"] is None
    (error,) = payload["userErrors"]
    assert (error["code"], error["path"]) == ("QUOTE_CHANGED", ["quoteToken"])
    assert error["message"] == "该报价属于另一次结算。"
    assert error["expectedTotal"] == {"amount": "29.70"}
    assert error["changes"] == [
        {
            "kind": "PRICE_UP",
            "message": "价格由 9.90 元变为 12.00 元。",
            "before": {"amount": "9.90"},
            "after": {"amount": "12.00"},
            "available": None,
            "variant": {"sku": shop.sku},
        }
    ]
    assert error["quote"]["totals"]["payable"]["amount"] == "36.00"
    assert error["quote"]["userErrors"] == []
    assert error["quote"]["token"] not in (None, token)


async def test_withdrawn_goods_are_named_and_the_quote_is_refused(
    api: Api, admin: Api, shop: Shop
) -> None:
    guest, checkout = await api.guest(), one_piece(shop)
    token = (await quoted(guest, checkout))["token"]
    await reprice(admin, shop, "9.90", status="ARCHIVED")
    (error,) = (await placed(guest, checkout, quoteToken=token))["userErrors"]
    assert [(each["kind"], each["variant"]) for each in error["changes"]] == [
        ("NOT_SOLD_HERE", {"sku": shop.sku})
    ]
    assert (error["quote"]["totals"], error["quote"]["token"]) == (None, None)
    assert error["quote"]["userErrors"][0]["code"] == "NOT_FOUND"


async def test_a_price_list_and_a_storefront_change_nothing_behind_a_quote(
    api: Api, admin: Api, shop: Shop
) -> None:
    create = document("hq/storefront_create")
    code = (await admin.ask("{ viewer { organisations { code } } }"))["viewer"]["organisations"][0]
    keys = []
    for channel in ("APP", "PC"):
        given = {"name": channel, "channel": channel, "organisationCode": code["code"]}
        keys.append((await admin.do(create, input=given))["storefront"]["key"])
    app, page = [(await api.guest()).through(key) for key in keys]
    page = page.as_(app.token)
    checkout = one_piece(shop)
    token = (await quoted(app, checkout))["token"]
    lists = {"code": "SALE", "name": "Sale", "kind": "CHANNEL", "key": "APP"}
    row = {"listCode": "SALE", "sku": shop.sku, "price": "88.00"}
    await admin.do(document("erp/price_list_upsert"), input={"priceLists": [lists]})
    await admin.do(
        document("erp/price_set"),
        input={"rows": [row], "idempotencyKey": new_key()},
    )
    assert (await quoted(app, checkout))["totals"]["payable"]["amount"] == "88.00"
    (error,) = (await placed(page, checkout, quoteToken=token))["userErrors"]
    assert error["code"] == "QUOTE_CHANGED"
    order = (await placed(app, checkout, quoteToken=token))["order"]
    assert order["totals"]["payable"]["amount"] == "9.90"


async def test_an_expected_total_guards(api: Api, shop: Shop) -> None:
    guest, checkout = await api.guest(), one_piece(shop)
    (error,) = (await placed(guest, checkout, expectedTotal="9.80"))["userErrors"]
    assert (error["code"], error["path"]) == ("QUOTE_CHANGED", ["expectedTotal"])
    assert (error["expectedTotal"]["amount"], error["changes"][0]["kind"]) == ("9.80", "PRICE_UP")
    for forged in ("", "x.y.z", error["quote"]["token"] + "x"):
        (refusal,) = (await placed(guest, checkout, quoteToken=forged))["userErrors"]
        assert (refusal["code"], refusal["path"]) == ("INVALID", ["quoteToken"])
    payload = await placed(
        guest, checkout, expectedTotal="9.90", quoteToken=error["quote"]["token"]
    )
    assert payload["userErrors"] == []


async def test_a_token_costs_no_more_statements_than_none(api: Api, shop: Shop) -> None:
    guest, checkout = await api.guest(), one_piece(shop)
    counts = []
    for _ in range(2):  # the first time prepares
        counts = []
        for token in (None, (await quoted(guest, checkout))["token"]):
            with counting() as statements:
                await placed(guest, checkout, quoteToken=token)
            counts.append(len(statements))
    without, kept = counts
    assert kept <= without


async def test_a_cart_is_found_on_another_device_and_says_what_it_became(
    api: Api, shop: Shop
) -> None:
    guest = await api.guest()
    assert (await api.ask(document("phone/my_cart")))["viewer"]["cart"] is None
    lines = [{"variantId": shop.variant_id, "quantity": 2}]
    made = await guest.do(document("tablet/cart_create"), lines=lines)
    found = (await guest.ask(document("phone/my_cart")))["viewer"]["cart"]
    assert (found["id"], found["status"]) == (made["cart"]["id"], "OPEN")
    checkout = {**one_piece(shop), "cartId": found["id"]}
    del checkout["lines"]
    order = (await placed(guest, checkout))["order"]
    assert (await guest.ask(document("phone/my_cart")))["viewer"]["cart"] is None
    became = await guest.ask(
        "query($i: ID!) { cart(id: $i) { status order { id } } }", i=found["id"]
    )
    assert became["cart"] == {"status": "ORDERED", "order": {"id": order["id"]}}


async def test_carts_cost_the_same_statements_however_many(api: Api, shop: Shop) -> None:
    guest, ids = await api.guest(), []
    for _ in range(3):
        lines = [{"variantId": shop.variant_id, "quantity": 1}]
        made = await guest.do(document("tablet/cart_create"), lines=lines)
        ids.append(made["cart"]["id"])
        checkout = {**one_piece(shop), "cartId": ids[-1]}
        del checkout["lines"]
        assert (await placed(guest, checkout))["order"]
    ask = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Cart { status order { number } } } }"
    with counting() as for_one:
        await guest.ask(ask, ids=ids[:1])
    with counting() as for_three:
        found = await guest.ask(ask, ids=ids)
    assert len({each["order"]["number"] for each in found["nodes"]}) == 3
    assert len(for_three) == len(for_one)


async def test_a_part_is_called_off_and_the_others_go_on(api: Api) -> None:
    counter: Counter = await open_counter(api)
    guest = await api.guest()
    manager = await a_clerk(api, counter.ctx, counter.level.location_id, Role.MANAGER)
    order = await place(counter, guest, "STORE_PICKUP", "STORE_DELIVERY")
    await pay(counter, guest, order)
    pickup, delivery = order["fulfilments"]
    given = {"fulfilmentId": delivery["id"], "reason": "broken", "idempotencyKey": new_key()}
    refused = await counter.clerk.send(document("store/fulfilment_cancel"), **given)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    for _ in range(2):
        payload = await manager.do(document("store/fulfilment_cancel"), **given)
        ended = payload["fulfilment"]
        assert (ended["status"], ended["availableActions"]) == ("CANCELLED", [])
        assert ended["order"]["totals"]["refunded"]["amount"] == "10.00"
    found = await seen(guest, order)
    assert (found["status"], found["totals"]["refunded"]["amount"]) == ("PAID", "10.00")
    offered = await manager.ask(
        "query($i: ID!) { order(id: $i) { fulfilments { id availableActions } } }", i=order["id"]
    )
    actions = {each["id"]: each["availableActions"] for each in offered["order"]["fulfilments"]}
    assert actions == {pickup["id"]: ["ACCEPT", "CANCEL"], delivery["id"]: []}
