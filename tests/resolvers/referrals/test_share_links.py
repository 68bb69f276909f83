from __future__ import annotations

import asyncio

import pytest

from models.accounts.roles import Role
from models.catalog.products import Product, ProductStatus
from models.errors import InvalidInput, NotFound, PermissionDenied, QuintetError
from models.orders.carts import Cart
from models.referrals.rules import ShareTarget
from models.referrals.share_links import ShareLink
from resolvers.context import Context
from resolvers.referrals import share_links
from resolvers.referrals.share_links import ShareDraft
from resolvers.referrals.tokens import sharer_of
from tests.make import members as make

HOME = ShareDraft(target=ShareTarget.HOME)


async def product(ctx: Context, status: ProductStatus = ProductStatus.ACTIVE) -> Product:
    return await Product.create(
        merchant_id=ctx.merchant_id, code="P1", slug="p1", name="纯牛奶", status=status
    )


async def test_sharing_the_same_thing_answers_the_same_link(ctx: Context) -> None:
    first, other = (
        make.as_member(ctx, await make.member(ctx)),
        make.as_member(ctx, await make.member(ctx)),
    )
    links = await asyncio.gather(*(share_links.create(first, HOME) for _ in range(5)))
    assert len({link.token for link in links}) == 1
    assert (await share_links.create(other, HOME)).token != links[0].token
    thing = ShareDraft(target=ShareTarget.PRODUCT, product_id=(await product(ctx)).id)
    assert (await share_links.create(first, thing)).token != links[0].token
    assert len(links[0].token) <= 32
    assert await ShareLink.all().count() == 3


async def test_opening_is_counted_however_many_open_at_once(ctx: Context) -> None:
    link = await share_links.create(make.as_member(ctx, await make.member(ctx)), HOME)
    await asyncio.gather(*(share_links.open_link(ctx, link.token) for _ in range(7)))
    assert (await ShareLink.get()).opens == 7


@pytest.mark.parametrize("token", ["", "nobody", "\0", "x" * 33, "令牌", "%"])
async def test_an_unknown_token_opens_nothing(ctx: Context, token: str) -> None:
    assert await share_links.open_link(ctx, token) is None


async def test_a_guide_shares_for_the_store_of_their_grant(ctx: Context) -> None:
    here, there = await make.store(ctx), await make.store(ctx)
    guide = await make.staff(here.organisation_id, Role.GUIDE)
    acting = await make.as_staff(ctx, guide)
    link = await share_links.create(acting, ShareDraft(target=ShareTarget.REGISTRATION))
    sharer = await sharer_of(ctx.merchant_id, link.token)
    assert sharer
    assert (sharer.guide_id, sharer.store_id, sharer.through) == (guide.id, here.id, "REGISTRATION")
    with pytest.raises(NotFound):
        await share_links.create(acting, ShareDraft(target=ShareTarget.HOME, store_id=there.id))


async def test_a_guide_of_two_stores_says_which(ctx: Context) -> None:
    here, there = await make.store(ctx), await make.store(ctx)
    guide = await make.staff(here.organisation_id, Role.GUIDE)
    await make.grant(guide, there.organisation_id, Role.GUIDE)
    acting = await make.as_staff(ctx, guide)
    with pytest.raises(InvalidInput) as refused:
        await share_links.create(acting, HOME)
    assert refused.value.path == ("storeId",)
    link = await share_links.create(acting, ShareDraft(target=ShareTarget.HOME, store_id=there.id))
    assert link.store_id == there.id


async def test_hq_and_a_manager_share_without_being_a_guide(ctx: Context) -> None:
    here = await make.store(ctx)
    marketer = await make.staff(ctx.merchant_id or 0, Role.MARKETER)
    manager = await make.staff(here.organisation_id, Role.MANAGER)
    for person, draft, store_id in (
        (marketer, HOME, None),
        (marketer, ShareDraft(target=ShareTarget.STORE, store_id=here.id), here.id),
        (manager, HOME, here.id),
    ):
        link = await share_links.create(await make.as_staff(ctx, person), draft)
        sharer = await sharer_of(ctx.merchant_id, link.token)
        assert sharer
        assert (sharer.member_id, sharer.guide_id, sharer.store_id) == (None, None, store_id)


