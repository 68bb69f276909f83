"""IDs written as kind and code: `store:S01` in place of a global ID, in every argument and input."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_operation_ast, parse

from models.text import codes
from models.text.codes import LONGEST_TYPED
from resolvers.node_codes import KINDS, MAXIMUM_CODES
from schema import schema
from schema.nodes.coded_ids import IdPlaces
from schema.nodes.nodes import Node
from tests.make.api import Api
from tests.make.documents import document
from tests.make.persons import sign_in, staff
from tests.make.shop import Shop, new_key, open_shop
from tests.make.statements import counting

FIND = """query($product: ID!, $sku: ID!, $store: ID!, $ids: [ID!]!) {
  product(id: $product) { code } variant(id: $sku) { sku carriedAt(locationId: $store) }
  store(id: $store) { code } node(id: $store) { __typename } nodes(ids: $ids) { __typename } }"""
CREATE = """mutation($input: CartCreateInput!) { cartCreate(input: $input) {
  cart { lines { quantity variant { sku } } } userErrors { code message path } } }"""
UPDATE = document("hq/staff_update")


@pytest.fixture
async def shop(api: Api) -> Shop:
    return await open_shop(await api.staff(), pieces=50, code="S1")


def page_of_kinds() -> dict[str, str]:
    page = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    section = page.partition("## Codes beside IDs")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+):…` \| `(\w+)`", section, re.MULTILINE))


async def test_things_are_found_by_their_codes_as_by_their_ids(api: Api, shop: Shop) -> None:
    codes = {
        "product": f"product:{shop.sku}",
        "sku": f"sku: {shop.sku.lower()} ",
        "store": "store:s1",
    }
    codes |= {"ids": ["store:S1", f"sku:{shop.sku}", "store:NONE", "cart:1", "sku", ":", ""]}
    found = await api.ask(FIND, **codes)
    assert found["product"] == {"code": shop.sku}
    assert found["variant"] == {"sku": shop.sku, "carriedAt": True}
    assert found["store"] == {"code": "S1"}
    assert found["node"] == {"__typename": "Store"}
    kinds = [each and each["__typename"] for each in found["nodes"]]
    assert kinds == ["Store", "Variant", None, None, None, None, None]
    written = '{ store(id: "store:S1") { code } more: variant(id: "sku:S1-1") { sku } }'
    assert await api.ask(written) == {"store": {"code": "S1"}, "more": {"sku": "S1-1"}}
    default = 'query($id: ID! = "store:S1") { store(id: $id) { code } }'
    assert (await api.ask(default))["store"] == {"code": "S1"}


async def test_a_mutation_takes_codes_and_names_the_field_at_fault(api: Api, shop: Shop) -> None:
    guest = await api.guest()
    lines = [{"variantId": f"sku:{shop.sku}", "quantity": 2}]
    cart = (await guest.do(CREATE, input={"lines": lines}))["cart"]
    assert cart["lines"] == [{"quantity": 2, "variant": {"sku": shop.sku}}]
    [error] = await guest.refused(
        CREATE, input={"lines": [*lines, {"variantId": "sku:NO", "quantity": 1}]}
    )
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["lines", "1", "variantId"])
    [error] = await guest.refused(
        CREATE, input={"lines": [{"variantId": "store:S1", "quantity": 1}]}
    )
    assert (error["code"], error["path"]) == ("INVALID", ["lines", "0", "variantId"])


async def test_an_order_and_its_store_are_named_by_number_and_code(api: Api, shop: Shop) -> None:
    member = await sign_in(api, "13800001234")
    checkout = {
        "lines": [{"variantId": f"sku:{shop.sku}", "quantity": 1}],
        "fulfilments": [{"method": "STORE_PICKUP", "storeId": "store:S1"}],
    }
    placed = await member.do(
        document("phone/checkout_place"), checkout=checkout, idempotencyKey=new_key()
    )
    order = placed["order"]
    for code in (f"order:{order['number']}", f"order: {order['number'].lower()}"):
        found = await member.ask("query($id: ID!) { order(id: $id) { number } }", id=code)
        assert found["order"] == {"number": order["number"]}
    cancel = 'mutation($id: ID!) { orderCancel(input: {orderId: $id, reason: "no"})'
    cancel += " { order { status } userErrors { code path } } }"
    stranger = await sign_in(api, "13800001235")
    [foreign] = await stranger.refused(cancel, id=f"order:{order['number']}")
    [unknown] = await stranger.refused(cancel, id="order:260101NOTHING")
    assert foreign == unknown
    assert foreign["path"] == ["orderId"]
    done = await member.do(cancel, id=f"order:{order['number']}")
    assert done["order"]["status"] == "CANCELLED"


async def test_what_is_another_merchants_is_not_there(api: Api, shop: Shop) -> None:
    admin = await api.staff()
    other = {"code": "OTHER", "name": "Other", "kind": "MERCHANT"}
    await admin.do(document("hq/organisation_upsert"), input=other)
    stranger = await staff(admin, "OTHER", "ADMIN")
    theirs = await staff(admin, "S1", "GUIDE")
    viewer = "{ viewer { actor { ... on Staff { username } } } }"
    username = (await theirs.ask(viewer))["viewer"]["actor"]["username"]
    [foreign] = await stranger.refused(UPDATE, input={"staffId": f"staff:{username}", "name": "x"})
    [unknown] = await stranger.refused(UPDATE, input={"staffId": "staff:nobody", "name": "x"})
    assert foreign == unknown
    assert (foreign["code"], foreign["path"]) == ("NOT_FOUND", ["staffId"])
    codes = {"product": f"product:{shop.sku}", "sku": f"sku:{shop.sku}", "store": "store:S1"}
    nothing = {"product": None, "variant": None, "store": None, "node": None, "nodes": [None]}
    assert await stranger.ask(FIND, **codes, ids=[f"sku:{shop.sku}"]) == nothing
    assert (await admin.do(UPDATE, input={"staffId": f"staff:{username}", "name": "x"}))["staff"]


async def test_a_store_of_another_merchant_is_named_exactly_by_who_works_somewhere(
    api: Api, shop: Shop
) -> None:
    platform = await api.staff()
    other = {"code": "OTHER", "name": "Other", "kind": "MERCHANT"}
    await platform.do(document("hq/organisation_upsert"), input=other)
    await open_shop(await staff(platform, "OTHER", "ADMIN"), pieces=1, code="T1")
    ask = "query($id: ID!, $code: String) { byId: store(id: $id) { code } store(code: $code) { code } }"
    # The first merchant is the one that requests are about; the shop is the platform's.
    for caller, typed, by_id in (
        (platform, "S1", {"code": "S1"}),
        (platform, "s1", None),
        (api, "S1", None),
        (api, "s1", None),
    ):
        found = await caller.ask(ask, id=f"store:{typed}", code=typed)
        assert found == {"byId": by_id, "store": None}, typed
    own = {"byId": {"code": "T1"}, "store": {"code": "T1"}}
    assert await api.ask(ask, id="store:t1", code="t1") == own


async def test_a_hundred_codes_are_one_statement_a_kind_and_too_many_are_refused(
    api: Api, shop: Shop
) -> None:
    ask = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    with counting() as few:
        await api.ask(ask, ids=["store:S1", f"sku:{shop.sku}"])
    with counting() as many:
        found = await api.ask(
            ask, ids=[f"{kind}:{n}" for n in range(100) for kind in ("store", "sku")]
        )
    assert found["nodes"] == [None] * 200
    assert len(many) <= len(few)
    update = (
        "mutation($input: CartCreateInput!) { cartCreate(input: $input) { userErrors { code } } }"
    )
    lines = [{"variantId": f"sku:{n}", "quantity": 1} for n in range(MAXIMUM_CODES + 1)]
    answer = await (await api.guest()).send(update, input={"lines": lines})
    assert answer.get("data") is None
    assert answer["errors"][0]["extensions"]["code"] in (
        "INVALID",
        "COST_EXCEEDED",
        "LIMIT_EXCEEDED",
    )


def codes_of(text: str, **variables: Any) -> set[str]:
    parsed = parse(text)
    operation = get_operation_ast(parsed, "Q")
    assert operation
    return IdPlaces(schema._schema, parsed, operation).codes(variables)


def test_only_what_fields_that_run_are_given_is_looked_for() -> None:
    ask = """query Q($x: ID = "store:D", $y: ID!, $n: Boolean!) {
      a: node(id: "store:A") { id } never: node(id: "store:N") @skip(if: true) { id }
      ... on Query @include(if: $n) { b: node(id: $x) { id } ...More }
      c: store(id: $y) @skip(if: $n) { code } }
    fragment More on Query { nodes(ids: ["store:M", $y]) { ... on Store { id } } }
    query Other { node(id: "store:O") { id } }"""
    assert codes_of(ask, y="store:Y", n=True) == {"store:A", "store:D", "store:M", "store:Y"}
    assert codes_of(ask, x="store:X", y="y", n=True) == {"store:A", "store:X", "store:M"}
    assert codes_of(ask, x="store:X", y="store:Y", n=False) == {"store:A", "store:Y"}
    create = """mutation Q($lines: [CartLineInput!]!, $n: Boolean!, $v: ID!) {
      cartCreate(input: {lines: $lines}) @include(if: $n) { cart { id } }
      more: cartCreate(input: {lines: [{variantId: $v, quantity: 1}]}) { cart { id } } }"""
    lines = [{"variantId": "sku:1", "quantity": 1}]
    assert codes_of(create, lines=lines, n=False, v="sku:2") == {"sku:2"}
    assert codes_of(create, lines=lines, n=True, v="sku:2") == {"sku:1", "sku:2"}


async def test_codes_that_are_too_long_or_not_asked_for_are_not_folded(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    folded: list[str] = []

    def normalise(_: str, text: str) -> str:
        folded.append(text)
        return text

    folding = SimpleNamespace(normalize=normalise, category=unicodedata.category)
    monkeypatch.setattr(codes, "unicodedata", folding)
    ask = "query($x: [ID!]!, $n: Boolean!) { nodes(ids: $x) @include(if: $n) { id } viewer { __typename } }"
    wide = [f"sku:{n}" + "\ufdfa" * 20 for n in range(20)]
    with counting() as none:
        await api.ask(ask, x=wide, n=False)
    assert folded == []
    assert not any("variant" in each for each in none)
    found = await api.ask(ask, x=["sku:" + "\ufdfa" * (LONGEST_TYPED + 1)], n=True)
    assert found["nodes"] == [None]
    assert folded == []
    assert (await api.ask(ask, x=wide, n=True))["nodes"] == [None] * 20
    assert sorted(folded) == sorted(each.removeprefix("sku:") for each in wide)


async def test_a_subscription_takes_codes(api: Api, shop: Shop) -> None:
    admin = await api.staff()
    follow = "subscription($ids: [ID!]) { stockChanged(variantIds: $ids) { available location { code } } }"
    async with admin.subscribe(follow, ids=[f"sku:{shop.sku}"]) as events:
        assert await events.silent()
        rows = [{"locationCode": "S1", "sku": shop.sku, "quantity": 7}]
        await admin.do(document("erp/stock_set"), input={"rows": rows, "idempotencyKey": new_key()})
        event = await events.next()
    assert event["data"]["stockChanged"] == {"available": 7, "location": {"code": "S1"}}


def test_everything_that_has_a_code_has_a_kind_which_the_docs_list() -> None:
    core = schema._schema
    coded = set()
    for name in Node.kinds:
        type_: Any = core.type_map[name]
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        if {"code", "number", "sku", "username"} & set(type_.fields):
            coded.add(name)
    assert coded == {kind.node for kind in KINDS.values()}
    assert page_of_kinds() == {name: kind.node for name, kind in KINDS.items()}
