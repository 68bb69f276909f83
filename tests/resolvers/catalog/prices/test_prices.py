from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.accounts.channels import Channel
from models.catalog.prices import Price, PriceChange, PriceList, PriceListKind
from models.catalog.products import Product, Variant
from models.errors import (
    Duplicate,
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
    NotSignedIn,
    PermissionDenied,
)
from models.members.members import Member
from models.outbox import OutboxEvent
from resolvers.accounts import identity
from resolvers.bulk_rows import KEEP, OnError
from resolvers.catalog.prices import history as price_history
from resolvers.catalog.prices import listing as price_listing
from resolvers.catalog.prices import lists as price_lists
from resolvers.catalog.prices import prices
from resolvers.catalog.prices import setting as price_setting
from resolvers.catalog.prices.listing import PriceListQuery
from resolvers.catalog.prices.lists import PriceListDraft
from resolvers.catalog.prices.setting import PriceDraft
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from tests.make import members
from tests.make.checkouts import a_guide, a_store
from tests.make.goods import a_merchant, a_product, a_variant, a_visitor, erp_of, put
from tests.make.prices import a_price, a_price_list, price
from tests.make.requests import a_request

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
EVERY_LIST = PriceListQuery()


async def costs(ctx: Context, sku: str = "P1", **of: Any) -> int:
    """What the SKU costs whoever asks, the same however it is asked."""
    variant = await Variant.get(sku=sku)
    viewer = prices.viewer_of(ctx, **of)
    found = await prices.resolve(ctx, viewer, {variant.id: variant.price_minor})
    assert found == await prices.by_ids(ctx, viewer, [variant.id])
    return found[variant.id]


async def test_the_store_goes_before_the_channel_before_the_tier_before_the_list_price(
    ctx: Context, count_statements: Callable[[], Any]
) -> None:
    await put(ctx, a_product("P1", price="10.00"), a_product("P2", price="20.00"))
    store, other = await a_store(ctx), await a_store(ctx)
    person = await members.member(ctx)
    tier = (await Member.get(id=person.id).prefetch_related("tier")).tier.code
    she = members.as_member(ctx, person, Channel.WECHAT)
    guest = replace(a_visitor(ctx), channel=Channel.WECHAT)
    at_store = replace(she, store_node_id=store.organisation_id)
    assert [await costs(each) for each in (ctx, guest, she, at_store)] == [1000] * 4
    for code, kind, key, amount in (
        ("T", "TIER", tier, "9.50"),
        ("C", "CHANNEL", "WECHAT", "9.80"),
        ("S", "STORE", store.code, "9.90"),
    ):
        await a_price_list(ctx, code, kind, key)
        await price(ctx, a_price("P1", amount, code))
    assert await costs(a_visitor(ctx)) == 1000
    assert await costs(members.as_member(ctx, person)) == 950
    assert await costs(she) == await costs(guest) == 980
    assert await costs(at_store) == await costs(she, store_id=store.id) == 990
    guide = await a_guide(ctx, store)
    at_till = replace(guide, store_node_id=identity.store_node_of(guide.actor, None))
    assert await costs(at_till) == 990
    # It is the store that counts, not that its list is dearer or cheaper, nor somebody else's store.
    assert await costs(she, store_id=other.id) == 980
    assert await costs(at_store, sku="P2") == 2000
    ids = [each.id for each in await Variant.all()]
    with count_statements() as statements:
        await prices.resolve(at_store, prices.viewer_of(at_store), dict.fromkeys(ids, 1))
    assert len(statements) == 1
    products = [each.id for each in await Product.all().order_by("id")]
    assert await prices.ranges(at_store, prices.viewer_of(at_store), products) == {
        products[0]: (990, 990)
    }


