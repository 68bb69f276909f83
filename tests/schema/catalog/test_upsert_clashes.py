"""Rows of one batch that stand in each other's way, or in the way of what is there already."""

from __future__ import annotations

from typing import Any

from models.database import fetch
from tests.make.api import Api
from tests.make.documents import document
from tests.make.goods import a_gtin
from tests.make.products import LIST, UPSERT
from tests.make.shop import Shop, new_key, one_piece, open_shop

Row = dict[str, Any]
Refused = list[tuple[str, list[str]]]


def product(code: str, *variants: Row, **given: Any) -> Row:
    return {
        "code": code,
        "name": f"商品{code}",
        "variants": list(variants) or [{"sku": code, "price": "9.90"}],
        **given,
    }


def with_gtins(sku: str, *numbers: int) -> Row:
    return {"sku": sku, "price": "1", "gtins": [a_gtin(each) for each in numbers]}


async def put(api: Api, *rows: Row) -> None:
    await api.do(UPSERT, input={"products": rows})


async def skipping(api: Api, *rows: Row) -> tuple[list[bool], Refused]:
    """Which rows were done, and what is said of the others."""
    answer = await api.do(UPSERT, input={"products": rows, "onError": "SKIP_FAILED"})
    told = answer["results"]
    refused = [(each["code"], each["path"][1:]) for row in told for each in row["userErrors"]]
    return [row["ok"] for row in told], refused


async def parents() -> dict[str, str | None]:
    rows = await fetch(
        "SELECT c.code, p.code AS parent FROM category c LEFT JOIN category p ON p.id = c.parent_id"
    )
    return {row["code"]: row["parent"] for row in rows}


async def owners() -> dict[str, str]:
    rows = await fetch(
        "SELECT g.gtin, v.sku FROM variant_gtin g JOIN variant v ON v.id = g.variant_id"
    )
    return {row["gtin"]: row["sku"] for row in rows}


async def told() -> int:
    return len(await fetch("SELECT id FROM outbox_event"))


async def test_a_row_that_fails_leaves_its_category_where_it_was_and_no_circle_comes_of_it(
    api: Api,
) -> None:
    erp = await api.staff()
    await put(
        erp,
        product("P1", categoryCode="B", categoryParentCode="A"),
        product("P2", with_gtins("P2", 1)),
    )
    moving = product("P1", with_gtins("P1", 1), categoryCode="B", categoryParentCode="D")
    below = product("P3", categoryCode="A", categoryParentCode="B")
    done, refused = await skipping(erp, moving, below)
    assert done == [False, False]
    assert refused == [
        ("DUPLICATE", ["0", "variants", "0", "gtins"]),
        ("INVALID", ["1", "categoryParentCode"]),
    ]
    assert await parents() == {"A": None, "B": "A"}
    sound = product("P1", categoryCode="B", categoryParentCode="D")
    assert await skipping(erp, sound, below) == ([True, True], [])
    assert await parents() == {"A": "B", "B": "D", "D": None}


async def test_what_two_rows_say_differently_of_one_brand_or_category_is_refused(api: Api) -> None:
    erp = await api.staff()
    named = {"brandCode": "B", "categoryCode": "C"}
    first = product("P1", **named, brandName="一", categoryName="甲", categoryParentCode="X")
    rows = [
        first,
        product("P2", **named, brandName="二"),
        product("P3", **named, categoryName="乙"),
        product("P4", **named, categoryParentCode="Y"),
        product("P5", **named, brandName="一"),
    ]
    done, refused = await skipping(erp, *rows)
    assert done == [True, False, False, False, True]
    assert [path[1] for _, path in refused] == ["brandName", "categoryName", "categoryParentCode"]
    before = await told()
    await put(erp, first, rows[4])
    assert await told() == before


async def test_barcodes_change_hands_within_a_batch_and_within_a_product(api: Api) -> None:
    erp = await api.staff()
    small, large = with_gtins("S", 1, 2), with_gtins("L", 3)
    await put(erp, product("P", small, large))
    await put(erp, product("P", with_gtins("S", 3), with_gtins("L", 1, 2)))
    assert await owners() == {a_gtin(1): "L", a_gtin(2): "L", a_gtin(3): "S"}
    await put(erp, product("Q", with_gtins("Q", 2)), product("P", with_gtins("L", 1)))
    assert await owners() == {a_gtin(1): "L", a_gtin(2): "Q", a_gtin(3): "S"}
    (error,) = await erp.refused(UPSERT, input={"products": [product("R", with_gtins("R", 2))]})
    assert error["code"] == "DUPLICATE"


