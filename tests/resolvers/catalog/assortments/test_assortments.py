from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from models.accounts.channels import Channel
from models.catalog.assortments import Assortment, ChannelExclusion, SelectiveVariant
from models.catalog.products import Product, Variant
from models.errors import InsufficientStock, InvalidInput, NotFound, Refusals
from models.outbox import OutboxEvent
from resolvers.bulk_rows import OnError
from resolvers.catalog.assortments import assortments
from resolvers.catalog.assortments.assortments import AssortmentDraft
from resolvers.catalog.products import products, variants
from resolvers.catalog.search import listing
from resolvers.catalog.search.filters import ProductQuery
from resolvers.context import Context
from resolvers.orders.cart import carts
from resolvers.orders.checkout import quoting
from resolvers.orm_pagination import PageRequest
from resolvers.stock.levels import availability
from resolvers.stores import listing as stores
from resolvers.stores.filters import StoreQuery
from tests.make.checkouts import CARRY_OUT, EXPRESS, a_store, checkout, choice, line
from tests.make.goods import a_product, a_variant, a_visitor, pieces, put
from tests.make.sales import a_guest


async def say(ctx: Context, *drafts: AssortmentDraft) -> int:
    """How many variants it made a difference for; all rows must be sound."""
    outcome = await assortments.set_rows(ctx, drafts)
    assert outcome.refusals == []
    return outcome.updated


def row(sku: str, place: str | None, carried: bool | None) -> AssortmentDraft:
    return AssortmentDraft(sku=sku, location_code=place, carried=carried)


async def found(ctx: Context, **query: Any) -> list[str]:
    page = await listing.page(ctx, ProductQuery(**query), None, PageRequest())
    assert await listing.count(ctx, ProductQuery(**query)) == len(page.rows)
    return sorted(each.code for each in page.rows)


async def test_a_place_carries_everything_until_something_else_is_said(ctx: Context) -> None:
    await put(ctx, a_product("P1", variants=[a_variant("A"), a_variant("B")], options=None))
    near, far = await a_store(ctx), await a_store(ctx, 900)
    a, b = [each.id for each in await Variant.all().order_by("sku")]
    places = [near.id, far.id]

    async def carried() -> set[tuple[str, str]]:
        pairs = await assortments.carried(ctx, [a, b], places)
        return {("ab"[v == b], "nf"[p == far.id]) for v, p in pairs}

    assert len(await carried()) == 4
    assert await say(ctx, row("A", near.code, False)) == 1
    assert await say(ctx, row("A", near.code, False)) == 0
    assert await carried() == {("a", "f"), ("b", "n"), ("b", "f")}
    # Only where it is said: nowhere yet but at the far one.
    assert await say(ctx, row("B", None, False), row("B", far.code, True)) == 1
    assert await carried() == {("a", "f"), ("b", "f")}
    # A product stands for all it has; a later row goes before an earlier one.
    whole = AssortmentDraft(product_code="P1", location_code=near.code, carried=True)
    assert await say(ctx, whole, row("A", near.code, None)) == 2
    assert await carried() == {("a", "n"), ("a", "f"), ("b", "n"), ("b", "f")}
    assert await say(ctx, row("B", None, None), row("B", near.code, None)) == 1
    assert await SelectiveVariant.all().count() == 0
    assert await Assortment.all().count() == 1
    assert await OutboxEvent.filter(topic="assortment.changed").count() == 5


async def test_faulty_rows_are_named_and_nothing_is_done(ctx: Context) -> None:
    await put(ctx, a_product("A"))
    place = (await a_store(ctx)).code
    sound = row("A", place, False)
    table = [
        (row("nobody", place, True), NotFound, "sku"),
        (row("A", "nowhere", True), NotFound, "locationCode"),
        (AssortmentDraft(product_code="none", carried=True), NotFound, "productCode"),
        (AssortmentDraft(carried=True), InvalidInput, "sku"),
        (AssortmentDraft(sku="A", product_code="A", carried=True), InvalidInput, "sku"),
        (row("A\0", place, True), InvalidInput, "sku"),
    ]
    for draft, kind, field in table:
        outcome = await assortments.set_rows(ctx, [sound, draft])
        (refusal,) = outcome.refusals
        assert (type(refusal), refusal.path) == (kind, ("rows", 1, field))
    assert (await assortments.set_rows(ctx, [sound], dry_run=True)).updated == 1
    assert not await Assortment.exists()
    rows = [sound, *(draft for draft, _, _ in table)]
    assert (await assortments.set_rows(ctx, rows, OnError.SKIP_FAILED)).updated == 1