async def test_a_price_holds_from_its_beginning_until_its_end(
    ctx: Context, nothing_ever_changes: None
) -> None:
    await put(ctx, a_product("P1", price="10.00"))
    ctx = replace(ctx, channel=Channel.APP)
    day, minute = timedelta(days=1), timedelta(minutes=1)
    flash = NOON + 5 * day
    await a_price_list(ctx, "APP", "CHANNEL", "APP", valid_to=NOON + 9 * day)
    await a_price_list(
        ctx, "FLASH", "CHANNEL", "APP", valid_from=flash + 10 * minute, valid_to=flash + 20 * minute
    )
    await a_price_list(ctx, "1111", "CHANNEL", "APP", valid_from=NOON, valid_to=NOON + day)
    await price(
        ctx,
        a_price("P1", "9.00", "APP"),
        a_price("P1", "8.00", "APP", valid_from=NOON - 5 * day, valid_to=NOON - 4 * day),
        a_price("P1", "7.00", "APP", valid_from=NOON + 2 * day),
        a_price("P1", "5.00", "1111"),
        a_price("P1", "4.00", "FLASH"),
        a_price("P1", "3.00", "FLASH", valid_from=flash + 15 * minute),
    )
    moment = timedelta(microseconds=1)
    table = [
        (NOON - 6 * day, 900),
        (NOON - 5 * day, 800),
        (NOON - 4 * day - moment, 800),
        (NOON - 4 * day, 900),
        (NOON - moment, 900),
        (NOON, 500),
        (NOON + day - moment, 500),
        (NOON + day, 900),
        (NOON + 2 * day, 700),
        (flash + 10 * minute - moment, 700),
        (flash + 10 * minute, 400),
        (flash + 15 * minute - moment, 400),
        (flash + 15 * minute, 300),
        (flash + 20 * minute - moment, 300),
        (flash + 20 * minute, 700),
        (NOON + 9 * day - moment, 700),
        (NOON + 9 * day, 1000),
    ]
    assert [(at, await costs(members.at(ctx, at))) for at, _ in table] == table
    listed = {(await Variant.get(sku="P1")).id: 1000}
    for _ in range(3):  # the last time from what is kept
        for at, amount in table:
            async with a_request():
                then = members.at(ctx, at)
                found = await prices.resolve(then, prices.viewer_of(then), listed)
                assert list(found.values()) == [amount], at
    await PriceList.filter(code="APP").update(active=False)
    assert await costs(members.at(ctx, NOON - 6 * day)) == 1000


async def test_every_change_stands_in_the_history_and_is_announced_and_no_other(
    ctx: Context,
) -> None:
    await put(ctx, a_product("P1", price="10.00"))
    variant = await Variant.get(sku="P1")
    await a_price_list(ctx, "APP", "CHANNEL", "APP")
    assert not await OutboxEvent.filter(topic="price.changed").exists()
    assert (await price(ctx, a_price("P1", "9.00", "APP"))).created == 1
    assert (await price(ctx, a_price("P1", "9.00", "APP"))).updated == 0
    assert (await price(ctx, a_price("P1", "8.00", "APP"), a_price("P1", "11.00"))).updated == 2
    assert (await price(ctx, a_price("P1", None, "APP"))).updated == 1
    assert (await price(ctx, a_price("P1", None, "APP"))).updated == 0
    await put(ctx, a_product("P1", price="12.00"))
    request = PageRequest(first=2)
    asked = [(variant.id, variant.merchant_id)]
    seen = []
    while True:
        page = (await price_history.of_variants(ctx, asked, request))[variant.id]
        seen += [
            (row.from_minor, row.to_minor, row.price_list_id is None, row.actor_kind)
            for row in page.rows
        ]
        if not page.has_next:
            break
        request = PageRequest(first=2, after=page.cursors[-1])
    assert seen == [
        (1100, 1200, True, "SYSTEM"),
        (800, None, False, "SYSTEM"),
        (1000, 1100, True, "SYSTEM"),
        (900, 800, False, "SYSTEM"),
        (None, 900, False, "SYSTEM"),
        (None, 1000, True, "SYSTEM"),
    ]
    events = await OutboxEvent.filter(topic="price.changed").order_by("id")
    assert [each.node_id for each in events] == [variant.id] * 4
    product = await Product.get(code="P1")
    assert (product.lowest_price_minor, product.highest_price_minor) == (1200, 1200)
    hidden = await price_history.of_variants(a_visitor(ctx), asked, PageRequest())
    assert hidden[variant.id].rows == []
    assert await price_lists.prices_of(a_visitor(ctx), asked) == {variant.id: []}


