"""Whom a sale counts for, fixed when its order is placed, and what is known of the buyer for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from models.database import fetch, for_update
from models.deferred_writes import change_later
from resolvers.context import Context
from resolvers.referrals import trees
from resolvers.referrals.tokens import Sharer, sharer_of


@dataclass(frozen=True, slots=True)
class Attribution:
    store_id: int | None = None
    guide_id: int | None = None
    referrer_id: int | None = None
    share_link_id: int | None = None


@dataclass(frozen=True, slots=True)
class Buyer:
    """A member, to whom they are bound, and what their tier takes off a price, in percent."""

    member_id: int | None = None
    home_store_id: int | None = None
    guide_id: int | None = None
    upline_id: int | None = None
    discount_percent: Decimal = Decimal(0)


NOBODY = Buyer()
_BUYER = f"""
SELECT member.id AS member_id, member.home_store_id, member.guide_id, referral_binding.upline_id,
  tier.discount_percent
FROM member JOIN tier ON tier.id = member.tier_id
LEFT JOIN referral_binding ON open_key = member.id AND {trees.IN_FORCE}
WHERE member.id = ?
"""


_COUNT = """
WITH placed (link_id, orders) AS (VALUES (CAST(? AS BIGINT), CAST(? AS BIGINT)){more})
UPDATE share_link SET orders = share_link.orders
  + (SELECT placed.orders FROM placed WHERE placed.link_id = share_link.id)
WHERE id IN (SELECT id FROM share_link WHERE id IN (SELECT link_id FROM placed) ORDER BY id{lock})
"""


async def buyer_of(ctx: Context, member_id: int | None) -> Buyer:
    """What counts of a buyer, in one statement; nobody for somebody unknown."""
    if member_id is None:
        return NOBODY
    (row,) = await fetch(_BUYER, ctx.now(), member_id)
    return Buyer(**{**row, "discount_percent": Decimal(row["discount_percent"])})


async def decide(
    ctx: Context,
    buyer: Buyer,
    referral_token: str | None,
    counter_store_id: int | None,
) -> Attribution:
    """The attribution of an order that is being placed; `count` it once it is.

    Store and guide are the member's own, wherever they buy and whoever fulfils; else the link's; else
    the counter's store. The referrer is the member's upline, else the member who shared the link. A token
    that stands for nobody is no reason to refuse a sale.
    """
    sharer = await sharer_of(ctx.merchant_id, referral_token) if referral_token else None
    store_id, guide_id = _place(buyer, sharer, counter_store_id)
    shared_by = sharer.member_id if sharer and sharer.member_id != buyer.member_id else None
    return Attribution(
        store_id=store_id,
        guide_id=guide_id,
        referrer_id=buyer.upline_id or shared_by,
        share_link_id=sharer.share_link_id if sharer else None,
    )


async def count(share_link_ids: Iterable[int]) -> None:
    """Count an order on each link that one came through; runs inside the transaction that places them."""
    orders = sorted(Counter(share_link_ids).items())
    if orders:
        change = _COUNT.format(more=", (?, ?)" * (len(orders) - 1), lock=for_update())
        await change_later("share_link", change, *chain.from_iterable(orders))


def _place(
    member: Buyer, sharer: Sharer | None, counter_store_id: int | None
) -> tuple[int | None, int | None]:
    if member.home_store_id is not None or member.guide_id is not None:
        return member.home_store_id, member.guide_id
    if sharer and sharer.store_id is not None:
        return sharer.store_id, sharer.guide_id
    return counter_store_id, None
