from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from models.accounts.roles import Role
from models.catalog.classification import Brand, Category
from models.catalog.products import (
    MediaKind,
    Product,
    ProductTag,
    Variant,
    VariantGtin,
)
from models.database import fetch
from models.errors import InvalidInput, NotSignedIn, PermissionDenied
from models.outbox import OutboxEvent
from resolvers.bulk_rows import OnError
from resolvers.catalog.media import MediaDraft
from resolvers.catalog.products.drafts import OptionDraft, ProductDraft
from resolvers.catalog.products.upsert import upsert
from resolvers.context import Context
from tests.make.goods import (
    a_gtin,
    a_merchant,
    a_product,
    a_variant,
    a_visitor,
    erp_of,
    put,
    selecting,
)


async def terms_of(product: Product) -> set[str]:
    rows = await fetch("SELECT term FROM search_term WHERE product_id = ?", product.id)
    return {row["term"] for row in rows}


def a_rich_product(**changes: Any) -> ProductDraft:
    given: dict[str, Any] = {
        "description": "酸甜可口\r\n开盖即食",
        "brand_code": "HLJ",
        "brand_name": "欢乐家",
        "category_code": "CAN",
        "category_name": "罐头",
        "category_parent_code": "FOOD",
        "tags": ["夏日", "促销"],
        "media": [MediaDraft("https://cdn.example/1.jpg", "一罐", MediaKind.IMAGE)],
        "variants": [
            a_variant("P1-S", "9.90", gtins=[a_gtin(1)], options=selecting(规格="小")),
            a_variant("P1-L", "19.90", compare_at_price=Decimal(25), options=selecting(规格="大")),
        ],
    }
    return a_product("P1", "黄桃罐头", **{**given, **changes})


async def test_a_product_is_there_with_all_that_was_given(ctx: Context) -> None:
    outcome = await put(ctx, a_rich_product())
    assert (outcome.created, outcome.updated) == (1, 0)
    product = await Product.get(code="P1")
    brand, category = await Brand.get(code="HLJ"), await Category.get(code="CAN")
    assert (product.brand_id, product.category_id) == (brand.id, category.id)
    assert category.parent_id == (await Category.get(code="FOOD")).id
    assert product.description == "酸甜可口\n开盖即食"
    assert product.options == [{"name": "规格", "values": ["小", "大"]}]
    assert (product.lowest_price_minor, product.highest_price_minor) == (990, 1990)
    small, large = await Variant.filter(product_id=product.id).order_by("position")
    assert (small.name, large.name, large.compare_at_minor) == ("小", "大", 2500)
    assert [each.gtin for each in await VariantGtin.filter(variant_id=small.id)] == [a_gtin(1)]
    assert {each.tag for each in await ProductTag.filter(product_id=product.id)} == {"夏日", "促销"}
    assert "欢乐" in await terms_of(product)


async def test_importing_the_same_again_changes_nothing(ctx: Context) -> None:
    await put(ctx, a_rich_product(), a_product("P2"))
    before = {each.code: each.updated_at for each in await Product.all()}
    told = await OutboxEvent.all().count()
    again = await put(ctx, a_rich_product(), a_product("P2"))
    assert (again.created, again.updated) == (0, 0)
    assert all(row.ok for row in again.rows)
    assert {each.code: each.updated_at for each in await Product.all()} == before
    assert await OutboxEvent.all().count() == told == 2


async def test_what_is_left_out_stays_and_null_empties(ctx: Context) -> None:
    await put(ctx, a_rich_product())
    variants = [a_variant("P1-S", "8.80"), a_variant("P1-L", "19.90", compare_at_price=None)]
    outcome = await put(ctx, a_product("P1", "黄桃罐头", variants=variants, category_code=None))
    assert outcome.updated == 1
    product = await Product.get(code="P1")
    assert product.tags == ["夏日", "促销"]
    assert product.description.startswith("酸甜")
    assert (product.brand_id is None, product.category_id) == (False, None)
    assert product.lowest_price_minor == 880
    small, large = await Variant.filter(product_id=product.id).order_by("position")
    assert small.selected_options == [{"name": "规格", "value": "小"}]
    assert large.compare_at_minor is None
    assert await VariantGtin.filter(variant_id=small.id).count() == 1