async def test_a_variant_stays_with_its_product_and_a_slug_with_its_owner(api: Api) -> None:
    erp = await api.staff()
    await put(erp, product("P", {"sku": "S", "price": "1"}, slug="one"), product("Q", slug="two"))
    moved = product("Q", {"sku": "S", "price": "1"}, {"sku": "Q", "price": "2"}, slug="one")
    errors = await erp.refused(UPSERT, input={"products": [product("P", slug="three"), moved]})
    assert [each["path"][1:] for each in errors] == [
        ["1", "slug"],
        ["1", "variants", "0", "sku"],
    ]
    found = await erp.ask('{ product(slug: "one") { code variants { sku } } }')
    assert found["product"] == {"code": "P", "variants": [{"sku": "S"}]}


async def test_of_equal_rows_the_first_sound_one_stands(api: Api) -> None:
    erp = await api.staff()
    broken = product("P", {"sku": "P", "price": "-1"})
    done, refused = await skipping(erp, broken, product("P"), product("P", name="另一个"))
    assert done == [False, True, False]
    assert {path[0] for _, path in refused} == {"0", "2"}
    shop = await open_shop(erp, 9)
    rows = [
        {"locationCode": "SHOP", "sku": shop.sku, "quantity": quantity} for quantity in (-1, 4, 5)
    ]
    given = {"rows": rows, "idempotencyKey": new_key(), "onError": "SKIP_FAILED"}
    payload = await erp.do(document("erp/stock_set"), input=given)
    assert [row["ok"] for row in payload["results"]] == [False, True, False]
    assert [level["available"] for level in payload["levels"]] == [4]


async def test_codes_with_slashes_are_told_apart(api: Api) -> None:
    erp = await api.staff()
    await open_shop(erp, 9, code="A")
    await open_shop(erp, 9, code="A/B")
    await put(erp, product("C"), product("B/C"))
    rows: list[Row] = [
        {"locationCode": "A/B", "sku": "C", "quantity": 1},
        {"locationCode": "A", "sku": "B/C", "quantity": 2},
    ]
    await erp.do(document("erp/stock_set"), input={"rows": rows, "idempotencyKey": new_key()})
    lists = [{"code": code, "name": code, "kind": "CHANNEL", "key": "APP"} for code in ("A", "A/B")]
    await erp.do(document("erp/price_list_upsert"), input={"priceLists": lists})
    rows = [
        {"listCode": "A/B", "sku": "C", "price": "1"},
        {"listCode": "A", "sku": "B/C", "price": "2"},
    ]
    await erp.do(document("erp/price_set"), input={"rows": rows, "idempotencyKey": new_key()})
    standing = {"listCode": "A", "sku": "C", "price": "3"}
    since_ever = {**standing, "validFrom": "1970-01-01T08:00:00+08:00"}
    given = {"rows": [standing, since_ever], "idempotencyKey": new_key()}
    (error,) = await erp.refused(document("erp/price_set"), input=given)
    assert (error["code"], error["path"]) == ("DUPLICATE", ["rows", "1", "sku"])


async def test_a_product_has_at_most_1000_variants(api: Api) -> None:
    erp = await api.staff()
    for hundred in range(10):
        variants = [{"sku": f"S{100 * hundred + n}", "price": "1"} for n in range(100)]
        await put(erp, product("P", *variants))
    await put(erp, product("P", {"sku": "S0", "price": "2"}))
    more = product("P", {"sku": "MORE", "price": "1"})
    (error,) = await erp.refused(UPSERT, input={"products": [more]})
    assert (error["code"], error["path"]) == ("LIMIT_EXCEEDED", ["products", "0", "variants"])


CART = """mutation($lines: [CartLineInput!]) {
  cartCreate(input: {lines: $lines}) { cart { id } userErrors { code } } }"""
