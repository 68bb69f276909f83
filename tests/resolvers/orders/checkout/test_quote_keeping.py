"""A quote binds: placing with its token gives what it said, or says what is different and places nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from models.accounts.channels import Channel
from models.catalog.products import Product, ProductStatus, Variant
from models.errors import IdempotencyKeyReused, InvalidInput, QuoteChanged, StateConflict
from models.members.members import Member, Tier
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order, OrderLine
from models.orders.quotes import NoticeKind
from models.stock.levels import StockLevel
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.orders.cart import carts
from resolvers.orders.checkout import placing, quoting
from resolvers.orders.checkout.quote_keeping import Terms
from resolvers.orders.checkout.request import CheckoutRequest
from tests.make.checkouts import (
    CARRY_OUT,
    DELIVERY,
    EXPRESS,
    PICKUP,
    a_guide,
    a_member,
    a_store,
    checkout,
    choice,
    line,
)
from tests.make.sales import a_guest, a_key, later
from tests.make.stock import a_level, again


@pytest.fixture
async def store(ctx: Context) -> Location:
    return await a_store(ctx)


@pytest.fixture
async def level(ctx: Context, store: Location) -> StockLevel:
    return await a_level(ctx, 5, location=store)


@pytest.fixture
async def she(ctx: Context) -> Context:
    return await a_member(ctx)


@pytest.fixture
def draft(level: StockLevel, store: Location) -> CheckoutRequest:
    return checkout([line(level.variant_id, 3)], choice(PICKUP, store))


async def token_of(ctx: Context, draft: CheckoutRequest) -> str:
    found = await quoting.quote(ctx, draft)
    assert found.token is not None
    return found.token


async def refused(ctx: Context, draft: CheckoutRequest, token: str) -> QuoteChanged:
    """The refusal of placing by the token; nothing may come of it."""
    before = await Order.all().count()
    with pytest.raises(QuoteChanged) as caught:
        await placing.place(ctx, draft, a_key(), Terms(token))
    assert await Order.all().count() == before
    return caught.value


def kinds(refusal: QuoteChanged) -> list[NoticeKind]:
    return [each.kind for each in refusal.changes]  # type: ignore[attr-defined]


async def reprice(level: StockLevel, price_minor: int) -> None:
    await Variant.filter(id=level.variant_id).update(price_minor=price_minor)


@pytest.mark.parametrize("price_minor", [99_900, 1])
async def test_the_quoted_price_is_taken_whatever_the_price_is_now(
    she: Context, draft: CheckoutRequest, level: StockLevel, price_minor: int
) -> None:
    token = await token_of(she, draft)
    await reprice(level, price_minor)
    order = await placing.place(she, draft, a_key(), Terms(token))
    assert (order.goods_minor, order.payable_minor) == (3000, 3000)
    only = await OrderLine.get(order_id=order.id)
    assert (only.unit_price_minor, only.discount_minor, only.total_minor) == (1000, 0, 3000)
    assert ((await again(level)).available, (await again(level)).held) == (2, 3)


async def test_the_quoted_discount_and_fees_stay(
    ctx: Context, she: Context, level: StockLevel, store: Location
) -> None:
    costs = replace(ctx.settings, delivery_fee="6.00", express_fee="12.34")
    before = replace(she, settings=costs)
    tier_id = (await Member.get(id=she.member_id)).tier_id
    await Tier.filter(id=tier_id).update(discount_percent="10.00")
    draft = checkout(
        [line(level.variant_id, 3)],
        choice(DELIVERY, None, [line(level.variant_id)]),
        choice(EXPRESS),
    )
    token = await token_of(before, draft)
    await Tier.filter(id=tier_id).update(discount_percent="0.00")
    after = replace(she, settings=replace(costs, delivery_fee="60.00", express_fee="0.00"))
    order = await placing.place(after, draft, a_key(), Terms(token))
    assert (order.discount_minor, order.delivery_minor, order.payable_minor) == (300, 1834, 4534)
    fees = (
        await Fulfilment.filter(order_id=order.id).order_by("id").values_list("method", "fee_minor")
    )
    assert fees == [(DELIVERY, 600), (EXPRESS, 1234)]


async def test_the_quoted_place_stays_though_a_nearer_one_has_it_now(
    ctx: Context, she: Context
) -> None:
    near, far = await a_store(ctx, 100), await a_store(ctx, 3_000)
    there = await a_level(ctx, 5, location=far)
    draft = checkout([line(there.variant_id, 2)], choice(DELIVERY))
    token = await token_of(she, draft)
    here = await a_level(ctx, 5, variant=await there.variant, location=near)
    order = await placing.place(she, draft, a_key(), Terms(token))
    (part,) = await Fulfilment.filter(order_id=order.id)
    assert part.location_id == far.id
    assert (part.routing or {})["picks"][0]["location_id"] == far.id
    assert (await again(here)).available == 5
    # Without the token it comes from where it is nearest.
    other = await placing.place(she, draft, a_key())
    assert (await Fulfilment.get(order_id=other.id)).location_id == near.id


async def test_an_expired_quote_is_refused_with_the_one_that_holds_now(
    she: Context, draft: CheckoutRequest, level: StockLevel
) -> None:
    token = await token_of(she, draft)
    after = later(she, minutes=she.settings.quote_minutes, seconds=1)
    refusal = await refused(after, draft, token)
    assert (refusal.expected_minor, refusal.changes, refusal.path) == (3000, (), ("quoteToken",))
    await reprice(level, 1200)
    refusal = await refused(after, draft, token)
    (up,) = refusal.changes
    assert (up.kind, up.before_minor, up.after_minor, up.variant_id) == (  # type: ignore[attr-defined]
        NoticeKind.PRICE_UP,
        1000,
        1200,
        level.variant_id,
    )
    now = refusal.quote
    assert isinstance(now, quoting.Quote)
    assert now.plan is not None
    assert now.plan.pricing.payable_minor == 3600
    assert now.token is not None
    order = await placing.place(after, draft, a_key(), Terms(now.token))
    assert order.payable_minor == 3600


async def test_a_quote_is_good_until_its_last_second(she: Context, draft: CheckoutRequest) -> None:
    found = await quoting.quote(she, draft)
    just = replace(she, clock=lambda: found.expires_at - timedelta(microseconds=1))
    assert (await placing.place(just, draft, a_key(), Terms(found.token))).payable_minor == 3000
    over = replace(she, clock=lambda: found.expires_at)
    assert found.token is not None
    await refused(over, draft, found.token)


async def test_another_input_is_another_checkout(
    ctx: Context, she: Context, draft: CheckoutRequest, level: StockLevel, store: Location
) -> None:
    token = await token_of(she, draft)
    elsewhere = await a_store(ctx, 500)
    await a_level(ctx, 9, variant=await level.variant, location=elsewhere)
    others = [
        checkout([line(level.variant_id, 2)], choice(PICKUP, store)),
        checkout([line(level.variant_id, 3)], choice(PICKUP, elsewhere)),
        checkout([line(level.variant_id, 3)], choice(CARRY_OUT, store)),
        checkout([line(level.variant_id, 3)], choice(EXPRESS)),
        replace(draft, remark="quickly"),
    ]
    for other in others:
        refusal = await refused(she, other, token)
        assert str(refusal) == "This quote is for another checkout."
    refusal = await refused(she, others[1], token)
    assert kinds(refusal) == [NoticeKind.PLACE_CHANGED]


async def test_a_token_is_its_callers_through_their_storefront_alone(
    ctx: Context, she: Context, draft: CheckoutRequest
) -> None:
    through = replace(she, storefront_id=7)
    token = await token_of(through, draft)
    strangers = [
        await a_member(ctx),
        await a_guest(ctx),
        replace(she, storefront_id=8),
        replace(she, storefront_id=None),
        replace(through, channel=Channel.WECHAT),
        replace(through, merchant_id=10**6),
    ]
    for stranger in strangers:
        refusal = await refused(stranger, draft, token)
        assert str(refusal) == "This quote is for another checkout."
    order = await placing.place(through, draft, a_key(), Terms(token))
    assert order.payable_minor == 3000


def _turned(token: str, at: int) -> str:
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


async def test_what_is_not_signed_here_is_no_quote(she: Context, draft: CheckoutRequest) -> None:
    token = await token_of(she, draft)
    text, kid, mark = token.split(".")
    forged = [
        "",
        "x",
        "..",
        "é" * 10,
        "x" * 100_000,
        f"{text}.{kid}.",
        f"{text}.{kid}.{mark}=",
        f"{text}.00000000.{mark}",
        f".{kid}.{mark}",
        *(_turned(token, at) for at in range(0, len(token), 9)),
        f"{text}.{replace(she.settings, secret_key='another' * 8).keys.sign('quote', text)}",
        f"{text}.{she.settings.keys.sign('another purpose', text)}",
    ]
    for each in forged:
        with pytest.raises(InvalidInput) as caught:
            await placing.place(she, draft, a_key(), Terms(each))
        assert caught.value.path == ("quoteToken",)
    assert not await Order.exists()


async def test_a_token_outlives_a_change_of_the_signing_key(
    she: Context, draft: CheckoutRequest
) -> None:
    before = replace(she.settings, secret_key="old" * 12)
    token = await token_of(replace(she, settings=before), draft)
    after = replace(before, secret_key="new" * 12, previous_secret_keys=before.secret_key)
    order = await placing.place(replace(she, settings=after), draft, a_key(), Terms(token))
    assert order.payable_minor == 3000


async def test_again_with_the_same_key_it_is_the_same_order_even_when_time_is_over(
    she: Context, draft: CheckoutRequest, level: StockLevel
) -> None:
    token, key = await token_of(she, draft), a_key()
    other = await token_of(she, replace(draft, remark="another"))
    order = await placing.place(she, draft, key, Terms(token))
    await reprice(level, 7)
    for moment in (she, later(she, days=1)):
        assert (await placing.place(moment, draft, key, Terms(token))).id == order.id
    for terms in (Terms(other), Terms(token, 1), Terms()):
        with pytest.raises(IdempotencyKeyReused):
            await placing.place(she, draft, key, terms)
    assert await Order.all().count() == 1
    assert (await again(level)).held == 3


async def test_with_another_key_it_buys_again_while_it_holds_and_there_is_stock(
    ctx: Context, she: Context, store: Location
) -> None:
    level = await a_level(ctx, 3, location=store)
    draft = checkout([line(level.variant_id, 2)], choice(PICKUP, store))
    token = await token_of(she, draft)
    assert (await placing.place(she, draft, a_key(), Terms(token))).payable_minor == 2000
    refusal = await refused(she, draft, token)
    (short,) = refusal.changes
    assert (short.kind, short.available) == (NoticeKind.NOT_ENOUGH, 1)  # type: ignore[attr-defined]
    assert ((await again(level)).available, (await again(level)).held) == (1, 2)


async def test_a_cart_is_ordered_once_by_its_token(
    she: Context, level: StockLevel, store: Location
) -> None:
    cart = await carts.create(she, [line(level.variant_id, 3)])
    draft = checkout([], choice(PICKUP, store), cart_id=cart.id)
    token = await token_of(she, draft)
    await carts.update_lines(she, cart.id, [line(level.variant_id, 2)])
    refusal = await refused(she, draft, token)
    assert str(refusal) == "This quote is for another checkout."
    await carts.update_lines(she, cart.id, [line(level.variant_id, 3)])
    assert (await placing.place(she, draft, a_key(), Terms(token))).payable_minor == 3000
    with pytest.raises(StateConflict):
        await placing.place(she, draft, a_key(), Terms(token))
    assert await Order.all().count() == 1


async def test_a_cart_whose_customer_is_another_has_other_prices(
    ctx: Context, level: StockLevel, store: Location
) -> None:
    guide = await a_guide(ctx, store)
    cart = await carts.create(guide, [line(level.variant_id)])
    draft = checkout([], choice(PICKUP, store), cart_id=cart.id)
    token = await token_of(guide, draft)
    await type(cart).filter(id=cart.id).update(member_id=(await a_member(ctx)).member_id)
    refusal = await refused(guide, draft, token)
    assert str(refusal) == "This quote is for another checkout."


Spoil = Callable[[StockLevel], Awaitable[object]]


@pytest.mark.parametrize(
    ("spoil", "wanted"),
    [
        (
            lambda level: Product.filter(id__gt=0).update(status=ProductStatus.ARCHIVED),
            [NoticeKind.NOT_SOLD_HERE],
        ),
        (
            lambda level: Location.filter(id=level.location_id).update(active=False),
            [NoticeKind.PLACE_CHANGED],
        ),
        (
            lambda level: Location.filter(id=level.location_id).update(services=[]),
            [NoticeKind.PLACE_CHANGED],
        ),
        (
            lambda level: StockLevel.filter(id=level.id).update(available=2),
            [NoticeKind.NOT_ENOUGH],
        ),
        (
            lambda level: StockLevel.filter(id=level.id).update(safety_stock=3),
            [NoticeKind.NOT_ENOUGH],
        ),
    ],
    ids=["withdrawn", "closed", "no pickup", "sold", "kept back"],
)
async def test_what_cannot_be_kept_is_named(
    she: Context,
    draft: CheckoutRequest,
    level: StockLevel,
    spoil: Spoil,
    wanted: list[NoticeKind],
) -> None:
    token = await token_of(she, draft)
    await spoil(level)
    refusal = await refused(she, draft, token)
    assert kinds(refusal) == wanted
    assert isinstance(refusal.quote, quoting.Quote)
    assert refusal.quote.refusals
    assert refusal.quote.token is None


async def test_of_many_who_were_quoted_the_last_pieces_as_many_get_them_as_there_are(
    ctx: Context, draft: CheckoutRequest, level: StockLevel
) -> None:
    buyers = [await a_member(ctx) for _ in range(6)]
    tokens = [await token_of(each, draft) for each in buyers]
    answers = await asyncio.gather(
        *(
            placing.place(each, draft, a_key(), Terms(token))
            for each, token in zip(buyers, tokens, strict=True)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Order) for each in answers) == 1
    gone = [each for each in answers if isinstance(each, QuoteChanged)]
    assert len(gone) == 5
    assert all(kinds(each) == [NoticeKind.NOT_ENOUGH] for each in gone)
    assert ((await again(level)).available, (await again(level)).held) == (2, 3)


async def test_a_sum_that_is_expected_guards_beside_a_token_too(
    she: Context, draft: CheckoutRequest, level: StockLevel
) -> None:
    token = await token_of(she, draft)
    await reprice(level, 100)
    with pytest.raises(QuoteChanged):
        await placing.place(she, draft, a_key(), Terms(token, 300))
    assert not await Order.exists()


async def test_a_sum_that_is_expected_guards_without_a_token(
    she: Context, draft: CheckoutRequest
) -> None:
    for expected, kind in ((2999, NoticeKind.PRICE_UP), (3001, NoticeKind.PRICE_DOWN)):
        with pytest.raises(QuoteChanged) as caught:
            await placing.place(she, draft, a_key(), Terms(expected_minor=expected))
        assert kinds(caught.value) == [kind]
        assert (caught.value.expected_minor, caught.value.path) == (expected, ("expectedTotal",))
    assert not await Order.exists()
    order = await placing.place(she, draft, a_key(), Terms.of(None, Decimal("30.00")))
    assert order.payable_minor == 3000


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "0.001", "1e40"])
def test_a_sum_is_an_amount(amount: str) -> None:
    with pytest.raises(InvalidInput):
        Terms.of(None, Decimal(amount))


async def test_a_refused_quote_has_no_token(
    she: Context, store: Location, level: StockLevel
) -> None:
    found = await quoting.quote(she, checkout([line(level.variant_id, 6)], choice(PICKUP, store)))
    assert found.refusals
    assert found.token is None