async def test_variants_that_a_row_does_not_mention_stay(ctx: Context) -> None:
    await put(ctx, a_rich_product())
    await put(ctx, a_rich_product(variants=[a_variant("P1-M", "5", options=selecting(规格="中"))]))
    product = await Product.get(code="P1")
    assert product.options == [{"name": "规格", "values": ["小", "大", "中"]}]
    assert (product.lowest_price_minor, product.highest_price_minor) == (500, 1990)
    variants = await Variant.filter(product_id=product.id).order_by("position")
    assert [each.sku for each in variants] == ["P1-S", "P1-L", "P1-M"]


async def test_only_real_differences_count_and_are_told(ctx: Context) -> None:
    await put(ctx, a_product("P1"), a_product("P2"))
    outcome = await put(ctx, a_product("P1", price="1.00"), a_product("P2"), a_product("P3"))
    assert (outcome.created, outcome.updated) == (1, 1)
    events = await OutboxEvent.filter(topic="product.changed").order_by("id")
    told = [event.node_id for event in events]
    ids = {each.code: each.id for each in await Product.all()}
    assert sorted(told[2:]) == sorted([ids["P1"], ids["P3"]])


async def test_one_broken_row_is_named_and_nothing_of_the_batch_is_there(ctx: Context) -> None:
    broken = a_product("P3", variants=[a_variant("P3", "-1")])
    outcome = await upsert(ctx, [a_product("P1"), a_product("P2"), a_product("P0"), broken])
    assert [row.ok for row in outcome.rows] == [True, True, True, False]
    assert [refusal.path for refusal in outcome.refusals] == [
        ("products", 3, "variants", 0, "price")
    ]
    assert (outcome.created, outcome.updated, outcome.rejected) == (0, 0, True)
    assert await Product.all().count() == await Brand.all().count() == 0
    assert await OutboxEvent.all().count() == 0


async def test_sound_rows_are_saved_when_broken_ones_are_to_be_skipped(ctx: Context) -> None:
    broken = a_product("P2", brand_code="NEW", variants=[a_variant("P2", "0.001")])
    outcome = await upsert(ctx, [a_product("P1"), broken], OnError.SKIP_FAILED)
    assert (outcome.created, outcome.refusals) == (1, [])
    assert [row.ok for row in outcome.rows] == [True, False]
    assert [each.code for each in await Product.all()] == ["P1"]
    assert await Brand.all().count() == 0


async def test_a_dry_run_answers_the_same_and_leaves_nothing(ctx: Context) -> None:
    outcome = await upsert(ctx, [a_rich_product(), a_product("P2")], dry_run=True)
    assert (outcome.created, outcome.rejected) == (2, False)
    assert await Product.all().count() == await Brand.all().count() == 0
    assert await OutboxEvent.all().count() == 0
    assert not await fetch("SELECT 1 FROM search_term LIMIT 1")