async def test_a_member_may_share_a_store_and_still_binds_friends_to_themself(ctx: Context) -> None:
    here, member = await make.store(ctx), await make.member(ctx)
    draft = ShareDraft(target=ShareTarget.STORE, store_id=here.id)
    link = await share_links.create(make.as_member(ctx, member), draft)
    sharer = await sharer_of(ctx.merchant_id, link.token)
    assert sharer
    assert (sharer.member_id, sharer.store_id, sharer.guide_id) == (member.id, None, None)


@pytest.mark.parametrize(
    ("draft", "refusal", "path"),
    [
        (ShareDraft(target=ShareTarget.PRODUCT), InvalidInput, "productId"),
        (ShareDraft(target=ShareTarget.PRODUCT, product_id=999), NotFound, "productId"),
        (ShareDraft(target=ShareTarget.HOME, product_id=1), InvalidInput, "productId"),
        (ShareDraft(target=ShareTarget.STORE), InvalidInput, "storeId"),
        (ShareDraft(target=ShareTarget.STORE, store_id=999), NotFound, "storeId"),
        (ShareDraft(target=ShareTarget.CART), InvalidInput, "cartId"),
        (ShareDraft(target=ShareTarget.CART, cart_id=999), NotFound, "cartId"),
        (ShareDraft(target=ShareTarget.ORDER), InvalidInput, "orderId"),
        (ShareDraft(target=ShareTarget.ORDER, order_id=999), NotFound, "orderId"),
    ],
)
async def test_a_target_needs_its_thing_and_no_other(
    ctx: Context, draft: ShareDraft, refusal: type[QuintetError], path: str
) -> None:
    with pytest.raises(refusal) as refused:
        await share_links.create(make.as_member(ctx, await make.member(ctx)), draft)
    assert refused.value.path == (path,)  # type: ignore[attr-defined]
    assert await ShareLink.all().count() == 0


async def test_a_draft_product_and_somebody_elses_cart_are_not_shared(ctx: Context) -> None:
    member, other = await make.member(ctx), await make.member(ctx)
    hidden = await product(ctx, ProductStatus.DRAFT)
    cart = await Cart.create(
        merchant_id=ctx.merchant_id, token="cart", channel="APP", member_id=other.id
    )
    acting = make.as_member(ctx, member)
    for draft in (
        ShareDraft(target=ShareTarget.PRODUCT, product_id=hidden.id),
        ShareDraft(target=ShareTarget.CART, cart_id=cart.id),
    ):
        with pytest.raises(NotFound):
            await share_links.create(acting, draft)
    own = await share_links.create(
        make.as_member(ctx, other), ShareDraft(target=ShareTarget.CART, cart_id=cart.id)
    )
    assert own.cart_id == cart.id


async def test_whoever_may_not_share_does_not(ctx: Context) -> None:
    cashier = await make.staff(ctx.merchant_id or 0, Role.CASHIER)
    with pytest.raises(PermissionDenied):
        await share_links.create(await make.as_staff(ctx, cashier), HOME)
    with pytest.raises(PermissionDenied):
        await share_links.create(ctx, HOME)


async def test_links_are_read_by_who_made_them(ctx: Context) -> None:
    member, other = await make.member(ctx), await make.member(ctx)
    link = await share_links.create(make.as_member(ctx, member), HOME)
    for acting, seen in (
        (make.as_member(ctx, member), 1),
        (make.as_member(ctx, other), 0),
        (await make.as_staff(ctx, await make.staff(ctx.merchant_id or 0, Role.MARKETER)), 1),
    ):
        assert len(await share_links.by_ids(acting, [link.id])) == seen