ADD = """mutation($id: ID!, $lines: [CartLineInput!]!) {
  cartLinesAdd(input: {cartId: $id, lines: $lines}) { userErrors { code path } } }"""


async def test_a_product_that_is_archived_while_it_lies_in_carts_cannot_be_bought(api: Api) -> None:
    erp, guest = await api.staff(), await api.guest()
    shop = await open_shop(erp, 9)
    lines = [{"variantId": shop.variant_id, "quantity": 1}]
    cart = (await guest.do(CART, lines=lines))["cart"]["id"]
    bought = await guest.do(
        document("phone/checkout_place"), checkout=one_piece(shop), idempotencyKey=new_key()
    )
    await put(erp, product(shop.sku, {"sku": shop.sku, "price": "9.90"}, status="ARCHIVED"))
    checkout = {**one_piece(shop), "cartId": cart, "lines": None}
    for given in (checkout, one_piece(shop)):
        errors = await guest.refused(
            document("phone/checkout_place"), checkout=given, idempotencyKey=new_key()
        )
        assert {each["code"] for each in errors} <= {"NOT_FOUND", "INVALID"}, errors
    assert await guest.refused(ADD, id=cart, lines=lines)
    assert (await api.ask(LIST, first=5))["products"]["totalCount"] == 0
    # What was ordered before stays as it was, and so does the stock.
    order = (await guest.ask(document("phone/order"), id=bought["order"]["id"]))["order"]
    assert order["status"] == "PENDING_PAYMENT"
    (level,) = await fetch("SELECT available, held FROM stock_level")
    assert level["available"] + level["held"] == 9


async def test_a_draft_is_seen_by_nobody_but_staff(api: Api) -> None:
    erp, guest = await api.staff(), await api.guest()
    shop = await open_shop(erp, 9)
    variant = {**with_gtins(shop.sku, 7), "options": [{"name": "规格", "value": "小"}]}
    hidden = {"brandCode": "B", "categoryCode": "C", "tags": ["秘密"], "slug": "hidden"}
    await put(erp, product(shop.sku, variant, status="DRAFT", **hidden))
    seen = await erp.ask(EVERYWHERE, **names_of(shop))
    assert all(map(found, seen.values())), seen
    for who in (api, guest):
        unseen = await who.ask(EVERYWHERE, **names_of(shop))
        assert not any(map(found, unseen.values())), unseen
    lines = [{"variantId": shop.variant_id, "quantity": 1}]
    assert await guest.refused(CART, lines=lines)
    assert await guest.refused(
        document("phone/checkout_place"), checkout=one_piece(shop), idempotencyKey=new_key()
    )


EVERYWHERE = """query($id: ID!, $sku: String!, $gtin: String!, $store: ID!) {
  product(code: $sku) { id } bySlug: product(slug: "hidden") { id }
  variant(id: $id) { id } bySku: variant(sku: $sku) { id } byGtin: variant(gtin: $gtin) { id }
  node(id: $id) { id }
  nodes(ids: [$id]) { id }
  products(first: 5) { edges { node { id } } }
  search: products(first: 5, filter: {search: "商品"}) { edges { node { id } } }
  initials: products(first: 5, filter: {search: "sp"}) { edges { node { id } } }
  scanned: products(first: 5, filter: {search: $gtin}) { edges { node { id } } }
  status: products(first: 5, filter: {status: DRAFT}) { edges { node { id } } }
  stocked: products(first: 5, filter: {soldAtStoreId: $store, inStockOnly: true}) { edges { node { id } } }
  branded: products(first: 5, filter: {brandCode: "B", tags: ["秘密"]}) { edges { node { id } } }
  productFacets { totalCount inStock brands { count } tags { value } options { name } }
}"""  # fmt: skip


def names_of(shop: Shop) -> dict[str, str]:
    return {"id": shop.variant_id, "sku": shop.sku, "gtin": a_gtin(7), "store": shop.store_id}


def found(answer: Any) -> bool:
    """Whether anything at all is in an answer."""
    if isinstance(answer, dict):
        return any(map(found, answer.values()))
    return any(map(found, answer)) if isinstance(answer, list) else bool(answer)
