"""Codes, phones and names are found as people type them: any case, width and script, with blanks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.database import execute, fetch, is_postgres
from models.members.cards import MemberCard
from resolvers.catalog.products import products, variants
from resolvers.catalog.search import indexing, listing
from resolvers.catalog.search.filters import ProductQuery
from resolvers.context import Context
from resolvers.members import members
from resolvers.orm_pagination import PageRequest
from resolvers.stores import indexing as stores_indexing
from resolvers.stores import listing as stores_listing
from resolvers.stores import locations
from resolvers.stores.addresses import AddressDraft
from resolvers.stores.filters import StoreQuery
from tests.make import members as make
from tests.make.goods import a_product, a_store, a_variant, a_visitor, open_stores, put
from tests.make.statements import counting

TYPED = [
    "Milk-1L",
    "milk-1l",
    "MILK-1L",
    " milk - 1L ",
    "Ｍｉｌｋ－１Ｌ",
    "milk\u30001l".replace("\u3000", "-"),
]


async def found(ctx: Context, text: str) -> list[str]:
    page = await listing.page(ctx, ProductQuery(search=text), None, PageRequest())
    return [each.code for each in page.rows]


async def listed(ctx: Context, search: str) -> list[int]:
    wanted = members.MemberQuery(search=search)
    return [each.id for each in (await members.page(ctx, wanted, PageRequest())).rows]


@pytest.mark.parametrize("typed", TYPED)
async def test_a_sku_and_a_code_are_found_as_typed(ctx: Context, typed: str) -> None:
    await put(ctx, a_product("Milk-1L", "纯牛奶", variants=[a_variant("SKU-of-Milk")]))
    await put(ctx, a_product("OTHER", "纯牛奶", variants=[a_variant("Milk-1L")]))
    await open_stores(ctx, a_store("Milk-1L"))
    for caller in (ctx, a_visitor(ctx)):
        product = await products.find(caller, code=typed)
        variant = await variants.by_sku(caller, typed)
        store = await locations.store(caller, None, typed)
        assert product is not None
        assert variant is not None
        assert store is not None
        assert (product.code, variant.sku, store.code) == ("Milk-1L", "Milk-1L", "Milk-1L")
        assert sorted(await found(caller, typed)) == ["Milk-1L", "OTHER"]


async def test_of_codes_that_differ_by_case_the_one_written_so_is_found(ctx: Context) -> None:
    await put(ctx, a_product("MILK", variants=[a_variant("S1")]))
    await put(ctx, a_product("Milk", variants=[a_variant("s1")]))
    for code, sku in (("MILK", "S1"), ("Milk", "s1")):
        assert (product := await products.find(ctx, code=f" {code}"))
        assert (variant := await variants.by_sku(ctx, f"{sku} "))
        assert (product.code, variant.sku) == (code, sku)
    assert await products.find(ctx, code="milk") is None
    assert sorted(await found(ctx, "milk")) == ["MILK", "Milk"]


async def test_folded_codes_are_indexed(database: str) -> None:
    names = "SELECT name FROM sqlite_master WHERE type = 'index'"
    if is_postgres():
        names = "SELECT indexname AS name FROM pg_indexes"
    indexes = {row["name"] for row in await fetch(names)}
    assert {
        "idx_product_folded_code",
        "idx_variant_folded_sku",
        "idx_location_folded_code",
    } <= indexes


@pytest.mark.parametrize("typed", ["臺灣滷味", "台湾卤味", "台灣 卤味", "臺湾"])
@pytest.mark.parametrize("name", ["臺灣滷味拼盤", "台湾卤味拼盘"])
async def test_traditional_and_simplified_characters_find_each_other(
    ctx: Context, name: str, typed: str
) -> None:
    await put(ctx, a_product("P1", name), a_product("P2", "牛奶"))
    address = AddressDraft(street="臺灣滷味街1號", city="臺北市")
    await open_stores(ctx, a_store("S1", address=address), a_store("S2"))
    assert await found(ctx, typed) == ["P1"]
    stores = await stores_listing.page(ctx, StoreQuery(search=typed), PageRequest())
    assert [each.row.code for each in stores.found] == ["S1"]
    for city in ("台北", "臺北市", "台北市"):
        in_city = await stores_listing.page(ctx, StoreQuery(city_name=city), PageRequest())
        assert [each.row.code for each in in_city.found] == ["S1"]


async def test_what_an_earlier_version_wrote_is_folded_once(ctx: Context) -> None:
    await put(ctx, a_product("P1", "臺灣滷味"), a_product("P2", "牛奶"))
    await open_stores(ctx, a_store("S1", name="臺灣店"))
    sound = await fetch("SELECT term, rank, product_id FROM search_term ORDER BY 3, 1")
    await execute("UPDATE product SET search_text = ? WHERE code = ?", "臺灣滷味\n", "P1")
    await execute("UPDATE location SET search_text = ?", "臺灣店\n")
    await execute("DELETE FROM search_term WHERE term LIKE ?", "%台%")
    assert await found(ctx, "台湾") == []
    await indexing.ensure_index()
    await stores_indexing.ensure_folded()
    assert await found(ctx, "台湾") == ["P1"]
    assert await fetch("SELECT term, rank, product_id FROM search_term ORDER BY 3, 1") == sound
    [row] = await fetch("SELECT search_text FROM location")
    assert row["search_text"] == "台湾店\n"
    with counting() as statements:
        await indexing.ensure_index()
        await stores_indexing.ensure_folded()
    assert not [each for each in statements if each.startswith(("UPDATE", "DELETE", "INSERT"))]


async def test_members_are_found_by_phone_card_and_name_as_typed(ctx: Context) -> None:
    member = await make.member(ctx, "陳小雲")
    await make.member(ctx, "王五")
    assert member.phone is not None
    local = member.phone.removeprefix("+86")
    card = await MemberCard.get(member_id=member.id)
    wide = local.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    phones = [
        local,
        f"{local[:3]} {local[3:7]} {local[7:]}",
        f"（{local[:3]}）{local[3:]}",
        wide,
        member.phone,
    ]
    numbers = [card.number, " ".join((card.number[:4], card.number[4:])), member.number.lower()]
    for typed in (*phones, *numbers, "陈小云", "陳小雲", "小云"):
        assert await listed(ctx, typed) == [member.id], typed
    for typed in (f" {card.number[:8]}　{card.number[8:]}",):
        assert (await members.find(ctx, None, None, typed)) == member
    assert await members.find(ctx, None, f"{member.number.lower()} ", None) == member
    nobody = replace(ctx, merchant_id=ctx.merchant_id and ctx.merchant_id + 999)
    assert await listed(nobody, local) == []