async def test_a_list_price_moves_the_range_of_its_product(ctx: Context) -> None:
    variants = [a_variant("P1-S", "5.00"), a_variant("P1-L", "9.00")]
    await put(ctx, a_product("P1", variants=variants, options=None), a_product("P2", price="1.00"))
    assert (await price(ctx, a_price("P1-S", "12.00"), a_price("P2", "1.00"))).updated == 1
    product = await Product.get(code="P1")
    assert (product.lowest_price_minor, product.highest_price_minor) == (900, 1200)


async def test_each_faulty_row_is_named_and_nothing_is_done(ctx: Context) -> None:
    await put(ctx, a_product("P1"), a_product("P2"))
    await a_price_list(ctx, "APP", "CHANNEL", "APP")
    table = [
        (a_price("nobody", "1.00", "APP"), NotFound, "sku"),
        (a_price("P1", "1.00", "NONE"), NotFound, "listCode"),
        (a_price("P 1", "1.00", "APP"), InvalidInput, "sku"),
        (a_price("P1", "1.00", "A P"), InvalidInput, "listCode"),
        (a_price("P1", "-0.01", "APP"), InvalidInput, "price"),
        (a_price("P1", "1.001", "APP"), InvalidInput, "price"),
        (a_price("P1", "9" * 20, "APP"), InvalidInput, "price"),
        (PriceDraft(sku="P1", price=KEEP, list_code="APP"), InvalidInput, "price"),
        (a_price("P1", None), InvalidInput, "price"),
        (a_price("P1", "1.00", valid_from=NOON), InvalidInput, "validFrom"),
        (a_price("P1", "1.00", "APP", valid_from=NOON, valid_to=NOON), InvalidInput, "validTo"),
        (
            a_price("P1", "1.00", "APP", valid_from=datetime(1960, 1, 1, tzinfo=UTC)),
            InvalidInput,
            "validFrom",
        ),
    ]
    sound = a_price("P2", "8.00", "APP")
    for draft, kind, field in table:
        outcome = await price_setting.set_prices(ctx, [sound, draft], OnError.REJECT_ALL, "k")
        (refusal,) = outcome.refusals
        assert (type(refusal), refusal.path) == (kind, ("rows", 1, field)), draft
    twice = await price_setting.set_prices(ctx, [sound, sound], OnError.REJECT_ALL, "k")
    assert [type(each) for each in twice.refusals] == [Duplicate]
    assert not await Price.exists()
    with pytest.raises(InvalidInput):
        await price_setting.set_prices(ctx, [], OnError.REJECT_ALL, "k")
    # The sound rows alone, once for a key, and the answer the same again.
    rows = [sound, *(draft for draft, _, _ in table)]
    first = await price_setting.set_prices(ctx, rows, OnError.SKIP_FAILED, "k")
    again = await price_setting.set_prices(ctx, rows, OnError.SKIP_FAILED, "k")
    assert (first.created, again.created) == (1, 1)
    assert [row.ok for row in first.rows] == [row.ok for row in again.rows]
    assert sum(row.ok for row in first.rows) == 1
    assert await PriceChange.filter(price_list_id__isnull=False).count() == 1
    with pytest.raises(IdempotencyKeyReused):
        await price_setting.set_prices(ctx, [sound], OnError.SKIP_FAILED, "k")