HUGE = Decimal("1e15")
RED, BLUE = selecting(色="红"), selecting(色="蓝")
ONLY_RED = [OptionDraft("色", ["红"])]
FAULTS: list[tuple[ProductDraft, tuple[str | int, ...]]] = [
    (a_product("a b"), ("code",)),
    (a_product("P", name=" "), ("name",)),
    (a_product("P", name="x\0"), ("name",)),
    (a_product("P", name="n" * 201), ("name",)),
    (a_product("P", slug="a b"), ("slug",)),
    (a_product("P", description="x" * 20_001), ("description",)),
    (a_product("P", brand_code="é"), ("brandCode",)),
    (a_product("P", category_parent_code="X"), ("categoryParentCode",)),
    (a_product("P", category_code="X", category_parent_code="X"), ("categoryParentCode",)),
    (a_product("P", tags=["ok", ""]), ("tags", 1)),
    (a_product("P", media=[MediaDraft("javascript:alert(1)")]), ("media", 0, "url")),
    (a_product("P", media=[MediaDraft("https://[x")]), ("media", 0, "url")),
    (a_product("P", variants=[]), ("variants",)),
    (a_product("P", variants=[a_variant("a,b")]), ("variants", 0, "sku")),
    (a_product("P", price="NaN"), ("variants", 0, "price")),
    (a_product("P", price="Infinity"), ("variants", 0, "price")),
    (a_product("P", price="1.005"), ("variants", 0, "price")),
    (a_product("P", variants=[a_variant("P", str(HUGE))]), ("variants", 0, "price")),
    (
        a_product("P", variants=[a_variant("P", compare_at_price=Decimal(-1))]),
        ("variants", 0, "compareAtPrice"),
    ),
    (
        a_product("P", variants=[a_variant("P", gtins=["6901234567890"])]),
        ("variants", 0, "gtins", 0),
    ),
    (a_product("P", variants=[a_variant("P"), a_variant("P")]), ("variants", 1, "sku")),
    (
        a_product("P", variants=[a_variant("A", gtins=[a_gtin(1)]), a_variant("B", gtins=["0" + a_gtin(1)])]),
        ("variants", 1, "gtins"),
    ),
    (
        a_product("P", options=ONLY_RED, variants=[a_variant("P")]),
        ("variants", 0, "options"),
    ),
    (
        a_product("P", options=ONLY_RED, variants=[a_variant("P", options=BLUE)]),
        ("variants", 0, "options"),
    ),
    (
        a_product("P", variants=[a_variant("A", options=RED), a_variant("B", options=RED)]),
        ("variants", 1, "options"),
    ),
    (a_product("P", options=[OptionDraft("色", ["红", "红"])]), ("options", 0, "values")),
]  # fmt: skip


@pytest.mark.parametrize(("draft", "path"), FAULTS, ids=lambda value: str(value)[-40:])
async def test_each_fault_is_named_by_its_place(
    ctx: Context, draft: ProductDraft, path: tuple[str | int, ...]
) -> None:
    outcome = await upsert(ctx, [draft])
    assert ("products", 0, *path) in [refusal.path for refusal in outcome.refusals]
    assert await Product.all().count() == 0


async def test_all_faults_of_all_rows_are_named_at_once(ctx: Context) -> None:
    rows = [
        a_product("P1", name="", variants=[a_variant("A", "-1"), a_variant("B", "NaN")]),
        a_product("P2"),
        a_product("P2", slug="-"),
    ]
    outcome = await upsert(ctx, rows)
    assert {refusal.path[1:] for refusal in outcome.refusals} == {
        (0, "name"),
        (0, "variants", 0, "price"),
        (0, "variants", 1, "price"),
        (2, "slug"),
        (2, "code"),
        (2, "variants", 0, "sku"),
    }


async def test_what_others_have_cannot_be_taken(ctx: Context) -> None:
    gtins = [a_gtin(1)]
    await put(ctx, a_product("P1", slug="one", variants=[a_variant("S1", gtins=gtins)]))
    rival = a_product("P2", slug="one", variants=[a_variant("S1"), a_variant("S2", gtins=gtins)])
    outcome = await upsert(ctx, [rival])
    assert [refusal.path[2:] for refusal in outcome.refusals] == [
        ("slug",),
        ("variants", 0, "sku"),
    ]
    outcome = await upsert(ctx, [a_product("P2", variants=[a_variant("S2", gtins=gtins)])])
    assert [refusal.path[2:] for refusal in outcome.refusals] == [("variants", 0, "gtins")]