async def test_what_a_place_does_not_carry_is_not_sold_there(
    ctx: Context, count_statements: Callable[[], Any]
) -> None:
    await put(ctx, a_product("A"))
    near, far = await a_store(ctx), await a_store(ctx, 900)
    variant = await Variant.get(sku="A")
    await pieces(variant.id, near.id, 5)
    await pieces(variant.id, far.id, 3)
    guest = await a_guest(ctx)
    taken = checkout([line(variant)], choice(CARRY_OUT, near))
    sent = checkout([line(variant)], choice(EXPRESS))
    quote = await quoting.quote(guest, sent)
    assert quote.plan
    assert [each.location_id for each in quote.plan.fulfilments] == [near.id]
    assert not (await quoting.quote(guest, taken)).refusals
    with count_statements() as before:
        await availability.of_variants(guest, [variant.id])
    await say(ctx, row("A", near.code, False))
    with count_statements() as after:
        assert await availability.of_variants(guest, [variant.id]) == {variant.id: 3}
    assert len(after) == len(before)
    (refusal,) = (await quoting.quote(guest, taken)).refusals
    assert str(refusal) == "This store does not carry SKU A."
    assert refusal.path == ("fulfilments", 0, "storeId")
    quote = await quoting.quote(guest, sent)
    assert quote.plan
    assert [each.location_id for each in quote.plan.fulfilments] == [far.id]
    too_many = checkout([line(variant, 4)], choice(EXPRESS))
    (short,) = (await quoting.quote(guest, too_many)).refusals
    assert isinstance(short, InsufficientStock)
    assert short.available == 3
    assert await found(ctx, sold_at_store_id=near.id) == []
    assert await found(ctx, in_stock_only=True) == ["A"]
    asked = StoreQuery(carrying=((variant.id, 1),))
    page = await stores.page(guest, asked, PageRequest())
    assert [each.row.id for each in page.found] == [far.id]
    await say(ctx, row("A", far.code, False))
    assert await found(ctx, in_stock_only=True) == []


async def test_a_channel_lists_what_it_is_not_excluded_from(ctx: Context) -> None:
    await put(ctx, a_product("P1", channels=[Channel.APP, Channel.STORE]), a_product("P2"))
    visitor = a_visitor(ctx)
    app, h5 = (replace(visitor, channel=each) for each in (Channel.APP, Channel.H5))
    assert await found(app) == ["P1", "P2"]
    assert await found(h5) == ["P2"]
    assert await found(ctx) == ["P1", "P2"]
    assert (await products.find(h5, code="P1"), await variants.by_sku(h5, "P1")) == (None, None)
    assert await products.find(app, code="P1")
    assert await variants.by_sku(app, "P1")
    product = await Product.get(code="P1")
    assert await products.channels_of(h5, [product.id]) == {product.id: ["APP", "STORE"]}
    variant = await Variant.get(sku="P1")
    guest = replace(await a_guest(ctx), channel=Channel.APP)
    cart = await carts.create(guest, [line(variant)])
    elsewhere = replace(guest, channel=Channel.H5)
    with pytest.raises(Refusals) as refused:
        await carts.create(elsewhere, [line(variant)])
    assert [each.path for each in refused.value.refusals] == [("lines", 0, "variantId")]
    draft = checkout([], choice(EXPRESS), cart_id=cart.id)
    (refusal,) = (await quoting.quote(elsewhere, draft)).refusals
    assert str(refusal) == f"{product.name} (P1) is no longer on sale: take it out of the cart."
    # What is left out stays, the same changes nothing, null is everywhere again, none is nowhere.
    assert (await put(ctx, a_product("P1"))).updated == 0
    assert (await put(ctx, a_product("P1", channels=[Channel.STORE, Channel.APP]))).updated == 0
    assert (await put(ctx, a_product("P1", channels=None))).updated == 1
    assert not await ChannelExclusion.exists()
    assert (await put(ctx, a_product("P1", channels=[]))).updated == 1
    assert await found(app) == ["P2"]


async def test_lists_say_what_a_place_carries_and_what_a_channel_lists(ctx: Context) -> None:
    two = [a_variant("A1"), a_variant("A2")]
    await put(
        ctx,
        a_product("A", variants=two, options=None),
        a_product("B"),
        replace(a_product("C"), channels=[Channel.APP]),
    )
    near, far = await a_store(ctx), await a_store(ctx, 900)
    assert await found(ctx, carried_at_id=near.id) == ["A", "B", "C"]
    await say(ctx, row("A1", near.code, False), row("B", None, False), row("B", far.code, True))
    assert await found(ctx, carried_at_id=near.id) == ["A", "C"], "A2 is carried still"
    assert await found(ctx, carried_at_id=far.id) == ["A", "B", "C"]
    assert await found(ctx, channel=Channel.APP) == ["A", "B", "C"]
    assert await found(ctx, channel=Channel.PC) == ["A", "B"]
    assert await found(ctx, channel=Channel.PC, carried_at_id=near.id) == ["A"]
    assert await found(replace(a_visitor(ctx), channel=Channel.PC), channel=Channel.APP) == [
        "A",
        "B",
    ]