async def test_a_dry_run_says_what_would_be_done_and_does_not(ctx: Context) -> None:
    await put(ctx, a_product("P1", price="10.00"))
    await a_price_list(ctx, "APP", "CHANNEL", "APP")
    rows = [a_price("P1", "8.00", "APP"), a_price("P1", "9.00")]
    for _ in range(2):
        tried = await price_setting.set_prices(ctx, rows, OnError.REJECT_ALL, "k", dry_run=True)
        assert (tried.created, tried.updated) == (1, 1)
    assert not await Price.exists()
    assert (await Variant.get(sku="P1")).price_minor == 1000
    done = await price_setting.set_prices(ctx, rows, OnError.REJECT_ALL, "k")
    assert (done.created, done.updated) == (1, 1)


async def test_price_lists_are_kept_by_code(ctx: Context) -> None:
    def draft(code: str = "L", kind: str = "CHANNEL", key: str = "APP", **given: Any):  # type: ignore[no-untyped-def]
        return PriceListDraft(code=code, name="名", kind=PriceListKind(kind), key=key, **given)

    assert (await price_lists.upsert(ctx, [draft(valid_to=NOON)])).created == 1
    same = await price_lists.upsert(ctx, [draft()])
    assert (same.created, same.updated) == (0, 0)
    assert (await price_lists.upsert(ctx, [draft(valid_to=None, active=False)])).updated == 1
    row = await PriceList.get(code="L")
    assert (row.valid_to, row.active) == (None, False)
    bad = [
        draft("A", key="APPLE"),
        draft("B", kind="STORE", key="nowhere"),
        draft("C", kind="TIER", key="APP"),
        draft("D D"),
        draft("E", valid_from=NOON, valid_to=NOON),
        draft("L", active=True),
        draft("L", active=True),
    ]
    refused = await price_lists.upsert(ctx, bad)
    assert [each.path[1:] for each in refused.refusals] == [
        (0, "key"),
        (1, "key"),
        (2, "key"),
        (3, "code"),
        (4, "validTo"),
        (6, "code"),
    ]
    assert await PriceList.all().count() == 1
    assert not (await PriceList.get(code="L")).active
    topics = [each.topic for each in await OutboxEvent.filter(topic="price_list.changed")]
    assert len(topics) == 2


async def test_another_merchant_and_the_public_stay_out(ctx: Context) -> None:
    await put(ctx, a_product("P1", price="10.00"))
    await a_price_list(ctx, "APP", "CHANNEL", "APP")
    other = erp_of(ctx, await a_merchant("M2"))
    await a_price_list(other, "APP", "CHANNEL", "APP")
    outcome = await price_setting.set_prices(
        other, [a_price("P1", "1.00", "APP")], OnError.REJECT_ALL, "k"
    )
    assert [type(each) for each in outcome.refusals] == [NotFound]
    thief = replace(other, merchant_id=ctx.merchant_id)
    with pytest.raises(PermissionDenied):
        await price_setting.set_prices(thief, [a_price("P1", "1.00")], OnError.REJECT_ALL, "k")
    assert (await price_listing.page(thief, EVERY_LIST, PageRequest())).rows == []
    with pytest.raises(NotSignedIn):
        await price_listing.page(a_visitor(ctx), EVERY_LIST, PageRequest())
    assert len((await price_listing.page(other, EVERY_LIST, PageRequest())).rows) == 1
    assert not await Price.exists()


async def test_batches_at_once_take_turns(ctx: Context) -> None:
    await put(ctx, a_product("P1", price="10.00"))
    await a_price_list(ctx, "APP", "CHANNEL", "APP")
    amounts = [Decimal(number) for number in range(1, 9)]

    async def set_to(amount: Decimal) -> None:
        row = PriceDraft(sku="P1", price=amount, list_code="APP")
        await price_setting.set_prices(ctx, [row], OnError.REJECT_ALL, f"race-{amount}")

    await asyncio.gather(*map(set_to, amounts))
    history = await PriceChange.filter(price_list_id__isnull=False).order_by("id")
    assert sorted(each.to_minor or 0 for each in history) == [100 * int(each) for each in amounts]
    assert [each.from_minor for each in history[1:]] == [each.to_minor for each in history[:-1]]
    assert [each.amount_minor for each in await Price.all()] == [history[-1].to_minor]