async def test_a_barcode_moves_when_its_owner_gives_it_up_in_the_same_batch(ctx: Context) -> None:
    gtins = [a_gtin(1)]
    owner = a_product("P1", variants=[a_variant("S1", gtins=gtins)])
    await put(ctx, owner)
    giving = replace(owner, variants=[a_variant("S1", gtins=[])])
    taking = a_product("P2", variants=[a_variant("S2", gtins=gtins)])
    failed = await upsert(ctx, [replace(giving, name=""), taking], OnError.SKIP_FAILED)
    assert [row.ok for row in failed.rows] == [False, False]
    await put(ctx, taking, giving)
    gtin = await VariantGtin.get(gtin=a_gtin(1))
    assert gtin.variant_id == (await Variant.get(sku="S2")).id


async def test_slugs_are_made_apart(ctx: Context) -> None:
    await put(ctx, a_product("a", "Milk", slug="milk-b"))
    await put(ctx, a_product("b", "Milk"), a_product("c", "Milk", slug="milk-b-2"))
    assert {each.code: each.slug for each in await Product.all()} == {
        "a": "milk-b",
        "b": "milk-b-3",
        "c": "milk-b-2",
    }


async def test_a_renamed_brand_is_found_by_its_new_name(ctx: Context) -> None:
    await put(
        ctx, a_product("P1", brand_code="B", brand_name="旧牌"), a_product("P2", brand_code="B")
    )
    outcome = await put(ctx, a_product("P1", brand_code="B", brand_name="新牌"))
    assert outcome.updated == 1
    for product in await Product.all():
        terms = await terms_of(product)
        assert "新牌" in terms
        assert "旧牌" not in terms
    assert await Product.filter(search_text__contains="新牌").count() == 2


async def test_a_circle_of_categories_is_refused(ctx: Context) -> None:
    chain = [("B", "A"), ("C", "B")]
    await put(ctx, *(a_product(f"P{c}", category_code=c, category_parent_code=p) for c, p in chain))
    closing = a_product("PA", category_code="A", category_parent_code="C")
    outcome = await upsert(ctx, [closing])
    assert [refusal.path[2:] for refusal in outcome.refusals] == [("categoryParentCode",)]


async def test_each_merchant_has_codes_of_its_own(ctx: Context) -> None:
    ours, theirs = await a_merchant("OURS"), await a_merchant("THEIRS")
    gtins = [a_gtin(1)]
    for merchant in (ours, theirs):
        erp = erp_of(ctx, merchant)
        outcome = await put(erp, a_product("P1", variants=[a_variant("S1", gtins=gtins)]))
        assert outcome.created == 1
    assert await Product.filter(code="P1").count() == 2


async def test_another_merchants_machine_cannot_touch_our_goods(ctx: Context) -> None:
    ours, theirs = await a_merchant("OURS"), await a_merchant("THEIRS")
    await put(erp_of(ctx, ours), a_product("P1"))
    stranger = replace(erp_of(ctx, theirs), merchant_id=ours.id)
    with pytest.raises(PermissionDenied):
        await upsert(stranger, [a_product("P1", "改名")])
    with pytest.raises(PermissionDenied):
        await upsert(erp_of(ctx, ours, role=Role.GUIDE), [a_product("P1", "改名")])
    assert (await Product.get(code="P1")).name == "商品P1"


async def test_a_visitor_may_not_import(ctx: Context) -> None:
    with pytest.raises(NotSignedIn):
        await upsert(a_visitor(ctx), [a_product("P1")])
    assert await Product.all().count() == 0


@pytest.mark.parametrize("count", [0, 501])
async def test_a_batch_has_1_to_500_rows(ctx: Context, count: int) -> None:
    with pytest.raises(InvalidInput):
        await upsert(ctx, [a_product(f"P{each}") for each in range(count)])


async def test_the_same_batch_from_many_sides_at_once_makes_one_of_each(ctx: Context) -> None:
    rows = [a_product(f"P{each}", brand_code="B") for each in range(20)]
    outcomes = await asyncio.gather(*(upsert(ctx, rows) for _ in range(6)))
    assert sum(outcome.created for outcome in outcomes) == 20
    assert sum(outcome.updated for outcome in outcomes) == 0
    assert await Product.all().count() == 20
    assert await Brand.all().count() == 1
